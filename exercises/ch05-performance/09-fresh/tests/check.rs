//! What the shop expects of a price desk whose prices change.

use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use course::Seed;
use local_lambda::{Function, FunctionBuilder, binary};
use serde_json::json;

/// How old a catalogue may be where it shall grow old in a test, and a pause after which it is older.
const TTL: Duration = Duration::from_millis(40);
const PAUSE: Duration = Duration::from_millis(50);

/// A warehouse, at first without a catalogue.
struct Warehouse {
    folder: PathBuf,
}

impl Warehouse {
    fn empty() -> Warehouse {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("prices-{}-{number}", process::id()));
        fs::create_dir_all(&folder).expect("a folder for the warehouse");
        Warehouse { folder }
    }

    /// From now on it has this edition, with this price for the only format.
    fn print(&self, edition: u64, price: u64) {
        let catalogue = json!({ "edition": edition, "prices": { "10x15": price } });
        // Renamed, so that nobody reads half of it.
        fs::write(self.folder.join("next.json"), catalogue.to_string()).expect("a catalogue");
        fs::rename(self.folder.join("next.json"), self.folder.join("catalogue.json")).expect("a catalogue");
    }

    /// From now on it has none.
    fn lose(&self) {
        fs::remove_file(self.folder.join("catalogue.json")).expect("a catalogue to lose");
    }

    /// While it is busy, whoever fetches waits.
    fn busy(&self, busy: bool) {
        let file = self.folder.join("busy");
        let done = if busy { fs::write(file, "") } else { fs::remove_file(file) };
        done.expect("a file that says busy");
    }

    /// How often the catalogue was fetched, or was begun to be.
    fn calls(&self) -> usize {
        self.list().lines().filter(|line| *line == "begins").count()
    }

    /// How many fetched at the same moment, where it was the most.
    fn most_at_once(&self) -> usize {
        let mut most = 0;
        self.list().lines().fold(0_usize, |now, line| {
            let now = if line == "begins" { now + 1 } else { now.saturating_sub(1) };
            most = most.max(now);
            now
        });
        most
    }

    fn list(&self) -> String {
        fs::read_to_string(self.folder.join("calls.txt")).unwrap_or_default()
    }

    /// A price desk that fetches from here.
    fn desk(&self, ttl: Duration) -> FunctionBuilder {
        let desk = Function::builder(binary!()).env("WAREHOUSE", self.folder.to_string_lossy());
        desk.env("TTL_MS", ttl.as_millis().to_string())
    }
}

