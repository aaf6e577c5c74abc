//! caught-by: prints_at_most_twenty_characters_of_a_name
//!
//! Cuts after 20 bytes. `String::truncate` counts bytes and panics inside a character: one 🦀 is four bytes.
#![allow(unused)]

use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

static GREETED: AtomicU64 = AtomicU64::new(0);

#[derive(Deserialize)]
struct Visitor {
    name: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(welcome)).await
}

async fn welcome(event: LambdaEvent<Visitor>) -> Result<Value, Error> {
    let mut name = event.payload.name.filter(|name| !name.trim().is_empty()).unwrap_or("guest".to_owned());
    name.truncate(20);
    Ok(json!({ "greeting": format!("Hello, {name}!"), "number": GREETED.fetch_add(1, Ordering::Relaxed) + 1 }))
}
