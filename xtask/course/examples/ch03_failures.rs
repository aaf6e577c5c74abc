//! Chapter 3: the ways in which a handler can fail, and what becomes of them.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Order {
    copies: u32,
    how: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(fail)).await
}

// ANCHOR: handler
async fn fail(event: LambdaEvent<Order>) -> Result<Value, Diagnostic> {
    match event.payload.how.as_str() {
        "text" => Err("no paper".into()),
        "boxed" => {
            let error: Error = "no paper".into();
            Err(error.into())
        }
        "typed" => Err(Diagnostic { error_type: "NoPaper".to_owned(), error_message: "no paper".to_owned() }),
        "panic" => panic!("no paper"),
        "exit" => std::process::exit(7),
        _ => Ok(json!({ "copies": event.payload.copies })),
    }
}
// ANCHOR_END: handler