impl Drop for Warehouse {
    fn drop(&mut self) {
        // A folder that stays is no reason to fail.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn keeps_a_catalogue_that_is_fresh() {
    let mut seed = Seed::at_run_time();
    for edition in [seed.number(2..=9), seed.number(10..=99)] {
        let (price, later) = (seed.number(10..=40), seed.number(41..=90));
        let warehouse = Warehouse::empty();
        warehouse.print(edition, price);
        let desk = warehouse.desk(Duration::from_secs(600)).start();
        let outcome = desk.story("a first event").invoke(json!({ "format": "10x15", "copies": 1 }));
        outcome.expect_not_logged("begins without the catalogue");
        warehouse.print(edition + 1, later);
        let story = "the warehouse has a new edition, and the desk's is not ten minutes old";
        let copies = seed.number(1..=50);
        let outcome = desk.story(story).invoke(json!({ "format": "10x15", "copies": copies }));
        outcome.expect_json(json!({ "edition": edition, "cents": copies * price }));
        assert_eq!(warehouse.calls(), 1, "how often a fresh catalogue was fetched");
    }
}

#[test]
fn fetches_again_when_it_is_too_old() {
    let mut seed = Seed::at_run_time();
    let warehouse = Warehouse::empty();
    warehouse.print(1, 10);
    let desk = warehouse.desk(TTL).start();
    desk.story("a first event").invoke(json!({ "format": "10x15", "copies": 1 }));
    for edition in 2..=3 {
        let price = seed.number(11..=99);
        warehouse.print(edition, price);
        thread::sleep(PAUSE);
        let before = warehouse.calls();
        let story = format!("edition {edition} is there, and the desk's catalogue is too old");
        let outcome = desk.story(story).invoke(json!({ "format": "10x15", "copies": 2 }));
        outcome.expect_json(json!({ "edition": edition, "cents": 2 * price }));
        assert_eq!(warehouse.calls() - before, 1, "how often the catalogue was fetched for this event");
    }
}

/// Waits three fifths of the time between a fetch and the moment at which its catalogue is too old. Where the machine was
/// so slow that the whole time is over, it tries again with a longer one.
#[test]
fn keeps_a_new_catalogue_as_long_as_the_one_before() {
    let mut seed = Seed::at_run_time();
    for ttl in [500, 900, 4_000, 20_000].map(Duration::from_millis) {
        let (first, later) = (seed.number(50..=99), seed.number(1..=49));
        let warehouse = Warehouse::empty();
        warehouse.print(first, 10);
        let desk = warehouse.desk(ttl).start();
        desk.story("a first event").invoke(json!({ "format": "10x15", "copies": 1 }));
        // Its number says nothing of its age.
        let price = seed.number(11..=99);
        warehouse.print(later, price);
        thread::sleep(ttl);
        let (renewed, before) = (Instant::now(), warehouse.calls());
        let story = format!("the desk's catalogue is older than {ttl:?}, and the warehouse has edition {later}");
        let outcome = desk.story(story).invoke(json!({ "format": "10x15", "copies": 2 }));
        outcome.expect_json(json!({ "edition": later, "cents": 2 * price }));
        assert_eq!(warehouse.calls() - before, 1, "how often a catalogue that is older than {ttl:?} was fetched");
        warehouse.print(first, 10);
        thread::sleep(ttl * 3 / 5);
        let copies = seed.number(3..=50);
        let story = format!("that catalogue, edition {later}, is three fifths of {ttl:?} old; another one is there");
        let outcome = desk.story(story).invoke(json!({ "format": "10x15", "copies": copies }));
        if renewed.elapsed() < ttl {
            outcome.expect_json(json!({ "edition": later, "cents": copies * price }));
            assert_eq!(warehouse.calls() - before, 1, "how often it was fetched, by then, since it was too old");
            return;
        }
    }
    panic!("two events took this machine eight seconds; nothing can be said about the age of a catalogue");
}

#[test]
fn lets_a_late_first_catalogue_grow_old() {
    let mut seed = Seed::at_run_time();
    for failed in [1, 2] {
        let (edition, price) = (seed.number(2..=9), seed.number(10..=99));
        let warehouse = Warehouse::empty();
        let desk = warehouse.desk(TTL).start();
        for copies in 1..=failed {
            let story = "the desk started while the warehouse was away, and it still is";
            desk.story(story).invoke(json!({ "format": "10x15", "copies": copies })).expect_error("WarehouseAway");
            assert_eq!(warehouse.calls() as u64, 1 + copies, "one call by `main`, and one by each event so far");
        }
        for edition in [edition, edition + 1] {
            warehouse.print(edition, price);
            thread::sleep(PAUSE);
            let story = format!("edition {edition} is there, and what the desk has of others is too old");
            let outcome = desk.story(story).invoke(json!({ "format": "10x15", "copies": 3 }));
            outcome.expect_json(json!({ "edition": edition, "cents": 3 * price }));
        }
    }
}

#[test]
fn has_its_catalogue_before_the_first_event() {
    /// For how long the warehouse lets `main` wait: far longer than a start takes.
    const LATE: Duration = Duration::from_millis(400);
    let mut seed = Seed::at_run_time();
    for ttl in [600, seed.number(700..=900)] {
        let (edition, price, copies) = (seed.number(2..=99), seed.number(10..=99), seed.number(1..=50));
        let warehouse = Warehouse::empty();
        warehouse.print(edition, price);
        warehouse.busy(true);
        let desk = warehouse.desk(Duration::from_secs(ttl)).start();
        let story = format!("a first event; the warehouse needs {LATE:?} for the catalogue");
        let pending = desk.story(story).send(json!({ "format": "10x15", "copies": copies }));
        let begin = Instant::now();
        while warehouse.calls() == 0 && begin.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(2));
        }
        thread::sleep(LATE);
        warehouse.busy(false);
        let outcome = pending.wait();
        outcome.expect_json(json!({ "edition": edition, "cents": copies * price }));
        outcome.expect("`main` asks for the first event when it has the catalogue: its init lasts as long", |it| {
            it.report.init_duration.is_some_and(|init| init >= LATE)
        });
        assert_eq!(warehouse.calls(), 1, "how often the catalogue was fetched for `main` and a first event");
    }
}

