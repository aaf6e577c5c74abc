//! caught-by: leaves_the_blanks_round_a_name
//!
//! Trims to find out whether the name is blank, and then greets by what is left. Looking at a value is one thing,
//! changing it another.
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
    let name = event.payload.name.unwrap_or_default();
    let name = name.trim();
    let name: String = if name.is_empty() { "guest" } else { name }.chars().take(20).collect();
    Ok(json!({ "greeting": format!("Hello, {name}!"), "number": GREETED.fetch_add(1, Ordering::Relaxed) + 1 }))
}
