//! Asynchronous invocation: Lambda's own queue of events in front of a function, with its retries, and what becomes of
//! an event in the end.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html> and
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>. Different on purpose: here the
//! queue delivers once, unless a test asks for more ([`LambdaFunction::duplicate_next`]).
//!
//! [`LambdaFunction::duplicate_next`]: crate::LambdaFunction::duplicate_next

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use local_lambda::limits::ASYNC_EVENT_BYTES;
use serde_json::{Value, json};

use super::destination::{Destination, Parcel, dead_letter_attributes};
use super::invocation::{Call, Ended, Invocable};
use crate::agenda::Kind;
use crate::core::{Core, later, lock};
use crate::limits;
use crate::target::{Answer, Fate};
use crate::trace::{Entry, Trace, What};

/// How asynchronous invocations of a function are dealt with.
#[derive(Debug, Clone)]
pub(crate) struct AsyncSettings {
    pub(crate) maximum_retry_attempts: u32,
    pub(crate) maximum_event_age: Duration,
    pub(crate) on_success: Option<Destination>,
    pub(crate) on_failure: Option<Destination>,
    pub(crate) dead_letter_queue: Option<Destination>,
}

impl Default for AsyncSettings {
    fn default() -> AsyncSettings {
        AsyncSettings {
            maximum_retry_attempts: limits::RETRY_ATTEMPTS,
            maximum_event_age: limits::EVENT_AGE.1,
            on_success: None,
            on_failure: None,
            dead_letter_queue: None,
        }
    }
}

/// An asynchronous invocation that was accepted: what the caller of Lambda never gets to see, and a test does.
#[derive(Debug, Clone)]
pub struct AsyncInvocation {
    core: Arc<Core>,
    event: Arc<Event>,
}

impl AsyncInvocation {
    /// The request id, the same for all attempts.
    pub fn request_id(&self) -> &str {
        &self.event.request_id
    }

    /// What has become of it until now.
    pub fn state(&self) -> AsyncState {
        lock(&self.event.progress).state
    }

    /// The attempts until now, those that were throttled too.
    pub fn attempts(&self) -> Vec<Attempt> {
        lock(&self.event.progress).attempts.clone()
    }

    pub(crate) fn trace(&self) -> Trace {
        self.core.trace()
    }
}

/// One attempt to process an event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Attempt {
    /// When it ended.
    pub at: Timestamp,
    /// What came of it.
    pub answer: Answer,
}

/// What has become of an asynchronous invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AsyncState {
    /// It waits for its next attempt, or is under way.
    Queued,
    /// The function answered.
    Succeeded,
    /// It was given up, for this reason.
    Failed(Condition),
}

/// Why an event was given up: `requestContext.condition` of the invocation record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// The function failed in all attempts.
    RetriesExhausted,
    /// The event grew older than the function's maximum event age.
    EventAgeExceeded,
    /// The function has a reserved concurrency of zero: it is given up without an attempt.
    ZeroReservedConcurrency,
    /// It was stopped as part of a recursive loop. The word in the record is not documented.
    RecursiveInvocation,
}

impl Condition {
    /// The word in the invocation record.
    pub fn word(self) -> &'static str {
        match self {
            Condition::RetriesExhausted => "RetriesExhausted",
            Condition::EventAgeExceeded => "EventAgeExceeded",
            Condition::ZeroReservedConcurrency => "ZeroReservedConcurrency",
            Condition::RecursiveInvocation => "RecursiveInvocation",
        }
    }
}

/// The event is larger than Lambda takes for an asynchronous invocation: 413.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTooLarge {
    /// Its size.
    pub bytes: usize,
    /// What Lambda takes.
    pub limit: usize,
}

impl std::fmt::Display for EventTooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the event has {} bytes, {} are allowed for an asynchronous invocation", self.bytes, self.limit)
    }
}

impl std::error::Error for EventTooLarge {}

/// An event in the queue.
#[derive(Debug)]
struct Event {
    function: Invocable,
    /// Where it came from, for the trace.
    place: String,
    body: Bytes,
    request_id: String,
    accepted_at: Timestamp,
    trace_header: Option<String>,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    state: AsyncState,
    attempts: Vec<Attempt>,
    /// How often the function ran.
    runs: u32,
    /// How often it was throttled since it last ran.
    throttled: u32,
    version: String,
}

