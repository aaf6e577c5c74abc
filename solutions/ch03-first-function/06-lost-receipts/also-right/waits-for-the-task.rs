//! Right as well: the mail goes on in a task of its own while the order is written down, and both are done before the answer.

#[path = "../src/mail.rs"]
mod mail;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

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
    let Order { number, mail } = order;
    let sending = tokio::spawn(async move { mail::send_receipt(&mail, number).await });
    println!("order {number} taken");
    match sending.await {
        Ok(Ok(())) => Ok(Taken { order: number, status: "taken" }),
        Ok(Err(reason)) => Err(failed("ReceiptNotSent", reason)),
        Err(error) => Err(failed("ReceiptNotSent", format!("sending to customer {number} was given up: {error}"))),
    }
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
