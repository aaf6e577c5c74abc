//! What the shop expects of its orders, when everything goes well and when everything goes wrong. The check is the post:
//! it carries letters from function to function, each at least once.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use course::Seed;
use local_lambda::{Event, Exit, Fate, Function, Outcome, binary};
use serde_json::{Value, json};

const STEPS: [&str; 3] = ["paper", "payment", "parcel"];

/// A letter and the function whose queue it is in.
#[derive(Debug, Clone, PartialEq)]
struct Letter {
    to: String,
    letter: Value,
}

impl Letter {
    fn place(order: &Value) -> Letter {
        Letter { to: "orders".to_owned(), letter: json!({ "place": order }) }
    }

    fn in_words(&self) -> String {
        let letter = &self.letter;
        match (self.to.as_str(), letter.get("reply")) {
            ("orders", Some(reply)) => format!(
                "`orders` hears from {}: {}, {}",
                text(&reply["step"]),
                text(&reply["action"]),
                text(&reply["outcome"])
            ),
            ("orders", None) => "`orders` gets an order".to_owned(),
            (step, _) => format!("`{step}` is to {} it, attempt {}", text(&letter["action"]), letter["attempt"]),
        }
    }
}

/// Four functions of one program, and those whom the steps ask.
struct Shop {
    folder: PathBuf,
    functions: BTreeMap<&'static str, Function>,
    trouble: Value,
}

