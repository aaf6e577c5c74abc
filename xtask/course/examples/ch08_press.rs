//! The function beside the extension of chapter 8. It takes its time.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(|event: LambdaEvent<Value>| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        println!("printed {}", event.payload["order"]);
        Ok::<_, Error>(event.payload)
    }))
    .await
}
