//! caught-by: greets_a_guest_whose_name_is_absent_null_or_blank
//!
//! `#[serde(default)]` stands in for a field that is absent. A field that is there and `null` is not absent, and
//! `String` cannot hold it.
#![allow(unused)]

use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

static GREETED: AtomicU64 = AtomicU64::new(0);

#[derive(Deserialize)]
struct Visitor {
    #[serde(default)]
    name: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(welcome)).await
}

async fn welcome(event: LambdaEvent<Visitor>) -> Result<Value, Error> {
    let name = event.payload.name;
    let name = if name.trim().is_empty() { "guest".to_owned() } else { name };
    let name: String = name.chars().take(20).collect();
    Ok(json!({ "greeting": format!("Hello, {name}!"), "number": GREETED.fetch_add(1, Ordering::Relaxed) + 1 }))
}
