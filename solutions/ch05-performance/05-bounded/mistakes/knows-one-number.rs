//! caught-by: has_as_many_jobs_at_the_print_house_as_are_allowed
//!
//! Never sends more than three, since the story speaks of three: an order that allows more is slower than it may be.
#![allow(unused)]

#[path = "../src/house.rs"]
mod house;

use std::time::Duration;

use futures::future::join_all;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::timeout;

#[derive(Deserialize)]
struct Order {
    jobs: Vec<String>,
    /// How many jobs may be at the print house at once.
    at_once: u32,
    /// How long one job may be there, in milliseconds.
    limit_ms: u64,
}

#[derive(Serialize)]
struct Printed {
    printed: Vec<Job>,
}

#[derive(Serialize)]
struct Job {
    job: String,
    #[serde(flatten)]
    result: Print,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Print {
    Sheets(u64),
    Error(String),
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(print_all)).await
}

async fn print_all(event: LambdaEvent<Order>) -> Result<Printed, Diagnostic> {
    let Order { jobs, at_once, limit_ms } = event.payload;
    if at_once == 0 {
        let error_message = "with at_once 0 nothing would ever be printed".to_owned();
        return Err(Diagnostic { error_type: "InvalidOrder".to_owned(), error_message });
    }

    let places = Semaphore::new(at_once.min(3) as usize);
    let limit = Duration::from_millis(limit_ms);
    let prints = jobs.into_iter().map(async |job| {
        // Held until the job has left the print house, in whatever way.
        let _place = places.acquire().await;
        let result = print(&job, limit).await;
        Job { job, result }
    });
    // In the order of the jobs, whichever is printed first.
    Ok(Printed { printed: join_all(prints).await })
}

/// Has one job printed within the limit.
async fn print(job: &str, limit: Duration) -> Print {
    match timeout(limit, house::print(job)).await {
        Ok(Ok(sheets)) => Print::Sheets(sheets),
        Ok(Err(reason)) => Print::Error(reason),
        Err(_) => Print::Error("timed out".to_owned()),
    }
}
