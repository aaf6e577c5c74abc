//! The till of Ferris Prints greets whoever comes in.

use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

/// The room for a name on a ticket.
const NAME_CHARACTERS: usize = 20;

// ANCHOR: types
#[derive(Deserialize)]
struct Visitor {
    name: Option<String>,
}

#[derive(Serialize)]
struct Welcome {
    greeting: String,
    number: u64,
}
// ANCHOR_END: types

// ANCHOR: main
#[tokio::main]
async fn main() -> Result<(), Error> {
    let greeted = AtomicU64::new(0);
    run(service_fn(|event| welcome(event, &greeted))).await
}
// ANCHOR_END: main

// ANCHOR: handler
async fn welcome(event: LambdaEvent<Visitor>, greeted: &AtomicU64) -> Result<Welcome, Error> {
    let name = event.payload.name.filter(|name| !name.trim().is_empty());
    let name: String = name.as_deref().unwrap_or("guest").chars().take(NAME_CHARACTERS).collect();
    let number = greeted.fetch_add(1, Ordering::Relaxed) + 1;
    Ok(Welcome { greeting: format!("Hello, {name}!"), number })
}
// ANCHOR_END: handler
