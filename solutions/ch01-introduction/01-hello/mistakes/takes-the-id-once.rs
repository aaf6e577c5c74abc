//! caught-by: gives_every_visitor_of_one_process_the_id_of_their_own_request
//!
//! Keeps the first id that it saw. What is kept outside the handler outlives the event that it belongs to.
#![allow(unused)]

use std::sync::OnceLock;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

static ID: OnceLock<String> = OnceLock::new();

#[derive(Deserialize)]
struct Visitor {
    name: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(open)).await
}

async fn open(event: LambdaEvent<Visitor>) -> Result<Value, Error> {
    let (visitor, context) = event.into_parts();
    let id = ID.get_or_init(|| context.request_id.clone());
    Ok(json!({ "hello": visitor.name, "slip": id }))
}