#[test]
fn lets_one_fetch_and_nobody_else_wait() {
    let mut seed = Seed::at_run_time();
    for events in [4, 8] {
        let warehouse = Warehouse::empty();
        warehouse.print(1, 10);
        let desk = warehouse.desk(TTL).max_concurrency(8).start();
        let first = json!({ "format": "10x15", "copies": seed.number(1..=50) });
        desk.story("a first event").invoke(first).expect_json_at("/edition", 1);
        warehouse.print(2, seed.number(11..=99));
        warehouse.busy(true);
        thread::sleep(PAUSE);
        let before = warehouse.calls();
        let story =
            format!("{events} events come at the same time to a catalogue that is too old; fetching it takes long");
        let (answers, answered) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..events {
                let copies = seed.number(1..=50);
                let pending = desk.story(story.as_str()).send(json!({ "format": "10x15", "copies": copies }));
                let answers = answers.clone();
                scope.spawn(move || answers.send(pending.wait()).is_ok());
            }
            let others: Vec<_> =
                (1..events).map_while(|_| answered.recv_timeout(Duration::from_secs(1)).ok()).collect();
            warehouse.busy(false);
            assert_eq!(others.len(), events - 1, "how many of {events} events were answered while one fetched");
            for outcome in others {
                outcome.expect_json_at("/edition", 1);
            }
        });
        let last = answered.recv().expect("the one that fetched");
        last.expect_json_at("/edition", 2);
        assert_eq!(warehouse.calls() - before, 1, "how often the catalogue was fetched for {events} events");
    }
}

#[test]
fn goes_on_with_old_prices_when_the_warehouse_is_away() {
    let mut seed = Seed::at_run_time();
    let (price, later) = (seed.number(10..=40), seed.number(41..=90));
    let warehouse = Warehouse::empty();
    warehouse.print(1, price);
    let desk = warehouse.desk(TTL).start();
    desk.story("a first event").invoke(json!({ "format": "10x15", "copies": 1 }));
    warehouse.lose();
    thread::sleep(PAUSE);
    // Several, since a failure might make it young again for a moment only.
    for copies in 1..=6 {
        let before = warehouse.calls();
        let story = "the catalogue is too old, and the warehouse is away";
        let outcome = desk.story(story).invoke(json!({ "format": "10x15", "copies": copies }));
        outcome.expect_json(json!({ "edition": 1, "cents": copies * price }));
        assert_eq!(warehouse.calls() - before, 1, "each event tries once while the catalogue is too old");
    }
    warehouse.print(2, later);
    let outcome = desk.story("the warehouse is there again").invoke(json!({ "format": "10x15", "copies": 1 }));
    outcome.expect_json(json!({ "edition": 2, "cents": later }));
}

#[test]
fn waits_for_the_first_catalogue() {
    let mut seed = Seed::at_run_time();
    let (edition, price) = (seed.number(2..=99), seed.number(10..=40));
    let warehouse = Warehouse::empty();
    let desk = warehouse.desk(Duration::from_secs(600)).max_concurrency(8).start();
    let story = "the desk starts while the warehouse is away, and has no old prices";
    let outcome = desk.story(story).invoke(json!({ "format": "10x15", "copies": 1 }));
    outcome.expect_error("WarehouseAway");
    outcome.expect_logged("begins without the catalogue");
    warehouse.print(edition, price);
    let before = warehouse.calls();
    let story = "eight events at the same time, and the warehouse is there";
    let pending: Vec<_> =
        (1..=8).map(|copies| desk.story(story).send(json!({ "format": "10x15", "copies": copies }))).collect();
    for (pending, copies) in pending.into_iter().zip(1..) {
        pending.wait().expect_json(json!({ "edition": edition, "cents": copies * price }));
    }
    assert_eq!(warehouse.calls() - before, 1, "how often the catalogue was fetched for eight events at the same time");
}

#[test]
fn lets_each_try_when_there_is_nothing() {
    let mut seed = Seed::at_run_time();
    for events in [3, 8] {
        let warehouse = Warehouse::empty();
        let desk = warehouse.desk(Duration::from_secs(600)).max_concurrency(8).start();
        let first = json!({ "format": "10x15", "copies": seed.number(1..=50) });
        desk.story("the desk starts while the warehouse is away").invoke(first).expect_error("WarehouseAway");
        let before = warehouse.calls();
        warehouse.busy(true);
        let story = format!("{events} events at the same time, the desk has no prices, and the warehouse is away");
        let pending: Vec<_> = (1..=events)
            .map(|copies| desk.story(story.as_str()).send(json!({ "format": "10x15", "copies": copies })))
            .collect();
        // So that all have come before the first of them fails. Where they have not, less is tried.
        thread::sleep(Duration::from_millis(150));
        warehouse.busy(false);
        for pending in pending {
            pending.wait().expect_error("WarehouseAway");
        }
        assert_eq!(warehouse.calls() - before, events, "how many calls {events} events made: one attempt for each");
        assert_eq!(warehouse.most_at_once(), 1, "how many of {events} events fetched at once: one after the other");
    }
}