impl Shop {
    fn open() -> Shop {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("orders-{}-{number}", process::id()));
        fs::create_dir_all(&folder).expect("a folder for the shop");
        let function = |name| {
            let builder = Function::builder(binary!()).name(name).env("_HANDLER", name);
            (name, builder.env("FOLDER", folder.to_string_lossy()).start())
        };
        let functions = ["orders", "paper", "payment", "parcel"].map(function).into();
        Shop { folder, functions, trouble: json!({}) }
    }

    /// What those outside do when a step asks them about this order: call for call `refused`, `timeout` (nothing is
    /// done, and no answer comes), `lost` (it is done, and no answer comes) or `done`; then `done`.
    fn plan(&mut self, order: &Value, step: &str, action: &str, calls: &[&str]) {
        self.trouble[format!("{step}\t{action}\t{}", text(&order["id"]))] = json!(calls);
        fs::write(self.folder.join("trouble.json"), self.trouble.to_string()).expect("the folder of the shop");
    }

    fn deliver(&self, story: &str, letter: &Letter, mishap: Value) -> Outcome {
        let mut event = mishap;
        event["letter"] = letter.letter.clone();
        let story = format!("{story}; {}", letter.in_words());
        self.functions[letter.to.as_str()].story(story).invoke(Event::named(format!("letter to {}", letter.to), event))
    }

    /// Delivers a letter to a function that can answer; gives what is sent then, and the status.
    #[track_caller]
    fn answer(&self, story: &str, letter: &Letter) -> (Option<Letter>, Option<String>) {
        read(letter, &self.deliver(story, letter, json!({})))
    }

    /// Delivers letters in order until there are none; gives the last status.
    #[track_caller]
    fn run(&self, story: &str, order: &Value) -> String {
        let (mut letter, mut last) = (Some(Letter::place(order)), String::new());
        for _ in 0..80 {
            let Some(next) = letter else { return last };
            let (sent, status) = self.answer(story, &next);
            last = status.unwrap_or(last);
            letter = sent;
        }
        panic!("{story}: after 80 letters the post still carries letters about this order; its status is {last}");
    }

    /// What was done outside for an order: `paper do`, `paper undo`, in the order in which it happened.
    fn effects(&self, order: &Value) -> Vec<String> {
        let of_order = |line: &str| {
            let parts: Vec<&str> = line.split('\t').collect();
            (parts[0] == text(&order["id"])).then(|| format!("{} {}", parts[1], parts[2]))
        };
        self.lines("book.txt").iter().filter_map(|line| of_order(line)).collect()
    }

    /// How often somebody was asked for an order.
    fn calls(&self, order: &Value, step: &str, action: &str) -> usize {
        let call = format!("{step}\t{action}\t{}", text(&order["id"]));
        self.lines("calls.txt").iter().filter(|line| **line == call).count()
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let lines = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        lines.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn expect_effects(&self, order: &Value, expected: &[&str], when: &str) {
        assert_eq!(self.effects(order), expected, "all that was done outside for the order, {when}");
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // A folder that stays is no reason to fail.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What an answer sends, and what it says about the order.
#[track_caller]
fn read(letter: &Letter, outcome: &Outcome) -> (Option<Letter>, Option<String>) {
    let answer = outcome.expect_response();
    if letter.to != "orders" {
        return (Some(Letter { to: "orders".to_owned(), letter: json!({ "reply": answer["reply"] }) }), None);
    }
    let sent = answer["send"].as_object().map(|sent| Letter { to: text(&sent["to"]), letter: sent["letter"].clone() });
    (sent, Some(text(&answer["status"])))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn order(seed: &mut Seed) -> Value {
    let id = format!("{}-{}", seed.name(), seed.number(1..=999_999));
    json!({ "id": id, "sheets": seed.number(1..=40), "cents": seed.number(100..=9_999) })
}

/// A letter to `orders`: step, action, attempt, outcome.
fn reply_about(order: &Value, (step, action, attempt, outcome): (&str, &str, u32, &str)) -> Letter {
    let id = &order["id"];
    let reply = json!({ "order": id, "step": step, "action": action, "attempt": attempt, "outcome": outcome });
    Letter { to: "orders".to_owned(), letter: json!({ "reply": reply }) }
}

/// All that is done for an order that is placed.
const ALL: [&str; 3] = ["paper do", "payment do", "parcel do"];

#[test]
fn is_four_functions_in_one_program() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    for step in STEPS {
        let order = order(&mut seed);
        let command = json!({ "order": order, "action": "do", "attempt": 7, "token": seed.name() });
        let letter = Letter { to: step.to_owned(), letter: command };
        let outcome = shop.deliver("a command", &letter, json!({}));
        let reply = json!({ "order": order["id"], "step": step, "action": "do", "attempt": 7, "outcome": "done" });
        outcome.expect_json(json!({ "reply": reply }));
        shop.expect_effects(&order, &[&format!("{step} do")], &format!("by the function `{step}`"));
    }
    for wrong in ["bootstrap".to_owned(), "Orders".to_owned(), String::new(), seed.name()] {
        let builder = Function::builder(binary!()).env("_HANDLER", &wrong).env("FOLDER", shop.folder.to_string_lossy());
        let function = builder.start();
        let outcome =
            function.story(format!("the handler is {wrong:?}, which is none")).invoke(json!({ "letter": {} }));
        outcome.expect_init_error();
        for name in ["orders", "paper", "payment", "parcel"] {
            outcome.expect_logged(name);
        }
    }
}

#[test]
fn places_an_order_step_by_step() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    for _ in 0..2 {
        let order = order(&mut seed);
        let story = "everything goes well";
        let mut letter = Letter::place(&order);
        for step in STEPS {
            let outcome = shop.deliver(story, &letter, json!({}));
            outcome.expect_json_at("/status", "placing").expect_json_at("/send/to", step);
            outcome.expect_json_at("/send/letter/order", order.clone());
            outcome.expect_json_at("/send/letter/action", "do").expect_json_at("/send/letter/attempt", 1);
            let command = read(&letter, &outcome).0.expect("a letter to a step");
            letter = shop.answer(story, &command).0.expect("a reply");
        }
        let outcome = shop.deliver(story, &letter, json!({}));
        outcome.expect_json(json!({ "status": "placed", "send": null }));
        shop.expect_effects(&order, &ALL, "when everything went well");
    }
}

#[test]
fn undoes_what_was_done_the_last_first() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    for (refused, expected) in [
        ("paper", &[][..]),
        ("payment", &["paper do", "paper undo"]),
        ("parcel", &["paper do", "payment do", "payment undo", "paper undo"]),
    ] {
        let order = order(&mut seed);
        shop.plan(&order, refused, "do", &["refused", "refused", "refused", "refused"]);
        let story = format!("the {refused} is refused");
        let status = shop.run(&story, &order);
        assert_eq!(status, "cancelled", "what `orders` says at the end, when the {refused} was refused");
        shop.expect_effects(&order, expected, &format!("when the {refused} was refused"));
        assert_eq!(shop.calls(&order, refused, "do"), 1, "how often the {refused} was asked for, which was refused");
    }
}

