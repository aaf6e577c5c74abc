//! Two types for the same secret: what each of them prints, and what the parser prints of a secret that is none.

#![expect(dead_code, reason = "what is only printed counts as never read")]

use std::fmt;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::Value;

// ANCHOR: types
#[derive(Debug, Deserialize)]
struct Shown {
    username: String,
    password: String,
}

#[derive(Debug, Deserialize)]
struct Hidden {
    username: String,
    password: Password,
}

#[derive(Deserialize)]
struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
// ANCHOR_END: types

async fn show(event: LambdaEvent<Value>) -> Result<(), Error> {
    let secret = event.payload["secret"].as_str().unwrap_or_default();
    println!("{:?}", serde_json::from_str::<Shown>(secret));
    println!("{:?}", serde_json::from_str::<Hidden>(secret));
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(show)).await
}
