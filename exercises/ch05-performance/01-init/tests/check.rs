//! What the shop expects of its price desk.

use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use course::Seed;
use local_lambda::{Function, FunctionBuilder, Outcome, binary};
use serde_json::json;

/// A warehouse, at first without a catalogue.
struct Warehouse {
    folder: PathBuf,
}

impl Warehouse {
    fn empty() -> Warehouse {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("warehouse-{}-{number}", process::id()));
        fs::create_dir_all(&folder).expect("a folder for the warehouse");
        Warehouse { folder }
    }

    /// Now it has a catalogue with these prices for two formats.
    fn stock(&self, small: u64, large: u64) {
        let catalogue = json!({ "prices": { "10x15": small, "20x30": large } });
        fs::write(self.folder.join("catalogue.json"), catalogue.to_string()).expect("a catalogue");
    }

    /// How often the catalogue was fetched.
    fn calls(&self) -> usize {
        fs::read_to_string(self.folder.join("calls.txt")).unwrap_or_default().lines().count()
    }

    /// A price desk that fetches from here.
    fn desk(&self) -> FunctionBuilder {
        Function::builder(binary!()).env("WAREHOUSE", self.folder.to_string_lossy())
    }
}

impl Drop for Warehouse {
    fn drop(&mut self) {
        // A folder that stays is no reason to fail.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn fetches_once_for_many_events() {
    let mut seed = Seed::at_run_time();
    let (small, large) = (seed.number(10..=40), seed.number(100..=400));
    let warehouse = Warehouse::empty();
    warehouse.stock(small, large);
    let desk = warehouse.desk().start();
    for _ in 1..=4 {
        let copies = seed.number(1..=50);
        let outcome = desk.story("a small print").invoke(json!({ "format": "10x15", "copies": copies }));
        outcome.expect_json(json!({ "cents": small * copies }));
    }
    let outcome = desk.story("another format").invoke(json!({ "format": "20x30", "copies": 2 }));
    outcome.expect_json(json!({ "cents": large * 2 }));
    let outcome = desk.story("a format that nobody prints").invoke(json!({ "format": "1x1", "copies": 2 }));
    outcome.expect_json(json!({ "cents": null }));
    assert_eq!(warehouse.calls(), 1, "how often the catalogue was fetched for six events, one after the other");
}

#[test]
fn has_the_catalogue_before_the_first_event() {
    let mut seed = Seed::at_run_time();
    for copies in [1, seed.number(2..=50)] {
        let price = seed.number(10..=40);
        let warehouse = Warehouse::empty();
        warehouse.stock(price, 100);
        let outcome = warehouse
            .desk()
            .start()
            .story("the first event of a new process")
            .invoke(json!({ "format": "10x15", "copies": copies }));
        outcome.expect_json(json!({ "cents": price * copies }));
        outcome.expect("`fetches the catalogue` stands in the log before START: main fetches it, during INIT", |it| {
            place(it, "fetches the catalogue") < place(it, "START ")
        });
        // A fetch takes 30 ms, so INIT takes no less where `main` waits for it.
        outcome.expect("INIT takes 30 ms or more, as the fetch does: main waits for it before it goes on", |it| {
            it.report.init_duration.is_some_and(|init| init >= Duration::from_millis(30))
        });
        outcome.expect_not_logged("begins without the catalogue");
    }
}

/// The first line of the log that begins so; past the end where none does.
fn place(outcome: &Outcome, beginning: &str) -> usize {
    let mut lines = outcome.log.iter();
    lines.position(|line| line.text.starts_with(beginning)).unwrap_or(outcome.log.len())
}

#[test]
fn tries_again_after_a_failure() {
    let mut seed = Seed::at_run_time();
    let price = seed.number(10..=40);
    let warehouse = Warehouse::empty();
    let desk = warehouse.desk().start();
    for copies in [1, 2] {
        let outcome = desk.story("the warehouse is away").invoke(json!({ "format": "10x15", "copies": copies }));
        outcome.expect_error("WarehouseAway");
        if copies == 1 {
            outcome
                .expect("`begins without the catalogue` stands in the log once: main says it, no event does", |it| {
                    it.function_log().filter(|line| line.contains("begins without the catalogue")).count() == 1
                });
        } else {
            outcome.expect_not_logged("begins without the catalogue");
        }
    }
    warehouse.stock(price, 100);
    let before = warehouse.calls();
    for copies in [3, seed.number(4..=50)] {
        let outcome = desk
            .story("it was away when the process started, and is there again")
            .invoke(json!({ "format": "10x15", "copies": copies }));
        outcome.expect_json(json!({ "cents": price * copies })).expect_warm();
    }
    let fetched = warehouse.calls() - before;
    assert_eq!(
        fetched, 1,
        "how often the catalogue was fetched for two events, one after the other: the first keeps it"
    );
}

#[test]
fn fetches_once_for_events_at_the_same_time() {
    let mut seed = Seed::at_run_time();
    let (price, first) = (seed.number(10..=40), seed.number(1..=50));
    let warehouse = Warehouse::empty();
    let desk = warehouse.desk().max_concurrency(8).start();
    let story = "an environment that takes eight events at a time starts while the warehouse is away";
    desk.story(story).invoke(json!({ "format": "10x15", "copies": 1 })).expect_error("WarehouseAway");
    warehouse.stock(price, 100);
    let before = warehouse.calls();
    let story = "eight events come at the same time, and the warehouse is there again";
    let pending: Vec<_> = (first..first + 8)
        .map(|copies| desk.story(story).send(json!({ "format": "10x15", "copies": copies })))
        .collect();
    for (pending, copies) in pending.into_iter().zip(first..) {
        pending.wait().expect_json(json!({ "cents": price * copies }));
    }
    assert_eq!(desk.environments(), 1, "how many environments there are");
    assert_eq!(warehouse.calls() - before, 1, "how often the catalogue was fetched for eight events at the same time");
}
