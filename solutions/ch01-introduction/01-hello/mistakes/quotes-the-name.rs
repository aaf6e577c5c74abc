//! caught-by: says_hello_and_hands_out_a_slip
//!
//! `to_string` of a JSON value is its JSON, so the name comes with its quotation marks.
#![allow(unused)]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(open)).await
}

async fn open(event: LambdaEvent<Value>) -> Result<Value, Error> {
    if !event.payload["name"].is_string() {
        return Err("the event has no name".into());
    }
    Ok(json!({ "hello": event.payload["name"].to_string(), "slip": event.context.request_id }))
}
