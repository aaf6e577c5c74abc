//! What the shop expects of a till that wakes up from a snapshot.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use course::{Seed, Service};
use local_lambda::{Function, FunctionBuilder, InitError, Outcome, binary};
use serde_json::{Value, json};

/// The badge and the first number that every process of one snapshot gets in its INIT.
const SAME_BADGE: &str = "b-image";
const SAME_NUMBER: u64 = 1_000;

/// What the office knows.
struct State {
    /// Whether the process that calls is still in the INIT of which the snapshot will be taken. All tills that wake up
    /// from one snapshot have the same past, so the office gives the same to each of them here.
    in_image: bool,
    /// How many numbers it gives at once.
    at_once: u64,
    badges: u64,
    next_number: u64,
    /// Badges that are out, and those with an open line.
    out: HashSet<String>,
    lines: HashSet<String>,
    /// Ranges of numbers that somebody has.
    numbers: Vec<(u64, u64)>,
    /// Lines of an older generation were cut.
    generation: u64,
    /// What was called, `refused` marked.
    calls: Vec<String>,
    receipts: Vec<(u64, String)>,
    /// What stood open when the snapshot was taken.
    open_in_image: Vec<String>,
    snapshot_ended: u64,
    /// The first word of a call that fails, at its next occurrence with this value of `in_image`.
    fails: Option<(&'static str, bool)>,
}

impl State {
    /// Answers one call.
    fn answer(&mut self, words: &str, line: &mut Option<String>) -> Result<String, String> {
        let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
        if self.fails == Some((verb, self.in_image)) {
            // Lambda tries an initialization again, with a new process; of the old one nothing is left.
            self.in_image = true;
            self.generation += 1;
            self.lines.clear();
            self.out.clear();
            self.numbers.clear();
            return Err("the office is closed today".to_owned());
        }
        match verb {
            "badge" => {
                let badge = if self.in_image { SAME_BADGE.to_owned() } else { format!("b-{}", self.badges) };
                self.badges += 1;
                self.out.insert(badge.clone());
                Ok(badge)
            }
            "hand-in" if self.lines.contains(rest) => Err("a line of this badge is still open".to_owned()),
            "hand-in" if self.out.remove(rest) => Ok("ok".to_owned()),
            "hand-in" => Err("nobody has this badge".to_owned()),
            "line" if self.out.contains(rest) && self.lines.insert(rest.to_owned()) => {
                *line = Some(rest.to_owned());
                Ok("ok".to_owned())
            }
            "line" => Err("this badge is not good".to_owned()),
            "numbers" if line.is_some() => {
                let from = if self.in_image { SAME_NUMBER } else { self.next_number };
                self.next_number = self.next_number.max(from + self.at_once);
                let range = (from, from + self.at_once);
                self.numbers.push(range);
                Ok(format!("{} {}", range.0, range.1))
            }
            "give-back" if line.is_some() => {
                let range = rest.split_once(' ').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
                let known = self.numbers.iter().position(|known| Some(*known) == range);
                let known = known.ok_or("nobody has exactly these numbers")?;
                self.numbers.remove(known);
                Ok("ok".to_owned())
            }
            "enter" if line.is_some() => {
                let (number, order) = rest.split_once(' ').ok_or("a receipt without an order")?;
                self.receipts.push((number.parse().map_err(|_| "no number")?, order.to_owned()));
                Ok("ok".to_owned())
            }
            "bye" if line.is_some() => {
                self.lines.remove(&line.take().unwrap_or_default());
                Ok("ok".to_owned())
            }
            _ => Err("this needs an open line".to_owned()),
        }
    }
}

/// The numbering office.
struct Office {
    service: Service,
    state: Arc<Mutex<State>>,
}

impl Office {
    fn open(at_once: u64) -> Office {
        let state = Arc::new(Mutex::new(State {
            in_image: false,
            at_once,
            badges: 1,
            next_number: 5_000,
            out: HashSet::new(),
            lines: HashSet::new(),
            numbers: Vec::new(),
            generation: 0,
            calls: Vec::new(),
            receipts: Vec::new(),
            open_in_image: Vec::new(),
            snapshot_ended: 0,
            fails: None,
        }));
        let kept = Arc::clone(&state);
        let service = Service::start(move |stream: &TcpStream| {
            let generation = kept.lock().expect("no panic").generation;
            let mut line = None;
            for words in BufReader::new(stream).lines().map_while(Result::ok) {
                let mut state = kept.lock().expect("no panic");
                if state.generation != generation {
                    let note = format!("{} over a connection from before the snapshot", verb(&words));
                    state.calls.push(note);
                    return;
                }
                let answer = state.answer(&words, &mut line);
                let refused = if answer.is_err() { "refused: " } else { "" };
                state.calls.push(format!("{refused}{}", verb(&words)));
                drop(state);
                let answer = answer.unwrap_or_else(|reason| format!("no: {reason}"));
                if { stream }.write_all(format!("{answer}\n").as_bytes()).is_err() {
                    return;
                }
            }
        });
        Office { service, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    fn till(&self) -> FunctionBuilder {
        let limit = Duration::from_secs(10);
        Function::builder(binary!()).env("OFFICE", self.service.address()).timeout(limit)
    }

    /// A till with SnapStart: the next process that begins is the one of which the snapshot is taken.
    fn till_with_snapshot(&self) -> Function {
        self.state().in_image = true;
        let state = Arc::clone(&self.state);
        let lies = move || {
            let mut state = state.lock().expect("no panic");
            let mut open: Vec<String> = state.lines.drain().map(|badge| format!("the line of {badge}")).collect();
            open.extend(state.out.drain().map(|badge| format!("the badge {badge}")));
            open.extend(state.numbers.drain(..).map(|(from, to)| format!("the numbers from {from} to {}", to - 1)));
            state.open_in_image = open;
            state.generation += 1;
            state.in_image = false;
            state.calls.push("(snapshot)".to_owned());
            // So that there is a millisecond between before and after.
            thread::sleep(Duration::from_millis(3));
            state.snapshot_ended = now();
        };
        self.till().snap_start(true).at_snapshot(lies).start()
    }

    #[track_caller]
    fn expect_calls(&self, what: &str, expected: &[&str]) {
        let calls = self.state().calls.clone();
        assert!(
            calls == expected,
            "{what}: the office was asked for\n  {}\nexpected\n  {}",
            calls.join(", "),
            expected.join(", ")
        );
    }
}

fn verb(words: &str) -> String {
    words.split(' ').next().unwrap_or_default().to_owned()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

fn order(seed: &mut Seed) -> Value {
    json!({ "order": format!("{}-{}", seed.name(), seed.number(100..=999)) })
}

/// The receipt's number.
#[track_caller]
fn number(outcome: &Outcome) -> u64 {
    outcome.expect_that("`receipt` is a number", |answer| answer["receipt"].is_u64());
    outcome.expect_response()["receipt"].as_u64().unwrap_or_default()
}

#[test]
fn writes_receipts_without_snapstart_as_before() {
    let mut seed = Seed::at_run_time();
    let office = Office::open(seed.number(2..=3));
    let till = office.till().start();
    let begun = now();
    let mut expected = Vec::new();
    for receipt in 5_000..5_005 {
        let order = order(&mut seed);
        let outcome = till.story("an order, and no SnapStart").invoke(order.clone());
        outcome.expect_json_at("/receipt", receipt);
        outcome.expect_that("`open_since` is the time at which this till was opened", |answer| {
            answer["open_since"].as_u64().is_some_and(|since| (begun..=now()).contains(&since))
        });
        expected.push((receipt, order["order"].as_str().unwrap_or_default().to_owned()));
    }
    assert_eq!(office.state().receipts, expected, "the office has these receipts");
    let calls = office.state().calls.join(" ");
    assert!(calls.starts_with("badge line numbers enter"), "the till is opened once: {calls}");
    assert!(!calls.contains("hand-in") && !calls.contains("bye"), "without a snapshot nothing is closed: {calls}");
}

#[test]
fn opens_in_init_and_again_after_the_restore() {
    let mut seed = Seed::at_run_time();
    let office = Office::open(seed.number(2..=9));
    let till = office.till_with_snapshot();
    till.story("the first order after a restore").invoke(order(&mut seed)).expect_answer();
    let calls = office.state().calls.clone();
    let (before, after) = calls.split_at(calls.iter().position(|call| call == "(snapshot)").unwrap_or(calls.len()));
    let begins = ["badge", "line", "numbers"];
    assert!(before.starts_with(&begins.map(String::from)), "a till opens in INIT, when it is published: {calls:?}");
    let after = after.get(1..).unwrap_or_default();
    let expected = ["badge", "line", "numbers", "enter"];
    assert!(after == expected, "after the restore it opens, foundations first, and then enters the order: {after:?}");
    till.story("the second order").invoke(order(&mut seed)).expect_warm().expect_answer();
    let last = office.state().calls.last().cloned();
    assert_eq!(last.as_deref(), Some("enter"), "nothing is opened for the second order");
}

#[test]
fn leaves_nothing_open_in_the_snapshot() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let office = Office::open(seed.number(2..=9));
        let till = office.till_with_snapshot();
        till.story("an order after a restore").invoke(order(&mut seed)).expect_answer();
        let open = office.state().open_in_image.clone();
        assert!(open.is_empty(), "in the snapshot are {}: every till that wakes up has the same", open.join(", "));
        let all = ["badge", "line", "numbers", "give-back", "bye", "hand-in", "(snapshot)"];
        office.expect_calls(
            "it closes in the other order: numbers, line, badge",
            &[&all[..], &["badge", "line", "numbers", "enter"]].concat(),
        );
    }
}

#[test]
fn writes_no_number_twice_in_tills_of_one_snapshot() {
    let mut seed = Seed::at_run_time();
    let office = Office::open(seed.number(2..=4));
    let till = office.till_with_snapshot();
    let mut written = HashSet::new();
    for environment in ["first", "second", "third"] {
        office.state().in_image = true;
        for _ in 0..3 {
            let outcome = till.story(format!("the {environment} till that wakes up")).invoke(order(&mut seed));
            let number = number(&outcome);
            let is_new = written.insert(number);
            outcome.expect(&format!("receipt {number} is written by one till only"), |_| is_new);
        }
        till.force_cold();
    }
    let stale: Vec<String> = office.state().calls.iter().filter(|call| call.contains("before")).cloned().collect();
    assert!(stale.is_empty(), "no till uses what it had before the snapshot: {}", stale.join(", "));
}

#[test]
fn knows_since_when_it_is_open() {
    let mut seed = Seed::at_run_time();
    let office = Office::open(3);
    let till = office.till_with_snapshot();
    for _ in 0..2 {
        office.state().in_image = true;
        let outcome = till.story("a till that woke up a moment ago").invoke(order(&mut seed));
        let woke_up = office.state().snapshot_ended;
        let what = format!("`open_since` is no earlier than the restore, {woke_up}, and no later than now");
        outcome.expect_that(&what, |answer| {
            answer["open_since"].as_u64().is_some_and(|since| (woke_up..=now()).contains(&since))
        });
        till.force_cold();
    }
}

#[test]
fn fails_when_it_cannot_open_after_the_restore() {
    let mut seed = Seed::at_run_time();
    for verb in ["badge", "line", "numbers"] {
        let office = Office::open(3);
        let till = office.till_with_snapshot();
        office.state().fails = Some((verb, false));
        let outcome = till.story(format!("after the restore the office refuses: {verb}")).invoke(order(&mut seed));
        let InitError::Reported(error) = outcome.expect_init_error() else {
            panic!("{verb}: the till reports the error instead of {:?}", outcome.fate)
        };
        assert_eq!(error.recorded_type, "Runtime.AfterRestoreError", "{verb}: the error came after the restore");
        assert!(
            error.message.contains("closed today"),
            "{verb}: the error passes on the office's words, \"the office is closed today\"; its message is {:?}",
            error.message
        );
    }
}

#[test]
fn fails_when_it_cannot_close_before_the_snapshot() {
    let mut seed = Seed::at_run_time();
    for verb in ["give-back", "bye", "hand-in"] {
        let office = Office::open(3);
        let till = office.till_with_snapshot();
        office.state().fails = Some((verb, true));
        let outcome = till.story(format!("before the snapshot the office refuses: {verb}")).invoke(order(&mut seed));
        let InitError::Reported(error) = outcome.expect_init_error() else {
            panic!("{verb}: the till reports the error instead of {:?}", outcome.fate)
        };
        assert!(
            error.message.contains("closed today"),
            "{verb}: the error passes on the office's words, \"the office is closed today\"; its message is {:?}",
            error.message
        );
        let snapshot = office.state().calls.iter().any(|call| call == "(snapshot)");
        assert!(!snapshot, "{verb}: no snapshot is taken of a till that could not close");
    }
}

#[test]
fn fails_when_it_cannot_open_in_init() {
    let mut seed = Seed::at_run_time();
    for verb in ["badge", "numbers"] {
        let office = Office::open(3);
        let till = office.till_with_snapshot();
        office.state().fails = Some((verb, true));
        let outcome = till.story(format!("the office refuses in INIT: {verb}")).invoke(order(&mut seed));
        outcome.expect_init_error();
        let snapshot = office.state().calls.iter().any(|call| call == "(snapshot)");
        assert!(!snapshot, "{verb}: no snapshot is taken of a till that could not open");
    }
}
