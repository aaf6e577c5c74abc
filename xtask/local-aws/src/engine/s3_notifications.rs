//! `PutBucketNotificationConfiguration`: the notifications of a bucket, made anew in the world.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html>.

use bytes::Bytes;
use local_lambda_sources::s3::Notification;

use super::receiver::receiver;
use crate::aws::{LocalAws, lock};
use crate::error::AwsError;
use crate::xml::{elements, texts};

/// The element of a configuration, and the one in it that names the receiver.
const KINDS: [(&str, &str); 3] =
    [("QueueConfiguration", "Queue"), ("TopicConfiguration", "Topic"), ("CloudFunctionConfiguration", "CloudFunction")];

/// Makes the notifications that a body names, in place of those that a body named before. Those that a test made
/// itself stay.
pub(super) fn put(aws: &LocalAws, name: &str, body: &Bytes) -> Result<(), AwsError> {
    let body = String::from_utf8_lossy(body);
    if body.contains("<EventBridgeConfiguration") {
        let message = "events of a bucket on the bus are not served here; a rule's queue can be notified instead";
        return Err(AwsError::new("NotImplemented", 501, message));
    }
    let unknown = || invalid("Unable to validate the following destination configurations");
    // What is refused must not end what is there.
    for (kind, to) in KINDS {
        for arn in elements(&body, kind).into_iter().flat_map(|configuration| texts(configuration, to)) {
            receiver(aws.world(), &arn).ok_or_else(unknown)?;
        }
    }
    let bucket = aws.told_bucket(name);
    let mut notified = lock(&aws.inner.notified);
    let made = notified.entry(name.to_owned()).or_default();
    let before: Vec<Notification> = std::mem::take(made);
    before.iter().for_each(Notification::delete);
    for (kind, to) in KINDS {
        for configuration in elements(&body, kind) {
            let arn = texts(configuration, to).into_iter().next().unwrap_or_default();
            let to = receiver(aws.world(), &arn).ok_or_else(unknown)?;
            let mut notification = bucket.notify(to);
            if let Some(id) = texts(configuration, "Id").into_iter().next() {
                notification = notification.id(id);
            }
            for event in texts(configuration, "Event") {
                notification = notification.event(event);
            }
            for rule in elements(configuration, "FilterRule") {
                let text = |name| texts(rule, name).into_iter().next().unwrap_or_default();
                notification = match text("Name").to_ascii_lowercase().as_str() {
                    "prefix" => notification.prefix(text("Value")),
                    "suffix" => notification.suffix(text("Value")),
                    _ => return Err(invalid("filter rule name must be either prefix or suffix")),
                };
            }
            made.push(notification.try_create().map_err(|error| invalid(&error.to_string()))?);
        }
    }
    Ok(())
}

fn invalid(message: &str) -> AwsError {
    AwsError::client("InvalidArgument", message)
}
