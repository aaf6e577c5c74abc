//! The event that Lambda makes of messages.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html> ("Example standard queue message event" and
//! "Example FIFO queue message event").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::message::{AttributeValue, MessageAttribute, Received};

/// Who sent a message, as far as this world knows: an id of the form that AWS gives a role's session.
pub(crate) const SENDER_ID: &str = "AROAEXAMPLE:local";

/// One record of the event.
pub(crate) fn record(received: &Received, queue_arn: &str, region: &str) -> Value {
    let message = &received.message;
    let attributes: Map<String, Value> =
        message.attributes.iter().map(|(name, attribute)| (name.clone(), attribute_json(attribute))).collect();
    let mut record = json!({
        "messageId": message.id,
        "receiptHandle": received.receipt_handle,
        "body": message.body,
        "attributes": message.system_attributes(SENDER_ID),
        "messageAttributes": attributes,
        "md5OfBody": message.md5_of_body(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    });
    if let Some(md5) = message.md5_of_attributes() {
        record["md5OfMessageAttributes"] = json!(md5);
    }
    record
}

/// The event with these records.
pub(crate) fn event(records: Vec<Value>) -> Value {
    json!({ "Records": records })
}

fn attribute_json(attribute: &MessageAttribute) -> Value {
    let mut value = json!({ "stringListValues": [], "binaryListValues": [], "dataType": attribute.data_type });
    match &attribute.value {
        AttributeValue::String(text) => value["stringValue"] = json!(text),
        AttributeValue::Binary(bytes) => value["binaryValue"] = json!(BASE64.encode(bytes)),
    }
    value
}
