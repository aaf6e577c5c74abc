//! What the shop expects of its invoices.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use course::{Seed, Service};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

const LONGEST_LINE: usize = 4096;
const MEBIBYTE: u64 = 1024 * 1024;

/// How long the function may take for a log, and the check waits for the end of a file.
const PATIENCE: Duration = Duration::from_secs(10);

/// The store: logs by name, and what was written for each.
struct Store {
    service: Service,
    files: Arc<Files>,
}

#[derive(Default)]
struct Files {
    complete: Mutex<HashMap<String, Vec<u8>>>,
    one_more: Condvar,
}

impl Store {
    /// A store that has these logs.
    fn with<'a>(logs: impl IntoIterator<Item = (&'a str, Log)>) -> Store {
        let logs: HashMap<String, Log> = logs.into_iter().map(|(name, log)| (name.to_owned(), log)).collect();
        let files = Arc::new(Files::default());
        let kept = Arc::clone(&files);
        let service = Service::start(move |stream| {
            let mut reader = BufReader::new(stream);
            let mut name = String::new();
            let _ = reader.read_line(&mut name);
            let Some(log) = logs.get(name.trim_end()) else { return };
            thread::scope(|scope| {
                scope.spawn(|| {
                    for piece in log {
                        if { stream }.write_all(piece).is_err() {
                            break;
                        }
                    }
                    let _ = stream.shutdown(Shutdown::Write);
                });
                let mut file = Vec::new();
                let _ = reader.read_to_end(&mut file);
                kept.complete.lock().expect("no panic").insert(name.trim_end().to_owned(), file);
                kept.one_more.notify_all();
            });
        });
        Store { service, files }
    }

    fn function(&self) -> Function {
        Function::builder(binary!()).env("STORE", self.service.address()).timeout(PATIENCE).start()
    }

    /// The file of a log's invoices has exactly these lines.
    #[track_caller]
    fn expect_invoices(&self, log: &str, expected: &[Value]) {
        // The function has answered; the store may still be reading what it was sent.
        let complete = self.files.complete.lock().expect("no panic");
        let missing = |files: &mut HashMap<String, Vec<u8>>| !files.contains_key(log);
        let (complete, _) = self.files.one_more.wait_timeout_while(complete, PATIENCE, missing).expect("no panic");
        let file = complete.get(log);
        let file = file.unwrap_or_else(|| panic!("{log}: the function keeps the file of invoices open"));
        let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
        for (index, line) in lines.iter().enumerate() {
            let number = index + 1;
            let text = String::from_utf8_lossy(&line[..line.len().min(80)]);
            assert!(line.ends_with(b"\n"), "{log}: line {number} of the invoices has no end: {text}");
            let invoice: Value = serde_json::from_slice(line)
                .unwrap_or_else(|error| panic!("{log}: line {number} of the invoices is not JSON ({error}): {text}"));
            let wanted = expected
                .get(index)
                .unwrap_or_else(|| panic!("{log}: line {number} of the invoices is one too many: {text}"));
            assert!(invoice == *wanted, "{log}: line {number} of the invoices is {text}, expected {wanted:.80}");
        }
        let (got, wanted) = (lines.len(), expected.len());
        let missing = if got == 0 { "none has reached it" } else { "the last ones are missing" };
        assert!(got == wanted, "{log}: the file has {got} invoices, expected {wanted}; {missing}");
    }
}

/// A log in the pieces in which it is sent.
type Log = Vec<Vec<u8>>;

/// One print, and the invoice that it makes.
fn print(seed: &mut Seed) -> (String, Value) {
    let (order, sheets, note) = (seed.number(1000..=9999), seed.number(1..=50), seed.name());
    let note = format!("for {note}: \"90 × 60\" \\ matt");
    let line = json!({ "order": order, "sheets": sheets, "note": note }).to_string();
    (line, json!({ "order": order, "cents": sheets * 19, "note": note }))
}

fn prints(seed: &mut Seed, count: u64) -> (Vec<String>, Vec<Value>) {
    (0..count).map(|_| print(seed)).unzip()
}

/// A print whose line has this many bytes.
fn print_of(bytes: usize) -> (String, Value) {
    let line = |note: &str| json!({ "order": 1042, "sheets": 2, "note": note }).to_string();
    let note = "n".repeat(bytes - line("").len());
    (line(&note), json!({ "order": 1042, "cents": 38, "note": note }))
}

fn request(log: &str) -> Value {
    request_up_to(LONGEST_LINE, log)
}

