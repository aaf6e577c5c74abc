//! What all handles of one world share: the clock, the agenda, the draws, the trace, the resources; and who drives.
//!
//! Rules for a source: its state is behind a lock of its own, held for as long as it takes to read or change it, never
//! while another source is called, a function runs or a task is planned for it by somebody else. The lock of the core
//! is the innermost. A task gets the core as an argument and keeps none, or the world would never be dropped.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use jiff::Timestamp;
use local_lambda::Ids;

use crate::agenda::{Agenda, Kind, TaskId};
use crate::target::Answer;
use crate::trace::{Entry, Trace};

/// The shared inside of a world.
pub(crate) struct Core {
    pub(crate) region: String,
    pub(crate) account: String,
    started: Timestamp,
    invocation_limit: u64,
    state: Mutex<State>,
    /// Rings when something was planned or changed, for those who wait in real time.
    changed: Condvar,
    /// Held by whoever makes time pass.
    driving: Mutex<()>,
    driver: Mutex<Option<ThreadId>>,
}

struct State {
    now: Timestamp,
    agenda: Agenda,
    ids: Ids,
    trace: Vec<Entry>,
    resources: Vec<(String, Arc<dyn Any + Send + Sync>)>,
    answers: Vec<Answer>,
    /// Since `run_until_idle` was last called.
    invocations: u64,
    bound_to_real_time: bool,
    /// Counts what was planned and recorded.
    changes: u64,
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// To this time.
    Time(Timestamp),
    /// Until there is no work.
    Idle,
}

impl Core {
    pub(crate) fn new(seed: u64, at: Timestamp, region: String, account: String, invocation_limit: u64) -> Core {
        let state = State {
            now: at,
            agenda: Agenda::default(),
            ids: Ids::new(seed),
            trace: Vec::new(),
            resources: Vec::new(),
            answers: Vec::new(),
            invocations: 0,
            bound_to_real_time: false,
            changes: 0,
        };
        Core {
            region,
            account,
            started: at,
            invocation_limit,
            state: Mutex::new(state),
            changed: Condvar::new(),
            driving: Mutex::new(()),
            driver: Mutex::new(None),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.state().now
    }

    /// Plans a task for a time; a time that has passed is now.
    pub(crate) fn plan_at(&self, at: Timestamp, kind: Kind, task: impl FnOnce(&Arc<Core>) + Send + 'static) -> TaskId {
        let mut state = self.state();
        let at = at.max(state.now);
        let id = state.agenda.plan(at, kind, Box::new(task));
        state.changes += 1;
        self.changed.notify_all();
        id
    }

    /// Plans a task for as soon as this much time has passed.
    pub(crate) fn plan_in(
        &self,
        after: Duration,
        kind: Kind,
        task: impl FnOnce(&Arc<Core>) + Send + 'static,
    ) -> TaskId {
        self.plan_at(later(self.now(), after), kind, task)
    }

    pub(crate) fn cancel(&self, task: TaskId) {
        let task = self.state().agenda.cancel(task);
        drop(task);
    }

    /// Draws from the world's seed.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut Ids) -> T) -> T {
        draw(&mut self.state().ids)
    }

    /// A sequence of draws of its own, for whoever holds another lock meanwhile.
    pub(crate) fn fork(&self) -> Ids {
        Ids::new(self.draw(Ids::draw))
    }

    /// Writes into the trace, with the time of now; gives the place in it, for `amend`.
    pub(crate) fn record(&self, mut entry: Entry) -> usize {
        let mut state = self.state();
        entry.at = state.now;
        state.trace.push(entry);
        state.changes += 1;
        self.changed.notify_all();
        state.trace.len() - 1
    }

    /// Adds to an entry what was not known when it was written.
    pub(crate) fn amend(&self, entry: usize, change: impl FnOnce(&mut Entry)) {
        change(&mut self.state().trace[entry]);
    }

    /// Keeps what a function answered, for the test to look at.
    pub(crate) fn keep_answer(&self, answer: &Answer) {
        self.state().answers.push(answer.clone());
    }

    pub(crate) fn answers(&self) -> Vec<Answer> {
        self.state().answers.clone()
    }

    pub(crate) fn trace(&self) -> Trace {
        Trace::new(self.started, self.state().trace.clone())
    }

    /// Adds a resource under its ARN.
    ///
    /// # Panics
    /// When there is one already.
    pub(crate) fn add_resource<T: Any + Send + Sync>(&self, arn: &str, resource: Arc<T>) {
        assert!(self.resource::<T>(arn).is_none(), "there is already a resource with the ARN {arn}");
        self.state().resources.push((arn.to_owned(), resource));
    }

    /// Adds an event source mapping; gives its id and its ARN.
    pub(crate) fn add_mapping<T: Any + Send + Sync>(&self, mapping: &Arc<T>) -> (String, String) {
        let uuid = self.draw(Ids::uuid);
        let arn = format!("arn:aws:lambda:{}:{}:event-source-mapping:{uuid}", self.region, self.account);
        self.add_resource(&arn, Arc::clone(mapping));
        (uuid, arn)
    }

