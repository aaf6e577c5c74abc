//! A function in a world: its handle, and what is configured beside its code.

mod alias;
pub(crate) mod asynchronous;
mod change;
mod destination;
mod invocation;
mod lineage;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use local_lambda::{Event, Function, Ids};

pub use alias::{Alias, Version};
pub use asynchronous::{AsyncInvocation, AsyncState, Attempt, Condition, EventTooLarge};
pub use change::{ChangeInProgress, Settling};
pub use destination::Destination;
pub(crate) use destination::Parcel;
pub(crate) use invocation::{Call, Ended, Invocable};

use crate::core::{Core, lock};
use crate::limits;
use crate::target::{Answer, Target};
use crate::trace::{Entry, What};
use crate::world::World;
use alias::Catalogue;
use asynchronous::AsyncSettings;

/// The version that is edited: what an unqualified name means.
pub(crate) const LATEST: &str = "$LATEST";

/// A function of a world. Made by [`World::function`].
///
/// Cheap to clone, and usable from any thread.
#[derive(Debug, Clone)]
pub struct LambdaFunction {
    core: Arc<Core>,
    state: Arc<FunctionState>,
}

/// A function and its configuration.
#[derive(Debug)]
pub(crate) struct FunctionState {
    pub(crate) name: String,
    pub(crate) arn: String,
    catalogue: Mutex<Catalogue>,
    settings: Mutex<Settings>,
    /// What is being changed.
    change: Mutex<Option<change::Change>>,
    /// How many invocations are under way.
    running: Mutex<usize>,
    /// On request: how many of the next asynchronous events are delivered twice.
    duplicate_next: Mutex<usize>,
}

/// What is configured beside the code.
#[derive(Debug, Clone)]
struct Settings {
    /// How much virtual time an invocation takes.
    takes: Duration,
    reserved_concurrency: Option<usize>,
    allow_recursion: bool,
    asynchronous: AsyncSettings,
}

/// A function, and the version or alias by which it is invoked.
#[derive(Debug, Clone)]
pub struct FunctionRef {
    pub(crate) core: Arc<Core>,
    state: Arc<FunctionState>,
    qualifier: Option<String>,
}

/// What names a function: a [`LambdaFunction`], an [`Alias`], a [`FunctionRef`], or a [`local_lambda::Function`], which
/// is then made a function of the world with all defaults.
pub trait AsFunction {
    /// The function, in this world.
    fn as_function(&self, world: &World) -> FunctionRef;
}

impl AsFunction for &LambdaFunction {
    fn as_function(&self, _world: &World) -> FunctionRef {
        self.reference()
    }
}

impl AsFunction for &Alias {
    fn as_function(&self, _world: &World) -> FunctionRef {
        self.reference()
    }
}

impl AsFunction for &FunctionRef {
    fn as_function(&self, _world: &World) -> FunctionRef {
        (*self).clone()
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
        let settings = Settings {
            takes: Duration::ZERO,
            reserved_concurrency: target.reserved_concurrency(),
            allow_recursion: false,
            asynchronous: AsyncSettings::default(),
        };
        LambdaFunctionBuilder { core, target, settings }
    }

    /// How much virtual time an invocation takes; none if not given. The function runs for real, in real time, when
    /// the invocation begins; what it answered counts when this time has passed. It is not compared with the
    /// function's timeout, which is one of real time.
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

    /// Lambda does not stop the function when it is part of a recursive loop (`PutFunctionRecursionConfig`: `Allow`).
    pub fn allow_recursion(mut self) -> Self {
        self.settings.allow_recursion = true;
        self
    }

    /// How often an asynchronous invocation is retried when the function fails: 0 to 2; 2 if not given.
    ///
    /// # Panics
    /// When it is more than 2.
    #[track_caller]
    pub fn maximum_retry_attempts(mut self, retries: u32) -> Self {
        assert!(retries <= limits::RETRY_ATTEMPTS, "{retries} retries are more than {}", limits::RETRY_ATTEMPTS);
        self.settings.asynchronous.maximum_retry_attempts = retries;
        self
    }

