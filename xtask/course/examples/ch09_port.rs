//! A port: what counting needs of a table, as a trait, with a table in memory behind it and one that loses an answer.

use std::collections::BTreeSet;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

struct Change {
    id: &'static str,
    cents: i64,
}

// ANCHOR: port
/// What counting needs of a table, and nothing more.
trait Sums {
    /// Adds a change, unless it was counted before.
    fn add(&mut self, change: &Change) -> Result<(), NoAnswer>;
}

/// It was added, or it was not.
struct NoAnswer;

/// Counts, and names the changes that have to come again.
fn count(sums: &mut impl Sums, changes: &[Change]) -> Vec<&'static str> {
    let failed = changes.iter().filter(|change| sums.add(change).is_err());
    failed.map(|change| change.id).collect()
}
// ANCHOR_END: port

#[derive(Default)]
struct InMemory {
    cents: i64,
    counted: BTreeSet<&'static str>,
}

impl Sums for InMemory {
    fn add(&mut self, change: &Change) -> Result<(), NoAnswer> {
        if self.counted.insert(change.id) {
            self.cents += change.cents;
        }
        Ok(())
    }
}

// ANCHOR: wrapper
/// Any sums, whose answer is lost so many calls from now.
struct LosesAnAnswer<S> {
    sums: S,
    calls_left: usize,
}

impl<S: Sums> Sums for LosesAnAnswer<S> {
    fn add(&mut self, change: &Change) -> Result<(), NoAnswer> {
        let answer = self.sums.add(change);
        self.calls_left = self.calls_left.wrapping_sub(1);
        if self.calls_left == 0 { Err(NoAnswer) } else { answer }
    }
}
// ANCHOR_END: wrapper

async fn try_out(_: LambdaEvent<Value>) -> Result<(), Error> {
    let changes = [("c-1", 1_250), ("c-2", 2_590), ("c-3", 640)].map(|(id, cents)| Change { id, cents });
    for call in 1..=3 {
        let mut sums = LosesAnAnswer { sums: InMemory::default(), calls_left: call };
        let failed = count(&mut sums, &changes);
        count(&mut sums, &changes);
        println!("answer {call} is lost: {failed:?} comes again with all others, and the sum is {}", sums.sums.cents);
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(try_out)).await
}
