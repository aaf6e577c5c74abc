//! caught-by: sends_the_only_order_of_the_day_its_receipt
//!
//! Sleeps for a while in the hope that the mail is sent by then. Some days the mail service takes longer.
#![allow(unused)]

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
    println!("order {} taken", order.number);

    let number = order.number;
    tokio::spawn(async move { mail::send_receipt(&order.mail, number).await });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;

    Ok(Taken { order: order.number, status: "taken" })
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
