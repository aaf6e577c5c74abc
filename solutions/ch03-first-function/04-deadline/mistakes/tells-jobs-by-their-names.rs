//! caught-by: prints_a_small_batch_at_once
//!
//! Passes over a job whose name it has printed already. Nobody said that names are unique: whoever wants three prints
//! of a photo sends three jobs, and gets one.
#![allow(unused)]

#[path = "../src/printer.rs"]
mod printer;

use std::env;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, Error, LambdaEvent, run, service_fn};
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
    let mut printed = 0;
    for (index, job) in batch.jobs.iter().enumerate().skip(batch.cursor) {
        if remaining(&context) < margin {
            return Ok(Progress { printed, cursor: Some(index) });
        }
        if !batch.jobs[..index].contains(job) {
            printer::print(job).await;
        }
        printed += 1;
    }
    Ok(Progress { printed, cursor: None })
}

/// How long this invocation may still run; nothing once the deadline has passed.
fn remaining(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}
