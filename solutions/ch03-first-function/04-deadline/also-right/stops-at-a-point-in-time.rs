//! Right as well: computes once when to stop, with a subtraction that may fail, and compares points in time.

#[path = "../src/printer.rs"]
mod printer;

use std::env;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Batch {
    jobs: Vec<String>,
    /// Where to go on: the index of the first job that is not printed.
    #[serde(default)]
    cursor: usize,
}

#[derive(Serialize)]
struct Progress {
    /// How many jobs this invocation printed.
    printed: usize,
    /// Where the next invocation goes on; none when every job is printed.
    cursor: Option<usize>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let margin = Duration::from_millis(env::var("MARGIN_MS")?.parse()?);
    run(service_fn(|event| night_shift(event, margin))).await
}

async fn night_shift(event: LambdaEvent<Batch>, margin: Duration) -> Result<Progress, Error> {
    let (batch, context) = event.into_parts();
    let stop = context.deadline().checked_sub(margin);
    let mut printed = 0;
    for (index, job) in batch.jobs.iter().enumerate().skip(batch.cursor) {
        if stop.is_none_or(|stop| SystemTime::now() >= stop) {
            return Ok(Progress { printed, cursor: Some(index) });
        }
        printer::print(job).await;
        printed += 1;
    }
    Ok(Progress { printed, cursor: None })
}
