//! A bus: events come in, and go to the targets of all rules that they match.
//!
//! Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>.

use std::fmt;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use local_lambda::Ids;
use serde_json::{Value, json};

use super::rule::{RuleBuilder, RuleState};
use super::{Rule, target};
use crate::core::{Core, lock};
use crate::function::Destination;
use crate::trace::{Entry, What};

/// The name of the bus that every account has, and that AWS's services send to.
pub(crate) const DEFAULT_BUS: &str = "default";

/// How large an entry, or all entries of one call together, may be: less than 1 MB.
///
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>.
const ENTRY_BYTES: usize = 1024 * 1024;

/// How many entries one call may have.
const ENTRIES: usize = 10;

/// A bus. Made by [`World::bus`](crate::World::bus) and [`World::default_bus`](crate::World::default_bus). Cheap to
/// clone, and usable from any thread.
#[derive(Debug, Clone)]
pub struct Bus {
    core: Arc<Core>,
    state: Arc<BusState>,
}

/// A bus, behind its lock.
#[derive(Debug)]
pub(crate) struct BusState {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) rules: Mutex<Vec<Arc<RuleState>>>,
}

/// Why an entry did not become an event: `ErrorCode` and `ErrorMessage` of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutEventsError {
    /// `InvalidArgument`, `MalformedDetail` or `NotAuthorizedForSource`; `ValidationException` for a whole call.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

impl Bus {
    /// The bus with this name; it is made if there is none.
    pub(crate) fn named(core: &Arc<Core>, name: &str) -> Bus {
        let arn = format!("arn:aws:events:{}:{}:event-bus/{name}", core.region, core.account);
        let state = core.resource::<BusState>(&arn).unwrap_or_else(|| {
            let state = Arc::new(BusState { name: name.to_owned(), arn: arn.clone(), rules: Mutex::default() });
            core.add_resource(&arn, Arc::clone(&state));
            state
        });
        Bus { core: Arc::clone(core), state }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// Puts up to ten events in one call (`PutEvents`); gives what became of each.
    ///
    /// # Errors
    /// When the call as a whole is refused: then nothing is put.
    pub fn put_events(entries: Vec<PutEvent<'_>>) -> Result<Vec<Result<String, PutEventsError>>, PutEventsError> {
        let refuse = |code, message: &str| Err(PutEventsError { code, message: message.to_owned() });
        if entries.is_empty() || entries.len() > ENTRIES {
            return refuse("ValidationException", "PutEvents takes 1 to 10 entries.");
        }
        if entries.iter().map(PutEvent::size).sum::<usize>() >= ENTRY_BYTES {
            return refuse("ValidationException", "Total size of the entries in the request is over the limit.");
        }
        Ok(entries.into_iter().map(PutEvent::put).collect())
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.state.arn
    }

    /// A rule to be described.
    pub fn rule(&self, name: impl Into<String>) -> RuleBuilder {
        RuleBuilder::new(Arc::clone(&self.core), Arc::clone(&self.state), name.into())
    }

    /// All rules, in the order in which they were made.
    pub fn rules(&self) -> Vec<Rule> {
        let states = lock(&self.state.rules).clone();
        states.into_iter().map(|state| Rule::of(&self.core, &self.state, state)).collect()
    }

    /// The rule with this name, if it was made.
    pub fn find_rule(&self, name: &str) -> Option<Rule> {
        self.rules().into_iter().find(|rule| rule.name() == name)
    }

    /// Puts an event of one's own.
    ///
    /// # Panics
    /// When EventBridge refuses it; [`Bus::event`] gives the reason as a value.
    #[track_caller]
    pub fn put(&self, source: &str, detail_type: &str, detail: &Value) -> String {
        match self.event(source, detail_type, detail).put() {
            Ok(id) => id,
            Err(error) => panic!("{} refuses the event: {error}", self.name()),
        }
    }

    /// An event to be described further before it is put (one entry of `PutEvents`). `detail`: text, which has to be a
    /// JSON object, or JSON.
    pub fn event(&self, source: &str, detail_type: &str, detail: impl ToString) -> PutEvent<'_> {
        PutEvent {
            bus: self,
            source: source.to_owned(),
            detail_type: detail_type.to_owned(),
            detail: detail.to_string(),
            resources: Vec::new(),
            time: None,
        }
    }
}

