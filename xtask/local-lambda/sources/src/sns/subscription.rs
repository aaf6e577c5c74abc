//! A subscription: who gets which messages of a topic, in which form.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local_lambda::Ids;

use super::envelope::Notification;
use super::topic::TopicState;
use crate::core::{Core, lock};
use crate::filter_policy::{FilterPolicy, FilterPolicyScope, InvalidFilterPolicy};
use crate::function::{Destination, Parcel};
use crate::route::{Route, RouteSettings, Shipment, no_attributes, unrest};
use crate::sqs::MessageAttributes;
use crate::trace::{Entry, What};

/// How many attributes a message of a queue may have; with raw delivery, one with more is not delivered.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html>.
const RAW_ATTRIBUTES: usize = 10;

/// A subscription to be described. Made by [`Topic::subscribe`](super::Topic::subscribe).
#[derive(Debug)]
#[must_use = "a subscription is made by `create`"]
pub struct SubscriptionBuilder {
    core: Arc<Core>,
    topic: Arc<TopicState>,
    to: Destination,
    settings: Settings,
    policy: Option<String>,
    scope: FilterPolicyScope,
    dead_letter_queue: Option<Destination>,
}

#[derive(Debug, Clone, Default)]
struct Settings {
    raw: bool,
    policy: Option<FilterPolicy>,
    scope: FilterPolicyScope,
}

impl SubscriptionBuilder {
    pub(super) fn new(core: Arc<Core>, topic: Arc<TopicState>, to: Destination) -> SubscriptionBuilder {
        let (settings, scope) = (Settings::default(), FilterPolicyScope::default());
        SubscriptionBuilder { core, topic, to, settings, policy: None, scope, dead_letter_queue: None }
    }

    /// A queue gets the message itself, not an envelope around it; its attributes become attributes of the queue's
    /// message.
    pub fn raw_message_delivery(mut self) -> Self {
        self.settings.raw = true;
        self
    }

    /// Which messages are delivered, as text or as JSON; all if not given.
    pub fn filter_policy(mut self, policy: impl ToString) -> Self {
        self.policy = Some(policy.to_string());
        self
    }

    /// What the policy looks at; the attributes if not given.
    pub fn filter_policy_scope(mut self, scope: FilterPolicyScope) -> Self {
        self.scope = scope;
        self
    }

    /// Where a message goes that cannot be delivered.
    pub fn redrive(mut self, dead_letter_queue: impl Into<Destination>) -> Self {
        self.dead_letter_queue = Some(dead_letter_queue.into());
        self
    }

    /// Makes the subscription.
    ///
    /// # Panics
    /// When AWS would not take it; [`SubscriptionBuilder::try_create`] gives the reason as a value.
    #[track_caller]
    pub fn create(self) -> Subscription {
        match self.try_create() {
            Ok(subscription) => subscription,
            Err(error) => panic!("the subscription cannot be made: {error}"),
        }
    }

    /// Makes the subscription (`Subscribe`).
    ///
    /// # Errors
    /// When the filter policy is refused.
    ///
    /// # Panics
    /// When raw delivery is asked for a function: it is for queues.
    #[track_caller]
    pub fn try_create(self) -> Result<Subscription, InvalidFilterPolicy> {
        let SubscriptionBuilder { core, topic, to, mut settings, policy, scope, dead_letter_queue } = self;
        assert!(!settings.raw || is_queue(&to), "raw message delivery is for queues, not for {}", to.arn());
        settings.policy = policy.map(|policy| FilterPolicy::parse(scope, &policy)).transpose()?;
        settings.scope = scope;
        let arn = format!("{}:{}", topic.arn, core.draw(Ids::uuid));
        let route_settings = RouteSettings {
            wait,
            maximum_retry_attempts: MAXIMUM_RETRY_ATTEMPTS,
            maximum_event_age: None,
            dead_letter_queue,
        };
        let route = Route::new(&topic.name, to, route_settings);
        let state = Arc::new(SubscriptionState { arn, route: Arc::clone(&route), settings: Mutex::new(settings) });
        lock(&topic.subscriptions).push(Arc::clone(&state));
        Ok(Subscription { core, topic, state, route })
    }
}

fn is_queue(to: &Destination) -> bool {
    to.arn().starts_with("arn:aws:sqs:")
}

/// 3 retries at once, 2 a second apart, 10 with growing waits, 100,000 every 20 seconds: 23 days.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html> (AWS managed endpoints).
const MAXIMUM_RETRY_ATTEMPTS: u32 = 100_015;

fn wait(retry: u32) -> Duration {
    let seconds = match retry {
        0..=3 => 0,
        4..=5 => 1,
        // Exponential from 1 to 20 seconds in ten steps.
        6..=15 => 20_f64.powf(f64::from(retry - 6) / 9.0).round() as u64,
        _ => 20,
    };
    Duration::from_secs(seconds)
}

/// A subscription. It goes on when this handle is dropped. Cheap to clone, and usable from any thread.
#[derive(Debug, Clone)]
pub struct Subscription {
    core: Arc<Core>,
    topic: Arc<TopicState>,
    state: Arc<SubscriptionState>,
    route: Arc<Route>,
}

