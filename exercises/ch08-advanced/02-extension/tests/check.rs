//! What the shop expects of its meter.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use course::{Seed, Service};
use local_lambda::{Exit, Function, Outcome, What, binary};
use serde_json::{Value, json};

/// How long one request may take. No test needs so long, unless somebody waits for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long before the deadline the meter has ended.
const MARGIN: Duration = Duration::from_millis(100);

/// How long the meter waits where somebody lets it wait.
const SHORT: Duration = Duration::from_millis(800);

/// What the books do with what they are sent.
#[derive(Clone, Copy)]
enum Mood {
    Take,
    /// They take their time, and then everything, if whoever sent it still waits.
    Slow,
    Refuse,
    Hang,
}

struct Pages {
    mood: Mood,
    visits: usize,
    entries: Vec<Value>,
}

/// The accountant's books.
struct Books {
    service: Service,
    pages: Arc<Mutex<Pages>>,
}

impl Books {
    fn open() -> Books {
        let pages = Arc::new(Mutex::new(Pages { mood: Mood::Take, visits: 0, entries: Vec::new() }));
        let kept = Arc::clone(&pages);
        let service = Service::start(move |stream: &TcpStream| {
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            let _ = reader.read_line(&mut line);
            let mood = kept.lock().expect("no panic").mood;
            if matches!(mood, Mood::Slow) {
                thread::sleep(Duration::from_millis(100));
                let _ = stream.set_read_timeout(Some(Duration::from_millis(1)));
                if matches!(stream.peek(&mut [0]), Ok(0)) {
                    return;
                }
            }
            let mut pages = kept.lock().expect("no panic");
            pages.visits += 1;
            if let (Mood::Take | Mood::Slow, Ok(Value::Array(prints))) = (mood, serde_json::from_str(&line)) {
                pages.entries.extend(prints);
            }
            drop(pages);
            match mood {
                Mood::Take | Mood::Slow => drop({ stream }.write_all(b"ok\n")),
                Mood::Refuse => drop({ stream }.write_all(b"closed for stocktaking\n")),
                // Until the other side gives up.
                Mood::Hang => drop(reader.read_to_end(&mut Vec::new())),
            }
        });
        Books { service, pages }
    }

    fn are(&self, mood: Mood) {
        self.pages.lock().expect("no panic").mood = mood;
    }

    /// A press with a meter beside it, in an environment that Lambda freezes between two requests.
    fn press(&self, limit: Duration) -> Function {
        Function::builder(binary!("press"))
            .extension(binary!())
            .env("BOOKS", self.service.address())
            .env("LIMIT_MS", limit.as_millis().to_string())
            .timeout(PATIENCE)
            .init_timeout(PATIENCE)
            .freeze(true)
            .start()
    }

    #[track_caller]
    fn expect(&self, when: &str, expected: &[Value]) {
        let entries = self.pages.lock().expect("no panic").entries.clone();
        let list = |prints: &[Value]| {
            let each = |print: &Value| format!("{} {}", print["order"], print["sheets"]);
            prints.iter().map(each).collect::<Vec<_>>().join(", ")
        };
        assert!(
            entries == expected,
            "{when}: the books have [{}], expected [{}]: each print once, in the order of printing",
            list(&entries),
            list(expected)
        );
    }
}

fn prints(seed: &mut Seed, count: u64) -> Vec<Value> {
    (0..count)
        .map(|_| json!({ "order": format!("{}-{}", seed.name(), seed.number(1..=99)), "sheets": seed.number(1..=50) }))
        .collect()
}

/// The press has answered, and nobody has broken the rules of the interface.
#[track_caller]
fn expect_printed(outcome: &Outcome, prints: &[Value]) {
    outcome.expect_json(json!({ "printed": prints.len() })).expect_no_violations();
}

/// The environment was ended; says how the meter ended, and how long before the two seconds were over.
#[track_caller]
fn end(function: &Function) -> Option<(Exit, Duration)> {
    let shutdowns = function.shut_down();
    assert_eq!(shutdowns.len(), 1, "there was one environment");
    // The function's end stands first, the extension's behind it.
    let steps = &shutdowns[0].transcript;
    let told = steps.iter().find(|step| matches!(step.what, What::ShutdownSent { .. }))?.at;
    let mut exits = steps.iter().filter_map(|step| match step.what {
        What::Exited(exit) => Some((exit, (told + Duration::from_secs(2)).saturating_sub(step.at))),
        _ => None,
    });
    exits.next_back()
}

#[test]
fn enters_the_prints_before_the_request_is_over() {
    let mut seed = Seed::at_run_time();
    let books = Books::open();
    let press = books.press(PATIENCE);
    let mut all = Vec::new();
    for number in 1..=4 {
        let count = seed.number(1..=5);
        let printed = prints(&mut seed, count);
        let story = format!("request {number} prints for {count} orders; then Lambda freezes the environment");
        expect_printed(&press.story(story).invoke(json!({ "prints": printed })), &printed);
        all.extend(printed);
        books.expect(&format!("after request {number}"), &all);
    }
}

