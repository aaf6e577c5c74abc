//! Chapter 3: a typed handler.

// ANCHOR: all
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Order {
    size: String,
    copies: u32,
}

#[derive(Serialize)]
struct Quote {
    cents: u32,
    size: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(quote)).await
}

async fn quote(event: LambdaEvent<Order>) -> Result<Quote, Error> {
    let order = event.payload;
    println!("{} copies of {}", order.copies, order.size);
    Ok(Quote { cents: 25 * order.copies, size: order.size })
}
// ANCHOR_END: all
