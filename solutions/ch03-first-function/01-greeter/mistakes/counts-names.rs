//! caught-by: numbers_the_visitors_of_one_process
//!
//! Keeps the names that were greeted and counts those: whoever comes again gets an old number, and the set grows for
//! as long as the process lives.
#![allow(unused)]

use std::collections::HashSet;
use std::sync::Mutex;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Visitor {
    name: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let greeted = Mutex::new(HashSet::new());
    run(service_fn(|event| welcome(event, &greeted))).await
}

async fn welcome(event: LambdaEvent<Visitor>, greeted: &Mutex<HashSet<String>>) -> Result<Value, Error> {
    let name = event.payload.name.filter(|name| !name.trim().is_empty());
    let name: String = name.as_deref().unwrap_or("guest").chars().take(20).collect();
    let mut greeted = greeted.lock().map_err(|_| "poisoned")?;
    let greeting = format!("Hello, {name}!");
    greeted.insert(name);
    Ok(json!({ "greeting": greeting, "number": greeted.len() }))
}
