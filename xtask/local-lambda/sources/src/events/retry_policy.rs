//! How often and how long EventBridge and Scheduler try to deliver, and what a dead letter tells of it.
//!
//! Sources: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>,
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>,
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html>.

use std::time::Duration;

use crate::route::{Failure, RouteSettings};
use crate::sqs::{MessageAttribute, MessageAttributes};

/// The most and the default: 185 retries within 24 hours.
const RETRIES: u32 = 185;
const EVENT_AGE: Duration = Duration::from_secs(24 * 3_600);

/// What holds if nothing is said.
pub(crate) fn default_policy() -> RouteSettings {
    RouteSettings {
        wait: backoff,
        maximum_retry_attempts: RETRIES,
        maximum_event_age: Some(EVENT_AGE),
        dead_letter_queue: None,
    }
}

/// One second, doubled each time, up to eight minutes: 185 retries then take about a day. AWS says "exponential", and
/// adds a random part that is left out here.
fn backoff(retry: u32) -> Duration {
    Duration::from_secs(1 << retry.saturating_sub(1).min(9)).min(Duration::from_secs(480))
}

impl RouteSettings {
    /// 0 to 185 retries, 60 seconds to 24 hours.
    #[track_caller]
    pub(crate) fn assert_policy(&self) {
        let attempts = self.maximum_retry_attempts;
        assert!(attempts <= RETRIES, "{attempts} retry attempts are more than {RETRIES}");
        let age = self.maximum_event_age.unwrap_or(EVENT_AGE);
        let allowed = Duration::from_secs(60)..=EVENT_AGE;
        assert!(allowed.contains(&age), "an event age of {age:?} is not 60 s to 24 h");
    }
}

/// What a dead letter tells of its failure.
pub(crate) fn failure_attributes(failure: &Failure) -> MessageAttributes {
    let mut attributes = MessageAttributes::from(
        [
            ("ERROR_CODE", failure.code.to_owned()),
            ("ERROR_MESSAGE", failure.message.clone()),
            ("RETRY_ATTEMPTS", failure.retries.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), MessageAttribute::string(value))),
    );
    if let Some(condition) = failure.exhausted {
        attributes.insert("EXHAUSTED_RETRY_CONDITION".to_owned(), MessageAttribute::string(condition));
    }
    attributes
}

/// Writes what is to be said about retries for a builder that has a field `settings`.
macro_rules! retry_policy {
    ($builder:ty) => {
        /// What becomes of events that cannot be delivered.
        impl $builder {
            /// How often delivery is tried again, 0 to 185; 185 times if not given.
            pub fn maximum_retry_attempts(mut self, attempts: u32) -> Self {
                self.settings.maximum_retry_attempts = attempts;
                self
            }

            /// For how long delivery is tried again, one minute to a day; a day if not given.
            pub fn maximum_event_age(mut self, age: std::time::Duration) -> Self {
                self.settings.maximum_event_age = Some(age);
                self
            }

            /// Where an event goes that cannot be delivered: a standard queue.
            pub fn dead_letter_queue(mut self, queue: impl Into<$crate::Destination>) -> Self {
                self.settings.dead_letter_queue = Some(queue.into());
                self
            }
        }
    };
}
pub(crate) use retry_policy;
