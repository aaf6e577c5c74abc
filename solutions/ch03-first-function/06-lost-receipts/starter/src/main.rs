//! The till takes an order, answers, and sends the customer a receipt.

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

    // The customer at the till need not wait for the mail.
    tokio::spawn(async move {
        mail::send_receipt(&order.mail, order.number).await.map_err(|reason| failed("ReceiptNotSent", reason))
    });

    Ok(Taken { order: order.number, status: "taken" })
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