#[test]
fn enters_what_was_printed_before_an_error() {
    let mut seed = Seed::at_run_time();
    let books = Books::open();
    let press = books.press(PATIENCE);
    let mut all = Vec::new();
    for jams in [true, false, true] {
        let printed = prints(&mut seed, 2);
        let outcome =
            press.story("two prints, then perhaps a paper jam").invoke(json!({ "prints": printed, "jams": jams }));
        if jams {
            outcome.expect_error("PaperJam");
        } else {
            expect_printed(&outcome, &printed);
        }
        all.extend(printed);
        books.expect("after the request", &all);
    }
}

#[test]
fn leaves_the_books_alone_when_nothing_was_printed() {
    let mut seed = Seed::at_run_time();
    let books = Books::open();
    let press = books.press(PATIENCE);
    for _ in 0..2 {
        expect_printed(&press.story("nothing to print").invoke(json!({ "prints": [] })), &[]);
    }
    let printed = prints(&mut seed, 1);
    expect_printed(&press.story("one print").invoke(json!({ "prints": printed })), &printed);
    expect_printed(&press.story("nothing again").invoke(json!({ "prints": [] })), &[]);
    books.expect("after one print", &printed);
    let visits = books.pages.lock().expect("no panic").visits;
    assert_eq!(visits, 1, "the books are asked once for the one print, and not when there was none");
}

#[test]
fn keeps_what_the_books_refuse() {
    let mut seed = Seed::at_run_time();
    let books = Books::open();
    let press = books.press(PATIENCE);
    let mut all = Vec::new();
    for mood in [Mood::Take, Mood::Refuse, Mood::Refuse, Mood::Take, Mood::Take] {
        books.are(mood);
        let printed = prints(&mut seed, 2);
        let story = match mood {
            Mood::Take => "the books take everything",
            _ => "the books refuse everything",
        };
        expect_printed(&press.story(story).invoke(json!({ "prints": printed })), &printed);
        all.extend(printed);
        match mood {
            Mood::Take => books.expect("when the books take everything", &all),
            _ => books.expect("while they refuse", &all[..2]),
        }
    }
}

#[test]
fn gives_up_books_that_do_not_answer() {
    let mut seed = Seed::at_run_time();
    let books = Books::open();
    let press = books.press(SHORT);
    books.are(Mood::Hang);
    let first = prints(&mut seed, 2);
    expect_printed(&press.story("the books take the call and say nothing").invoke(json!({ "prints": first })), &first);
    books.expect("while they say nothing", &[]);
    books.are(Mood::Take);
    let second = prints(&mut seed, 1);
    let outcome = press.story("now the books answer again").invoke(json!({ "prints": second }));
    expect_printed(&outcome, &second);
    books.expect("when they answer again", &[first, second].concat());
}

#[test]
fn gives_up_a_function_that_does_not_say_that_it_is_done() {
    let mut seed = Seed::at_run_time();
    let books = Books::open();
    let press = books.press(SHORT);
    let first = prints(&mut seed, 2);
    let outcome =
        press.story("the function never says that it is done").invoke(json!({ "prints": first, "silent": true }));
    expect_printed(&outcome, &first);
    books.expect("after a request without an end", &first);
    let second = prints(&mut seed, 3);
    let outcome = press
        .story("the function says first that the request before is done, and then prints")
        .invoke(json!({ "prints": second }));
    expect_printed(&outcome, &second);
    books.expect("after the next request", &[first, second].concat());
}

#[test]
fn enters_the_rest_at_the_end() {
    let mut seed = Seed::at_run_time();
    for (count, mood) in [(1, Mood::Take), (3, Mood::Slow)] {
        let books = Books::open();
        let press = books.press(PATIENCE);
        books.are(Mood::Refuse);
        let printed = prints(&mut seed, count);
        expect_printed(&press.story("the books refuse").invoke(json!({ "prints": printed })), &printed);
        books.expect("after a refusal", &[]);
        books.are(mood);
        end(&press);
        books.expect("when the environment has ended", &printed);
    }
}

#[test]
fn ends_by_itself_and_in_time() {
    let mut seed = Seed::at_run_time();
    let forever = Duration::from_secs(600);
    for (story, mood) in [("the books take everything", Mood::Take), ("the books do not answer any more", Mood::Hang)] {
        let books = Books::open();
        let press = books.press(forever);
        books.are(Mood::Refuse);
        let printed = prints(&mut seed, 1);
        expect_printed(&press.story("the books refuse").invoke(json!({ "prints": printed })), &printed);
        books.are(mood);
        let ended = end(&press);
        let how = ended.map(|(exit, _)| exit.to_string()).unwrap_or_default();
        assert!(
            ended.is_some_and(|(exit, _)| exit == Exit::Code(0)),
            "{story}: after SHUTDOWN the meter ends by itself, with exit status 0, before its two seconds are over; it \
             ended with {how}"
        );
        let before = ended.map(|(_, before)| before).unwrap_or_default();
        assert!(
            before >= MARGIN,
            "{story}: the meter ends at least {} ms before the deadline, since it is killed there; it was {} ms",
            MARGIN.as_millis(),
            before.as_millis()
        );
    }
}
