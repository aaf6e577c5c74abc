//! Six jobs, two at once, of which the first takes long: who is printed meanwhile?

use std::sync::Mutex;
use std::time::Duration;

use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::sleep;

#[derive(Deserialize)]
struct Request {
    how: String,
}

/// The jobs in the order in which they were printed.
type Printed = Mutex<Vec<u32>>;

const JOBS: [u32; 6] = [1, 2, 3, 4, 5, 6];

async fn print(job: u32, printed: &Printed) -> u32 {
    sleep(Duration::from_millis(if job == 1 { 300 } else { 2 })).await;
    printed.lock().expect("no panic").push(job);
    job
}

async fn groups(printed: &Printed) -> Vec<u32> {
    let mut results = Vec::new();
    for group in JOBS.chunks(2) {
        results.extend(join_all(group.iter().map(|job| print(*job, printed))).await);
    }
    results
}

// ANCHOR: buffered
async fn buffered(printed: &Printed) -> Vec<u32> {
    let prints = stream::iter(JOBS).map(|job| print(job, printed));
    prints.buffered(2).collect().await
}
// ANCHOR_END: buffered

// ANCHOR: unordered
async fn unordered(printed: &Printed) -> Vec<u32> {
    let prints = stream::iter(JOBS).map(|job| print(job, printed));
    prints.buffer_unordered(2).collect().await
}
// ANCHOR_END: unordered

async fn permits(printed: &Printed) -> Vec<u32> {
    let permits = Semaphore::new(2);
    join_all(JOBS.map(async |job| {
        let _permit = permits.acquire().await;
        print(job, printed).await
    }))
    .await
}

async fn handle(event: LambdaEvent<Request>) -> Result<Value, Error> {
    let printed = Printed::default();
    let results = match event.payload.how.as_str() {
        "groups" => groups(&printed).await,
        "buffered" => buffered(&printed).await,
        "buffer_unordered" => unordered(&printed).await,
        "permits" => permits(&printed).await,
        how => return Err(format!("nobody prints by {how}").into()),
    };
    let printed = printed.into_inner()?;
    Ok(json!({ "printed": printed, "results": results }))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
