//! A layer round the handler, and the subscriber that the runtime brings along.

use std::future::Future;
use std::time::{Duration, Instant};

use lambda_runtime::tower::Layer as _;
use lambda_runtime::tower::util::MapFutureLayer;
use lambda_runtime::tracing::{self, info, warn};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

#[derive(Deserialize)]
struct Order {
    number: u32,
    sheets: u32,
}

// ANCHOR: layer
/// Lets the handler run, and says how it ended and how long it took.
async fn told<T>(handler: impl Future<Output = Result<T, Diagnostic>>) -> Result<T, Diagnostic> {
    let started = Instant::now();
    let result = handler.await;
    let duration_ms = started.elapsed().as_millis() as u64;
    match &result {
        Ok(_) => info!(duration_ms, "done"),
        Err(error) => warn!(duration_ms, error_type = error.error_type, "failed"),
    }
    result
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let layer = MapFutureLayer::new(told);
    run(layer.layer(service_fn(print))).await
}
// ANCHOR_END: layer

async fn print(event: LambdaEvent<Order>) -> Result<Value, Diagnostic> {
    let Order { number, sheets } = event.payload;
    if sheets == 0 {
        let error_message = format!("order {number} has no sheets");
        return Err(Diagnostic { error_type: "NothingToPrint".to_owned(), error_message });
    }
    info!(order = number, sheets, "printing");
    sleep(Duration::from_millis(20)).await;
    Ok(json!({ "printed": sheets }))
}
