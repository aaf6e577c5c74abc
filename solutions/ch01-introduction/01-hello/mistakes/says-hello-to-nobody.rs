//! caught-by: fails_without_a_name_and_serves_the_next_visitor
//!
//! Answers also when it has nothing to say. The caller reads a success, and nobody counts an error.
#![allow(unused)]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(open)).await
}

async fn open(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let name = event.payload["name"].as_str().unwrap_or_default();
    Ok(json!({ "hello": name, "slip": event.context.request_id }))
}
