//! The log book of Ferris Prints: one function gets the events of every service, and notes for each what happened.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What the log book notes: which service, and the page's facts for each record (one for a request).
#[derive(Serialize)]
struct Entry {
    service: &'static str,
    facts: Vec<Value>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(note)).await
}

async fn note(event: LambdaEvent<Value>) -> Result<Entry, Diagnostic> {
    let event = event.payload;
    // TODO: recognize the other seven kinds of event, which nobody labelled.
    match event.pointer("/Records/0/eventSource").and_then(Value::as_str) {
        Some("aws:sqs") => {
            let event: SqsEvent = parse(event)?;
            let facts = event.records.iter().map(|message| {
                let receives =
                    message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse::<u32>().ok());
                json!({ "id": message.message_id, "receives": receives, "body": message.body })
            });
            Ok(Entry { service: "sqs", facts: facts.collect() })
        }
        // TODO: for each of the other kinds, find its type in `aws_lambda_events` and note its facts.
        _ => Err(unknown("no service sends this")),
    }
}

/// The event as the type that its service sends, or `UnknownEvent` with what is missing.
fn parse<T: DeserializeOwned>(event: Value) -> Result<T, Diagnostic> {
    serde_json::from_value(event).map_err(|error| unknown(&error.to_string()))
}

fn unknown(reason: &str) -> Diagnostic {
    Diagnostic { error_type: "UnknownEvent".to_owned(), error_message: reason.to_owned() }
}
