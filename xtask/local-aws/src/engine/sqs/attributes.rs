//! The attributes of a queue, as its settings and what it holds.

use std::time::Duration;

use local_lambda_sources::Queue;
use local_lambda_sources::sqs::{QueueSettings, RedrivePolicy};
use serde_json::{Map, Value, json};

use super::{Answer, names};
use crate::error::AwsError;

/// The settings with those changed that attributes name. Values are texts, numbers too.
pub(super) fn changed(mut settings: QueueSettings, attributes: &Map<String, Value>) -> Result<QueueSettings, AwsError> {
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

/// The attribute, as text.
pub(super) fn redrive_policy(redrive: &RedrivePolicy) -> String {
    let policy = json!({
        "deadLetterTargetArn": redrive.dead_letter_target_arn, "maxReceiveCount": redrive.max_receive_count,
    });
    policy.to_string()
}

/// `GetQueueAttributes`.
pub(super) fn get(queue: &Queue, params: &Value) -> Answer {
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