#[test]
fn says_how_far_an_order_is() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    for (refused, expected) in [
        ("payment", &["placing", "placing", "cancelling", "cancelled"][..]),
        ("parcel", &["placing", "placing", "placing", "cancelling", "cancelling", "cancelled"]),
    ] {
        let order = order(&mut seed);
        shop.plan(&order, refused, "do", &["refused"]);
        let (mut letter, mut statuses) = (Some(Letter::place(&order)), Vec::new());
        while let Some(next) = letter {
            let (sent, status) = shop.answer(&format!("the {refused} is refused"), &next);
            statuses.extend(status);
            letter = sent;
            assert!(statuses.len() < 20, "an order that is refused comes to an end; so far it was {statuses:?}");
        }
        assert_eq!(statuses, expected, "what `orders` answers to one letter after the other; the {refused} is refused");
    }
}

#[test]
fn asks_again_when_no_answer_comes() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    for step in STEPS {
        for calls in [&["timeout"][..], &["lost"], &["timeout", "timeout"], &["lost", "timeout"], &["timeout", "lost"]]
        {
            let order = order(&mut seed);
            shop.plan(&order, step, "do", calls);
            let story = format!("from outside {step} hears {calls:?}, then an answer");
            assert_eq!(shop.run(&story, &order), "placed", "what `orders` says at the end; {story}");
            shop.expect_effects(&order, &ALL, &story);
            assert_eq!(shop.calls(&order, step, "do"), calls.len() + 1, "how often {step} asked outside; {story}");
        }
    }
}

#[test]
fn gives_up_after_three_attempts_and_undoes_what_may_be_done() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    for (place, step) in STEPS.iter().enumerate() {
        for calls in [["lost", "timeout", "timeout"], ["timeout", "timeout", "lost"], ["timeout"; 3]] {
            let order = order(&mut seed);
            shop.plan(&order, step, "do", &[&calls[..], &calls[..], &calls[..]].concat());
            let story = format!("from outside {step} hears {calls:?}");
            assert_eq!(shop.run(&story, &order), "cancelled", "what `orders` says at the end; {story}");
            let done = if calls.contains(&"lost") { place + 1 } else { place };
            let names = &STEPS[..done];
            let expected: Vec<String> = (names.iter().map(|step| format!("{step} do")))
                .chain(names.iter().rev().map(|step| format!("{step} undo")))
                .collect();
            let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            shop.expect_effects(&order, &expected, &story);
            assert_eq!(shop.calls(&order, step, "do"), 3, "how often {step} asked outside; {story}");
        }
    }
}

#[test]
fn never_gives_up_undoing() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    for (step, calls) in [
        ("payment", vec!["timeout"; 9]),
        ("paper", vec!["timeout"; 25]),
        ("paper", vec!["lost"; 5]),
        ("paper", vec!["refused"; 6]),
        ("payment", vec!["refused", "timeout", "refused", "lost", "timeout"]),
    ] {
        let order = order(&mut seed);
        shop.plan(&order, "parcel", "do", &["refused"; 4]);
        shop.plan(&order, step, "undo", &calls);
        let story = format!("nobody ships it, and when {step} is undone, it hears {calls:?}");
        assert_eq!(shop.run(&story, &order), "cancelled", "what `orders` says at the end; {story}");
        shop.expect_effects(&order, &["paper do", "payment do", "payment undo", "paper undo"], &story);
    }
}

