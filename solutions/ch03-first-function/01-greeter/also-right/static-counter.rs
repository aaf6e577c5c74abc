//! Right as well: the counter is a static, which the process also makes once, and the name is cut in place.

use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

static GREETED: AtomicU64 = AtomicU64::new(0);

#[derive(Deserialize)]
struct Visitor {
    #[serde(default)]
    name: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(welcome)).await
}

async fn welcome(event: LambdaEvent<Visitor>) -> Result<Value, Error> {
    let mut name = event.payload.name.unwrap_or_default();
    if let Some((end, _)) = name.char_indices().nth(20) {
        name.truncate(end);
    }
    let name = if name.trim().is_empty() { "guest" } else { &name };
    Ok(json!({ "greeting": format!("Hello, {name}!"), "number": GREETED.fetch_add(1, Ordering::Relaxed) + 1 }))
}
