//! `PutBucketNotificationConfiguration`: the notifications of a bucket, made anew in the world.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html>.

use bytes::Bytes;
use local_lambda_sources::Bucket;
use local_lambda_sources::s3::NotificationBuilder;

use super::receiver::receiver;
use crate::aws::{LocalAws, lock};
use crate::error::AwsError;
use crate::xml::{elements, texts};

/// The element of a configuration, and the one in it that names the receiver.
const KINDS: [(&str, &str); 3] =
    [("QueueConfiguration", "Queue"), ("TopicConfiguration", "Topic"), ("CloudFunctionConfiguration", "CloudFunction")];

/// Makes the notifications that a body names, in place of those that a body named before; of a body that is refused
/// none are made, and those before stay. What a test made itself stays anyway.
pub(super) fn put(aws: &LocalAws, name: &str, body: &Bytes) -> Result<(), AwsError> {
    let body = String::from_utf8_lossy(body);
    if body.contains("<EventBridgeConfiguration") {
        let message = "events of a bucket on the bus are not served here; a rule's queue can be notified instead";
        return Err(AwsError::new("NotImplemented", 501, message));
    }
    let bucket = aws.told_bucket(name);
    let mut wanted = Vec::new();
    for (kind, to) in KINDS {
        for configuration in elements(&body, kind) {
            wanted.push(notification(aws, &bucket, configuration, to)?);
        }
    }
    let mut notified = lock(&aws.inner.notified);
    let there = notified.entry(name.to_owned()).or_default();
    *there = bucket.replace_notifications(there, wanted).map_err(|error| invalid(&error.to_string()))?;
    Ok(())
}

fn notification(
    aws: &LocalAws,
    bucket: &Bucket,
    configuration: &str,
    to: &str,
) -> Result<NotificationBuilder, AwsError> {
    let first = |xml: &str, name: &str| texts(xml, name).into_iter().next().unwrap_or_default();
    let receiver = receiver(aws.world(), &first(configuration, to));
    let receiver = receiver.ok_or_else(|| invalid("Unable to validate the following destination configurations"))?;
    let mut notification = bucket.notify(receiver);
    if let Some(id) = texts(configuration, "Id").into_iter().next() {
        notification = notification.id(id);
    }
    for event in texts(configuration, "Event") {
        notification = notification.event(event);
    }
    for rule in elements(configuration, "FilterRule") {
        let value = first(rule, "Value");
        notification = match first(rule, "Name").to_ascii_lowercase().as_str() {
            "prefix" => notification.prefix(value),
            "suffix" => notification.suffix(value),
            _ => return Err(invalid("filter rule name must be either prefix or suffix")),
        };
    }
    Ok(notification)
}

fn invalid(message: &str) -> AwsError {
    AwsError::client("InvalidArgument", message)
}
