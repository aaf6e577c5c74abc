//! caught-by: numbers_the_visitors_of_one_process
//!
//! Answers a guest before it counts: two tickets have the same number.
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
    let Some(name) = event.payload.name.filter(|name| !name.trim().is_empty()) else {
        return Ok(json!({ "greeting": "Hello, guest!", "number": GREETED.load(Ordering::Relaxed) + 1 }));
    };
    let name: String = name.chars().take(20).collect();
    Ok(json!({ "greeting": format!("Hello, {name}!"), "number": GREETED.fetch_add(1, Ordering::Relaxed) + 1 }))
}