#[test]
fn counts_the_attempts_of_each_step() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    let order = order(&mut seed);
    for step in STEPS {
        shop.plan(&order, step, "do", &["timeout", "lost"]);
    }
    let story = "each of the three steps hears nothing twice";
    assert_eq!(shop.run(story, &order), "placed", "what `orders` says at the end; {story}");
    shop.expect_effects(&order, &ALL, story);
}

#[test]
fn answers_a_letter_that_comes_again_as_it_did() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    for trouble in ["done", "refused", "lost"] {
        let order = order(&mut seed);
        shop.plan(&order, "parcel", "do", &[trouble; 12]);
        let story = format!("each letter comes three times; from outside, the parcel hears {trouble:?}");
        let (mut letter, mut all) = (Some(Letter::place(&order)), Vec::new());
        while let Some(next) = letter {
            let (sent, status) = shop.answer(&story, &next);
            for _ in 0..2 {
                let outcome = shop.deliver(&story, &next, json!({}));
                let again = read(&next, &outcome);
                outcome.expect("the answer is what it was the first time", |_| again == (sent.clone(), status.clone()));
            }
            all.push(next);
            letter = sent;
            assert!(all.len() < 40, "the post still carries letters after 40 of them; {story}");
        }
        let expected: &[&str] = match trouble {
            "done" => &ALL,
            "refused" => &["paper do", "payment do", "payment undo", "paper undo"],
            _ => &["paper do", "payment do", "parcel do", "parcel undo", "payment undo", "paper undo"],
        };
        shop.expect_effects(&order, expected, &story);
        for step in STEPS {
            let calls = shop.calls(&order, step, "do");
            if (step, trouble) == ("parcel", "lost") {
                continue;
            }
            assert_eq!(calls, 1, "how often {step} asked outside for what it knows since the first time; {story}");
        }
        // And once more at the end, when all is over.
        for old in &all {
            let (sent, _) = shop.answer("the order is at its end, and an old letter comes once more", old);
            if old.to == "orders" {
                assert_eq!(sent, None, "what `orders` sends when an order is at its end, and {}", old.in_words());
            }
        }
        shop.expect_effects(&order, expected, "when all letters came once more at the end");
        for step in if trouble == "done" { &[][..] } else { &["payment", "paper"] } {
            let calls = shop.calls(&order, step, "undo");
            assert_eq!(calls, 1, "how often {step} asked outside to undo what it knows to be undone; {story}");
        }
    }
}

#[test]
fn believes_only_the_reply_that_it_waits_for() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    for _ in 0..2 {
        let order = order(&mut seed);
        let story = "the first attempt at the payment is waited for";
        let paper = shop.answer(story, &Letter::place(&order)).0.expect("a letter to paper");
        let reply = shop.answer(story, &paper).0.expect("a reply of paper");
        let waited = shop.answer(story, &reply).0.expect("a letter to payment");
        let others = [
            ("paper", "do", 1, "refused"),
            ("paper", "do", 1, "unknown"),
            ("parcel", "do", 1, "done"),
            ("payment", "undo", 1, "done"),
            ("payment", "do", 2, "done"),
            ("payment", "do", 2, "refused"),
            ("payment", "do", 0, "unknown"),
        ];
        for other in others {
            let answer = shop.deliver(story, &reply_about(&order, other), json!({}));
            answer.expect_json_at("/status", "placing").expect_json_at("/send/to", "payment");
            answer.expect_json_at("/send/letter", waited.letter.clone());
        }
        let stranger = json!({ "id": format!("{}-x", text(&order["id"])) });
        let letter = reply_about(&stranger, ("paper", "do", 1, "done"));
        shop.deliver("nobody placed this order", &letter, json!({})).expect_error("UnknownOrder");
    }
}