/// An event to be put. Made by [`Bus::event`].
#[derive(Debug, Clone)]
#[must_use = "an event is put by `put`"]
pub struct PutEvent<'b> {
    bus: &'b Bus,
    source: String,
    detail_type: String,
    detail: String,
    resources: Vec<String>,
    time: Option<Timestamp>,
}

impl PutEvent<'_> {
    /// The ARN of a resource that the event is about.
    pub fn resource(mut self, arn: impl Into<String>) -> Self {
        self.resources.push(arn.into());
        self
    }

    /// When it happened; now if not given.
    pub fn time(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    /// The size that counts against limits, in bytes.
    ///
    /// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-event-size>.
    pub fn size(&self) -> usize {
        let time = if self.time.is_some() { 14 } else { 0 };
        let resources: usize = self.resources.iter().map(String::len).sum();
        time + self.source.len() + self.detail_type.len() + self.detail.len() + resources
    }

    /// Puts it; gives the event's id. That no rule wants it is not an error.
    ///
    /// # Errors
    /// When EventBridge refuses the entry. Other entries of the same call are not affected.
    pub fn put(self) -> Result<String, PutEventsError> {
        let detail = self.check()?;
        let (core, bus) = (&self.bus.core, &self.bus.state);
        let time = self.time.unwrap_or_else(|| core.now());
        Ok(bus.take(core, &self.source, &self.detail_type, &self.resources, time, detail))
    }

    fn check(&self) -> Result<Value, PutEventsError> {
        let refuse = |code, message: &str| Err(PutEventsError { code, message: message.to_owned() });
        let missing = |name: &str| {
            refuse("InvalidArgument", &format!("Parameter {name} is not valid. Reason: {name} is a required argument."))
        };
        if self.source.is_empty() {
            return missing("Source");
        }
        if self.detail_type.is_empty() {
            return missing("DetailType");
        }
        if self.detail.is_empty() {
            return missing("Detail");
        }
        if self.source.starts_with("aws.") {
            return refuse("NotAuthorizedForSource", "Not authorized for the source.");
        }
        if self.size() >= ENTRY_BYTES {
            return refuse("InvalidArgument", "Total size of the entries in the request is over the limit.");
        }
        match serde_json::from_str(&self.detail) {
            Ok(detail @ Value::Object(_)) => Ok(detail),
            _ => refuse("MalformedDetail", "Detail is malformed."),
        }
    }
}

impl BusState {
    /// Makes an event and sends it to the targets of all rules that it matches; gives its id.
    fn take(
        &self,
        core: &Arc<Core>,
        source: &str,
        detail_type: &str,
        resources: &[String],
        time: Timestamp,
        detail: Value,
    ) -> String {
        let id = core.draw(Ids::uuid);
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": core.account,
            "time": format!("{time:.0}"),
            "region": core.region,
            "resources": resources,
            "detail": detail,
        });
        let entry = Entry::new(What::Sent, &self.name).item(&id);
        core.record(entry.detail(format!("{source} {detail_type:?}")));
        let rules = lock(&self.rules).clone();
        let matched = rules.iter().filter(|rule| rule.take(core, &id, &event)).count();
        if matched == 0 {
            let entry = Entry::new(What::Filtered, &self.name).item(&id);
            core.record(entry.detail("no rule is for it"));
        }
        id
    }
}

/// Puts an event of a service of AWS, whose source begins with `aws.`.
pub(crate) fn put_service_event(
    core: &Arc<Core>,
    bus: &str,
    source: &str,
    detail_type: &str,
    resources: Vec<String>,
    detail: Value,
) {
    Bus::named(core, bus).state.take(core, source, detail_type, &resources, core.now(), detail);
}

/// A record of Lambda, or the output of a rule, goes to a bus as the detail of an event.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>.
impl From<&Bus> for Destination {
    fn from(bus: &Bus) -> Destination {
        Destination::new(bus.arn(), |core, arn, parcel| {
            let bus = core.resource::<BusState>(arn).ok_or("there is no such bus")?;
            let body: Value = serde_json::from_str(&parcel.body).map_err(|error| error.to_string())?;
            let (source, detail_type, detail) = target::event_of(&body);
            bus.take(core, source, detail_type, &[], core.now(), detail);
            Ok(())
        })
    }
}

impl fmt::Display for PutEventsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for PutEventsError {}
