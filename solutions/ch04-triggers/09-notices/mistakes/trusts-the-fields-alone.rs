//! caught-by: does_not_take_a_text_for_an_envelope
//! Takes every JSON that has the fields of a notification for one, without a look at what its `Type` says.
#![allow(unused)]

#[path = "../src/desk.rs"]
mod desk;

use std::collections::HashMap;

use aws_lambda_events::sns::{SnsMessage, SnsRecord};
use aws_lambda_events::sqs::{SqsMessage, SqsMessageAttribute};
use desk::{Kind, Notice};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

/// Both services send their messages as `Records`, each record in a form of its own.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Record {
    Topic(Box<SnsRecord>),
    Queue(Box<SqsMessage>),
}

/// What was published, whichever way it came.
struct Published {
    text: String,
    attributes: HashMap<String, String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(take_notices)).await
}

async fn take_notices(event: LambdaEvent<Event>) -> Result<(), Error> {
    for record in event.payload.records {
        let published = match record {
            Record::Topic(record) => Published::from(record.sns),
            Record::Queue(message) => Published::from(*message),
        };
        deliver(published);
    }
    Ok(())
}

impl From<SnsMessage> for Published {
    fn from(message: SnsMessage) -> Published {
        let attributes =
            message.message_attributes.into_iter().map(|(name, attribute)| (name, attribute.value)).collect();
        Published { text: message.message, attributes }
    }
}

impl From<SqsMessage> for Published {
    /// An envelope says of itself that it is one. Whatever else a body is, it was published just so.
    fn from(message: SqsMessage) -> Published {
        let body = message.body.unwrap_or_default();
        match serde_json::from_str::<SnsMessage>(&body) {
            Ok(envelope) => Published::from(envelope),
            _ => {
                let text = |(name, attribute): (String, SqsMessageAttribute)| Some((name, attribute.string_value?));
                Published { text: body, attributes: message.message_attributes.into_iter().filter_map(text).collect() }
            }
        }
    }
}

/// An unknown kind is no failure, since trying again would not help, and no reason for silence either.
fn deliver(published: Published) {
    let Published { text, mut attributes } = published;
    let Some(kind) = attributes.remove("kind") else { return desk::set_aside(&text, "no kind") };
    let Some(kind) = Kind::named(&kind) else { return desk::set_aside(&text, &format!("unknown kind {kind}")) };
    let Some(printer) = attributes.remove("printer") else { return desk::set_aside(&text, "no printer") };
    desk::post(&Notice { kind, printer, text });
}
