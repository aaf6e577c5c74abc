//! SNS: topics and subscriptions are made, changed and listed, in front of the world's.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_Operations.html>; the words of errors are those that the
//! service answers.

use local_lambda_sources::filter_policy::FilterPolicyScope;
use local_lambda_sources::{Subscription, Topic, World};
use serde_json::{Map, Value, json};

use super::receiver::receiver;
use super::sns::invalid;
use crate::error::AwsError;
use crate::permission::ACCOUNT;

/// The most items of a list.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html>.
const PAGE: usize = 100;

type Answer = Result<Value, AwsError>;

/// Carries an operation out; none when it is not one of these.
pub(super) fn call(world: &World, operation: &str, params: &Value) -> Option<Answer> {
    let topic = || {
        let arn = text(params, "TopicArn")?;
        world.topics().into_iter().find(|topic| topic.arn() == arn).ok_or_else(no_such_topic)
    };
    Some(match operation {
        "CreateTopic" => create_topic(world, params),
        "DeleteTopic" => text(params, "TopicArn").map(|arn| {
            // To delete one that is not there is a success.
            world.topics().iter().filter(|topic| topic.arn() == arn).for_each(Topic::delete);
            json!({})
        }),
        "ListTopics" => {
            let topics: Vec<Value> = world.topics().iter().map(|topic| json!({ "TopicArn": topic.arn() })).collect();
            page("Topics", topics, params)
        }
        "GetTopicAttributes" => topic().map(|topic| {
            let count = topic.subscriptions().len().to_string();
            json!({ "Attributes": { "TopicArn": topic.arn(), "Owner": ACCOUNT, "SubscriptionsConfirmed": count,
                "SubscriptionsPending": "0", "SubscriptionsDeleted": "0" } })
        }),
        "Subscribe" => topic().and_then(|topic| subscribe(world, &topic, params)),
        "Unsubscribe" => text(params, "SubscriptionArn").map(|arn| {
            if let Some((_, subscription)) = subscription(world, arn) {
                subscription.unsubscribe();
            }
            json!({})
        }),
        "ListSubscriptions" => {
            let all: Vec<Value> = world.topics().iter().flat_map(listed).collect();
            page("Subscriptions", all, params)
        }
        "ListSubscriptionsByTopic" => topic().and_then(|topic| page("Subscriptions", listed(&topic), params)),
        "GetSubscriptionAttributes" => text(params, "SubscriptionArn").and_then(|arn| {
            let found = subscription(world, arn).ok_or_else(no_such_subscription)?;
            Ok(json!({ "Attributes": attributes(&found.0, &found.1) }))
        }),
        "SetSubscriptionAttributes" => text(params, "SubscriptionArn").and_then(|arn| {
            let (_, subscription) = subscription(world, arn).ok_or_else(no_such_subscription)?;
            let value = params["AttributeValue"].as_str().unwrap_or_default();
            set(world, &subscription, text(params, "AttributeName")?, value)?;
            Ok(json!({}))
        }),
        _ => return None,
    })
}

fn create_topic(world: &World, params: &Value) -> Answer {
    let name = text(params, "Name")?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.ends_with(".fifo") || params["Attributes"]["FifoTopic"] == "true" {
        return Err(AwsError::new("NotImplemented", 501, "there are no FIFO topics here"));
    }
    if name.len() > 256 || !name.chars().all(is_allowed) {
        return Err(invalid("Invalid parameter: Topic Name"));
    }
    let topic = world.find_topic(name).unwrap_or_else(|| world.topic(name).create());
    Ok(json!({ "TopicArn": topic.arn() }))
}

/// The same receiver again is the same subscription.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>.
fn subscribe(world: &World, topic: &Topic, params: &Value) -> Answer {
    let (protocol, endpoint) = (text(params, "Protocol")?, text(params, "Endpoint")?);
    if !["sqs", "lambda"].contains(&protocol) {
        let message = format!("subscribers are queues and functions here, not {protocol}");
        return Err(AwsError::new("NotImplemented", 501, message));
    }
    if !endpoint.starts_with(&format!("arn:aws:{protocol}:")) {
        return Err(invalid(&format!("Invalid parameter: {} endpoint ARN", protocol.to_uppercase())));
    }
    let to = receiver(world, endpoint).ok_or_else(|| {
        invalid(&format!("Invalid parameter: Endpoint Reason: there is no {endpoint} here; make it first"))
    })?;
    let existing = topic.subscriptions().into_iter().find(|other| other.endpoint() == endpoint);
    if let Some(existing) = existing {
        return Ok(json!({ "SubscriptionArn": existing.arn() }));
    }
    let made = topic.subscribe(to).try_create().map_err(|error| invalid(&error.to_string()))?;
    let wanted = params["Attributes"].as_object().cloned().unwrap_or_default();
    // The scope first: a policy is read by it.
    let (scope, others): (Vec<_>, Vec<_>) = wanted.iter().partition(|(name, _)| *name == "FilterPolicyScope");
    for (name, value) in scope.into_iter().chain(others) {
        if let Err(error) = set(world, &made, name, value.as_str().unwrap_or_default()) {
            made.unsubscribe();
            return Err(error);
        }
    }
    Ok(json!({ "SubscriptionArn": made.arn() }))
}

