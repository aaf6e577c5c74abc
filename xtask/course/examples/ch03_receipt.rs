//! Chapter 3: a resource that is opened once, and a guard that cleans up after each invocation.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use lambda_runtime::{Error, LambdaEvent, run, service_fn, spawn_graceful_shutdown_handler};
use serde_json::{Value, json};

// ANCHOR: guard
/// A file that is removed when it goes out of scope, whichever way that happens.
struct Scratch(PathBuf);

impl Scratch {
    fn create(name: &str) -> Result<Scratch, Error> {
        let path = std::env::temp_dir().join(name);
        File::create(&path)?;
        Ok(Scratch(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        match fs::remove_file(&self.0) {
            Ok(()) => println!("scratch file removed"),
            Err(error) => println!("the scratch file stays: {error}"),
        }
    }
}
// ANCHOR_END: guard

// ANCHOR: main
#[tokio::main]
async fn main() -> Result<(), Error> {
    println!("printer opened");
    spawn_graceful_shutdown_handler(|| async { println!("printer closed") }).await;
    run(service_fn(receipt)).await
}
// ANCHOR_END: main

// ANCHOR: handler
async fn receipt(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let scratch = Scratch::create("receipt.txt")?;
    let order = event.payload["order"].as_u64().ok_or("the event has no order")?;
    fs::write(scratch.path(), format!("order {order}"))?;
    Ok(json!({ "bytes": fs::metadata(scratch.path())?.len() }))
}
// ANCHOR_END: handler
