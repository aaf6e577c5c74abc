//! A notification of a bucket: which changes are told to whom.

use std::sync::Arc;
use std::time::Duration;

use super::bucket::BucketState;
use super::envelope::Occurrence;
use super::notification_rule::{InvalidNotification, NotificationRule, check_overlaps};
use crate::core::{Core, lock};
use crate::function::{Destination, Parcel};
use crate::route::{Route, RouteSettings, Shipment, no_attributes, unrest};
use crate::sqs::MessageAttributes;

/// A notification to be described. Made by [`Bucket::notify`](super::Bucket::notify).
#[derive(Debug)]
#[must_use = "a notification is made by `create`"]
pub struct NotificationBuilder {
    core: Arc<Core>,
    bucket: Arc<BucketState>,
    to: Destination,
    id: Option<String>,
    events: Vec<String>,
    filters: Vec<(&'static str, String)>,
}

impl NotificationBuilder {
    pub(super) fn new(core: Arc<Core>, bucket: Arc<BucketState>, to: Destination) -> NotificationBuilder {
        NotificationBuilder { core, bucket, to, id: None, events: Vec::new(), filters: Vec::new() }
    }

    /// Its id, which events name; drawn if not given.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// A type of event, such as `s3:ObjectRemoved:*`. `s3:ObjectCreated:*` if none is given.
    pub fn event(mut self, event_type: impl Into<String>) -> Self {
        self.events.push(event_type.into());
        self
    }

    /// How the keys begin: the keys themselves, not their form in events.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.filters.push(("prefix", prefix.into()));
        self
    }

    /// How the keys end. Case counts.
    pub fn suffix(mut self, suffix: impl Into<String>) -> Self {
        self.filters.push(("suffix", suffix.into()));
        self
    }

    /// Makes the notification.
    ///
    /// # Panics
    /// When S3 would not take it; [`NotificationBuilder::try_create`] gives the reason as a value.
    #[track_caller]
    pub fn create(self) -> Notification {
        match self.try_create() {
            Ok(notification) => notification,
            Err(error) => panic!("the notification cannot be made: {error}"),
        }
    }

    /// Makes the notification.
    ///
    /// # Errors
    /// When there are two prefixes or two suffixes, and when another notification of the bucket is for the same
    /// changes.
    pub fn try_create(self) -> Result<Notification, InvalidNotification> {
        let made = self.bucket.clone().replace(&[], vec![self])?;
        Ok(made.into_iter().next().expect("one was asked for"))
    }

    fn state(self) -> Result<Arc<NotificationState>, InvalidNotification> {
        let NotificationBuilder { core, bucket, to, id, mut events, filters } = self;
        if events.is_empty() {
            events.push("s3:ObjectCreated:*".to_owned());
        }
        let mut rule = NotificationRule::new(events)?;
        for (name, value) in filters {
            rule = rule.filter(name, value)?;
        }
        let id = id.unwrap_or_else(|| core.draw(local_lambda::Ids::uuid));
        let settings = RouteSettings {
            wait: |_| Duration::from_secs(1),
            // S3 goes on trying for long; AWS does not say how long or how often.
            maximum_retry_attempts: u32::MAX,
            maximum_event_age: None,
            dead_letter_queue: None,
        };
        let route = Route::new(&bucket.name, to, settings);
        Ok(Arc::new(NotificationState { id, rule, route }))
    }
}

impl BucketState {
    /// Puts new notifications in the place of some that are there, all of them or, when one cannot be, none.
    pub(super) fn replace(
        self: &Arc<BucketState>,
        gone: &[Notification],
        new: Vec<NotificationBuilder>,
    ) -> Result<Vec<Notification>, InvalidNotification> {
        let new = new.into_iter().map(NotificationBuilder::state).collect::<Result<Vec<_>, _>>()?;
        let mut notifications = lock(&self.notifications);
        let stays = |there: &&Arc<NotificationState>| !gone.iter().any(|gone| Arc::ptr_eq(&gone.state, *there));
        let all: Vec<_> = notifications.iter().filter(stays).chain(&new).cloned().collect();
        check_overlaps(&all.iter().map(|state| state.rule.clone()).collect::<Vec<_>>())?;
        *notifications = all;
        let made = |state: Arc<NotificationState>| Notification {
            bucket: Arc::clone(self),
            route: Arc::clone(&state.route),
            state,
        };
        Ok(new.into_iter().map(made).collect())
    }
}

/// A notification of a bucket. It goes on when this handle is dropped.
#[derive(Debug, Clone)]
pub struct Notification {
    bucket: Arc<BucketState>,
    route: Arc<Route>,
    state: Arc<NotificationState>,
}

unrest!(Notification);

impl Notification {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.state.id
    }

    /// What it is for.
    pub fn rule(&self) -> &NotificationRule {
        &self.state.rule
    }

    /// Takes it away.
    pub fn delete(&self) {
        lock(&self.bucket.notifications).retain(|other| !Arc::ptr_eq(other, &self.state));
    }
}

#[derive(Debug)]
pub(super) struct NotificationState {
    id: String,
    rule: NotificationRule,
    route: Arc<Route>,
}

impl NotificationState {
    /// Tells of a change, if it is for it; says whether it was.
    pub(super) fn tell(&self, core: &Arc<Core>, occurrence: &Occurrence) -> bool {
        if !self.rule.matches(occurrence.event, &occurrence.key) {
            return false;
        }
        let body = occurrence.notification(&self.id).to_string();
        let trace_header = occurrence.trace_header.clone();
        let parcel = Parcel { body, attributes: MessageAttributes::new(), trace_header };
        let shipment = Shipment {
            item: occurrence.sequencer.clone(),
            parcel,
            dead_letter: None,
            attributes: MessageAttributes::new(),
        };
        self.route.send(core, &shipment, no_attributes);
        true
    }
}
