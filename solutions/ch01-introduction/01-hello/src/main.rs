//! The door of Ferris Prints says hello, and hands out a slip with the number of the visit.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

// ANCHOR: types
#[derive(Deserialize)]
struct Visitor {
    name: String,
}

#[derive(Serialize)]
struct Hello {
    hello: String,
    slip: String,
}
// ANCHOR_END: types

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(open)).await
}

// ANCHOR: handler
async fn open(event: LambdaEvent<Visitor>) -> Result<Hello, Error> {
    let (visitor, context) = event.into_parts();
    Ok(Hello { hello: visitor.name, slip: context.request_id })
}
// ANCHOR_END: handler