fn set(world: &World, subscription: &Subscription, name: &str, value: &str) -> Result<(), AwsError> {
    let policy = subscription.filter_policy();
    match name {
        "RawMessageDelivery" => {
            let raw = value.eq_ignore_ascii_case("true");
            if raw && !subscription.endpoint().starts_with("arn:aws:sqs:") {
                let message = "Invalid parameter: Attributes Reason: RawMessageDelivery: not supported for this \
                               protocol";
                return Err(invalid(message));
            }
            subscription.set_raw_message_delivery(raw);
            Ok(())
        }
        "FilterPolicy" => {
            let wanted = Some(value).filter(|value| !value.is_empty());
            set_policy(subscription, subscription.filter_policy_scope(), wanted)
        }
        "FilterPolicyScope" => {
            let scope = match value {
                "MessageAttributes" => FilterPolicyScope::MessageAttributes,
                "MessageBody" => FilterPolicyScope::MessageBody,
                _ => return Err(invalid("Invalid parameter: FilterPolicyScope: Invalid value")),
            };
            set_policy(subscription, scope, policy.as_ref().map(|policy| policy.as_str()))
        }
        "RedrivePolicy" => {
            let policy: Value = serde_json::from_str(value).unwrap_or_default();
            let queue = policy["deadLetterTargetArn"].as_str().map(|arn| receiver(world, arn));
            if !value.is_empty() && !matches!(&queue, Some(Some(queue)) if queue.arn().starts_with("arn:aws:sqs:")) {
                return Err(invalid("Invalid parameter: RedrivePolicy: deadLetterTargetArn is not a queue"));
            }
            subscription.set_redrive(queue.flatten());
            Ok(())
        }
        _ => Err(invalid("Invalid parameter: AttributeName")),
    }
}

fn set_policy(subscription: &Subscription, scope: FilterPolicyScope, policy: Option<&str>) -> Result<(), AwsError> {
    subscription.set_filter_policy(scope, policy).map_err(|error| invalid(&error.to_string()))
}

fn subscription(world: &World, arn: &str) -> Option<(Topic, Subscription)> {
    world.topics().into_iter().find_map(|topic| {
        let found = topic.subscriptions().into_iter().find(|subscription| subscription.arn() == arn)?;
        Some((topic, found))
    })
}

fn protocol(subscription: &Subscription) -> &str {
    subscription.endpoint().split(':').nth(2).unwrap_or_default()
}

fn listed(topic: &Topic) -> Vec<Value> {
    let one = |subscription: &Subscription| {
        json!({ "SubscriptionArn": subscription.arn(), "Owner": ACCOUNT, "Protocol": protocol(subscription),
            "Endpoint": subscription.endpoint(), "TopicArn": topic.arn() })
    };
    topic.subscriptions().iter().map(one).collect()
}

fn attributes(topic: &Topic, subscription: &Subscription) -> Value {
    let mut found = Map::from_iter([
        ("SubscriptionArn".to_owned(), json!(subscription.arn())),
        ("TopicArn".to_owned(), json!(topic.arn())),
        ("Protocol".to_owned(), json!(protocol(subscription))),
        ("Endpoint".to_owned(), json!(subscription.endpoint())),
        ("Owner".to_owned(), json!(ACCOUNT)),
        ("RawMessageDelivery".to_owned(), json!(subscription.is_raw().to_string())),
        ("PendingConfirmation".to_owned(), json!("false")),
        ("ConfirmationWasAuthenticated".to_owned(), json!("true")),
    ]);
    if let Some(policy) = subscription.filter_policy() {
        let scope = match policy.scope() {
            FilterPolicyScope::MessageAttributes => "MessageAttributes",
            FilterPolicyScope::MessageBody => "MessageBody",
        };
        found.insert("FilterPolicy".to_owned(), json!(policy.as_str()));
        found.insert("FilterPolicyScope".to_owned(), json!(scope));
    }
    Value::Object(found)
}

/// A page of a list; its token is where the next begins.
fn page(name: &str, items: Vec<Value>, params: &Value) -> Answer {
    let begin: usize = match params["NextToken"].as_str() {
        Some(token) => token.parse().map_err(|_| invalid("Invalid parameter: NextToken"))?,
        None => 0,
    };
    let more = items.len() > begin + PAGE;
    let mut answer = json!({ name: items.into_iter().skip(begin).take(PAGE).collect::<Vec<_>>() });
    if more {
        answer["NextToken"] = json!((begin + PAGE).to_string());
    }
    Ok(answer)
}

fn text<'a>(params: &'a Value, name: &str) -> Result<&'a str, AwsError> {
    let missing = || invalid(&format!("Invalid parameter: {name} Reason: no value for required parameter"));
    params[name].as_str().filter(|text| !text.is_empty()).ok_or_else(missing)
}

fn no_such_topic() -> AwsError {
    AwsError::new("NotFound", 404, "Topic does not exist")
}

fn no_such_subscription() -> AwsError {
    AwsError::new("NotFound", 404, "Subscription does not exist")
}
