//! caught-by: sends_the_only_order_of_the_day_its_receipt
//!
//! Keeps the task and waits for it in the next invocation. The last receipt of the day waits for a customer who may meet
//! another process, or none.
#![allow(unused)]

#[path = "../src/mail.rs"]
mod mail;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

type Sending = tokio::task::JoinHandle<Result<(), String>>;
static PENDING: tokio::sync::Mutex<Option<Sending>> = tokio::sync::Mutex::const_new(None);

#[derive(Deserialize)]
struct Order {
    number: u64,
    mail: String,
}

#[derive(Serialize)]
struct Taken {
    order: u64,
    status: &'static str,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(take_order)).await
}

async fn take_order(event: LambdaEvent<Order>) -> Result<Taken, Diagnostic> {
    let order = event.payload;
    if order.number == 0 {
        return Err(failed("InvalidOrder", "an order has a number above 0".to_owned()));
    }
    println!("order {} taken", order.number);

    let number = order.number;
    let task = tokio::spawn(async move { mail::send_receipt(&order.mail, number).await });
    let mut pending = PENDING.lock().await;
    if let Some(before) = pending.replace(task) {
        before
            .await
            .map_err(|error| failed("ReceiptNotSent", error.to_string()))?
            .map_err(|reason| failed("ReceiptNotSent", reason))?;
    }

    Ok(Taken { order: order.number, status: "taken" })
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
