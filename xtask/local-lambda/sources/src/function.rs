//! A function in a world: what is configured beside its code, and the one way in which everything invokes it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use local_lambda::{Event, Function};

use crate::agenda::Kind;
use crate::core::{Core, lock};
use crate::target::{Answer, Fate, Run, Target};
use crate::trace::{Entry, What};
use crate::world::World;

/// The version that is edited: what an unqualified name means.
pub(crate) const LATEST: &str = "$LATEST";

/// A function of a world. Made by [`World::function`].
///
/// Cheap to clone, and usable from any thread.
#[derive(Debug, Clone)]
pub struct LambdaFunction {
    pub(crate) core: Arc<Core>,
    pub(crate) state: Arc<FunctionState>,
}

/// A function and its configuration.
#[derive(Debug)]
pub(crate) struct FunctionState {
    pub(crate) name: String,
    pub(crate) arn: String,
    /// `$LATEST` and the published versions.
    pub(crate) versions: Mutex<BTreeMap<String, Target>>,
    pub(crate) settings: Mutex<Settings>,
    running: Mutex<usize>,
}

/// What is configured beside the code.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How much virtual time an invocation takes.
    takes: Duration,
    reserved_concurrency: Option<usize>,
}

/// A function, and the version or alias by which it is invoked.
#[derive(Debug, Clone)]
pub struct FunctionRef {
    pub(crate) core: Arc<Core>,
    pub(crate) state: Arc<FunctionState>,
    pub(crate) qualifier: Option<String>,
}

/// What names a function: a [`LambdaFunction`], an alias, or a [`local_lambda::Function`], which is then made a
/// function of the world with all defaults.
pub trait AsFunction {
    /// The function, in this world.
    fn as_function(&self, world: &World) -> FunctionRef;
}

impl AsFunction for &LambdaFunction {
    fn as_function(&self, _world: &World) -> FunctionRef {
        self.reference()
    }
}

impl AsFunction for &Function {
    fn as_function(&self, world: &World) -> FunctionRef {
        let existing = world.find_function(self.name());
        existing.unwrap_or_else(|| world.function(*self).create()).reference()
    }
}

/// How a function is configured. Made by [`World::function`].
#[derive(Debug)]
#[must_use = "a function is made by `create`"]
pub struct LambdaFunctionBuilder {
    core: Arc<Core>,
    target: Target,
    settings: Settings,
}

impl LambdaFunctionBuilder {
    pub(crate) fn new(core: Arc<Core>, target: Target) -> LambdaFunctionBuilder {
        let settings = Settings { takes: Duration::ZERO, reserved_concurrency: target.reserved_concurrency() };
        LambdaFunctionBuilder { core, target, settings }
    }

    /// How much virtual time an invocation takes; none if not given. The function runs for real, in real time, when
    /// the invocation begins; what it answered counts when this time has passed.
    pub fn takes(mut self, time: Duration) -> Self {
        self.settings.takes = time;
        self
    }

    /// How many invocations may be under way at once, in virtual time; further ones are throttled. That of a
    /// [`local_lambda::Function`] if not given, else without limit.
    pub fn reserved_concurrency(mut self, invocations: usize) -> Self {
        self.settings.reserved_concurrency = Some(invocations);
        self
    }

    /// Makes the function.
    ///
    /// # Panics
    /// When the world has a function with this name.
    #[track_caller]
    pub fn create(self) -> LambdaFunction {
        let LambdaFunctionBuilder { core, target, settings } = self;
        let arn = target.arn(&core.region, &core.account);
        let state = Arc::new(FunctionState {
            name: target.name().to_owned(),
            arn: arn.clone(),
            versions: Mutex::new(BTreeMap::from([(LATEST.to_owned(), target)])),
            settings: Mutex::new(settings),
            running: Mutex::new(0),
        });
        core.add_resource(&arn, Arc::clone(&state));
        LambdaFunction { core, state }
    }
}

impl LambdaFunction {
    pub(crate) fn find(core: &Arc<Core>, name: &str) -> Option<LambdaFunction> {
        let mut functions = core.resources::<FunctionState>().into_iter();
        let state = functions.find(|function| function.name == name)?;
        Some(LambdaFunction { core: Arc::clone(core), state })
    }

    /// The function's name.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// The unqualified ARN.
    pub fn arn(&self) -> &str {
        &self.state.arn
    }

    /// Invokes the function and waits for the answer: a synchronous invocation (`RequestResponse`). No virtual time
    /// passes; if the function [takes](LambdaFunctionBuilder::takes) time, its concurrency is in use that long.
    pub fn invoke(&self, event: impl Into<Event>) -> Answer {
        self.reference().invoke(event.into().body().clone(), None)
    }

