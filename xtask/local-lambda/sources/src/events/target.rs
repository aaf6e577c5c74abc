//! A target of a rule: who gets its events, in which form, and what becomes of those that cannot be delivered.
//!
//! Sources: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>,
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::input::{Input, InvalidInput};
use super::rule::{MAX_TARGETS, RuleState};
use crate::core::{Core, lock};
use crate::function::{Destination, Parcel};
use crate::route::{Failure, Route, RouteSettings, Shipment, unrest};
use crate::sqs::{MessageAttribute, MessageAttributes};

/// How often EventBridge retries, and for how long, if the target does not say otherwise: 185 times in 24 hours.
pub(crate) const DEFAULT_RETRIES: u32 = 185;
pub(crate) const LONGEST_EVENT_AGE: Duration = Duration::from_secs(24 * 3_600);

/// One second, doubled each time, up to eight minutes: 185 retries then take about a day. AWS says "exponential", and
/// adds a random part that is left out here.
pub(crate) fn backoff(retry: u32) -> Duration {
    Duration::from_secs(1 << retry.saturating_sub(1).min(9)).min(Duration::from_secs(480))
}

/// A target to be described. Made by [`Rule::target`](super::Rule::target).
#[derive(Debug)]
#[must_use = "a target is made by `create`"]
pub struct RuleTargetBuilder {
    rule: Arc<RuleState>,
    bus: String,
    to: Destination,
    input: Result<Input, InvalidInput>,
    settings: RouteSettings,
}

impl RuleTargetBuilder {
    pub(super) fn new(rule: Arc<RuleState>, bus: String, to: Destination) -> RuleTargetBuilder {
        let settings = RouteSettings {
            wait: backoff,
            maximum_retry_attempts: DEFAULT_RETRIES,
            maximum_event_age: Some(LONGEST_EVENT_AGE),
            dead_letter_queue: None,
        };
        RuleTargetBuilder { rule, bus, to, input: Ok(Input::Event), settings }
    }

    /// The target gets this instead of the event.
    pub fn input(mut self, input: Value) -> Self {
        self.input = Ok(Input::Constant(input));
        self
    }

    /// The target gets a part of the event: `$.detail`.
    pub fn input_path(mut self, path: &str) -> Self {
        self.input = Input::path(path);
        self
    }

    /// The target gets a template, in which `<name>` stands for a part of the event.
    pub fn input_transformer<'a>(
        mut self,
        paths: impl IntoIterator<Item = (&'a str, &'a str)>,
        template: &str,
    ) -> Self {
        self.input = Input::transformer(paths, template);
        self
    }

    /// How often delivery is tried again, 0 to 185; 185 times if not given.
    pub fn maximum_retry_attempts(mut self, attempts: u32) -> Self {
        self.settings.maximum_retry_attempts = attempts;
        self
    }

    /// For how long delivery is tried again, one minute to a day; a day if not given.
    pub fn maximum_event_age(mut self, age: Duration) -> Self {
        self.settings.maximum_event_age = Some(age);
        self
    }

    /// Where an event goes that cannot be delivered: a standard queue.
    pub fn dead_letter_queue(mut self, queue: impl Into<Destination>) -> Self {
        self.settings.dead_letter_queue = Some(queue.into());
        self
    }

    /// Makes the target.
    ///
    /// # Panics
    /// When EventBridge would not take it; [`RuleTargetBuilder::try_create`] gives the reason about its input as a
    /// value.
    #[track_caller]
    pub fn create(self) -> RuleTarget {
        match self.try_create() {
            Ok(target) => target,
            Err(error) => panic!("the target cannot be made: {error}"),
        }
    }

    /// Makes the target (`PutTargets`).
    ///
    /// # Errors
    /// When its path or template is refused.
    ///
    /// # Panics
    /// When the rule has five targets already, and when the retry policy is not one of AWS.
    #[track_caller]
    pub fn try_create(self) -> Result<RuleTarget, InvalidInput> {
        let RuleTargetBuilder { rule, bus, to, input, settings } = self;
        settings.assert_valid();
        let input = input?;
        let count = lock(&rule.targets).len();
        assert!(count < MAX_TARGETS, "the rule {} has {MAX_TARGETS} targets already", rule.name);
        let route = Route::new(&bus, to, settings);
        let state = Arc::new(TargetState { input, route });
        lock(&rule.targets).push(Arc::clone(&state));
        Ok(RuleTarget::of(&rule, &state))
    }
}

impl RouteSettings {
    /// The retry policy of EventBridge and Scheduler: 0 to 185 retries, 60 seconds to 24 hours.
    #[track_caller]
    pub(crate) fn assert_valid(&self) {
        let attempts = self.maximum_retry_attempts;
        assert!(attempts <= DEFAULT_RETRIES, "{attempts} retry attempts are more than {DEFAULT_RETRIES}");
        let age = self.maximum_event_age.unwrap_or(LONGEST_EVENT_AGE);
        let allowed = Duration::from_secs(60)..=LONGEST_EVENT_AGE;
        assert!(allowed.contains(&age), "an event age of {age:?} is not 60 s to 24 h");
    }
}

/// A target of a rule. It goes on when this handle is dropped.
#[derive(Debug, Clone)]
pub struct RuleTarget {
    rule: Arc<RuleState>,
    state: Arc<TargetState>,
    route: Arc<Route>,
}

unrest!(RuleTarget);

impl RuleTarget {
    pub(super) fn of(rule: &Arc<RuleState>, state: &Arc<TargetState>) -> RuleTarget {
        RuleTarget { rule: Arc::clone(rule), state: Arc::clone(state), route: Arc::clone(&state.route) }
    }

    /// The ARN of the receiver.
    pub fn arn(&self) -> &str {
        self.route.to.arn()
    }

    /// Takes the target away (`RemoveTargets`). What is on its way still arrives.
    pub fn remove(&self) {
        lock(&self.rule.targets).retain(|other| !Arc::ptr_eq(other, &self.state));
    }
}

#[derive(Debug)]
pub(super) struct TargetState {
    input: Input,
    route: Arc<Route>,
}

impl TargetState {
    pub(super) fn send(&self, core: &Arc<Core>, rule: &RuleState, id: &str, event: &Value) {
        let attributes = [("RULE_ARN", rule.arn.as_str()), ("TARGET_ARN", self.route.to.arn())];
        let shipment = Shipment {
            item: id.to_owned(),
            parcel: Parcel {
                body: self.input.of(event, rule),
                attributes: MessageAttributes::new(),
                // EventBridge is not among those whose loops Lambda finds.
                trace_header: None,
            },
            dead_letter: Some(event.to_string()),
            attributes: attributes.map(|(name, value)| (name.to_owned(), MessageAttribute::string(value))).into(),
        };
        self.route.send(core, &shipment, failure_attributes);
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

/// What becomes of something that is sent to a bus: an event of another bus stays what it is, a record of Lambda becomes
/// the detail of an event.
pub(super) fn event_of(body: &Value) -> (&str, &str, Value) {
    match (body["source"].as_str(), body["detail-type"].as_str()) {
        (Some(source), Some(detail_type)) => (source, detail_type, body["detail"].clone()),
        _ if body["requestContext"]["condition"] == "Success" => {
            ("lambda", "Lambda Function Invocation Result - Success", body.clone())
        }
        _ => ("lambda", "Lambda Function Invocation Result - Failure", body.clone()),
    }
}
