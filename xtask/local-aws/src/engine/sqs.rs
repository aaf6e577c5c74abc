//! SQS: its wire protocol in front of the world's queues.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>; the words of
//! errors are those that the service answers.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local_lambda_sources::sqs::{
    AttributeValue, BatchError, MessageAttribute, MessageAttributes, QueueSettings, ReceiptError, Received,
    RedrivePolicy, SendError, SendMessage, Sent, md5_of_attributes,
};
use local_lambda_sources::{Queue, World, limits};
use serde_json::{Map, Value, json};

use super::JsonEngine;
use super::receiver::receiver;
use crate::error::AwsError;
use crate::permission::ACCOUNT;

/// Who sends: the id of the function's role and its session.
const SENDER_ID: &str = "AROAEXAMPLEROLEOFFERRIS:function";

type Answer = Result<Value, AwsError>;

/// The queues of a world.
pub(crate) struct Sqs {
    world: World,
    address: SocketAddr,
}

impl Sqs {
    pub(crate) fn new(world: &World, address: SocketAddr) -> Sqs {
        Sqs { world: world.clone(), address }
    }

    fn url(&self, name: &str) -> String {
        format!("http://{}/{ACCOUNT}/{name}", self.address)
    }

    /// The queue that a call is about: by account and name at the end of its URL, whatever host stands in front.
    fn queue(&self, params: &Value) -> Result<Queue, AwsError> {
        let url = required(params, "QueueUrl")?;
        let Some((host, name)) = url.rsplit_once('/') else {
            return Err(AwsError::client(
                "InvalidAddress",
                format!("The address {url} is not valid for this endpoint."),
            ));
        };
        let found = host.ends_with(&format!("/{ACCOUNT}")).then(|| self.world.find_queue(name)).flatten();
        found.ok_or_else(no_such_queue)
    }

    /// A dead-letter queue must be there, in this account and Region.
    ///
    /// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>.
    fn check_redrive(&self, settings: &QueueSettings) -> Result<(), AwsError> {
        let Some(redrive) = &settings.redrive else { return Ok(()) };
        let arn = &redrive.dead_letter_target_arn;
        let reason = if arn.split(':').nth(4) != Some(ACCOUNT) {
            "Dead-letter target owner should be same as the source."
        } else if !arn.starts_with("arn:aws:sqs:") || receiver(&self.world, arn).is_none() {
            "Dead letter target does not exist."
        } else {
            return Ok(());
        };
        let policy = redrive_policy(redrive);
        let message = format!("Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}");
        Err(AwsError::client("InvalidParameterValue", message))
    }

    fn set_attributes(&self, params: &Value) -> Answer {
        let queue = self.queue(params)?;
        let attributes = params["Attributes"].as_object().cloned().unwrap_or_default();
        let settings = changed(queue.settings(), &attributes)?;
        self.check_redrive(&settings)?;
        let set = queue.set_settings(settings).map(|()| Value::Null);
        set.map_err(|reason| AwsError::client("InvalidAttributeValue", reason))
    }

    fn create(&self, params: &Value) -> Answer {
        let name = required(params, "QueueName")?;
        let stem = name.strip_suffix(".fifo").unwrap_or(name);
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if stem.is_empty() || name.len() > 80 || !stem.chars().all(is_allowed) {
            let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
            return Err(AwsError::client("InvalidParameterValue", message));
        }
        let attributes = params["Attributes"].as_object().cloned().unwrap_or_default();
        if let Some(is_fifo) = attributes.get("FifoQueue").and_then(Value::as_str)
            && (is_fifo == "true") != name.ends_with(".fifo")
        {
            let message = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must \
                           end with .fifo suffix and be 1 to 80 in length.";
            return Err(AwsError::client("InvalidParameterValue", message));
        }
        if let Some(queue) = self.world.find_queue(name) {
            let wanted = changed(queue.settings(), &attributes)?;
            return match wanted == queue.settings() {
                true => Ok(json!({ "QueueUrl": self.url(name) })),
                false => {
                    let message = "A queue already exists with the same name and a different value for attributes";
                    Err(AwsError::client("QueueNameExists", message))
                }
            };
        }
        let settings = changed(QueueSettings::default(), &attributes)?;
        self.check_redrive(&settings)?;
        // Made with defaults first: only then can what is wrong with the settings be told.
        let queue = self.world.queue(name).create();
        if let Err(reason) = queue.set_settings(settings) {
            queue.delete_queue();
            return Err(AwsError::client("InvalidAttributeValue", reason));
        }
        Ok(json!({ "QueueUrl": self.url(name) }))
    }

