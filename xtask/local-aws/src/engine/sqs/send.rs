//! Messages that come in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local_lambda_sources::sqs::{AttributeValue, MessageAttribute, SendError, SendMessage, Sent};
use local_lambda_sources::{Queue, limits};
use serde_json::{Value, json};

use super::{Answer, entries, required, seconds};
use crate::error::AwsError;

/// A message of a call or of an entry of a batch.
fn draft<'q>(queue: &'q Queue, params: &Value) -> Result<SendMessage<'q>, AwsError> {
    let body = required(params, "MessageBody")?;
    // Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html.
    let is_allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if !body.chars().all(is_allowed) {
        let message = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to \
                       #xFFFD | #x10000 to #x10FFFF.";
        return Err(AwsError::client("InvalidMessageContents", message));
    }
    let mut message = queue.message(body);
    if let Some(delay) = seconds(params, "DelaySeconds", limits::MAXIMUM_DELAY)? {
        message = message.delay(delay);
    }
    if let Some(id) = params["MessageGroupId"].as_str() {
        message = message.group_id(id);
    }
    if let Some(id) = params["MessageDeduplicationId"].as_str() {
        message = message.deduplication_id(id);
    }
    if let Some(header) = params.pointer("/MessageSystemAttributes/AWSTraceHeader/StringValue").and_then(Value::as_str)
    {
        message = message.trace_header(header);
    }
    let attributes = params["MessageAttributes"].as_object().cloned().unwrap_or_default();
    if attributes.len() > 10 {
        let message = format!("Number of message attributes [{}] exceeds the allowed maximum [10].", attributes.len());
        return Err(AwsError::client("InvalidParameterValue", message));
    }
    for (name, attribute) in &attributes {
        message = message.attribute(name, read_attribute(name, attribute)?);
    }
    Ok(message)
}

/// An attribute of a message, as SQS and SNS have it.
pub(in crate::engine) fn read_attribute(name: &str, attribute: &Value) -> Result<MessageAttribute, AwsError> {
    let wrong =
        |what: &str| AwsError::client("InvalidParameterValue", format!("The message attribute '{name}' {what}."));
    let data_type = attribute["DataType"].as_str().filter(|it| !it.is_empty());
    let data_type = data_type.ok_or_else(|| wrong("must contain a non-empty message attribute type"))?;
    let kind = data_type.split('.').next().unwrap_or_default();
    let value = match kind {
        "String" | "Number" => {
            let text = attribute["StringValue"].as_str().filter(|text| !text.is_empty());
            let text = text.ok_or_else(|| wrong("must contain a non-empty message attribute value for its type"))?;
            if kind == "Number" && text.parse::<f64>().is_err() {
                return Err(wrong("has a value that is not a number"));
            }
            AttributeValue::String(text.to_owned())
        }
        "Binary" => {
            let bytes = attribute["BinaryValue"].as_str().and_then(|text| STANDARD.decode(text).ok());
            let bytes = bytes.ok_or_else(|| wrong("must contain a non-empty message attribute value for its type"))?;
            AttributeValue::Binary(bytes.into())
        }
        _ => {
            return Err(wrong(
                "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String",
            ));
        }
    };
    Ok(MessageAttribute { data_type: data_type.to_owned(), value })
}

fn sent(sent: &Sent) -> Value {
    let mut answer = json!({ "MessageId": sent.message_id, "MD5OfMessageBody": sent.md5_of_body });
    if let Some(md5) = &sent.md5_of_attributes {
        answer["MD5OfMessageAttributes"] = json!(md5);
    }
    if let Some(number) = &sent.sequence_number {
        answer["SequenceNumber"] = json!(number);
    }
    answer
}

fn refused(error: &SendError) -> AwsError {
    let (code, message) = match error {
        SendError::TooLarge { limit, .. } => (
            "InvalidParameterValue",
            format!("One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."),
        ),
        SendError::Empty => ("MissingParameter", "The request must contain the parameter MessageBody.".to_owned()),
        SendError::NoGroupId => {
            ("MissingParameter", "The request must contain the parameter MessageGroupId.".to_owned())
        }
        SendError::NoDeduplicationId => (
            "InvalidParameterValue",
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
                .to_owned(),
        ),
        SendError::DelayOnFifoQueue => (
            "InvalidParameterValue",
            "Value for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this \
             queue type."
                .to_owned(),
        ),
        SendError::DeduplicationIdOnStandardQueue => (
            "InvalidParameterValue",
            "Value for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid \
             for this queue type."
                .to_owned(),
        ),
        other => ("InvalidParameterValue", other.to_string()),
    };
    AwsError::client(code, message)
}

pub(super) fn send(queue: &Queue, params: &Value) -> Answer {
    let message = draft(queue, params)?;
    message.send().map(|answer| sent(&answer)).map_err(|error| refused(&error))
}

pub(super) fn send_batch(queue: &Queue, params: &Value) -> Answer {
    let entries = entries::of(params)?;
    let drafts: Vec<_> = entries.iter().map(|entry| draft(queue, entry)).collect();
    let sizes = drafts.iter().map(|draft| draft.as_ref().map_or(0, SendMessage::size));
    entries::check(&entries, sizes.collect())?;
    let results = drafts.into_iter().map(|draft| draft?.send().map(|it| sent(&it)).map_err(|error| refused(&error)));
    Ok(entries::answer(&entries, results.collect()))
}