    /// Changes how many invocations may be under way at once; 0 throttles every one, which is how a function is
    /// stopped in an emergency; `None` takes the limit away.
    pub fn set_reserved_concurrency(&self, invocations: Option<usize>) {
        lock(&self.state.settings).reserved_concurrency = invocations;
        let words =
            invocations.map_or_else(|| "no reserved concurrency".to_owned(), |n| format!("reserved concurrency {n}"));
        self.core.record(Entry::new(What::Configured, self.name()).detail(words));
    }

    pub(crate) fn reference(&self) -> FunctionRef {
        FunctionRef { core: Arc::clone(&self.core), state: Arc::clone(&self.state), qualifier: None }
    }
}

impl FunctionState {
    fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    /// The version that a qualifier means, and what runs for it.
    fn resolve(&self, _core: &Core, qualifier: Option<&str>) -> (String, Target) {
        let version = qualifier.unwrap_or(LATEST);
        let target = lock(&self.versions).get(version).cloned();
        (version.to_owned(), target.expect("a version that exists"))
    }

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
    /// The X-Ray trace headers of what is in the event, as far as they are known.
    pub(crate) trace_headers: Vec<String>,
}

/// A [`Call`] that has ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) answer: Answer,
    /// The version that ran, or would have run.
    pub(crate) version: String,
}

impl FunctionRef {
    /// The name of the function.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// The ARN, with the version or alias at its end where one was named.
    pub fn arn(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.state.arn),
            None => self.state.arn.clone(),
        }
    }

    fn invoke(&self, event: Bytes, trace_header: Option<String>) -> Answer {
        let call = Call {
            event,
            request_id: self.core.draw(local_lambda::Ids::uuid),
            place: self.state.name.clone(),
            items: Vec::new(),
            attempt: None,
            trace_headers: trace_header.into_iter().collect(),
        };
        let (ended, takes) = self.state.run(&self.core, self.qualifier.as_deref(), &call);
        self.state.record_end(&self.core, &call, &ended);
        if let Some(takes) = takes {
            let state = Arc::clone(&self.state);
            self.core.plan_in(takes, Kind::Background, move |_| state.release());
        }
        ended.answer
    }

    /// What a mapping or queue keeps of it: without the core, which must not be kept by what the core keeps.
    pub(crate) fn invocable(&self) -> Invocable {
        Invocable { state: Arc::clone(&self.state), qualifier: self.qualifier.clone() }
    }
}

/// A [`FunctionRef`] for those whom the core keeps.
#[derive(Debug, Clone)]
pub(crate) struct Invocable {
    pub(crate) state: Arc<FunctionState>,
    pub(crate) qualifier: Option<String>,
}

impl Invocable {
    /// Invokes the function. It runs now, for real; `then` learns the answer when the virtual time of the invocation
    /// has passed (at once when it takes none, or was refused).
    pub(crate) fn begin(&self, core: &Arc<Core>, call: Call, then: impl FnOnce(&Arc<Core>, Ended) + Send + 'static) {
        let (ended, takes) = self.state.run(core, self.qualifier.as_deref(), &call);
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
}

impl FunctionState {
    /// Runs the function. With the answer comes how much virtual time it takes; nothing when it was refused.
    fn run(&self, core: &Arc<Core>, qualifier: Option<&str>, call: &Call) -> (Ended, Option<Duration>) {
        let settings = self.settings();
        let (version, target) = self.resolve(core, qualifier);
        let ended = |answer: Answer| Ended { answer, version: version.clone() };
        core.count_invocation();
        if !self.acquire(settings.reserved_concurrency) {
            return (ended(Answer::refused(Fate::Throttled, &call.request_id)), None);
        }
        let trace_header = match call.trace_headers.first() {
            Some(header) => header.clone(),
            None => core.draw(local_lambda::Ids::trace_header),
        };
        let arn = qualifier.map_or_else(|| self.arn.clone(), |qualifier| format!("{}:{qualifier}", self.arn));
        // What the function does meanwhile stands below this in the trace.
        let entry = core.record(self.entry(What::Invoked, call, &version));
        let answer = target.run(&Run {
            event: &call.event,
            request_id: &call.request_id,
            trace_header: &trace_header,
            qualifier,
            arn: &arn,
            version: &version,
        });
        core.amend(entry, |entry| entry.environment = answer.outcome.as_ref().and_then(|outcome| outcome.environment));
        (ended(answer), Some(settings.takes))
    }

    fn record_end(&self, core: &Arc<Core>, call: &Call, ended: &Ended) {
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
