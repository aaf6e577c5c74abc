//! The door of Ferris Prints says hello, and hands out a slip with the number of the visit.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
struct Hello {
    hello: String,
    slip: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(open)).await
}

async fn open(event: LambdaEvent<Value>) -> Result<Hello, Error> {
    // TODO: say hello to the name that the event brings; without one, fail and say what is missing.
    let name = event.payload["name"].to_string();
    // TODO: the slip has the id that Lambda gave this request.
    Ok(Hello { hello: name, slip: String::new() })
}
