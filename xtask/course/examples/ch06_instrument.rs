//! Chapter 6: what `#[instrument]` writes of its own accord, and what it writes when it is told what may be written.

use lambda_runtime::tracing::init_default_subscriber;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use tracing::instrument;

// ANCHOR: careless
#[derive(Deserialize, Debug)]
struct Order {
    number: String,
    customer: String,
    iban: String,
}

#[instrument]
fn book(order: &Order) {
    tracing::info!("booked");
}
// ANCHOR_END: careless

// ANCHOR: careful
#[instrument(skip_all, fields(order = %order.number))]
fn book_quietly(order: &Order) {
    tracing::info!("booked");
}
// ANCHOR_END: careful

#[tokio::main]
async fn main() -> Result<(), Error> {
    init_default_subscriber();
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Order>) -> Result<(), Error> {
    let order = event.payload;
    book(&order);
    book_quietly(&order);
    let _ = (&order.customer, &order.iban);
    Ok(())
}