#[test]
fn believes_no_old_reply_while_it_undoes() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    let story = "the parcel is refused, and the undoing of the payment is waited for";
    for attempt in [1, 3] {
        let order = order(&mut seed);
        let mut letter = Letter::place(&order);
        for reply in [("paper", "do", 1, "done"), ("payment", "do", 1, "done"), ("parcel", "do", 1, "refused")] {
            shop.answer(story, &letter);
            letter = reply_about(&order, reply);
        }
        for attempt in 1..attempt {
            shop.answer(story, &letter);
            letter = reply_about(&order, ("payment", "undo", attempt, "unknown"));
        }
        let waited = shop.answer(story, &letter).0;
        for other in [
            ("payment", "do", attempt, "done"),
            ("payment", "do", attempt, "refused"),
            ("payment", "do", attempt, "unknown"),
            ("payment", "undo", attempt + 1, "done"),
            ("payment", "undo", attempt - 1, "unknown"),
            ("paper", "undo", attempt, "done"),
            ("parcel", "undo", attempt, "done"),
            ("parcel", "do", 1, "refused"),
        ] {
            let letter = reply_about(&order, other);
            let outcome = shop.deliver(story, &letter, json!({}));
            outcome.expect_json_at("/status", "cancelling").expect_json_at("/send/to", "payment");
            let sent = read(&letter, &outcome).0;
            outcome.expect("the command that is waited for is sent once more, as it was", |_| sent == waited);
        }
    }
}

#[test]
fn lets_an_order_that_is_at_its_end_be() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    for end in ["placed", "cancelled"] {
        let order = order(&mut seed);
        if end == "cancelled" {
            shop.plan(&order, "payment", "do", &["refused"]);
        }
        assert_eq!(shop.run("an order", &order), end, "what `orders` says at the end");
        for late in [
            ("paper", "do", 1, "done"),
            ("paper", "undo", 1, "done"),
            ("payment", "do", 1, "refused"),
            ("parcel", "do", 1, "done"),
            ("parcel", "do", 1, "refused"),
            ("parcel", "do", 2, "unknown"),
        ] {
            let outcome = shop.deliver("the order is at its end", &reply_about(&order, late), json!({}));
            outcome.expect_json(json!({ "status": end, "send": null }));
        }
    }
}

#[test]
fn takes_no_other_order_under_the_same_id() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    let first = order(&mut seed);
    shop.run("everything goes well", &first);
    for (field, more) in [("sheets", 1), ("cents", 1), ("cents", 100)] {
        let mut other = first.clone();
        other[field] = json!(other[field].as_u64().expect("a number") + more);
        let story = format!("an order with the same id has other {field}");
        shop.deliver(&story, &Letter::place(&other), json!({})).expect_error("AnotherOrder");
    }
    let again = shop.deliver("the same order again", &Letter::place(&first), json!({}));
    again.expect_json(json!({ "status": "placed", "send": null }));
    shop.expect_effects(&first, &ALL, "for one order, and three that were refused");
}

#[test]
fn does_nothing_that_was_undone_before() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    for step in STEPS {
        let order = order(&mut seed);
        let command = |action: &str, attempt: u64| {
            let letter = json!({ "order": order, "action": action, "attempt": attempt, "token": order["id"] });
            Letter { to: step.to_owned(), letter }
        };
        let outcome = |answer: (Option<Letter>, _)| answer.0.map(|sent| text(&sent.letter["reply"]["outcome"]));
        let story = "a command to undo overtakes the one to do";
        assert_eq!(outcome(shop.answer(story, &command("undo", 1))), Some("done".to_owned()), "the reply; {story}");
        for attempt in [1, 2] {
            let reply = outcome(shop.answer(story, &command("do", attempt)));
            assert_eq!(
                reply,
                Some("refused".to_owned()),
                "the reply to attempt {attempt} to do it afterwards; {story}"
            );
        }
        assert_eq!(outcome(shop.answer(story, &command("undo", 2))), Some("done".to_owned()), "the reply; {story}");
        shop.expect_effects(&order, &[], story);
    }
}

#[test]
fn has_nothing_to_take_back_of_what_was_refused() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    for step in STEPS {
        let order = order(&mut seed);
        shop.plan(&order, step, "do", &["refused"]);
        let story = "three attempts heard nothing, a late copy of the last one is refused, and then it is undone";
        for (action, expected) in [("do", "refused"), ("undo", "done"), ("do", "refused"), ("undo", "done")] {
            let letter = json!({ "order": order, "action": action, "attempt": 3, "token": order["id"] });
            let (sent, _) = shop.answer(story, &Letter { to: step.to_owned(), letter });
            let reply = sent.map(|sent| text(&sent.letter["reply"]["outcome"]));
            assert_eq!(reply.as_deref(), Some(expected), "the reply of {step} to {action}; {story}");
        }
        shop.expect_effects(&order, &[], story);
    }
}

