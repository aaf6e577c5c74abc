//! A function of `lambda_runtime` that reads events of streams, buckets, topics, buses and schedules with the types of
//! `aws_lambda_events`, tells what it saw in its log, and does what they say: the tests of this crate run it.
//!
//! What a record or message says is JSON; its field `do` says what happens: `error`, `panic`, or `fail` (listed in the
//! answer when `ANSWER` is `report`, an error otherwise). In the image of an item it is the attribute `do`.

use std::env;

use aws_lambda_events::event::dynamodb::Event as DynamoDbEvent;
use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::s3::S3Event;
use aws_lambda_events::event::sns::SnsEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(handler)).await
}

/// What one record says, and by what it is named in an answer.
struct Order {
    id: String,
    says: Value,
}

async fn handler(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let reports = env::var("ANSWER").is_ok_and(|answer| answer == "report");
    let mut failures = Vec::new();
    for Order { id, says } in orders(event.payload)? {
        println!("saw {id} {says}");
        match says["do"].as_str() {
            Some("panic") => panic!("the printer is on fire"),
            Some("fail") if reports => failures.push(json!({ "itemIdentifier": id })),
            Some("fail" | "error") => return Err("the printer is jammed".into()),
            _ => {}
        }
    }
    Ok(json!({ "batchItemFailures": failures }))
}

fn orders(event: Value) -> Result<Vec<Order>, Error> {
    let record = &event["Records"][0];
    match record["eventSource"].as_str().or(record["EventSource"].as_str()) {
        Some("aws:dynamodb") => {
            let event: DynamoDbEvent = serde_json::from_value(event)?;
            let order = |record: aws_lambda_events::event::dynamodb::EventRecord| {
                let change = record.change;
                let image = if change.new_image.is_empty() { change.old_image } else { change.new_image };
                let says: Value = plain_texts(image)?;
                Ok(Order { id: change.sequence_number.unwrap_or_default(), says })
            };
            event.records.into_iter().map(order).collect()
        }
        Some("aws:kinesis") => {
            let event: KinesisEvent = serde_json::from_value(event)?;
            let order = |record: aws_lambda_events::event::kinesis::KinesisEventRecord| Order {
                id: record.kinesis.sequence_number,
                says: serde_json::from_slice(&record.kinesis.data.0).unwrap_or_default(),
            };
            Ok(event.records.into_iter().map(order).collect())
        }
        Some("aws:s3") => {
            let event: S3Event = serde_json::from_value(event)?;
            let order = |record: aws_lambda_events::event::s3::S3EventRecord| {
                let object = record.s3.object;
                let says = json!({ "event": record.event_name, "key": object.key, "version": object.version_id });
                Order { id: object.sequencer.unwrap_or_default(), says }
            };
            Ok(event.records.into_iter().map(order).collect())
        }
        Some("aws:sns") => {
            let event: SnsEvent = serde_json::from_value(event)?;
            let order = |record: aws_lambda_events::event::sns::SnsRecord| Order {
                id: record.sns.message_id,
                says: serde_json::from_str(&record.sns.message).unwrap_or_default(),
            };
            Ok(event.records.into_iter().map(order).collect())
        }
        Some("aws:sqs") => {
            let event: SqsEvent = serde_json::from_value(event)?;
            let order = |record: aws_lambda_events::event::sqs::SqsMessage| Order {
                id: record.message_id.unwrap_or_default(),
                says: serde_json::from_str(record.body.as_deref().unwrap_or_default()).unwrap_or_default(),
            };
            Ok(event.records.into_iter().map(order).collect())
        }
        _ => {
            let event: EventBridgeEvent<Value> = serde_json::from_value(event)?;
            Ok(vec![Order { id: event.id.unwrap_or_default(), says: event.detail }])
        }
    }
}

/// The texts of an item, as JSON.
fn plain_texts(image: impl serde::Serialize) -> Result<Value, Error> {
    let typed = serde_json::to_value(image)?;
    let plain = |(name, value): (&String, &Value)| (name.clone(), value["S"].clone());
    Ok(typed.as_object().into_iter().flatten().map(plain).collect())
}