fn request_up_to(longest_line: usize, log: &str) -> Value {
    json!({ "log": log, "longest_line": longest_line })
}

fn summary(invoices: usize, unreadable: usize, too_long: usize) -> Value {
    json!({ "invoices": invoices, "unreadable": unreadable, "too_long": too_long })
}

/// The function used no more memory for the second log than for the first, up to what its allocator may do.
#[track_caller]
fn expect_no_growth(small: &Outcome, large: &Outcome, megabytes: u64) {
    const MORE_KIB: u64 = 2 * 1024;
    let mb = |kib: u64| kib as f64 / 1024.0;
    let (before, after) = (small.report.max_memory_kib, large.report.max_memory_kib);
    let what = format!(
        "memory does not grow with the log: {:.1} MB after a small log, {:.1} MB after one of {megabytes} MB, of {:.1} \
         that are allowed",
        mb(before),
        mb(after),
        mb(before + MORE_KIB)
    );
    large.expect(&what, |_| after <= before + MORE_KIB);
}

#[test]
fn makes_an_invoice_of_every_print() {
    let mut seed = Seed::at_run_time();
    let count = seed.number(2..=9);
    let (first, of_first) = prints(&mut seed, count);
    let (second, of_second) = prints(&mut seed, 2 * count);
    let log = |lines: &[String]| vec![format!("{}\n", lines.join("\n")).into_bytes()];
    let presses = [format!("{}-1", seed.name()), format!("{}-2", seed.name())];
    let store = Store::with([(&*presses[0], log(&first)), (&*presses[1], log(&second))]);
    let function = store.function();
    for (press, invoices) in presses.iter().zip([&of_first, &of_second]) {
        let outcome =
            function.story(format!("the log of {press} has {} prints", invoices.len())).invoke(request(press));
        outcome.expect_json(summary(invoices.len(), 0, 0));
        store.expect_invoices(press, invoices);
    }
}

#[test]
fn takes_the_last_line_without_an_end_too() {
    let mut seed = Seed::at_run_time();
    let (lines, invoices) = prints(&mut seed, 3);
    let store = Store::with([
        ("cut", vec![lines.join("\n").into_bytes()]),
        ("only", vec![lines[0].clone().into_bytes()]),
        ("empty", Vec::new()),
    ]);
    let function = store.function();
    let outcome = function.story("the press was switched off before it ended its line").invoke(request("cut"));
    outcome.expect_json(summary(3, 0, 0));
    store.expect_invoices("cut", &invoices);
    function.story("one line, without an end").invoke(request("only")).expect_json(summary(1, 0, 0));
    store.expect_invoices("only", &invoices[..1]);
    function.story("an empty log").invoke(request("empty")).expect_json(summary(0, 0, 0));
    store.expect_invoices("empty", &[]);
}

#[test]
fn finds_its_lines_in_whatever_pieces_they_come() {
    let mut seed = Seed::at_run_time();
    let (lines, invoices) = prints(&mut seed, 300);
    let text = format!("{}\n", lines.join("\n")).into_bytes();
    let size = seed.number(1..=7) as usize;
    let store = Store::with([
        ("drops", text[..600].chunks(size).map(<[u8]>::to_vec).chain([text[600..].to_vec()]).collect()),
        ("gulps", text.chunks(8192 + size).map(<[u8]>::to_vec).collect()),
    ]);
    let function = store.function();
    for (log, story) in [("drops", "a few bytes at a time"), ("gulps", "large pieces that end within lines")] {
        function.story(format!("the log comes in {story}")).invoke(request(log)).expect_json(summary(300, 0, 0));
        store.expect_invoices(log, &invoices);
    }
}

