//! caught-by: adds_up_the_copies_of_every_print
//!
//! Counts the prints: an order of one print in five copies is five sheets of paper.
#![allow(unused)]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let prints = event.payload["prints"].as_array().ok_or("the order has no prints")?;
    Ok(json!({ "copies": prints.len() }))
}
