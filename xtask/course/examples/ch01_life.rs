//! Chapter 1: a function that looks for what earlier events left behind.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use std::{env, fs};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

// ANCHOR: all
static EVENTS: AtomicU64 = AtomicU64::new(0);

#[tokio::main]
async fn main() -> Result<(), Error> {
    println!("main begins");
    run(service_fn(look)).await
}

async fn look(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let before = EVENTS.fetch_add(1, Ordering::Relaxed);
    let note = env::temp_dir().join("note");
    let found = fs::read_to_string(&note).ok();
    fs::write(&note, event.context.request_id)?;
    let noted = if found.is_some() { "yes" } else { "no" };
    println!("events before this one: {before}, note in /tmp: {noted}");
    // ANCHOR_END: all
    match event.payload["then"].as_str() {
        Some("fail") => return Err("as the event wishes".into()),
        Some("panic") => panic!("as the event wishes"),
        Some("hang") => tokio::time::sleep(Duration::from_secs(3_600)).await,
        Some("take your time") => tokio::time::sleep(Duration::from_millis(200)).await,
        _ => {}
    }
    Ok(json!({ "static": before > 0, "tmp": found.is_some() }))
}