    fn list(&self, params: &Value) -> Value {
        let prefix = params["QueueNamePrefix"].as_str().unwrap_or_default();
        let queues = self.world.queues();
        let names = queues.iter().map(Queue::name).filter(|name| name.starts_with(prefix));
        json!({ "QueueUrls": names.map(|name| self.url(name)).collect::<Vec<_>>() })
    }
}

impl JsonEngine for Sqs {
    fn call(&self, operation: &str, params: &Value) -> Answer {
        match operation {
            "CreateQueue" => return self.create(params),
            "ListQueues" => return Ok(self.list(params)),
            "SetQueueAttributes" => return self.set_attributes(params),
            "GetQueueUrl" => {
                let name = required(params, "QueueName")?;
                let is_ours = params["QueueOwnerAWSAccountId"].as_str().is_none_or(|owner| owner == ACCOUNT);
                let found = is_ours.then(|| self.world.find_queue(name)).flatten();
                let queue = found.ok_or_else(no_such_queue)?;
                return Ok(json!({ "QueueUrl": self.url(queue.name()) }));
            }
            _ => {}
        }
        let carry_out: fn(&Queue, &Value) -> Answer = match operation {
            "SendMessage" => send,
            "SendMessageBatch" => send_batch,
            "ReceiveMessage" => receive,
            "DeleteMessage" => delete,
            "DeleteMessageBatch" => |queue, params| for_each_entry(params, |entry| delete(queue, entry)),
            "ChangeMessageVisibility" => change_visibility,
            "ChangeMessageVisibilityBatch" => {
                |queue, params| for_each_entry(params, |entry| change_visibility(queue, entry))
            }
            "GetQueueAttributes" => get_attributes,
            "PurgeQueue" => |queue, _| {
                let message = format!("Only one PurgeQueue operation on {} is allowed every 60 seconds.", queue.name());
                queue.purge().map(|()| Value::Null).map_err(|_| AwsError::client("PurgeQueueInProgress", message))
            },
            "DeleteQueue" => |queue, _| {
                queue.delete_queue();
                Ok(Value::Null)
            },
            _ => return Err(AwsError::client("UnknownOperationException", "")),
        };
        carry_out(&self.queue(params)?, params)
    }
}

fn no_such_queue() -> AwsError {
    AwsError::client("QueueDoesNotExist", "The specified queue does not exist.")
}

fn required<'a>(params: &'a Value, name: &str) -> Result<&'a str, AwsError> {
    let missing = || AwsError::client("MissingParameter", format!("The request must contain the parameter {name}."));
    params[name].as_str().filter(|text| !text.is_empty()).ok_or_else(missing)
}

fn out_of_range(value: i64, name: &str, reason: &str) -> AwsError {
    let message = format!("Value {value} for parameter {name} is invalid. Reason: {reason}.");
    AwsError::client("InvalidParameterValue", message)
}

/// Seconds between 0 and a limit.
fn seconds(params: &Value, name: &str, longest: Duration) -> Result<Option<Duration>, AwsError> {
    let Some(value) = params[name].as_i64() else { return Ok(None) };
    match u64::try_from(value).ok().map(Duration::from_secs).filter(|time| *time <= longest) {
        Some(time) => Ok(Some(time)),
        None => Err(out_of_range(value, name, &format!("Must be between 0 and {}, if provided", longest.as_secs()))),
    }
}