/// Takes an event into the queue of asynchronous invocations. `place`: where it came from, for the trace.
pub(crate) fn accept(
    core: &Arc<Core>,
    function: &Invocable,
    place: &str,
    body: Bytes,
    trace_header: Option<String>,
) -> Result<AsyncInvocation, EventTooLarge> {
    if body.len() > ASYNC_EVENT_BYTES {
        return Err(EventTooLarge { bytes: body.len(), limit: ASYNC_EVENT_BYTES });
    }
    let event = Arc::new(Event {
        function: function.clone(),
        place: place.to_owned(),
        body,
        request_id: core.draw(local_lambda::Ids::uuid),
        accepted_at: core.now(),
        trace_header,
        progress: Mutex::new(Progress {
            state: AsyncState::Queued,
            attempts: Vec::new(),
            runs: 0,
            throttled: 0,
            version: super::LATEST.to_owned(),
        }),
    });
    core.record(event.entry(What::Sent).function(function.label()));
    for _ in 0..function.state.deliveries() {
        let event = Arc::clone(&event);
        core.plan_at(core.now(), Kind::Work, move |core| event.attempt(core));
    }
    Ok(AsyncInvocation { core: Arc::clone(core), event })
}

impl Event {
    fn attempt(self: Arc<Self>, core: &Arc<Core>) {
        if self.function.state.reserved_concurrency() == Some(0) {
            return self.give_up(core, Condition::ZeroReservedConcurrency);
        }
        let call = Call {
            event: self.body.clone(),
            request_id: self.request_id.clone(),
            place: self.place.clone(),
            items: vec![self.request_id.clone()],
            attempt: Some(lock(&self.progress).runs + 1),
            trace_headers: self.trace_header.iter().cloned().collect(),
        };
        let event = Arc::clone(&self);
        self.function.begin(core, call, move |core, ended| event.ended(core, ended));
    }

    fn ended(self: Arc<Self>, core: &Arc<Core>, ended: Ended) {
        let fate = ended.answer.fate.clone();
        let (runs, throttled) = {
            let mut progress = lock(&self.progress);
            progress.version = ended.version;
            progress.attempts.push(Attempt { at: core.now(), answer: ended.answer });
            match fate {
                Fate::Throttled => progress.throttled += 1,
                Fate::Response(_) | Fate::Error(_) | Fate::TooLarge => {
                    progress.runs += 1;
                    progress.throttled = 0;
                }
                Fate::LoopStopped => {}
            }
            (progress.runs, progress.throttled)
        };
        let settings = self.function.state.async_settings();
        match fate {
            Fate::Response(_) => self.succeed(core, &settings),
            Fate::LoopStopped => self.give_up(core, Condition::RecursiveInvocation),
            Fate::Throttled => self.retry(core, &settings, throttle_wait(throttled)),
            Fate::Error(_) | Fate::TooLarge if runs > settings.maximum_retry_attempts => {
                self.give_up(core, Condition::RetriesExhausted);
            }
            Fate::Error(_) | Fate::TooLarge => self.retry(core, &settings, limits::RETRY_WAITS[runs as usize - 1]),
        }
    }

    /// Plans the next attempt, or the end of the event's age, whichever is first.
    fn retry(self: Arc<Self>, core: &Arc<Core>, settings: &AsyncSettings, wait: Duration) {
        let (at, ends_at) = (later(core.now(), wait), later(self.accepted_at, settings.maximum_event_age));
        if at >= ends_at {
            core.plan_at(ends_at, Kind::Work, move |core| self.give_up(core, Condition::EventAgeExceeded));
            return;
        }
        core.record(self.entry(What::RetryPlanned).detail(format!("at {at:.3}")));
        core.plan_at(at, Kind::Work, move |core| self.attempt(core));
    }

    fn succeed(&self, core: &Arc<Core>, settings: &AsyncSettings) {
        lock(&self.progress).state = AsyncState::Succeeded;
        if let Some(destination) = &settings.on_success {
            self.send_record(core, destination, "Success");
        }
    }

