//! A world: one seed, one virtual clock, and everything that lives on it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::core::{Core, Until, later};
use crate::function::{AsFunction, FunctionRef, LambdaFunction, LambdaFunctionBuilder};
use crate::real_time::RealTime;
use crate::sqs::{Queue, QueueBuilder};
use crate::target::{Answer, Target};
use crate::trace::Trace;

/// One account in one Region, with a clock of its own that stands still until the test makes time pass.
///
/// Cheap to clone; the clones are one world. What was made in it (queues, functions) may be used from any thread.
/// Nothing is delivered any more once the last clone is dropped, and its functions end.
///
/// ```
/// use local_lambda_sources::World;
/// use std::time::Duration;
///
/// let world = World::builder().seed(7).at("2026-01-15T12:00:00Z").build();
/// world.advance(Duration::from_secs(90));
/// assert_eq!(world.now().to_string(), "2026-01-15T12:01:30Z");
/// ```
#[derive(Debug, Clone)]
pub struct World {
    pub(crate) core: Arc<Core>,
    _owner: Arc<Owner>,
}

/// Handles of queues and functions may be captured by a closure that the world itself owns. So not the last handle
/// ends a world but the last [`World`].
#[derive(Debug)]
struct Owner(Arc<Core>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.dismantle();
    }
}

impl World {
    /// A world with seed 0 that begins at 2026-01-15T12:00:00Z.
    #[expect(clippy::new_without_default, reason = "a world is made on purpose, with its defaults documented here")]
    pub fn new() -> World {
        World::builder().build()
    }

    /// A world to be described first.
    pub fn builder() -> WorldBuilder {
        WorldBuilder {
            seed: 0,
            at: "2026-01-15T12:00:00Z".to_owned(),
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            invocation_limit: 10_000,
        }
    }

    /// The virtual time.
    pub fn now(&self) -> Timestamp {
        self.core.now()
    }

    /// Makes time pass, and everything happen that is due in it.
    ///
    /// # Panics
    /// When a function of this world calls it.
    #[track_caller]
    pub fn advance(&self, time: Duration) {
        self.core.drive(Until::Time(later(self.now(), time)));
    }

    /// Makes time pass until this time; does nothing but what is due now when it has passed already.
    ///
    /// # Panics
    /// When a function of this world calls it.
    #[track_caller]
    pub fn advance_to(&self, time: Timestamp) {
        self.core.drive(Until::Time(time.max(self.now())));
    }

    /// Makes as much time pass as it takes until nothing is left to do: no message that a mapping waits for, no retry,
    /// no invocation under way. Ticks of schedules and the end of retention are not waited for.
    ///
    /// # Panics
    /// When it does not come to an end within [`WorldBuilder::invocation_limit`] invocations, and when a function of
    /// this world calls it.
    #[track_caller]
    pub fn run_until_idle(&self) {
        self.core.drive(Until::Idle);
    }

    /// Binds the clock to real time until the guard is dropped: what is due happens by itself, on a thread of its own.
    /// `speed` is how many virtual seconds pass in a real one.
    ///
    /// For a front with a network protocol, whose callers wait in real time. A world bound to real time is not
    /// deterministic.
    ///
    /// # Panics
    /// When `speed` is not a positive number, or the world is bound already.
    #[must_use = "the clock follows real time until the guard is dropped"]
    pub fn follow_real_time(&self, speed: f64) -> RealTime {
        RealTime::start(&self.core, speed)
    }

    /// What happened until now.
    pub fn trace(&self) -> Trace {
        self.core.trace()
    }

    /// What functions answered until now, in the order in which they ran. For real functions each has its
    /// [`local_lambda::Outcome`] with log and transcript.
    pub fn answers(&self) -> Vec<Answer> {
        self.core.answers()
    }

    /// A queue to be described; its name decides its kind: `jobs` is a standard queue, `jobs.fifo` a FIFO queue.
    pub fn queue(&self, name: impl Into<String>) -> QueueBuilder {
        QueueBuilder::new(Arc::clone(&self.core), name.into())
    }

    /// The queue with this name, if it was made.
    pub fn find_queue(&self, name: &str) -> Option<Queue> {
        Queue::find(&self.core, name)
    }

    /// All queues, in the order in which they were made.
    pub fn queues(&self) -> Vec<Queue> {
        Queue::all(&self.core)
    }

    /// A function to be described: a [`local_lambda::Function`], or a closure (see [`Target::closure`]).
    pub fn function(&self, target: impl Into<Target>) -> LambdaFunctionBuilder {
        LambdaFunctionBuilder::new(Arc::clone(&self.core), target.into())
    }

    /// The function with this name, if it was made.
    pub fn find_function(&self, name: &str) -> Option<LambdaFunction> {
        LambdaFunction::find(&self.core, name)
    }

    /// All functions, in the order in which they were made.
    pub fn functions(&self) -> Vec<LambdaFunction> {
        LambdaFunction::all(&self.core)
    }

    /// An event source mapping to be described: Lambda polls the source and invokes the function.
    pub fn map<S: EventSource>(&self, source: &S, function: impl AsFunction) -> S::Mapping {
        source.mapping(function.as_function(self))
    }
}

/// Something that an event source mapping can poll.
pub trait EventSource {
    /// What is to be said about such a mapping.
    type Mapping;

    /// Begins a mapping to a function.
    fn mapping(&self, function: FunctionRef) -> Self::Mapping;
}

/// What a world is to be like. Made by [`World::builder`].
#[derive(Debug, Clone)]
#[must_use = "a world is made by `build`"]
pub struct WorldBuilder {
    seed: u64,
    at: String,
    region: String,
    account: String,
    invocation_limit: u64,
}

impl WorldBuilder {
    /// The seed of all ids and draws; 0 if not given.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// When the world begins, as in RFC 3339: `2026-01-15T12:00:00Z`.
    pub fn at(mut self, time: impl Into<String>) -> Self {
        self.at = time.into();
        self
    }

    /// The Region; `us-east-1` if not given.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// The account; `123456789012` if not given.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// After how many invocations [`World::run_until_idle`] gives up; 10,000 if not given.
    pub fn invocation_limit(mut self, invocations: u64) -> Self {
        self.invocation_limit = invocations;
        self
    }

    /// Makes the world.
    ///
    /// # Panics
    /// When the time is not one of RFC 3339.
    #[track_caller]
    pub fn build(self) -> World {
        let at: Timestamp = match self.at.parse() {
            Ok(at) => at,
            Err(error) => panic!("{:?} is not a time such as 2026-01-15T12:00:00Z: {error}", self.at),
        };
        let core = Arc::new(Core::new(self.seed, at, self.region, self.account, self.invocation_limit));
        World { _owner: Arc::new(Owner(Arc::clone(&core))), core }
    }
}
