//! caught-by: greets_a_guest_whose_name_is_absent_null_or_blank
//!
//! Keeps the last name where the next invocation finds it: a guest is greeted by the name of whoever came before.
//! State that outlives an invocation must be meant for everybody.
#![allow(unused)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

static GREETED: AtomicU64 = AtomicU64::new(0);
static NAME: Mutex<String> = Mutex::new(String::new());

#[derive(Deserialize)]
struct Visitor {
    name: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(welcome)).await
}

async fn welcome(event: LambdaEvent<Visitor>) -> Result<Value, Error> {
    let mut last = NAME.lock().map_err(|_| "poisoned")?;
    if let Some(name) = event.payload.name.filter(|name| !name.trim().is_empty()) {
        *last = name.chars().take(20).collect();
    }
    let name = if last.is_empty() { "guest" } else { last.as_str() };
    Ok(json!({ "greeting": format!("Hello, {name}!"), "number": GREETED.fetch_add(1, Ordering::Relaxed) + 1 }))
}