    /// The resource with this ARN, if it is one of this kind.
    pub(crate) fn resource<T: Any + Send + Sync>(&self, arn: &str) -> Option<Arc<T>> {
        let state = self.state();
        let (_, resource) = state.resources.iter().find(|(name, resource)| name == arn && resource.is::<T>())?;
        Arc::clone(resource).downcast().ok()
    }

    /// All resources of this kind, in the order in which they were made.
    pub(crate) fn resources<T: Any + Send + Sync>(&self) -> Vec<Arc<T>> {
        let state = self.state();
        state.resources.iter().filter_map(|(_, resource)| Arc::clone(resource).downcast().ok()).collect()
    }

    pub(crate) fn remove_resource(&self, arn: &str) {
        self.state().resources.retain(|(name, _)| name != arn);
    }

    /// Counts an invocation against the limit of `run_until_idle`.
    pub(crate) fn count_invocation(&self) {
        self.state().invocations += 1;
    }

    /// Makes time pass.
    ///
    /// # Panics
    /// When a function of this world calls it, and when `Until::Idle` does not come to an end.
    #[track_caller]
    pub(crate) fn drive(self: &Arc<Self>, until: Until) {
        let me = thread::current().id();
        assert!(*lock(&self.driver) != Some(me), "a function cannot make the time pass of the world that runs it");
        let _driving = Driving::begin(self, lock(&self.driving));
        self.state().invocations = 0;
        self.go_on(until);
    }

    /// As `drive`, unless time is being made to pass by somebody else; says whether it was done.
    pub(crate) fn try_drive(self: &Arc<Self>, until: Until) -> bool {
        if *lock(&self.driver) == Some(thread::current().id()) {
            return false;
        }
        let guard = match self.driving.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        let _driving = Driving::begin(self, guard);
        self.go_on(until);
        true
    }

    /// Runs what is due, and puts the clock where it was to go.
    #[track_caller]
    fn go_on(self: &Arc<Self>, until: Until) {
        self.run_tasks(until);
        if let Until::Time(time) = until {
            let mut state = self.state();
            state.now = state.now.max(time);
        }
    }

    #[track_caller]
    fn run_tasks(self: &Arc<Self>, until: Until) {
        let limit = match until {
            Until::Time(time) => Some(time),
            Until::Idle => None,
        };
        loop {
            let task = {
                let mut state = self.state();
                if until == Until::Idle && !state.agenda.has_work() {
                    return;
                }
                let Some((at, task)) = state.agenda.take(limit) else { return };
                state.now = state.now.max(at);
                task
            };
            task(self);
            let invocations = self.state().invocations;
            assert!(
                until != Until::Idle || invocations <= self.invocation_limit,
                "the world does not become idle: {invocations} invocations, and there is more to do; is something \
                 retried or sent for ever? (`WorldBuilder::invocation_limit` raises the limit)\n{}",
                self.trace().tail(20)
            );
        }
    }

    /// When the next task is due.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.state().agenda.next_at()
    }

    /// How many changes there have been, for `wait_for_change`.
    pub(crate) fn changes(&self) -> u64 {
        self.state().changes
    }

    /// Waits in real time until there have been more changes than these, or this much time has passed.
    pub(crate) fn wait_for_change(&self, seen: u64, at_most: Duration) {
        let unchanged = |state: &mut State| state.changes == seen;
        drop(self.changed.wait_timeout_while(self.state(), at_most, unchanged));
    }

    /// Wakes those who wait for a change.
    pub(crate) fn ring(&self) {
        self.state().changes += 1;
        self.changed.notify_all();
    }

    pub(crate) fn set_bound_to_real_time(&self, bound: bool) {
        self.state().bound_to_real_time = bound;
    }

    pub(crate) fn is_bound_to_real_time(&self) -> bool {
        self.state().bound_to_real_time
    }

    /// Drops what is still to happen and all resources, and with them the functions.
    pub(crate) fn dismantle(&self) {
        let (agenda, resources) = {
            let mut state = self.state();
            (std::mem::take(&mut state.agenda), std::mem::take(&mut state.resources))
        };
        drop((agenda, resources));
    }
}

/// Held while time is made to pass.
struct Driving<'a> {
    core: &'a Core,
    _guard: MutexGuard<'a, ()>,
}

impl<'a> Driving<'a> {
    fn begin(core: &'a Core, guard: MutexGuard<'a, ()>) -> Driving<'a> {
        *lock(&core.driver) = Some(thread::current().id());
        Driving { core, _guard: guard }
    }
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        *lock(&self.core.driver) = None;
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// The value of a lock, also after a panic of somebody who held it: a failed expectation must not hide behind a
/// second panic.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time after this much time; the end of all time when it would lie beyond.
pub(crate) fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}
