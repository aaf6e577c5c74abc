//! A time limit round work that waits, and round work that computes.

use std::thread;
use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

#[derive(Deserialize)]
struct Request {
    how: String,
}

const LIMIT: Duration = Duration::from_millis(50);
const WORK: Duration = Duration::from_millis(400);

// ANCHOR: work
async fn waits() {
    sleep(WORK).await;
}

async fn computes() {
    // Stands for half a second of arithmetic without an `.await`.
    thread::sleep(WORK);
}

async fn computes_elsewhere() {
    let _ = spawn_blocking(|| thread::sleep(WORK)).await;
}
// ANCHOR_END: work

async fn handle(event: LambdaEvent<Request>) -> Result<&'static str, Error> {
    let result = match event.payload.how.as_str() {
        "waits" => timeout(LIMIT, waits()).await,
        "computes" => timeout(LIMIT, computes()).await,
        "computes elsewhere" => timeout(LIMIT, computes_elsewhere()).await,
        how => return Err(format!("no work is called {how}").into()),
    };
    Ok(if result.is_ok() { "done" } else { "timed out" })
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