    /// How old an asynchronous event may become: one minute to six hours; six hours if not given.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn maximum_event_age(mut self, age: Duration) -> Self {
        let (shortest, longest) = limits::EVENT_AGE;
        assert!((shortest..=longest).contains(&age), "an event age of {age:?} is not between 60 s and 6 h");
        self.settings.asynchronous.maximum_event_age = age;
        self
    }

    /// Where a record of each asynchronous invocation goes that succeeded.
    pub fn on_success(mut self, destination: impl Into<Destination>) -> Self {
        self.settings.asynchronous.on_success = Some(destination.into());
        self
    }

    /// Where a record of each asynchronous invocation goes that was given up.
    pub fn on_failure(mut self, destination: impl Into<Destination>) -> Self {
        self.settings.asynchronous.on_failure = Some(destination.into());
        self
    }

    /// Where the event of each asynchronous invocation goes that was given up. (What was received from a queue goes to
    /// the dead-letter queue of that queue, never to this one.)
    pub fn dead_letter_queue(mut self, queue: impl Into<Destination>) -> Self {
        self.settings.asynchronous.dead_letter_queue = Some(queue.into());
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
            catalogue: Mutex::new(Catalogue::new(target)),
            settings: Mutex::new(settings),
            change: Mutex::new(None),
            running: Mutex::new(0),
            duplicate_next: Mutex::new(0),
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

    pub(crate) fn all(core: &Arc<Core>) -> Vec<LambdaFunction> {
        let functions = core.resources::<FunctionState>().into_iter();
        functions.map(|state| LambdaFunction { core: Arc::clone(core), state }).collect()
    }

    /// Takes the function out of the world. Who holds it may still invoke it; sources do not find it any more.
    pub fn delete(&self) {
        self.core.remove_resource(&self.state.arn);
    }

    /// How many invocations may be under way at once, if that is limited.
    pub fn reserved_concurrency(&self) -> Option<usize> {
        self.state.reserved_concurrency()
    }

    /// Invokes the function and waits for the answer: a synchronous invocation (`RequestResponse`). No virtual time
    /// passes; if the function [takes](LambdaFunctionBuilder::takes) time, its concurrency is in use that long.
    pub fn invoke(&self, event: impl Into<Event>) -> Answer {
        self.reference().invoke(event)
    }

    /// Puts an event into the function's queue: an asynchronous invocation (`Event`). The function runs when time is
    /// made to pass.
    ///
    /// # Panics
    /// When the event is larger than 1 MB; [`InvokeRequest::send`] gives that as a value.
    #[track_caller]
    pub fn invoke_async(&self, event: impl Into<Event>) -> AsyncInvocation {
        match self.request(event).send() {
            Ok(invocation) => invocation,
            Err(error) => panic!("{} refuses the event: {error}", self.name()),
        }
    }

    /// An invocation to be described further.
    pub fn request(&self, event: impl Into<Event>) -> InvokeRequest {
        self.reference().request(event)
    }

    /// Changes how many invocations may be under way at once; 0 throttles every one, which is how a function is
    /// stopped in an emergency; `None` takes the limit away.
    pub fn set_reserved_concurrency(&self, invocations: Option<usize>) {
        lock(&self.state.settings).reserved_concurrency = invocations;
        let words =
            invocations.map_or_else(|| "no reserved concurrency".to_owned(), |n| format!("reserved concurrency {n}"));
        self.core.record(Entry::new(What::Configured, self.name()).detail(words));
    }

    /// On request: each of the next asynchronous events is delivered twice, as may happen on AWS.
    pub fn duplicate_next(&self, events: usize) {
        *lock(&self.state.duplicate_next) = events;
    }

    fn reference(&self) -> FunctionRef {
        FunctionRef { core: Arc::clone(&self.core), state: Arc::clone(&self.state), qualifier: None }
    }
}

impl FunctionState {
    fn async_settings(&self) -> AsyncSettings {
        lock(&self.settings).asynchronous.clone()
    }

    fn reserved_concurrency(&self) -> Option<usize> {
        lock(&self.settings).reserved_concurrency
    }

    /// How often the next asynchronous event is delivered.
    fn deliveries(&self) -> usize {
        let mut twice = lock(&self.duplicate_next);
        let deliveries = 1 + usize::from(*twice > 0);
        *twice = twice.saturating_sub(1);
        deliveries
    }
}

impl FunctionRef {
    /// The name of the function.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// The ARN, with the version or alias at its end where one was named.
    pub fn arn(&self) -> String {
        self.invocable().arn()
    }

    /// Invokes the function and waits for the answer.
    pub fn invoke(&self, event: impl Into<Event>) -> Answer {
        self.request(event).invoke()
    }

    /// An invocation to be described further.
    pub fn request(&self, event: impl Into<Event>) -> InvokeRequest {
        InvokeRequest { function: self.clone(), event: event.into().body().clone(), trace_header: None }
    }

    /// What others keep of it: without the core, which must not be kept by what the core keeps.
    pub(crate) fn invocable(&self) -> Invocable {
        Invocable { state: Arc::clone(&self.state), qualifier: self.qualifier.clone() }
    }
}

/// An invocation to be made: an `Invoke` call of the API.
#[derive(Debug, Clone)]
#[must_use = "an invocation is made by `invoke` or `send`"]
pub struct InvokeRequest {
    function: FunctionRef,
    event: Bytes,
    trace_header: Option<String>,
}

impl InvokeRequest {
    /// The X-Ray trace header of the caller, which carries the lineage that recursive loops are found by.
    pub fn trace_header(mut self, header: impl Into<String>) -> Self {
        self.trace_header = Some(header.into());
        self
    }

    /// Invokes the function and waits for the answer (`RequestResponse`).
    pub fn invoke(self) -> Answer {
        let core = &self.function.core;
        let call = Call {
            event: self.event,
            request_id: core.draw(Ids::uuid),
            place: self.function.state.name.clone(),
            items: Vec::new(),
            attempt: None,
            trace_headers: self.trace_header.into_iter().collect(),
        };
        self.function.invocable().answer(core, &call)
    }

    /// Puts the event into the function's queue (`Event`).
    pub fn send(self) -> Result<AsyncInvocation, EventTooLarge> {
        let function = self.function.invocable();
        asynchronous::accept(&self.function.core, &function, &function.state.name, self.event, self.trace_header)
    }
}

/// A record goes to a function as the payload of an asynchronous invocation.
impl From<&LambdaFunction> for Destination {
    fn from(function: &LambdaFunction) -> Destination {
        Destination::new(function.arn(), |core, arn, parcel| {
            let state = core.resource::<FunctionState>(arn).ok_or("there is no such function")?;
            let function = Invocable { state, qualifier: None };
            let accepted =
                asynchronous::accept(core, &function, &function.state.name, parcel.body.into(), parcel.trace_header);
            accepted.map(|_| ()).map_err(|error| error.to_string())
        })
    }
}
