//! Right as well: takes any JSON and asks for the name itself.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(open)).await
}

async fn open(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let name = event.payload["name"].as_str().ok_or("the event has no name, or one that is not text")?;
    Ok(json!({ "hello": name, "slip": event.context.request_id }))
}