#[test]
fn passes_over_lines_that_cannot_be_read() {
    let mut seed = Seed::at_run_time();
    let (lines, invoices) = prints(&mut seed, 3);
    let latin_1 = b"{\"order\":1,\"sheets\":1,\"note\":\"caf\xe9\"}".to_vec();
    let bad: [&[u8]; 7] = [
        b"paper jam",
        b"{\"order\":1,\"note\":\"matt\"}",
        b"{\"order\":1,\"sheets\":18446744073709551615,\"note\":\"matt\"}",
        &latin_1,
        b"{\"order\":1,\"shee",
        b"  ",
        b"{\"sheets\":1,\"note\":\"matt\"}",
    ];
    let with = |bad: &[u8]| -> Log {
        vec![
            lines[0].clone().into_bytes(),
            b"\n".to_vec(),
            bad.to_vec(),
            b"\n\n".to_vec(),
            lines[1..].join("\n").into_bytes(),
        ]
    };
    let store = Store::with([
        ("text", with(bad[0])),
        ("short", with(bad[1])),
        ("many", with(bad[2])),
        ("latin-1", with(bad[3])),
        ("blank", with(bad[5])),
        ("all", with(&bad.join(&b'\n'))),
    ]);
    let function = store.function();
    for (log, count, story) in [
        ("text", 1, "between the prints stands a line that is no JSON, and one of no bytes, which counts as nothing"),
        ("short", 1, "a line has no sheets"),
        ("many", 1, "a line has more sheets than fit into a u32"),
        ("latin-1", 1, "a note is not UTF-8"),
        ("blank", 1, "a line is two blanks, and the next has no bytes, which counts as nothing"),
        ("all", 7, "seven lines that cannot be read"),
    ] {
        function.story(story).invoke(request(log)).expect_json(summary(3, count, 0));
        store.expect_invoices(log, &invoices);
    }
}

#[test]
fn passes_over_lines_that_are_too_long() {
    let mut seed = Seed::at_run_time();
    let (lines, invoices) = prints(&mut seed, 2);
    let longest = seed.number(300..=3_000) as usize;
    let (just, of_just) = print_of(longest);
    let longer = longest + seed.number(2..=9000) as usize;
    let between = |line: &str| vec![format!("{}\n{line}\n{}\n", lines[0], lines[1]).into_bytes()];
    let store = Store::with([
        ("just", between(&just)),
        ("just-last", vec![format!("{}\n{}\n{just}", lines[0], lines[1]).into_bytes()]),
        ("one-more", between(&print_of(longest + 1).0)),
        ("longer", between(&print_of(longer).0)),
        ("last", vec![format!("{}\n{}\n{}", lines[0], lines[1], print_of(longer).0).into_bytes()]),
    ]);
    let function = store.function();
    for (log, bytes) in [("one-more", longest + 1), ("longer", longer), ("last", longer)] {
        let outcome = function
            .story(format!("a line has {bytes} bytes, {longest} are allowed"))
            .invoke(request_up_to(longest, log));
        outcome.expect_json(summary(2, 0, 1));
        store.expect_invoices(log, &invoices);
    }
    for (log, place) in [("just-last", 2), ("just", 1)] {
        let story = format!(
            "a line has {longest} bytes, as many as are allowed, and {} an end",
            if place == 1 { "has" } else { "lacks" }
        );
        function.story(story).invoke(request_up_to(longest, log)).expect_json(summary(3, 0, 0));
        let mut invoices = invoices.clone();
        invoices.insert(place, of_just.clone());
        store.expect_invoices(log, &invoices);
    }
}

#[test]
fn needs_no_more_memory_for_a_long_log() {
    let (line, invoice) = print_of(2 * 1024);
    let line = format!("{line}\n").into_bytes();
    let count = Seed::at_run_time().number(2_500..=3_000) as usize;
    let store = Store::with([("a day", vec![line.clone(); 8]), ("a year", vec![line; count])]);
    let function = store.function();
    let small = function.story("the log of a day").invoke(request("a day"));
    small.expect_json(summary(8, 0, 0));
    let megabytes = count as u64 * 2 * 1024 / MEBIBYTE;
    let large = function.story(format!("the log of a year: {megabytes} MB")).invoke(request("a year"));
    large.expect_json(summary(count, 0, 0));
    expect_no_growth(&small, &large, megabytes);
    store.expect_invoices("a year", &vec![invoice; count]);
}

#[test]
fn needs_no_more_memory_for_a_log_that_is_one_line() {
    let mut seed = Seed::at_run_time();
    let (lines, invoices) = prints(&mut seed, 2);
    let megabytes = seed.number(6..=9);
    let mut broken: Log = vec![format!("{}\n", lines[0]).into_bytes()];
    broken.extend(vec![vec![b'x'; MEBIBYTE as usize]; megabytes as usize]);
    broken.push(format!("\n{}\n", lines[1]).into_bytes());
    let store = Store::with([("whole", vec![format!("{}\n", lines[0]).into_bytes()]), ("broken", broken)]);
    let function = store.function();
    let small = function.story("a log of one print").invoke(request("whole"));
    small.expect_json(summary(1, 0, 0));
    let large =
        function.story(format!("a press has written {megabytes} MB without a line's end")).invoke(request("broken"));
    large.expect_json(summary(2, 0, 1));
    expect_no_growth(&small, &large, megabytes);
    store.expect_invoices("broken", &invoices);
}
