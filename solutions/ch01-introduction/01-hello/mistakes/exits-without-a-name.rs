//! caught-by: fails_without_a_name_and_serves_the_next_visitor
//!
//! Ends the process when an event is not to its liking. A function is a loop over many visitors: the error of one is
//! returned, or the next has to wait until Lambda has started another process.
#![allow(unused)]

use std::process::exit;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(open)).await
}

async fn open(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let Some(name) = event.payload["name"].as_str() else {
        eprintln!("the event has no name");
        exit(1);
    };
    Ok(json!({ "hello": name, "slip": event.context.request_id }))
}
