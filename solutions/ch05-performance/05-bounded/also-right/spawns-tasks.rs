//! Right as well: a task for each job, which takes its place before it is spawned and carries it along.

#[path = "../src/house.rs"]
mod house;

use std::sync::Arc;
use std::time::Duration;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
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

    let places = Arc::new(Semaphore::new(at_once as usize));
    let limit = Duration::from_millis(limit_ms);
    let mut tasks = JoinSet::new();
    for (index, job) in jobs.into_iter().enumerate() {
        let place = Arc::clone(&places).acquire_owned().await;
        tasks.spawn(async move {
            let _place = place;
            let result = print(&job, limit).await;
            (index, Job { job, result })
        });
    }
    let mut printed = tasks.join_all().await;
    printed.sort_by_key(|(index, _)| *index);
    Ok(Printed { printed: printed.into_iter().map(|(_, job)| job).collect() })
}

/// Has one job printed within the limit.
async fn print(job: &str, limit: Duration) -> Print {
    match timeout(limit, house::print(job)).await {
        Ok(Ok(sheets)) => Print::Sheets(sheets),
        Ok(Err(reason)) => Print::Error(reason),
        Err(_) => Print::Error("timed out".to_owned()),
    }
}
