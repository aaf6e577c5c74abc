//! A message of a queue: as it is sent, as it lies there, as it is received.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use md5::{Digest, Md5};

/// A message attribute.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAttribute {
    /// `String`, `Number` or `Binary`, with a label of one's own behind a dot where there is one: `Number.int`.
    pub data_type: String,
    /// The value.
    pub value: AttributeValue,
}

/// The value of a [`MessageAttribute`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// A text; numbers too are sent as one.
    String(String),
    /// Bytes.
    Binary(Bytes),
}

impl MessageAttribute {
    /// A text.
    pub fn string(value: impl Into<String>) -> MessageAttribute {
        MessageAttribute { data_type: "String".to_owned(), value: AttributeValue::String(value.into()) }
    }

    /// A number, as it is written.
    pub fn number(value: impl ToString) -> MessageAttribute {
        MessageAttribute { data_type: "Number".to_owned(), value: AttributeValue::String(value.to_string()) }
    }

    /// Bytes.
    pub fn binary(value: impl Into<Bytes>) -> MessageAttribute {
        MessageAttribute { data_type: "Binary".to_owned(), value: AttributeValue::Binary(value.into()) }
    }

    /// The value's bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.value {
            AttributeValue::String(text) => text.as_bytes(),
            AttributeValue::Binary(bytes) => bytes,
        }
    }
}

/// Attributes by name.
pub type MessageAttributes = BTreeMap<String, MessageAttribute>;

/// What a message is before it has been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) body: String,
    pub(crate) attributes: MessageAttributes,
    pub(crate) delay: Option<std::time::Duration>,
    pub(crate) group_id: Option<String>,
    pub(crate) deduplication_id: Option<String>,
    pub(crate) trace_header: Option<String>,
}

impl Draft {
    pub(crate) fn new(body: String) -> Draft {
        Draft {
            body,
            attributes: MessageAttributes::new(),
            delay: None,
            group_id: None,
            deduplication_id: None,
            trace_header: None,
        }
    }

    /// The size that counts against the limit: body and attributes (names, types and values), not the trace header.
    ///
    /// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html> and
    /// "Message attributes" of the developer guide.
    pub(crate) fn size(&self) -> usize {
        let attribute = |(name, attribute): (&String, &MessageAttribute)| {
            name.len() + attribute.data_type.len() + attribute.bytes().len()
        };
        self.body.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }
}

/// A message that lies in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Its id, a UUID.
    pub id: String,
    /// Its body.
    pub body: String,
    /// Its attributes.
    pub attributes: MessageAttributes,
    /// The message group.
    pub group_id: Option<String>,
    /// The deduplication id; of FIFO queues only.
    pub deduplication_id: Option<String>,
    /// The sequence number; of FIFO queues only.
    pub sequence_number: Option<String>,
    /// When it was sent. A message that moved to a standard dead-letter queue keeps the time of its first queue.
    pub sent_at: Timestamp,
    /// When it was first received.
    pub first_received_at: Option<Timestamp>,
    /// How often it has been received. It goes on counting in a dead-letter queue: what AWS does there is not
    /// documented.
    pub receive_count: u32,
    /// When it can be received (again).
    pub visible_at: Timestamp,
    /// The X-Ray trace header that it was sent with.
    pub trace_header: Option<String>,
    /// The ARN of the queue that it came from, in a dead-letter queue.
    pub dead_letter_source_arn: Option<String>,
    /// Its place in the queue.
    pub(crate) place: u64,
    /// Whether somebody has received it and its visibility timeout has not been ended by request.
    pub(crate) held: bool,
    /// When it was last received.
    pub(crate) received_at: Timestamp,
}

impl Message {
    /// The MD5 of the body, in hexadecimal digits.
    pub fn md5_of_body(&self) -> String {
        md5_hex(self.body.as_bytes())
    }

    /// The MD5 of the attributes; none without attributes.
    pub fn md5_of_attributes(&self) -> Option<String> {
        md5_of_attributes(&self.attributes)
    }

    /// The system attributes, as `ReceiveMessage` and events have them: those that this message has.
    ///
    /// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>.
    pub fn system_attributes(&self, sender_id: &str) -> BTreeMap<&'static str, String> {
        let millis = |time: Timestamp| time.as_millisecond().to_string();
        let known = [
            ("ApproximateReceiveCount", Some(self.receive_count.to_string())),
            ("SentTimestamp", Some(millis(self.sent_at))),
            ("SenderId", Some(sender_id.to_owned())),
            ("ApproximateFirstReceiveTimestamp", self.first_received_at.map(millis)),
            ("SequenceNumber", self.sequence_number.clone()),
            ("MessageGroupId", self.group_id.clone()),
            ("MessageDeduplicationId", self.deduplication_id.clone()),
            ("AWSTraceHeader", self.trace_header.clone()),
            ("DeadLetterQueueSourceArn", self.dead_letter_source_arn.clone()),
        ];
        known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// A message that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// The message, as it was when it was received.
    pub message: Message,
    /// What it is deleted with, or its visibility changed: another one for each time that it is received.
    pub receipt_handle: String,
}

/// What `SendMessage` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The message's id.
    pub message_id: String,
    /// The MD5 of the body.
    pub md5_of_body: String,
    /// The MD5 of the attributes; none without attributes.
    pub md5_of_attributes: Option<String>,
    /// The sequence number; of FIFO queues only.
    pub sequence_number: Option<String>,
    /// Whether a FIFO queue dropped it, since its deduplication id was there within the last five minutes. The id is
    /// then that of the message that is there.
    pub deduplicated: bool,
}

/// The MD5 of message attributes as SQS computes it: for each in order of its name, the lengths (four bytes, most
/// significant first) and bytes of name and data type, one byte for the kind of value (1 text, 2 bytes), and the
/// value's length and bytes.
///
/// Source: "Calculating the MD5 message digest for message attributes" on
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>.
pub fn md5_of_attributes(attributes: &MessageAttributes) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    Some(md5_hex(&attribute_bytes(attributes)))
}

fn attribute_bytes(attributes: &MessageAttributes) -> Vec<u8> {
    fn push(bytes: &mut Vec<u8>, part: &[u8]) {
        bytes.extend_from_slice(&(part.len() as u32).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    let mut bytes = Vec::new();
    for (name, attribute) in attributes {
        push(&mut bytes, name.as_bytes());
        push(&mut bytes, attribute.data_type.as_bytes());
        bytes.push(match attribute.value {
            AttributeValue::String(_) => 1,
            AttributeValue::Binary(_) => 2,
        });
        push(&mut bytes, attribute.bytes());
    }
    bytes
}

fn md5_hex(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
