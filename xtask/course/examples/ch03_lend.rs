//! Chapter 3: a closure that lends what `main` owns.

use std::sync::atomic::{AtomicU64, Ordering};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

struct Till {
    shop: &'static str,
    sales: AtomicU64,
}

// ANCHOR: main
#[tokio::main]
async fn main() -> Result<(), Error> {
    let till = Till { shop: "Ferris Prints", sales: AtomicU64::new(0) };
    run(service_fn(|event| sell(event, &till))).await
}

async fn sell(event: LambdaEvent<Value>, till: &Till) -> Result<Value, Error> {
    let sales = till.sales.fetch_add(1, Ordering::Relaxed) + 1;
    Ok(json!({ "shop": till.shop, "sale": sales, "what": event.payload["what"] }))
}
// ANCHOR_END: main