#[test]
fn keeps_orders_apart() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::open();
    let id = text(&order(&mut seed)["id"]);
    let long = "a".repeat(39);
    for id in [
        format!("{long}a"),
        format!("{long}b"),
        id.clone(),
        format!("{id}1"),
        format!("{id}/paper"),
        id.to_lowercase(),
        format!("{id} "),
        "é明".to_owned(),
    ] {
        let order = json!({ "id": id, "sheets": 3, "cents": 500 });
        let story = format!("the order {id:?}, like others before but for its id");
        assert_eq!(shop.run(&story, &order), "placed", "what `orders` says at the end; {story}");
        shop.expect_effects(&order, &ALL, &story);
    }
}

#[test]
fn sends_nothing_when_somebody_else_was_faster() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    for refused in [None, Some("parcel")] {
        let order = order(&mut seed);
        if let Some(step) = refused {
            shop.plan(&order, step, "do", &["refused"; 20]);
        }
        let story = "somebody else writes the record at the same moment";
        let mut letter = Some(Letter::place(&order));
        let mut letters = 0;
        while let Some(next) = letter {
            let failed = shop.deliver(story, &next, json!({ "faster": true }));
            failed.expect_error("RecordChanged");
            letter = shop.answer("and the letter comes again", &next).0;
            letters += 1;
            assert!(letters < 40, "the post still carries letters after 40 of them; {story}");
        }
        let expected: &[&str] = match refused {
            None => &ALL,
            Some(_) => &["paper do", "payment do", "payment undo", "paper undo"],
        };
        shop.expect_effects(&order, expected, story);
    }
}

#[test]
fn comes_to_the_same_end_after_a_crash_at_every_place() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    let undone = ["paper do", "payment do", "payment undo", "paper undo"];
    let scenarios = [
        ("everything goes well", "parcel", &[][..], &ALL[..], "placed"),
        ("nobody ships it", "parcel", &["refused"; 9], &undone, "cancelled"),
        ("it is paid, and no answer comes", "payment", &["lost"; 12], &undone, "cancelled"),
    ];
    for (scenario, step, calls, expected, end) in scenarios {
        let mut crashes = 0;
        for place in 1.. {
            let order = order(&mut seed);
            shop.plan(&order, step, "do", calls);
            let (mut letter, mut status, mut carried, before) = (Some(Letter::place(&order)), None, 0, crashes);
            while let Some(next) = letter {
                let story = format!("{scenario}; each process ends once, at its place {place}, if it comes so far");
                let outcome = shop.deliver(&story, &next, json!({ "crash_at": place }));
                let answer = if matches!(outcome.fate, Fate::Exited { .. }) {
                    outcome.expect_exit(Exit::Code(1));
                    crashes += 1;
                    // The letter stays in its queue, and comes again.
                    shop.answer(&format!("{scenario}; the same letter, after a crash at place {place}"), &next)
                } else {
                    read(&next, &outcome)
                };
                (letter, status) = (answer.0, answer.1.or(status));
                carried += 1;
                assert!(carried < 60, "the post still carries letters after 60 of them; {scenario}");
            }
            let when = format!("{scenario}, with crashes at place {place}");
            assert_eq!(status.as_deref(), Some(end), "what `orders` says at the end: {when}");
            shop.expect_effects(&order, expected, &when);
            if crashes == before {
                break;
            }
        }
        assert!(
            crashes >= 18,
            "{scenario}: seven letters have eighteen places and more to crash at; {crashes} crashed"
        );
    }
}

