//! The forms in which a message arrives: as a function's event, as a queue's envelope. Mind the names: `SigningCertUrl`
//! in the one, `SigningCertURL` in the other.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>,
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::sqs::{AttributeValue, MessageAttributes};

/// A message that was published.
#[derive(Debug, Clone)]
pub(super) struct Notification {
    pub(super) id: String,
    pub(super) topic_arn: String,
    pub(super) region: String,
    pub(super) subject: Option<String>,
    pub(super) message: String,
    pub(super) attributes: MessageAttributes,
    pub(super) at: Timestamp,
    pub(super) trace_header: Option<String>,
}

impl Notification {
    /// `{ "Records": [ … ] }`, one record always.
    pub(super) fn function_event(&self, subscription_arn: &str) -> Value {
        json!({
            "Records": [{
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription_arn,
                "Sns": {
                    "Type": "Notification",
                    "MessageId": self.id,
                    "TopicArn": self.topic_arn,
                    "Subject": self.subject,
                    "Message": self.message,
                    "Timestamp": format!("{:.3}", self.at),
                    "SignatureVersion": "1",
                    "Signature": self.signature(),
                    "SigningCertUrl": self.certificate(),
                    "UnsubscribeUrl": self.unsubscribe(subscription_arn),
                    "MessageAttributes": self.attributes_json(),
                },
            }],
        })
    }

    /// What a queue without raw delivery gets as a body.
    pub(super) fn envelope(&self, subscription_arn: &str) -> Value {
        let mut envelope = json!({
            "Type": "Notification",
            "MessageId": self.id,
            "TopicArn": self.topic_arn,
            "Message": self.message,
            "Timestamp": format!("{:.3}", self.at),
            "SignatureVersion": "1",
            "Signature": self.signature(),
            "SigningCertURL": self.certificate(),
            "UnsubscribeURL": self.unsubscribe(subscription_arn),
        });
        if let Some(subject) = &self.subject {
            envelope["Subject"] = json!(subject);
        }
        if !self.attributes.is_empty() {
            envelope["MessageAttributes"] = self.attributes_json();
        }
        envelope
    }

    /// `{ "printer": { "Type": "String", "Value": "3" } }`.
    fn attributes_json(&self) -> Value {
        let json = self.attributes.iter().map(|(name, attribute)| {
            let value = match &attribute.value {
                AttributeValue::String(text) => text.clone(),
                AttributeValue::Binary(bytes) => BASE64.encode(bytes),
            };
            (name.clone(), json!({ "Type": attribute.data_type, "Value": value }))
        });
        Value::Object(json.collect::<Map<_, _>>())
    }

    /// Of the right form, and nothing more.
    fn signature(&self) -> String {
        BASE64.encode(Sha256::digest(format!("{}{}", self.id, self.message)))
    }

    fn certificate(&self) -> String {
        format!(
            "https://sns.{}.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem",
            self.region
        )
    }

    fn unsubscribe(&self, subscription_arn: &str) -> String {
        format!("https://sns.{}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription_arn}", self.region)
    }
}
