//! Adds up the copies of an order: `{"prints": [{"copies": 2}]}` is answered with `{"copies": 2}`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let prints = event.payload["prints"].as_array().ok_or("the order has no prints")?;
    let copies: u64 = prints.iter().filter_map(|print| print["copies"].as_u64()).sum();
    Ok(json!({ "copies": copies }))
}
