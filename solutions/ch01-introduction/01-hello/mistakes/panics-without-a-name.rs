//! caught-by: says_what_is_missing
//!
//! Unwraps. The panic is reported as an error here, but it says nothing of the name, and in a release build that aborts
//! on panics the process is gone.
#![allow(unused)]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(open)).await
}

async fn open(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let name = event.payload["name"].as_str().unwrap();
    Ok(json!({ "hello": name, "slip": event.context.request_id }))
}
