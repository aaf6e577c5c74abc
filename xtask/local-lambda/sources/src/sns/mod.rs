//! Amazon SNS: topics, their subscriptions, and the forms in which a message arrives.
//!
//! Standard topics only; subscribers are functions and queues. A subscription needs no confirmation, and a signature is
//! not one that could be checked.

mod envelope;
mod subscription;
mod topic;

pub use subscription::{Subscription, SubscriptionBuilder};
pub use topic::{Publish, PublishError, Published, PublishedBatch, Topic, TopicBuilder};

use std::sync::Arc;

use crate::world::World;

/// Topics.
impl World {
    /// A topic to be described.
    pub fn topic(&self, name: impl Into<String>) -> TopicBuilder {
        TopicBuilder::new(Arc::clone(&self.core), name.into())
    }

    /// All topics, in the order in which they were made.
    pub fn topics(&self) -> Vec<Topic> {
        Topic::all(&self.core)
    }

    /// The topic with this name, if it was made.
    pub fn find_topic(&self, name: &str) -> Option<Topic> {
        self.topics().into_iter().find(|topic| topic.name() == name)
    }
}
