//! A topic: what is published to it is delivered to all its subscriptions.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};

use local_lambda::Ids;
use serde_json::Value;

use super::envelope::Notification;
use super::subscription::{Subscription, SubscriptionBuilder, SubscriptionState};
use crate::core::{Core, lock};
use crate::function::{Destination, Parcel};
use crate::sqs::{MessageAttribute, MessageAttributes};
use crate::table::one_line;
use crate::trace::{Entry, What};

/// How large a message may be if the topic does not say otherwise, attributes included: 256 KiB.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>.
const DEFAULT_MESSAGE_BYTES: usize = 256 * 1024;

/// How large a topic may let messages be: 1 MiB.
const LARGEST_MESSAGE_BYTES: usize = 1024 * 1024;

/// How many messages one batch may have.
const BATCH: usize = 10;

/// A topic. Made by [`World::topic`](crate::World::topic). Cheap to clone, and usable from any thread.
#[derive(Debug, Clone)]
pub struct Topic {
    core: Arc<Core>,
    state: Arc<TopicState>,
}

/// A topic, behind its lock.
#[derive(Debug)]
pub(crate) struct TopicState {
    pub(super) name: String,
    pub(super) arn: String,
    region: String,
    maximum_message_size: usize,
    pub(super) subscriptions: Mutex<Vec<Arc<SubscriptionState>>>,
}

/// What a topic is to be like. Made by [`World::topic`](crate::World::topic).
#[derive(Debug)]
#[must_use = "a topic is made by `create`"]
pub struct TopicBuilder {
    core: Arc<Core>,
    name: String,
    maximum_message_size: usize,
}

impl TopicBuilder {
    pub(crate) fn new(core: Arc<Core>, name: String) -> TopicBuilder {
        TopicBuilder { core, name, maximum_message_size: DEFAULT_MESSAGE_BYTES }
    }

    /// How large a message may be, in bytes, up to 1 MiB; 256 KiB if not given.
    pub fn maximum_message_size(mut self, bytes: usize) -> Self {
        self.maximum_message_size = bytes;
        self
    }

    /// Makes the topic.
    ///
    /// # Panics
    /// When the world has a topic with this name, and when AWS would not take it (FIFO topics are not part of this).
    #[track_caller]
    pub fn create(self) -> Topic {
        let TopicBuilder { core, name, maximum_message_size } = self;
        assert!(!name.ends_with(".fifo"), "{name}: FIFO topics are not supported");
        let allowed = 1_024..=LARGEST_MESSAGE_BYTES;
        assert!(allowed.contains(&maximum_message_size), "{maximum_message_size} is not 1 KiB to 1 MiB");
        let arn = format!("arn:aws:sns:{}:{}:{name}", core.region, core.account);
        let (region, subscriptions) = (core.region.clone(), Mutex::default());
        let state = Arc::new(TopicState { name, arn: arn.clone(), region, maximum_message_size, subscriptions });
        core.add_resource(&arn, Arc::clone(&state));
        Topic { core, state }
    }
}

/// What became of a message that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// Its id, which is also that of every copy.
    pub message_id: String,
}

/// Why a message was not published.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// `InvalidParameter`, in the words of the API.
    InvalidParameter(String),
    /// Of a batch: an id stands twice (`BatchEntryIdsNotDistinct`).
    BatchEntryIdsNotDistinct,
    /// A batch without entries (`EmptyBatchRequest`).
    EmptyBatchRequest,
    /// A batch with more than ten entries (`TooManyEntriesInBatchRequest`).
    TooManyEntriesInBatchRequest,
    /// A batch that is too large as a whole (`BatchRequestTooLong`).
    BatchRequestTooLong,
}

/// What became of the messages of a batch, by their ids in it.
pub type PublishedBatch = Vec<(String, Result<Published, PublishError>)>;

impl Topic {
    pub(super) fn all(core: &Arc<Core>) -> Vec<Topic> {
        let states = core.resources::<TopicState>().into_iter();
        states.map(|state| Topic { core: Arc::clone(core), state }).collect()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.state.arn
    }

    /// A subscription of a queue or a function, to be described.
    pub fn subscribe(&self, receiver: impl Into<Destination>) -> SubscriptionBuilder {
        SubscriptionBuilder::new(Arc::clone(&self.core), Arc::clone(&self.state), receiver.into())
    }

    /// All subscriptions, in the order in which they were made.
    pub fn subscriptions(&self) -> Vec<Subscription> {
        let states = lock(&self.state.subscriptions).clone();
        states.iter().map(|state| Subscription::of(&self.core, &self.state, state)).collect()
    }

    /// Publishes a message.
    ///
    /// # Panics
    /// When the topic refuses it; [`Topic::message`] gives the reason as a value.
    #[track_caller]
    pub fn publish(&self, message: impl Into<String>) -> Published {
        match self.message(message).publish() {
            Ok(published) => published,
            Err(error) => panic!("{} refuses the message: {error}", self.name()),
        }
    }

