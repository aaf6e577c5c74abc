//! Messages that go out, and what becomes of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local_lambda_sources::sqs::{
    AttributeValue, MessageAttribute, MessageAttributes, ReceiptError, Received, md5_of_attributes,
};
use local_lambda_sources::{Queue, limits};
use serde_json::{Map, Value, json};

use super::{Answer, names, out_of_range, required, seconds};
use crate::error::AwsError;

/// Who sends: the id of the function's role and its session.
const SENDER_ID: &str = "AROAEXAMPLEROLEOFFERRIS:function";

pub(super) fn receive(queue: &Queue, params: &Value) -> Answer {
    let max = params["MaxNumberOfMessages"].as_i64().unwrap_or(1);
    if !(1..=limits::RECEIVED_AT_ONCE as i64).contains(&max) {
        return Err(out_of_range(max, "MaxNumberOfMessages", "Must be between 1 and 10, if provided"));
    }
    let mut receive = queue.receive().max(max as usize);
    if let Some(timeout) = seconds(params, "VisibilityTimeout", limits::MAXIMUM_VISIBILITY_TIMEOUT)? {
        receive = receive.visibility_timeout(timeout);
    }
    if let Some(wait) = seconds(params, "WaitTimeSeconds", limits::MAXIMUM_WAIT)? {
        receive = receive.wait(wait);
    }
    let messages: Vec<Value> = receive.now().iter().map(|received| describe(received, params)).collect();
    // As the service does: no member when there is no message.
    Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) })
}

fn describe(received: &Received, params: &Value) -> Value {
    let message = &received.message;
    let mut answer = json!({
        "MessageId": message.id,
        "ReceiptHandle": received.receipt_handle,
        "Body": message.body,
        "MD5OfBody": message.md5_of_body(),
    });
    let mut wanted = names(params, "MessageSystemAttributeNames");
    wanted.extend(names(params, "AttributeNames"));
    let is_wanted = |name: &str| wanted.iter().any(|wanted| *wanted == "All" || *wanted == name);
    let system: Map<String, Value> = message
        .system_attributes(SENDER_ID)
        .into_iter()
        .filter(|(name, _)| is_wanted(name))
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    if !system.is_empty() {
        answer["Attributes"] = Value::Object(system);
    }
    let patterns = names(params, "MessageAttributeNames");
    let is_wanted = |name: &str| {
        patterns.iter().any(|pattern| match pattern.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => *pattern == "All" || *pattern == name,
        })
    };
    let attributes: MessageAttributes = message
        .attributes
        .iter()
        .filter(|(name, _)| is_wanted(name))
        .map(|(name, it)| (name.clone(), it.clone()))
        .collect();
    if let Some(md5) = md5_of_attributes(&attributes) {
        answer["MD5OfMessageAttributes"] = json!(md5);
        let written = attributes.iter().map(|(name, attribute)| (name.clone(), write_attribute(attribute)));
        answer["MessageAttributes"] = Value::Object(written.collect());
    }
    answer
}

fn write_attribute(attribute: &MessageAttribute) -> Value {
    match &attribute.value {
        AttributeValue::String(text) => json!({ "DataType": attribute.data_type, "StringValue": text }),
        AttributeValue::Binary(bytes) => {
            json!({ "DataType": attribute.data_type, "BinaryValue": STANDARD.encode(bytes) })
        }
    }
}

fn receipt_refused(error: ReceiptError) -> AwsError {
    match error {
        ReceiptError::Invalid => AwsError::client("ReceiptHandleIsInvalid", "The input receipt handle is invalid."),
        ReceiptError::NotInFlight => AwsError::client("MessageNotInflight", "The message referred to isn't in flight."),
        ReceiptError::Expired => {
            let message = "Value for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.";
            AwsError::client("InvalidParameterValue", message)
        }
        other => AwsError::client("InvalidParameterValue", other.to_string()),
    }
}

pub(super) fn delete(queue: &Queue, params: &Value) -> Answer {
    queue.delete(required(params, "ReceiptHandle")?).map(|()| Value::Null).map_err(receipt_refused)
}

pub(super) fn change_visibility(queue: &Queue, params: &Value) -> Answer {
    let receipt = required(params, "ReceiptHandle")?;
    let timeout = seconds(params, "VisibilityTimeout", limits::MAXIMUM_VISIBILITY_TIMEOUT)?;
    let missing = || AwsError::client("MissingParameter", "The request must contain the parameter VisibilityTimeout.");
    let timeout = timeout.ok_or_else(missing)?;
    queue.change_visibility(receipt, timeout).map(|()| Value::Null).map_err(receipt_refused)
}
