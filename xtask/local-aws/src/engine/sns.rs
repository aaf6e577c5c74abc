//! SNS: `Publish` and `PublishBatch` in front of the world's topics.

use local_lambda_sources::sns::{Publish, PublishError};
use local_lambda_sources::{Topic, World};
use serde_json::{Value, json};

use super::sqs::read_attribute;
use super::{JsonEngine, sns_topics};
use crate::error::AwsError;

/// The topics of a world.
pub(crate) struct Sns {
    world: World,
}

impl Sns {
    pub(crate) fn new(world: &World) -> Sns {
        Sns { world: world.clone() }
    }

    fn topic(&self, params: &Value) -> Result<Topic, AwsError> {
        let arn = params["TopicArn"].as_str().or(params["TargetArn"].as_str());
        let arn = arn.ok_or_else(|| {
            invalid("Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter")
        })?;
        let topic = self.world.topics().into_iter().find(|topic| topic.arn() == arn);
        topic.ok_or_else(|| AwsError::new("NotFound", 404, "Topic does not exist"))
    }
}

impl JsonEngine for Sns {
    fn call(&self, operation: &str, params: &Value) -> Result<Value, AwsError> {
        if let Some(managed) = sns_topics::call(&self.world, operation, params) {
            return managed;
        }
        let topic = self.topic(params)?;
        match operation {
            "Publish" => {
                let published = message(&topic, params)?.publish().map_err(refused)?;
                Ok(json!({ "MessageId": published.message_id }))
            }
            "PublishBatch" => batch(&topic, params),
            _ => Err(AwsError::client(
                "InvalidAction",
                format!("The action {operation} is not valid for this endpoint."),
            )),
        }
    }
}

fn message<'t>(topic: &'t Topic, params: &Value) -> Result<Publish<'t>, AwsError> {
    let mut message = topic.message(params["Message"].as_str().unwrap_or_default());
    if let Some(subject) = params["Subject"].as_str() {
        message = message.subject(subject);
    }
    if params["MessageStructure"] == "json" {
        message = message.by_protocol();
    }
    for (name, attribute) in params["MessageAttributes"].as_object().into_iter().flatten() {
        let read = read_attribute(name, attribute);
        message =
            message.attribute(name, read.map_err(|error| AwsError::client("ParameterValueInvalid", error.message))?);
    }
    Ok(message)
}

fn batch(topic: &Topic, params: &Value) -> Result<Value, AwsError> {
    let entries: Vec<&Value> = params["PublishBatchRequestEntries"].as_array().into_iter().flatten().collect();
    let read = |entry: &&Value| Ok((entry["Id"].as_str().unwrap_or_default().to_owned(), message(topic, entry)?));
    let messages = entries.iter().map(read).collect::<Result<Vec<_>, AwsError>>()?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, result) in topic.publish_batch(messages).map_err(refused)? {
        match result.map_err(refused) {
            Ok(published) => successful.push(json!({ "Id": id, "MessageId": published.message_id })),
            Err(error) => {
                failed.push(json!({ "Id": id, "Code": error.code, "Message": error.message, "SenderFault": true }));
            }
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

pub(super) fn invalid(message: &str) -> AwsError {
    AwsError::client("InvalidParameter", message)
}

fn refused(error: PublishError) -> AwsError {
    match error {
        PublishError::InvalidParameter(words) => invalid(&words),
        PublishError::BatchEntryIdsNotDistinct => {
            AwsError::client("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
        }
        PublishError::EmptyBatchRequest => {
            AwsError::client("EmptyBatchRequest", "The batch request doesn't contain any entries.")
        }
        PublishError::TooManyEntriesInBatchRequest => AwsError::client(
            "TooManyEntriesInBatchRequest",
            "The batch request contains more entries than permissible.",
        ),
        PublishError::BatchRequestTooLong => AwsError::client(
            "BatchRequestTooLong",
            "The length of all the batch messages put together is more than the limit.",
        ),
        other => invalid(&format!("{other:?}")),
    }
}
