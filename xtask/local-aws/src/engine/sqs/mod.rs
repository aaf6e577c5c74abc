//! SQS: its wire protocol in front of the world's queues.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>; the words of
//! errors are those that the service answers.

mod attributes;
mod entries;
mod receive;
mod send;

use std::net::SocketAddr;
use std::time::Duration;

use local_lambda_sources::sqs::QueueSettings;
use local_lambda_sources::{Queue, World};
use serde_json::{Value, json};

pub(super) use self::send::read_attribute;
use super::JsonEngine;
use super::receiver::receiver;
use crate::error::AwsError;
use crate::permission::ACCOUNT;

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
        let policy = attributes::redrive_policy(redrive);
        let message = format!("Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}");
        Err(AwsError::client("InvalidParameterValue", message))
    }

    fn set_attributes(&self, params: &Value) -> Answer {
        let queue = self.queue(params)?;
        let attributes = params["Attributes"].as_object().cloned().unwrap_or_default();
        let settings = attributes::changed(queue.settings(), &attributes)?;
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
            let wanted = attributes::changed(queue.settings(), &attributes)?;
            return match wanted == queue.settings() {
                true => Ok(json!({ "QueueUrl": self.url(name) })),
                false => {
                    let message = "A queue already exists with the same name and a different value for attributes";
                    Err(AwsError::client("QueueNameExists", message))
                }
            };
        }
        let settings = attributes::changed(QueueSettings::default(), &attributes)?;
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
            "SendMessage" => send::send,
            "SendMessageBatch" => send::send_batch,
            "ReceiveMessage" => receive::receive,
            "DeleteMessage" => receive::delete,
            "DeleteMessageBatch" => |queue, params| entries::for_each(params, |entry| receive::delete(queue, entry)),
            "ChangeMessageVisibility" => receive::change_visibility,
            "ChangeMessageVisibilityBatch" => {
                |queue, params| entries::for_each(params, |entry| receive::change_visibility(queue, entry))
            }
            "GetQueueAttributes" => attributes::get,
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

/// The texts of a list.
fn names<'a>(params: &'a Value, name: &str) -> Vec<&'a str> {
    params[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