// Sending

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
pub(super) fn read_attribute(name: &str, attribute: &Value) -> Result<MessageAttribute, AwsError> {
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

fn send(queue: &Queue, params: &Value) -> Answer {
    let message = draft(queue, params)?;
    message.send().map(|answer| sent(&answer)).map_err(|error| refused(&error))
}

fn send_batch(queue: &Queue, params: &Value) -> Answer {
    let entries = entries_of(params)?;
    let drafts: Vec<_> = entries.iter().map(|entry| draft(queue, entry)).collect();
    let sizes = drafts.iter().map(|draft| draft.as_ref().map_or(0, SendMessage::size));
    check_batch(&entries, sizes.collect())?;
    let results = drafts.into_iter().map(|draft| draft?.send().map(|it| sent(&it)).map_err(|error| refused(&error)));
    Ok(batch_answer(&entries, results.collect()))
}

// Batches

fn entries_of(params: &Value) -> Result<Vec<Value>, AwsError> {
    let entries = params["Entries"].as_array().cloned().unwrap_or_default();
    for entry in &entries {
        let id = required(entry, "Id")?;
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.len() > 80 || !id.chars().all(is_allowed) {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at \
                           most 80 letters long.";
            return Err(AwsError::client("InvalidBatchEntryId", message));
        }
    }
    Ok(entries)
}

fn check_batch(entries: &[Value], sizes: Vec<usize>) -> Result<(), AwsError> {
    let ids: Vec<&str> = entries.iter().map(|entry| entry["Id"].as_str().unwrap_or_default()).collect();
    let total: usize = sizes.iter().sum();
    let Err(error) = Queue::check_batch(ids.iter().copied().zip(sizes)) else { return Ok(()) };
    let (code, message) = match error {
        BatchError::Empty => ("EmptyBatchRequest", "There should be at least one entry in the request.".to_owned()),
        BatchError::TooManyEntries => (
            "TooManyEntriesInBatchRequest",
            format!("Maximum number of entries per request are 10. You have sent {}.", entries.len()),
        ),
        BatchError::IdsNotDistinct => {
            let twice = ids.iter().enumerate().find(|(index, id)| ids[..*index].contains(id)).map_or("", |(_, id)| id);
            ("BatchEntryIdsNotDistinct", format!("Id {twice} repeated."))
        }
        BatchError::TooLong => (
            "BatchRequestTooLong",
            format!(
                "Batch requests cannot be longer than {} bytes. You have sent {total} bytes.",
                limits::MESSAGE_BYTES
            ),
        ),
        other => ("InvalidParameterValue", other.to_string()),
    };
    Err(AwsError::client(code, message))
}

fn for_each_entry(params: &Value, carry_out: impl Fn(&Value) -> Answer) -> Answer {
    let entries = entries_of(params)?;
    check_batch(&entries, vec![0; entries.len()])?;
    let results = entries.iter().map(carry_out).collect();
    Ok(batch_answer(&entries, results))
}

/// Each entry's own result under its id.
fn batch_answer(entries: &[Value], results: Vec<Answer>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (entry, result) in entries.iter().zip(results) {
        match result {
            Ok(answer) => {
                let mut answer = answer.as_object().cloned().unwrap_or_default();
                answer.insert("Id".to_owned(), entry["Id"].clone());
                successful.push(Value::Object(answer));
            }
            Err(error) => failed.push(json!({
                "Id": entry["Id"], "SenderFault": error.status < 500, "Code": error.code, "Message": error.message,
            })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}

// Receiving

fn receive(queue: &Queue, params: &Value) -> Answer {
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

fn names<'a>(params: &'a Value, name: &str) -> Vec<&'a str> {
    params[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
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

fn delete(queue: &Queue, params: &Value) -> Answer {
    queue.delete(required(params, "ReceiptHandle")?).map(|()| Value::Null).map_err(receipt_refused)
}

fn change_visibility(queue: &Queue, params: &Value) -> Answer {
    let receipt = required(params, "ReceiptHandle")?;
    let timeout = seconds(params, "VisibilityTimeout", limits::MAXIMUM_VISIBILITY_TIMEOUT)?;
    let missing = || AwsError::client("MissingParameter", "The request must contain the parameter VisibilityTimeout.");
    let timeout = timeout.ok_or_else(missing)?;
    queue.change_visibility(receipt, timeout).map(|()| Value::Null).map_err(receipt_refused)
}

// Attributes of queues

/// The settings with those changed that attributes name. Values are texts, numbers too.
fn changed(mut settings: QueueSettings, attributes: &Map<String, Value>) -> Result<QueueSettings, AwsError> {
    for (name, value) in attributes {
        let text = value.as_str().unwrap_or_default();
        let wrong = || AwsError::client("InvalidAttributeValue", format!("Invalid value for the parameter {name}."));
        let seconds = || text.parse().map(Duration::from_secs).map_err(|_| wrong());
        match name.as_str() {
            "VisibilityTimeout" => settings.visibility_timeout = seconds()?,
            "DelaySeconds" => settings.delay = seconds()?,
            "MessageRetentionPeriod" => settings.retention = seconds()?,
            "ReceiveMessageWaitTimeSeconds" => settings.receive_wait_time = seconds()?,
            "MaximumMessageSize" => settings.maximum_message_size = text.parse().map_err(|_| wrong())?,
            "ContentBasedDeduplication" => settings.content_based_deduplication = text == "true",
            "RedrivePolicy" if text.is_empty() => settings.redrive = None,
            "RedrivePolicy" => {
                let policy: Value = serde_json::from_str(text).map_err(|_| wrong())?;
                let count = &policy["maxReceiveCount"];
                let count = count.as_u64().or_else(|| count.as_str().and_then(|text| text.parse().ok()));
                settings.redrive = Some(RedrivePolicy {
                    dead_letter_target_arn: policy["deadLetterTargetArn"].as_str().ok_or_else(wrong)?.to_owned(),
                    max_receive_count: count.and_then(|count| u32::try_from(count).ok()).ok_or_else(wrong)?,
                });
            }
            // They change nothing that a function could see.
            "FifoQueue"
            | "Policy"
            | "KmsMasterKeyId"
            | "KmsDataKeyReusePeriodSeconds"
            | "SqsManagedSseEnabled"
            | "RedriveAllowPolicy"
            | "DeduplicationScope"
            | "FifoThroughputLimit" => {}
            _ => return Err(AwsError::client("InvalidAttributeName", format!("Unknown Attribute {name}."))),
        }
    }
    Ok(settings)
}

fn redrive_policy(redrive: &RedrivePolicy) -> String {
    let policy = json!({
        "deadLetterTargetArn": redrive.dead_letter_target_arn, "maxReceiveCount": redrive.max_receive_count,
    });
    policy.to_string()
}

fn get_attributes(queue: &Queue, params: &Value) -> Answer {
    let (settings, counts) = (queue.settings(), queue.counts());
    let seconds = |time: Duration| time.as_secs().to_string();
    let created = queue.created_at().as_second().to_string();
    let mut known = vec![
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
        ("CreatedTimestamp", created.clone()),
        ("DelaySeconds", seconds(settings.delay)),
        ("LastModifiedTimestamp", created),
        ("MaximumMessageSize", settings.maximum_message_size.to_string()),
        ("MessageRetentionPeriod", seconds(settings.retention)),
        ("QueueArn", queue.arn().to_owned()),
        ("ReceiveMessageWaitTimeSeconds", seconds(settings.receive_wait_time)),
        ("SqsManagedSseEnabled", "true".to_owned()),
        ("VisibilityTimeout", seconds(settings.visibility_timeout)),
    ];
    if queue.is_fifo() {
        known.push(("ContentBasedDeduplication", settings.content_based_deduplication.to_string()));
        known.push(("FifoQueue", "true".to_owned()));
    }
    if let Some(redrive) = &settings.redrive {
        known.push(("RedrivePolicy", redrive_policy(redrive)));
    }
    let wanted = names(params, "AttributeNames");
    let is_wanted = |name: &str| wanted.iter().any(|wanted| *wanted == "All" || *wanted == name);
    let attributes: Map<String, Value> = known
        .into_iter()
        .filter(|(name, _)| is_wanted(name))
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    Ok(json!({ "Attributes": attributes }))
}
