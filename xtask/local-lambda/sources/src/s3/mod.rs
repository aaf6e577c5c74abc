//! Amazon S3, as far as it is a source of events: buckets that tell of objects created and removed.

mod bucket;
mod envelope;
mod notification;
mod notification_rule;

pub use bucket::{Bucket, BucketBuilder, ObjectChange, Stored};
pub use notification::{Notification, NotificationBuilder};
pub use notification_rule::{InvalidNotification, NotificationRule, ObjectEvent, check_overlaps, encode_key};

use std::sync::Arc;

use crate::world::World;

/// Buckets.
impl World {
    /// A bucket to be described.
    pub fn bucket(&self, name: impl Into<String>) -> BucketBuilder {
        BucketBuilder::new(Arc::clone(&self.core), name.into())
    }
}
