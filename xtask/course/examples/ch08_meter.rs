//! An extension for a page of chapter 8: it hears of events and says so.

use std::process;

use lambda_extension::{Error, Extension, LambdaEvent, NextEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    Extension::new().with_events(&["INVOKE", "SHUTDOWN"]).with_events_processor(service_fn(hear)).run().await
}

async fn hear(event: LambdaEvent) -> Result<(), Error> {
    match event.next {
        NextEvent::Invoke(_) => println!("an event has begun"),
        NextEvent::Shutdown(shutdown) => {
            println!("the end: {}", shutdown.shutdown_reason);
            process::exit(0);
        }
    }
    Ok(())
}
