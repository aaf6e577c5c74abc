//! caught-by: has_as_many_jobs_at_the_print_house_as_are_allowed
//!
//! Waits for each job before it sends the next: never too many at once, and never more than one.
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

    let places = Semaphore::new(at_once as usize);
    let limit = Duration::from_millis(limit_ms);
    let mut printed = Vec::new();
    for job in jobs {
        let result = print(&job, limit).await;
        printed.push(Job { job, result });
    }
    Ok(Printed { printed })
}

/// Has one job printed within the limit.
async fn print(job: &str, limit: Duration) -> Print {
    match timeout(limit, house::print(job)).await {
        Ok(Ok(sheets)) => Print::Sheets(sheets),
        Ok(Err(reason)) => Print::Error(reason),
        Err(_) => Print::Error("timed out".to_owned()),
    }
}
