//! caught-by: ignores_fields_that_it_does_not_know
//!
//! Refuses fields that it does not know. AWS adds fields to events without notice, and so do colleagues: a consumer
//! reads what it needs.
#![allow(unused)]

use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

static GREETED: AtomicU64 = AtomicU64::new(0);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Visitor {
    name: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(welcome)).await
}

async fn welcome(event: LambdaEvent<Visitor>) -> Result<Value, Error> {
    let name = event.payload.name.filter(|name| !name.trim().is_empty()).unwrap_or("guest".to_owned());
    let name: String = name.chars().take(20).collect();
    Ok(json!({ "greeting": format!("Hello, {name}!"), "number": GREETED.fetch_add(1, Ordering::Relaxed) + 1 }))
}
