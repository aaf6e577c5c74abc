//! Hooks around a snapshot, for a page of chapter 8.

use std::sync::Arc;

use lambda_runtime::{BoxFuture, Error, LambdaEvent, Runtime, SnapStartResource, service_fn};
use serde_json::Value;

/// Something that a snapshot must not have in it, by its name.
struct Named(&'static str);

impl SnapStartResource for Named {
    fn before_snapshot(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            println!("closes the {}", self.0);
            Ok(())
        })
    }

    fn after_restore(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            println!("opens the {}", self.0);
            Ok(())
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    println!("main opens everything");
    // ANCHOR: register
    Runtime::new(service_fn(handle))
        .register_snapstart_resource(Arc::new(Named("badge")))
        .register_snapstart_resource(Arc::new(Named("line")))
        .register_snapstart_resource(Arc::new(Named("numbers")))
        .run()
        .await
    // ANCHOR_END: register
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    println!("writes receipt {}", event.payload);
    Ok(event.payload)
}
