//! caught-by: refuses_a_name_that_is_not_text_and_goes_on
//!
//! Takes any JSON and unwraps it by hand with `exit` as the way out. The process is gone, and the next visitor waits
//! for a cold start.
#![allow(unused)]

use std::process::exit;
use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

static GREETED: AtomicU64 = AtomicU64::new(0);

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(welcome)).await
}

async fn welcome(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let name = match &event.payload["name"] {
        Value::Null => "guest",
        Value::String(name) if name.trim().is_empty() => "guest",
        Value::String(name) => name,
        _ => exit(1),
    };
    let name: String = name.chars().take(20).collect();
    Ok(json!({ "greeting": format!("Hello, {name}!"), "number": GREETED.fetch_add(1, Ordering::Relaxed) + 1 }))
}