#[test]
fn survives_a_week_of_bad_post() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::open();
    let plans: [&[&str]; 7] = [
        &[],
        &[],
        &[],
        &["refused"; 40],
        &["timeout", "lost"],
        &["lost", "lost", "timeout", "lost"],
        &["lost", "refused"],
    ];
    let undoing: [&[&str]; 3] = [&[], &["lost"], &["timeout", "refused", "lost"]];
    let mut orders = Vec::new();
    for _ in 0..20 {
        let order = order(&mut seed);
        let mut refused = false;
        let mut troubled = false;
        for step in STEPS {
            let plan = *seed.pick(&plans);
            shop.plan(&order, step, "do", plan);
            refused |= plan.len() == 40;
            troubled |= !plan.is_empty();
            let undo = *seed.pick(&undoing);
            shop.plan(&order, step, "undo", undo);
        }
        orders.push((order, refused, troubled));
    }
    let mut post: VecDeque<Letter> = orders.iter().map(|(order, ..)| Letter::place(order)).collect();
    let (mut mishaps, mut carried) = (250, 0);
    let mut statuses: BTreeMap<String, String> = BTreeMap::new();
    while !post.is_empty() {
        carried += 1;
        assert!(carried < 20_000, "after 20,000 letters about 30 orders the post still carries {}", post.len());
        let place = seed.number(0..=post.len() as u64 - 1) as usize;
        let letter = post.remove(place).expect("a letter");
        let kind = if mishaps > 0 { seed.number(0..=11) } else { 11 };
        mishaps -= i32::from(kind < 5 && mishaps > 0);
        let story = format!("a week of bad post, letter {carried}");
        match kind {
            // It stays in its queue as well, and comes once more.
            0 | 1 => post.push_back(letter.clone()),
            // What it answers is lost, and it comes again.
            2 => {
                shop.answer(&story, &letter);
                post.push_back(letter);
                continue;
            }
            3 => {
                let crash = json!({ "crash_at": seed.number(1..=4) });
                if matches!(shop.deliver(&story, &letter, crash).fate, Fate::Exited { .. }) {
                    post.push_back(letter);
                    continue;
                }
                post.push_back(letter.clone());
            }
            4 => {
                let outcome = shop.deliver(&story, &letter, json!({ "faster": true }));
                outcome.expect("it answers, or fails with RecordChanged", |outcome| {
                    matches!(&outcome.fate, Fate::FunctionError(error) if error.error_type == "RecordChanged")
                        || matches!(outcome.fate, Fate::Response(_))
                });
                post.push_back(letter);
                continue;
            }
            _ => {}
        }
        let (sent, status) = shop.answer(&story, &letter);
        post.extend(sent);
        if let Some(status) = status {
            let id = letter.letter["place"].get("id").or(letter.letter["reply"].get("order")).map(text);
            statuses.insert(id.unwrap_or_default(), status);
        }
    }
    for (order, refused, troubled) in &orders {
        let (id, effects) = (text(&order["id"]), shop.effects(order));
        let status = shop.answer("at the end of the week, the order once more", &Letter::place(order)).1;
        let status = status.unwrap_or_default();
        let at = |what: String| effects.iter().position(|effect| *effect == what);
        let is_whole = match status.as_str() {
            "placed" => !refused && effects == ALL,
            "cancelled" => {
                let undone: Vec<usize> = STEPS.iter().rev().filter_map(|step| at(format!("{step} undo"))).collect();
                let all =
                    STEPS.iter().all(|step| at(format!("{step} do")).is_some() == at(format!("{step} undo")).is_some());
                let once = STEPS.iter().flat_map(|step| [format!("{step} do"), format!("{step} undo")]);
                let once = once.into_iter().all(|what| effects.iter().filter(|effect| **effect == what).count() <= 1);
                *troubled && all && once && undone.is_sorted()
            }
            _ => false,
        };
        assert!(
            is_whole,
            "the order {id} is {status} at the end of the week; refused outside: {refused}, any trouble: {troubled}\n  \
             placed is: all three done, none undone. cancelled is: each that was done is undone, the last first, all of it once.\n  \
             what was done for it: {effects:?}"
        );
    }
}
