//! caught-by: numbers_the_visitors_of_one_process
//!
//! Makes the counter inside the handler, so it begins anew for every visitor.
//! What is to outlive one invocation is made in `main`, or is a static.
#![allow(unused)]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Visitor {
    name: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(welcome)).await
}

async fn welcome(event: LambdaEvent<Visitor>) -> Result<Value, Error> {
    let mut greeted = 0;
    greeted += 1;
    let name = event.payload.name.filter(|name| !name.trim().is_empty()).unwrap_or("guest".to_owned());
    let name: String = name.chars().take(20).collect();
    Ok(json!({ "greeting": format!("Hello, {name}!"), "number": greeted }))
}
