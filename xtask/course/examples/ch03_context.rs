//! Chapter 3: what a handler learns of its invocation.

use std::time::SystemTime;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(look)).await
}

// ANCHOR: handler
async fn look(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let context = event.context;
    let remaining = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
    Ok(json!({
        "request_id": context.request_id,
        "function": context.env_config.function_name,
        "version": context.env_config.version,
        "memory_mb": context.env_config.memory,
        "invoked_as": context.invoked_function_arn,
        "tenant": context.tenant_id,
        "remaining_seconds": remaining.as_secs_f64().round(),
    }))
}
// ANCHOR_END: handler
