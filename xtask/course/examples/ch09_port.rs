//! A port: what counting needs of a table, as a trait, with a table in memory behind it and one that loses an answer.

use std::collections::BTreeSet;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

// ANCHOR: port
/// What counting needs of a table, and nothing more.
trait Sums {
    /// Adds the cents of a change, unless this change was counted before.
    fn add(&mut self, change: &str, cents: i64) -> Result<(), NoAnswer>;
}

/// It was added, or it was not.
struct NoAnswer;

/// Counts, and names the changes that have to come again.
fn count<'c>(sums: &mut impl Sums, changes: &[(&'c str, i64)]) -> Vec<&'c str> {
    let failed = changes.iter().filter(|(change, cents)| sums.add(change, *cents).is_err());
    failed.map(|(change, _)| *change).collect()
}
// ANCHOR_END: port

#[derive(Default)]
struct InMemory {
    cents: i64,
    counted: BTreeSet<String>,
}

impl Sums for InMemory {
    fn add(&mut self, change: &str, cents: i64) -> Result<(), NoAnswer> {
        if self.counted.insert(change.to_owned()) {
            self.cents += cents;
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
    fn add(&mut self, change: &str, cents: i64) -> Result<(), NoAnswer> {
        let answer = self.sums.add(change, cents);
        self.calls_left = self.calls_left.wrapping_sub(1);
        if self.calls_left == 0 { Err(NoAnswer) } else { answer }
    }
}
// ANCHOR_END: wrapper

async fn try_out(_: LambdaEvent<Value>) -> Result<(), Error> {
    let changes = [("c-1", 1_250), ("c-2", 2_590), ("c-3", 640)];
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
