//! A rule: a pattern, and up to five targets for the events that match it.
//!
//! Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html>.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::bus::BusState;
use super::target::{RuleTarget, RuleTargetBuilder, TargetState};
use crate::core::{Core, lock};
use crate::function::Destination;
use crate::pattern::{InvalidPattern, Pattern};
use crate::trace::{Entry, What};

/// How many targets a rule may have.
///
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>.
pub(super) const MAX_TARGETS: usize = 5;

/// A rule to be described. Made by [`Bus::rule`](super::Bus::rule).
#[derive(Debug)]
#[must_use = "a rule is made by `create`"]
pub struct RuleBuilder {
    core: Arc<Core>,
    bus: Arc<BusState>,
    name: String,
    pattern: String,
}

impl RuleBuilder {
    pub(super) fn new(core: Arc<Core>, bus: Arc<BusState>, name: String) -> RuleBuilder {
        RuleBuilder { core, bus, name, pattern: String::new() }
    }

    /// The pattern, as text or as JSON.
    pub fn pattern(mut self, pattern: impl ToString) -> Self {
        self.pattern = pattern.to_string();
        self
    }

    /// Makes the rule.
    ///
    /// # Panics
    /// When EventBridge would not take its pattern; [`RuleBuilder::try_create`] gives the reason as a value.
    #[track_caller]
    pub fn create(self) -> Rule {
        match self.try_create() {
            Ok(rule) => rule,
            Err(error) => panic!("the rule cannot be made: {error}"),
        }
    }

    /// Makes the rule (`PutRule`). One of the same name on the same bus gets the new pattern, and keeps its targets.
    ///
    /// # Errors
    /// When the pattern is refused (`InvalidEventPatternException`).
    pub fn try_create(self) -> Result<Rule, InvalidPattern> {
        let RuleBuilder { core, bus, name, pattern } = self;
        let pattern = Pattern::parse(&pattern)?;
        let existing = lock(&bus.rules).iter().find(|rule| rule.name == name).cloned();
        let state = existing.unwrap_or_else(|| {
            let path = if bus.name == super::DEFAULT_BUS { name.clone() } else { format!("{}/{name}", bus.name) };
            let arn = format!("arn:aws:events:{}:{}:rule/{path}", core.region, core.account);
            let settings = Mutex::new(Settings { pattern: pattern.clone(), enabled: true });
            let state = Arc::new(RuleState { name, arn, settings, targets: Mutex::default() });
            lock(&bus.rules).push(Arc::clone(&state));
            state
        });
        lock(&state.settings).pattern = pattern;
        Ok(Rule { core, bus, state })
    }
}

/// A rule of a bus. It goes on when this handle is dropped. Cheap to clone, and usable from any thread.
#[derive(Debug, Clone)]
pub struct Rule {
    core: Arc<Core>,
    bus: Arc<BusState>,
    state: Arc<RuleState>,
}

impl Rule {
    pub(super) fn of(core: &Arc<Core>, bus: &Arc<BusState>, state: Arc<RuleState>) -> Rule {
        Rule { core: Arc::clone(core), bus: Arc::clone(bus), state }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.state.arn
    }

    /// Its pattern.
    pub fn pattern(&self) -> Pattern {
        lock(&self.state.settings).pattern.clone()
    }

    /// A target to be described: a function, a queue, a topic or another bus.
    pub fn target(&self, receiver: impl Into<Destination>) -> RuleTargetBuilder {
        RuleTargetBuilder::new(Arc::clone(&self.state), self.bus.name.clone(), receiver.into())
    }

    /// All targets, in the order in which they were made.
    pub fn targets(&self) -> Vec<RuleTarget> {
        lock(&self.state.targets).iter().map(|target| RuleTarget::of(&self.state, target)).collect()
    }

    /// Stops the rule, or lets it go on. Events that come meanwhile are not kept for it.
    pub fn set_enabled(&self, enabled: bool) {
        lock(&self.state.settings).enabled = enabled;
        let words = if enabled { "is enabled" } else { "is disabled" };
        let entry = Entry::new(What::Configured, &self.bus.name);
        self.core.record(entry.detail(format!("the rule {} {words}", self.state.name)));
    }

    /// Takes the rule away. What is on its way still arrives.
    pub fn delete(&self) {
        lock(&self.bus.rules).retain(|other| !Arc::ptr_eq(other, &self.state));
    }
}

/// A rule, behind its locks.
#[derive(Debug)]
pub(super) struct RuleState {
    pub(super) name: String,
    pub(super) arn: String,
    settings: Mutex<Settings>,
    pub(super) targets: Mutex<Vec<Arc<TargetState>>>,
}

#[derive(Debug, Clone)]
struct Settings {
    pattern: Pattern,
    enabled: bool,
}

impl RuleState {
    /// Sends an event to the targets, if it matches; says whether it did.
    pub(super) fn take(&self, core: &Arc<Core>, id: &str, event: &Value) -> bool {
        let settings = lock(&self.settings).clone();
        if !settings.enabled || !settings.pattern.matches(event) {
            return false;
        }
        let targets = lock(&self.targets).clone();
        targets.iter().for_each(|target| target.send(core, self, id, event));
        true
    }
}
