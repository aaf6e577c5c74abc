//! Chapter 1: a function that goes on after its answer, or tries to.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(set_alarm)).await
}

// ANCHOR: handler
async fn set_alarm(event: LambdaEvent<Value>) -> Result<(), Error> {
    let number = event.payload["event"].as_u64().unwrap_or_default();
    tokio::spawn(async move {
        sleep(Duration::from_millis(100)).await;
        println!("the alarm of event {number} rings");
    });
    sleep(Duration::from_millis(30)).await;
    println!("event {number} answers, with its alarm set");
    Ok(())
}
// ANCHOR_END: handler
