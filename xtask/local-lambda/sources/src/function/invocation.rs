//! The one way in which everything invokes a function: concurrency, recursive loops, versions and the trace are dealt
//! with here.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use local_lambda::Ids;

use super::{FunctionState, LATEST, lineage};
use crate::agenda::Kind;
use crate::core::{Core, lock};
use crate::target::{Answer, Fate, Run};
use crate::trace::{Entry, What};

/// A function, and the version or alias by which it is invoked, for those whom the core keeps.
#[derive(Debug, Clone)]
pub(crate) struct Invocable {
    pub(crate) state: Arc<FunctionState>,
    pub(crate) qualifier: Option<String>,
}

/// One invocation that a source makes.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) event: Bytes,
    pub(crate) request_id: String,
    /// For the trace: the source's name.
    pub(crate) place: String,
    /// For the trace: what is in the event.
    pub(crate) items: Vec<String>,
    pub(crate) attempt: Option<u32>,
    /// The X-Ray trace headers of what is in the event, as far as they are known. A source that does not carry them
    /// (on AWS: all but SQS, SNS, S3 and Lambda itself) gives none.
    pub(crate) trace_headers: Vec<String>,
}

/// A [`Call`] that has ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) answer: Answer,
    /// The version that ran, or would have run.
    pub(crate) version: String,
}

impl Invocable {
    /// Invokes the function. It runs now, for real; `then` learns the answer when the virtual time of the invocation
    /// has passed (at once when it was refused).
    pub(crate) fn begin(&self, core: &Arc<Core>, call: Call, then: impl FnOnce(&Arc<Core>, Ended) + Send + 'static) {
        let (ended, takes) = self.run(core, &call);
        let state = Arc::clone(&self.state);
        let Some(takes) = takes else {
            state.record_end(core, &call, &ended);
            return then(core, ended);
        };
        core.plan_in(takes, Kind::Work, move |core| {
            state.release();
            state.record_end(core, &call, &ended);
            then(core, ended);
        });
    }

    /// Invokes the function and gives the answer, in no virtual time; its concurrency is in use for as long as the
    /// invocation takes.
    pub(super) fn answer(&self, core: &Arc<Core>, call: &Call) -> Answer {
        let (ended, takes) = self.run(core, call);
        self.state.record_end(core, call, &ended);
        match takes {
            Some(takes) if takes.is_zero() => self.state.release(),
            Some(takes) => {
                let state = Arc::clone(&self.state);
                core.plan_in(takes, Kind::Background, move |_| state.release());
            }
            None => {}
        }
        ended.answer
    }

    /// Runs the function. With the answer comes how much virtual time it takes; nothing when it was refused.
    fn run(&self, core: &Arc<Core>, call: &Call) -> (Ended, Option<Duration>) {
        let (state, qualifier) = (&self.state, self.qualifier.as_deref());
        let settings = lock(&state.settings).clone();
        let (version, target) = lock(&state.catalogue).resolve(core, qualifier);
        let refused = |fate| {
            let answer = Answer::refused(fate, &version, call);
            (Ended { answer, version: version.clone() }, None)
        };
        let new_header = || core.draw(Ids::trace_header);
        let header = lineage::continued(&call.trace_headers, &state.arn, settings.allow_recursion, new_header);
        let Some(trace_header) = header else { return refused(Fate::LoopStopped) };
        if !state.acquire(settings.reserved_concurrency) {
            return refused(Fate::Throttled);
        }
        core.count_invocation();
        // What the function does meanwhile stands below this in the trace.
        let entry = core.record(state.entry(What::Invoked, call, &version));
        let answer = target.run(&Run {
            event: &call.event,
            request_id: &call.request_id,
            trace_header: &trace_header,
            qualifier,
            arn: &self.arn(),
            version: &version,
        });
        core.amend(entry, |entry| entry.environment = answer.outcome.as_ref().and_then(|outcome| outcome.environment));
        core.keep_answer(&answer);
        (Ended { answer, version }, Some(settings.takes))
    }

    /// The ARN, with the version or alias at its end where one was named.
    pub(crate) fn arn(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.state.arn),
            None => self.state.arn.clone(),
        }
    }

    /// The name, with the version or alias behind it where one was named.
    pub(crate) fn label(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.state.name),
            None => self.state.name.clone(),
        }
    }
}

impl FunctionState {
    /// Takes one invocation's concurrency, if there is some.
    fn acquire(&self, limit: Option<usize>) -> bool {
        let mut running = lock(&self.running);
        let free = limit.is_none_or(|limit| *running < limit);
        *running += usize::from(free);
        free
    }

    fn release(&self) {
        *lock(&self.running) -= 1;
    }

    fn record_end(&self, core: &Core, call: &Call, ended: &Ended) {
        let what = match ended.answer.fate {
            Fate::Response(_) => What::Succeeded,
            Fate::Throttled => What::Throttled,
            Fate::LoopStopped => What::LoopStopped,
            Fate::Error(_) | Fate::TooLarge => What::Failed,
        };
        let detail = ended.answer.error().unwrap_or_default();
        core.record(self.entry(what, call, &ended.version).detail(detail));
    }

    fn entry(&self, what: What, call: &Call, version: &str) -> Entry {
        let function = if version == LATEST { self.name.clone() } else { format!("{}:{version}", self.name) };
        let mut entry = Entry::new(what, &call.place).items(&call.items).function(function);
        entry.attempt = call.attempt;
        entry.request_id(&call.request_id)
    }
}
