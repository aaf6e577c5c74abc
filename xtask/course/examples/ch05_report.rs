//! A report of many lines as one answer: as a whole, or as a stream of its pieces.

use lambda_runtime::streaming::{Body, Response, channel};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Job {
    megabytes: usize,
}

// ANCHOR: whole
async fn whole(event: LambdaEvent<Job>) -> Result<String, Error> {
    let pages = (1..=event.payload.megabytes).map(page);
    Ok(pages.collect())
}
// ANCHOR_END: whole

// ANCHOR: stream
async fn stream(event: LambdaEvent<Job>) -> Result<Response<Body>, Error> {
    let (mut answer, body) = channel();
    tokio::spawn(async move {
        for number in 1..=event.payload.megabytes {
            // Waits until the page before it is on its way.
            if answer.send_data(page(number).into()).await.is_err() {
                break;
            }
        }
    });
    Ok(Response::from(body))
}
// ANCHOR_END: stream

/// A megabyte of the report.
fn page(number: usize) -> String {
    let mut page = format!("page {number}");
    page.push_str(&".".repeat(1024 * 1024 - page.len()));
    page
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    match std::env::var("HOW")?.as_str() {
        "stream" => run(service_fn(stream)).await,
        _ => run(service_fn(whole)).await,
    }
}