unrest!(Subscription);

impl Subscription {
    pub(super) fn of(core: &Arc<Core>, topic: &Arc<TopicState>, state: &Arc<SubscriptionState>) -> Subscription {
        let (core, topic) = (Arc::clone(core), Arc::clone(topic));
        Subscription { core, topic, state: Arc::clone(state), route: Arc::clone(&state.route) }
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.state.arn
    }

    /// The ARN of the receiver.
    pub fn endpoint(&self) -> &str {
        self.route.to.arn()
    }

    /// The filter policy and what it looks at.
    pub fn filter_policy(&self) -> Option<FilterPolicy> {
        lock(&self.state.settings).policy.clone()
    }

    /// What a filter policy looks at, also as long as there is none.
    pub fn filter_policy_scope(&self) -> FilterPolicyScope {
        lock(&self.state.settings).scope
    }

    /// Whether delivery is raw.
    pub fn is_raw(&self) -> bool {
        lock(&self.state.settings).raw
    }

    /// Changes which messages are delivered (`SetSubscriptionAttributes`). On AWS it takes up to 15 minutes to come
    /// into force, here no time.
    ///
    /// # Errors
    /// When the policy is refused; the one before stays.
    pub fn set_filter_policy(&self, scope: FilterPolicyScope, policy: Option<&str>) -> Result<(), InvalidFilterPolicy> {
        let policy = policy.map(|policy| FilterPolicy::parse(scope, policy)).transpose()?;
        {
            let mut settings = lock(&self.state.settings);
            (settings.policy, settings.scope) = (policy, scope);
        }
        self.configured("the filter policy is changed");
        Ok(())
    }

    /// Changes the form of delivery (`SetSubscriptionAttributes`).
    ///
    /// # Panics
    /// When raw delivery is asked for a function.
    #[track_caller]
    pub fn set_raw_message_delivery(&self, raw: bool) {
        assert!(!raw || is_queue(&self.route.to), "raw message delivery is for queues, not for {}", self.endpoint());
        lock(&self.state.settings).raw = raw;
        self.configured("the form of delivery is changed");
    }

    /// Changes where a message goes that cannot be delivered (`SetSubscriptionAttributes`, `RedrivePolicy`).
    pub fn set_redrive(&self, dead_letter_queue: Option<Destination>) {
        self.route.change_settings(|settings| settings.dead_letter_queue = dead_letter_queue);
        self.configured("the dead-letter queue is changed");
    }

    /// Ends the subscription (`Unsubscribe`). What is on its way still arrives.
    pub fn unsubscribe(&self) {
        lock(&self.topic.subscriptions).retain(|other| !Arc::ptr_eq(other, &self.state));
        self.configured("a subscription has ended");
    }

    fn configured(&self, words: &str) {
        self.core.record(Entry::new(What::Configured, &self.topic.name).detail(words));
    }
}

/// A subscription, behind its lock.
#[derive(Debug)]
pub(super) struct SubscriptionState {
    pub(super) arn: String,
    route: Arc<Route>,
    settings: Mutex<Settings>,
}

impl SubscriptionState {
    /// The name of the receiver's protocol: `sqs` or `lambda`.
    pub(super) fn protocol(&self) -> &str {
        self.route.to.arn().split(':').nth(2).unwrap_or_default()
    }

    /// Delivers a message, if the policy lets it through.
    pub(super) fn deliver(&self, core: &Arc<Core>, topic: &TopicState, notification: &Notification) {
        let settings = lock(&self.settings).clone();
        if let Some(policy) = &settings.policy {
            let mismatches = policy.mismatches(&notification.message, &notification.attributes);
            if let Some(mismatch) = mismatches.first() {
                let entry = Entry::new(What::Filtered, &topic.name).item(&notification.id);
                core.record(entry.detail(format!("not for {}: {mismatch}", self.route.to.name())));
                return;
            }
        }
        let mut attributes = MessageAttributes::new();
        let mut dead_letter = None;
        let body = if self.protocol() == "lambda" {
            // A dead letter is a message of a queue, also when a function should have got it.
            dead_letter = Some(notification.envelope(&self.arn).to_string());
            notification.function_event(&self.arn).to_string()
        } else if settings.raw {
            if notification.attributes.len() > RAW_ATTRIBUTES {
                let entry = Entry::new(What::Dropped, &topic.name).item(&notification.id);
                let count = notification.attributes.len();
                core.record(entry.detail(format!("{count} attributes are more than a raw message can have")));
                return;
            }
            attributes.clone_from(&notification.attributes);
            notification.message.clone()
        } else {
            notification.envelope(&self.arn).to_string()
        };
        let parcel = Parcel { body, attributes, trace_header: notification.trace_header.clone() };
        let shipment =
            Shipment { item: notification.id.clone(), parcel, dead_letter, attributes: MessageAttributes::new() };
        self.route.send(core, &shipment, no_attributes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_become_rarer() {
        let seconds: Vec<u64> = (1..=17).map(|retry| wait(retry).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 0, 1, 1, 1, 1, 2, 3, 4, 5, 7, 10, 14, 20, 20, 20]);
    }
}