    /// A message to be described further before it is published (`Publish`).
    pub fn message(&self, message: impl Into<String>) -> Publish<'_> {
        Publish {
            topic: self,
            message: message.into(),
            subject: None,
            attributes: MessageAttributes::new(),
            by_protocol: false,
            trace_header: None,
        }
    }

    /// Publishes up to ten messages (`PublishBatch`), each with an id of its own in the batch; gives what became of
    /// each.
    ///
    /// # Errors
    /// When the batch as a whole is refused: then nothing is published.
    pub fn publish_batch(&self, entries: Vec<(String, Publish<'_>)>) -> Result<PublishedBatch, PublishError> {
        let ids: BTreeSet<&String> = entries.iter().map(|(id, _)| id).collect();
        match entries.len() {
            0 => return Err(PublishError::EmptyBatchRequest),
            count if count > BATCH => return Err(PublishError::TooManyEntriesInBatchRequest),
            count if count != ids.len() => return Err(PublishError::BatchEntryIdsNotDistinct),
            _ => {}
        }
        let size: usize = entries.iter().map(|(_, message)| message.size()).sum();
        if size > self.state.maximum_message_size {
            return Err(PublishError::BatchRequestTooLong);
        }
        Ok(entries.into_iter().map(|(id, message)| (id, message.publish())).collect())
    }

    /// Takes the topic out of the world. What is on its way still arrives.
    pub fn delete(&self) {
        self.core.remove_resource(self.arn());
    }
}

/// A message to be published. Made by [`Topic::message`].
#[derive(Debug, Clone)]
#[must_use = "a message is published by `publish`"]
pub struct Publish<'t> {
    topic: &'t Topic,
    message: String,
    subject: Option<String>,
    attributes: MessageAttributes,
    by_protocol: bool,
    trace_header: Option<String>,
}

impl Publish<'_> {
    /// The subject: up to 100 characters of ASCII on one line.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// A message attribute.
    pub fn attribute(mut self, name: impl Into<String>, value: MessageAttribute) -> Self {
        self.attributes.insert(name.into(), value);
        self
    }

    /// The message is JSON with a text for each protocol, and `default` for the others (`MessageStructure`: `json`).
    pub fn by_protocol(mut self) -> Self {
        self.by_protocol = true;
        self
    }

    /// The X-Ray trace header, which carries the lineage that recursive loops are found by.
    pub fn trace_header(mut self, header: impl Into<String>) -> Self {
        self.trace_header = Some(header.into());
        self
    }

    /// The size that counts against limits: message and attributes, in bytes.
    pub fn size(&self) -> usize {
        let attributes = self.attributes.iter();
        let sizes =
            attributes.map(|(name, attribute)| name.len() + attribute.data_type.len() + attribute.bytes().len());
        self.message.len() + sizes.sum::<usize>()
    }

    /// Publishes it.
    ///
    /// # Errors
    /// When SNS refuses it.
    pub fn publish(self) -> Result<Published, PublishError> {
        let texts = self.check()?;
        let (core, state) = (&self.topic.core, &self.topic.state);
        let notification = Notification {
            id: core.draw(Ids::uuid),
            topic_arn: state.arn.clone(),
            region: state.region.clone(),
            subject: self.subject,
            message: self.message,
            attributes: self.attributes,
            at: core.now(),
            trace_header: self.trace_header,
        };
        state.publish(core, &notification, texts.as_ref());
        Ok(Published { message_id: notification.id })
    }

    /// Checks the message; gives the texts by protocol, if there are such.
    fn check(&self) -> Result<Option<Value>, PublishError> {
        let refuse = |reason: &str| Err(PublishError::InvalidParameter(format!("Invalid parameter: {reason}")));
        if self.message.is_empty() {
            return refuse("Empty message");
        }
        if self.size() > self.topic.state.maximum_message_size {
            return refuse("Message too long");
        }
        if let Some(subject) = &self.subject {
            let printable = subject.chars().all(|character| character.is_ascii() && !character.is_ascii_control());
            if subject.is_empty() || subject.len() > 100 || !printable {
                return refuse("Subject");
            }
        }
        if !self.by_protocol {
            return Ok(None);
        }
        match serde_json::from_str::<Value>(&self.message) {
            Ok(texts) if texts["default"].is_string() => Ok(Some(texts)),
            Ok(Value::Object(_)) => refuse("Message Structure - No default entry in JSON message body"),
            _ => refuse("Message Structure - JSON message body failed to parse"),
        }
    }
}

impl TopicState {
    fn publish(&self, core: &Arc<Core>, notification: &Notification, texts: Option<&Value>) {
        let entry = Entry::new(What::Sent, &self.name).item(&notification.id);
        core.record(entry.detail(one_line(&notification.message, 60)));
        let subscriptions = lock(&self.subscriptions).clone();
        for subscription in subscriptions {
            let mut notification = notification.clone();
            if let Some(texts) = texts {
                let text = texts[subscription.protocol()].as_str().or(texts["default"].as_str());
                text.unwrap_or_default().clone_into(&mut notification.message);
            }
            subscription.deliver(core, self, &notification);
        }
    }
}

/// A record, or an event, goes to a topic as a message.
impl From<&Topic> for Destination {
    fn from(topic: &Topic) -> Destination {
        Destination::new(topic.arn(), |core, arn, parcel| {
            let topic = core.resource::<TopicState>(arn).ok_or("there is no such topic")?;
            let Parcel { body, attributes, trace_header } = parcel;
            if body.len() > topic.maximum_message_size {
                return Err("the message is too long".to_owned());
            }
            let notification = Notification {
                id: core.draw(Ids::uuid),
                topic_arn: topic.arn.clone(),
                region: topic.region.clone(),
                subject: None,
                message: body,
                attributes,
                at: core.now(),
                trace_header,
            };
            topic.publish(core, &notification, None);
            Ok(())
        })
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PublishError::InvalidParameter(reason) => reason,
            PublishError::BatchEntryIdsNotDistinct => "two entries of the batch have the same id",
            PublishError::EmptyBatchRequest => "the batch has no entries",
            PublishError::TooManyEntriesInBatchRequest => "the batch has more than 10 entries",
            PublishError::BatchRequestTooLong => "the entries of the batch are too long together",
        })
    }
}

impl std::error::Error for PublishError {}
