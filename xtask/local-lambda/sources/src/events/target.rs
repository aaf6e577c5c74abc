//! A target of a rule: who gets its events, and in which form.

use std::sync::Arc;

use serde_json::Value;

use super::input::{Input, InvalidInput};
use super::retry_policy::{default_policy, failure_attributes, retry_policy};
use super::rule::{MAX_TARGETS, RuleState};
use crate::core::{Core, lock};
use crate::function::{Destination, Parcel};
use crate::route::{Route, RouteSettings, Shipment, unrest};
use crate::sqs::{MessageAttribute, MessageAttributes};

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
        RuleTargetBuilder { rule, bus, to, input: Ok(Input::Event), settings: default_policy() }
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
        settings.assert_policy();
        let input = input?;
        let count = lock(&rule.targets).len();
        assert!(count < MAX_TARGETS, "the rule {} has {MAX_TARGETS} targets already", rule.name);
        let route = Route::new(&bus, to, settings);
        let state = Arc::new(TargetState { input, route });
        lock(&rule.targets).push(Arc::clone(&state));
        Ok(RuleTarget::of(&rule, &state))
    }
}

retry_policy!(RuleTargetBuilder);

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
