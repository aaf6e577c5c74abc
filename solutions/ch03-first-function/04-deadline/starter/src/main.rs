//! The night shift prints what the day left over, and stops in time.

mod printer;

use std::env;
use std::time::Duration;

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
    // TODO: begin where the last invocation stopped.
    for job in &batch.jobs {
        if remaining(&context) < margin {
            break;
        }
        printer::print(job).await;
    }
    // TODO: say how many jobs this invocation printed, and where the next goes on.
    Ok(Progress { printed: batch.jobs.len(), cursor: Some(batch.cursor) })
}

/// How long this invocation may still run.
fn remaining(_context: &Context) -> Duration {
    // TODO: the context knows the deadline.
    Duration::from_secs(3)
}
