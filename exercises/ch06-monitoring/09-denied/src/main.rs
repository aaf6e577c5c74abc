//! The invoice desk of Ferris Prints: finds a customer's orders, and sees to it that each has an invoice. It is given,
//! and it works; what it may do stands in `policy.json`.

mod aws;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use crate::aws::Refusal;

const ORDERS: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders/index/by-customer";
const INVOICES: &str = "arn:aws:s3:::ferris-invoices/paid";

#[derive(Deserialize)]
struct Question {
    customer: String,
}

#[derive(Serialize)]
struct Answer {
    customer: String,
    /// Orders that had an invoice.
    found: Vec<String>,
    /// Orders for which one had to be written.
    written: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(invoices)).await
}

async fn invoices(event: LambdaEvent<Question>) -> Result<Answer, Diagnostic> {
    let customer = event.payload.customer;
    let mut answer = Answer { customer, found: Vec::new(), written: Vec::new() };
    let orders = aws::call("dynamodb:Query", ORDERS, &answer.customer).await.map_err(failed)?;
    for order in orders.split_whitespace() {
        let invoice = format!("{INVOICES}/{order}.pdf");
        match aws::call("s3:GetObject", &invoice, "").await {
            Ok(_) => answer.found.push(order.to_owned()),
            Err(Refusal { code, .. }) if code == "NoSuchKey" => {
                aws::call("s3:PutObject", &invoice, &format!("invoice for {order}")).await.map_err(failed)?;
                answer.written.push(order.to_owned());
            }
            Err(refusal) => return Err(failed(refusal)),
        }
    }
    Ok(answer)
}

fn failed(refusal: Refusal) -> Diagnostic {
    // The whole sentence is for the log: it has names that the caller need not know.
    println!("ERROR {}: {}", refusal.code, refusal.message);
    Diagnostic { error_type: refusal.code, error_message: "ask the shop, and name the request id".to_owned() }
}