    fn give_up(&self, core: &Arc<Core>, condition: Condition) {
        lock(&self.progress).state = AsyncState::Failed(condition);
        core.record(self.entry(What::Dropped).detail(condition.word()));
        let settings = self.function.state.async_settings();
        if let Some(destination) = &settings.on_failure {
            self.send_record(core, destination, condition.word());
        }
        if let Some(queue) = &settings.dead_letter_queue {
            let (status, message) = self.error(condition);
            let parcel = Parcel {
                body: String::from_utf8_lossy(&self.body).into_owned(),
                attributes: dead_letter_attributes(&self.request_id, status, &message),
                trace_header: self.last_trace_header(),
            };
            let delivered = queue.deliver(core, parcel);
            self.record_delivery(core, What::DeadLettered, queue, delivered);
        }
    }

    /// Status code and message of what went wrong last.
    fn error(&self, condition: Condition) -> (u16, String) {
        let progress = lock(&self.progress);
        let Some(last) = progress.attempts.last() else {
            return (429, format!("the function was not invoked: {}", condition.word()));
        };
        let status = match last.answer.fate {
            Fate::Throttled => 429,
            Fate::LoopStopped => 400,
            _ => 200,
        };
        let message = match &last.answer.fate {
            Fate::Error(bytes) => serde_json::from_slice::<Value>(bytes)
                .ok()
                .and_then(|error| error["errorMessage"].as_str().map(str::to_owned)),
            _ => None,
        };
        (status, message.or_else(|| last.answer.error()).unwrap_or_default())
    }

    /// The invocation record.
    ///
    /// Source: "Example invocation record" on
    /// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>. Where the function did not
    /// run there is no `responseContext` to tell of; it and the payload are null.
    fn record_json(&self, core: &Core, condition: &str) -> Value {
        let progress = lock(&self.progress);
        let json = |bytes: &Bytes| -> Value {
            serde_json::from_slice(bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(bytes)))
        };
        let (response_context, response_payload) = match progress.attempts.last().map(|last| &last.answer.fate) {
            Some(Fate::Response(bytes)) => {
                (json!({ "statusCode": 200, "executedVersion": progress.version }), json(bytes))
            }
            Some(Fate::Error(bytes)) => {
                let context =
                    json!({ "statusCode": 200, "executedVersion": progress.version, "functionError": "Unhandled" });
                (context, json(bytes))
            }
            _ => (Value::Null, Value::Null),
        };
        let arn = &self.function.state.arn;
        let qualifier = self.function.qualifier.as_deref().unwrap_or(super::LATEST);
        json!({
            "version": "1.0",
            "timestamp": format!("{:.3}", core.now()),
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": format!("{arn}:{qualifier}"),
                "condition": condition,
                "approximateInvokeCount": progress.runs,
            },
            "requestPayload": json(&self.body),
            "responseContext": response_context,
            "responsePayload": response_payload,
        })
    }

    fn send_record(&self, core: &Arc<Core>, destination: &Destination, condition: &str) {
        let body = self.record_json(core, condition).to_string();
        let parcel = Parcel { body, attributes: Default::default(), trace_header: self.last_trace_header() };
        let delivered = destination.deliver(core, parcel);
        self.record_delivery(core, What::SentToDestination, destination, delivered);
    }

    /// Lambda carries the lineage on to destinations, so that a loop through one is found.
    fn last_trace_header(&self) -> Option<String> {
        let progress = lock(&self.progress);
        progress.attempts.iter().rev().find_map(|attempt| attempt.answer.trace_header.clone())
    }

    fn record_delivery(&self, core: &Core, what: What, to: &Destination, delivered: Result<(), String>) {
        core.record(match delivered {
            Ok(()) => self.entry(what).detail(format!("to {}", to.name())),
            Err(reason) => self.entry(What::Dropped).detail(format!("not delivered to {}: {reason}", to.name())),
        });
    }

    fn entry(&self, what: What) -> Entry {
        Entry::new(what, &self.place).item(&self.request_id)
    }
}

/// How long to wait after this many throttles in a row: one second, doubled each time, up to five minutes.
fn throttle_wait(throttled: u32) -> Duration {
    let doubled = Duration::from_secs(1 << throttled.saturating_sub(1).min(9));
    doubled.min(limits::LONGEST_THROTTLE_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_under_throttles_double_up_to_five_minutes() {
        let seconds: Vec<u64> = (1..=11).map(|throttled| throttle_wait(throttled).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }
}
