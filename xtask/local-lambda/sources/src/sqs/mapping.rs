//! The event source mapping of a queue: Lambda's pollers, which receive batches, invoke the function, and delete what
//! succeeded.

use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use jiff::Timestamp;
use local_lambda::limits::SYNC_EVENT_BYTES;
use serde_json::Value;

use super::envelope;
use super::message::Received;
use super::shared::QueueShared;
use crate::agenda::{Kind, TaskId};
use crate::batch_response::{self, Verdict};
use crate::core::{Core, later, lock};
use crate::filter_criteria::{FilterCriteria, RecordSource};
use crate::function::{Call, Ended, FunctionRef, Invocable};
use crate::limits;
use crate::target::Fate;
use crate::trace::{Entry, What};

/// What is to be said about a mapping of a queue. Made by [`World::map`](crate::World::map).
#[must_use = "a mapping is made by `create`"]
pub struct QueueMappingBuilder {
    queue: Arc<QueueShared>,
    function: FunctionRef,
    settings: Settings,
    filters: Vec<String>,
}

#[derive(Clone)]
struct Settings {
    batch_size: usize,
    batching_window: Duration,
    report_batch_item_failures: bool,
    maximum_concurrency: Option<usize>,
    criteria: Arc<FilterCriteria>,
    enabled: bool,
}

impl QueueMappingBuilder {
    pub(crate) fn new(queue: Arc<QueueShared>, function: FunctionRef) -> QueueMappingBuilder {
        let settings = Settings {
            batch_size: limits::DEFAULT_BATCH_SIZE,
            batching_window: Duration::ZERO,
            report_batch_item_failures: false,
            maximum_concurrency: None,
            criteria: Arc::default(),
            enabled: true,
        };
        QueueMappingBuilder { queue, function, settings, filters: Vec::new() }
    }

    /// How many messages the function gets at once, at the most; 10 if not given.
    pub fn batch_size(mut self, messages: usize) -> Self {
        self.settings.batch_size = messages;
        self
    }

    /// How long messages are gathered before the function is invoked with fewer than the batch size, or less than
    /// 6 MB; not at all if not given. They are received meanwhile and their visibility timeout counts: where it is
    /// shorter than the window, a message is received again and may be twice in one batch.
    pub fn batching_window(mut self, window: Duration) -> Self {
        self.settings.batching_window = window;
        self
    }

    /// The function's answer says which messages failed; only they come back.
    pub fn report_batch_item_failures(mut self) -> Self {
        self.settings.report_batch_item_failures = true;
        self
    }

    /// How many invocations the mapping makes at once, at the most: 2 to 1,000.
    pub fn maximum_concurrency(mut self, invocations: usize) -> Self {
        self.settings.maximum_concurrency = Some(invocations);
        self
    }

    /// A pattern of filter criteria, as text or as JSON: `{ "body": { "kind": ["photo"] } }`. One of up to five has to
    /// match; other messages are deleted from the queue.
    pub fn filter(mut self, pattern: impl ToString) -> Self {
        self.filters.push(pattern.to_string());
        self
    }

    /// Makes the mapping.
    ///
    /// # Panics
    /// When AWS would not take its settings.
    #[track_caller]
    pub fn create(self) -> QueueMapping {
        let QueueMappingBuilder { queue, function, mut settings, filters } = self;
        settings.assert_valid(queue.is_fifo());
        match FilterCriteria::parse(RecordSource::Sqs, filters) {
            Ok(criteria) => settings.criteria = Arc::new(criteria),
            Err(error) => panic!("the mapping cannot be made: {error}"),
        }
        let core = Arc::clone(&function.core);
        let mapping = Arc::new(Mapping {
            queue: Arc::clone(&queue),
            function: function.invocable(),
            settings: Mutex::new(settings),
            state: Mutex::new(State::default()),
        });
        let (uuid, _) = core.add_mapping(&mapping);
        lock(&queue.mappings).push(Arc::downgrade(&mapping));
        mapping.replan(&core);
        QueueMapping { core, mapping, uuid }
    }
}

impl Settings {
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html> and
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>.
    #[track_caller]
    fn assert_valid(&self, fifo: bool) {
        let largest = if fifo { limits::FIFO_BATCH_SIZE } else { limits::STANDARD_BATCH_SIZE };
        let size = self.batch_size;
        assert!((1..=largest).contains(&size), "a batch size of {size} is not between 1 and {largest}");
        let window = self.batching_window;
        assert!(!fifo || window.is_zero(), "a mapping of a FIFO queue has no batching window");
        assert!(window <= limits::MAXIMUM_BATCHING_WINDOW, "a batching window of {window:?} is longer than 300 s");
        assert!(
            size <= limits::FIFO_BATCH_SIZE || window >= Duration::from_secs(1),
            "a batch size of more than 10 needs a batching window of at least one second"
        );
        if let Some(concurrency) = self.maximum_concurrency {
            let allowed = limits::MAXIMUM_CONCURRENCY;
            assert!(
                allowed.contains(&concurrency),
                "a maximum concurrency of {concurrency} is not between 2 and 1,000"
            );
        }
    }
}

impl fmt::Debug for QueueMappingBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueMappingBuilder").field("queue", &self.queue.name).finish_non_exhaustive()
    }
}

/// An event source mapping from a queue to a function. It goes on when this handle is dropped.
#[derive(Debug, Clone)]
pub struct QueueMapping {
    core: Arc<Core>,
    mapping: Arc<Mapping>,
    uuid: String,
}

impl QueueMapping {
    /// Its id.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// Stops polling, or begins again. What is under way goes on.
    pub fn set_enabled(&self, enabled: bool) {
        lock(&self.mapping.settings).enabled = enabled;
        let words = if enabled { "the mapping is enabled" } else { "the mapping is disabled" };
        self.core.record(Entry::new(What::Configured, &self.mapping.queue.name).detail(words));
        self.mapping.replan(&self.core);
    }
}

/// The inside of a mapping.
pub(crate) struct Mapping {
    queue: Arc<QueueShared>,
    function: Invocable,
    settings: Mutex<Settings>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The next poll that is planned.
    poll: Option<TaskId>,
    /// How many batches are with the function.
    under_way: usize,
    /// Received, and waiting for a full batch or the end of the window.
    gathered: Vec<Gathered>,
    gathering_since: Option<Timestamp>,
    /// Since when there has been work without a pause: pollers are added by the minute.
    busy_since: Option<Timestamp>,
}

#[derive(Debug)]
struct Gathered {
    received: Received,
    record: Value,
    bytes: usize,
}

/// A batch that is with the function.
#[derive(Debug)]
struct Batch {
    messages: Vec<Received>,
    call: Call,
    /// When its messages can be received by others.
    hidden_until: Timestamp,
    /// How often it was throttled.
    throttled: u32,
}

impl Mapping {
    /// Something can be received at this time.
    pub(crate) fn notice(self: &Arc<Self>, core: &Arc<Core>, at: Timestamp) {
        let settings = lock(&self.settings).clone();
        let mut state = lock(&self.state);
        if !settings.enabled || state.under_way >= state.capacity(&settings, core.now()) {
            return;
        }
        if state.poll.is_none_or(|poll| poll.at > at) {
            self.plan(core, &mut state, at);
        }
    }

    /// Plans the next poll anew.
    pub(crate) fn replan(self: &Arc<Self>, core: &Arc<Core>) {
        let now = core.now();
        let settings = lock(&self.settings).clone();
        let receivable_at = self.queue.next_receivable_at(now);
        let mut state = lock(&self.state);
        if let Some(poll) = state.poll.take() {
            core.cancel(poll);
        }
        if !settings.enabled {
            return;
        }
        if state.under_way >= state.capacity(&settings, now) {
            // The end of an invocation plans anew; so do more pollers, where more are added.
            if settings.maximum_concurrency.is_none() && receivable_at.is_some() {
                self.plan(core, &mut state, later(now, SCALING_STEP));
            }
            return;
        }
        let window_ends = state.gathering_since.map(|since| later(since, settings.batching_window));
        match receivable_at.into_iter().chain(window_ends).min() {
            Some(at) => self.plan(core, &mut state, at),
            None if state.under_way == 0 => state.busy_since = None,
            None => {}
        }
    }

    fn plan(self: &Arc<Self>, core: &Core, state: &mut State, at: Timestamp) {
        if let Some(poll) = state.poll.take() {
            core.cancel(poll);
        }
        let mapping = Arc::downgrade(self);
        state.poll = Some(core.plan_at(at, Kind::Work, move |core| {
            if let Some(mapping) = Weak::upgrade(&mapping) {
                lock(&mapping.state).poll = None;
                mapping.poll(core);
            }
        }));
    }

    /// Receives and invokes for as long as there are messages and pollers.
    fn poll(self: &Arc<Self>, core: &Arc<Core>) {
        let settings = lock(&self.settings).clone();
        while settings.enabled && self.has_capacity(&settings, core.now()) {
            let found = self.gather(core, &settings);
            match self.take_batch(core, &settings) {
                Some(batch) => self.invoke(core, batch),
                None if !found => break,
                None => {}
            }
        }
        self.replan(core);
    }

    fn has_capacity(&self, settings: &Settings, now: Timestamp) -> bool {
        let mut state = lock(&self.state);
        state.busy_since.get_or_insert(now);
        state.under_way < state.capacity(settings, now)
    }

    /// Receives messages until a batch is full; says whether there were any.
    fn gather(&self, core: &Arc<Core>, settings: &Settings) -> bool {
        let room = settings.batch_size.saturating_sub(lock(&self.state).gathered.len());
        let found = self.queue.receive(core, room, None);
        let (mut kept, mut filtered) = (Vec::new(), Vec::new());
        for received in found.received {
            let record = envelope::record(&received, &self.queue.arn, &core.region);
            match settings.criteria.matches(&record) {
                true => kept.push(Gathered { bytes: record.to_string().len() + 1, received, record }),
                false => filtered.push(received),
            }
        }
        if !filtered.is_empty() {
            core.record(Entry::new(What::Filtered, &self.queue.name).items(ids(&filtered)).detail("deleted"));
            self.queue.delete_quietly(core, &filtered);
        }
        let mut state = lock(&self.state);
        if !kept.is_empty() {
            state.gathering_since.get_or_insert(core.now());
        }
        state.gathered.extend(kept);
        found.any
    }

    /// A batch, if it is full or has waited long enough.
    fn take_batch(&self, core: &Core, settings: &Settings) -> Option<Batch> {
        let now = core.now();
        let mut state = lock(&self.state);
        let waited = later(state.gathering_since?, settings.batching_window) <= now;
        let mut bytes = envelope::event(Vec::new()).to_string().len();
        let fitting = state.gathered.iter().take_while(|message| {
            bytes += message.bytes;
            bytes <= SYNC_EVENT_BYTES
        });
        // One message alone always goes.
        let count = fitting.count().max(1);
        let full = count >= settings.batch_size || count < state.gathered.len();
        if !full && !waited {
            return None;
        }
        let rest = state.gathered.split_off(count);
        let batch = std::mem::replace(&mut state.gathered, rest);
        state.gathering_since = (!state.gathered.is_empty()).then_some(now);
        state.under_way += 1;
        let (messages, records): (Vec<Received>, Vec<Value>) =
            batch.into_iter().map(|gathered| (gathered.received, gathered.record)).unzip();
        let call = Call {
            event: envelope::event(records).to_string().into(),
            request_id: core.draw(local_lambda::Ids::uuid),
            place: self.queue.name.clone(),
            items: ids(&messages),
            attempt: messages.iter().map(|received| received.message.receive_count).max(),
            trace_headers: messages.iter().filter_map(|received| received.message.trace_header.clone()).collect(),
        };
        let hidden_until = messages.iter().map(|received| received.message.visible_at).min().unwrap_or(now);
        Some(Batch { messages, call, hidden_until, throttled: 0 })
    }

    fn invoke(self: &Arc<Self>, core: &Arc<Core>, batch: Batch) {
        let mapping = Arc::clone(self);
        self.function.begin(core, batch.call.clone(), move |core, ended| mapping.ended(core, batch, ended));
    }

    fn ended(self: &Arc<Self>, core: &Arc<Core>, batch: Batch, ended: Ended) {
        let settings = lock(&self.settings).clone();
        match ended.answer.fate {
            Fate::Throttled => return self.retry_throttled(core, batch),
            Fate::Response(answer) if settings.report_batch_item_failures => self.settle(core, &batch, &answer),
            Fate::Response(_) => self.queue.delete_done(core, &batch.messages),
            Fate::Error(_) | Fate::TooLarge | Fate::LoopStopped => self.come_back(core, &batch.messages),
        }
        lock(&self.state).under_way -= 1;
        self.replan(core);
    }

    /// Deletes what succeeded, as the function's answer says.
    fn settle(&self, core: &Arc<Core>, batch: &Batch, answer: &[u8]) {
        match batch_response::read(answer, &batch.call.items) {
            Verdict::Success => self.queue.delete_done(core, &batch.messages),
            Verdict::AllFailed(reason) => {
                let entry = Entry::new(What::Failed, &self.queue.name).items(&batch.call.items);
                core.record(entry.detail(format!("the whole batch: {reason}")));
                self.come_back(core, &batch.messages);
            }
            Verdict::Failures(failed) => {
                let (failed, done): (Vec<Received>, Vec<Received>) =
                    batch.messages.iter().cloned().partition(|received| failed.contains(&received.message.id));
                core.record(Entry::new(What::PartlyFailed, &self.queue.name).items(ids(&failed)));
                self.queue.delete_done(core, &done);
                self.come_back(core, &failed);
            }
        }
    }

    /// Tells when these messages will be visible again: Lambda leaves them to their visibility timeout.
    fn come_back(&self, core: &Core, messages: &[Received]) {
        let Some(at) = messages.iter().map(|received| received.message.visible_at).min() else { return };
        let entry = Entry::new(What::RetryPlanned, &self.queue.name).items(ids(messages));
        core.record(entry.detail(format!("visible again at {at:.3}")));
    }

    /// A throttled batch is kept and tried again until its messages become visible to others.
    ///
    /// Source: "Backoff strategy for failed invocations" on
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>. The distances are not
    /// documented: one second, doubled each time, up to a minute. Lambda also takes pollers away; here their number
    /// stays.
    fn retry_throttled(self: &Arc<Self>, core: &Arc<Core>, mut batch: Batch) {
        let wait = Duration::from_secs(1 << batch.throttled.min(6)).min(Duration::from_secs(60));
        batch.throttled += 1;
        let mapping = Arc::clone(self);
        if later(core.now(), wait) < batch.hidden_until {
            core.plan_in(wait, Kind::Work, move |core| mapping.invoke(core, batch));
            return;
        }
        let entry = Entry::new(What::Dropped, &self.queue.name).items(&batch.call.items);
        core.record(entry.detail("throttled for as long as the messages were hidden; they come back"));
        lock(&self.state).under_way -= 1;
        self.replan(core);
    }
}

/// How often pollers are added.
const SCALING_STEP: Duration = Duration::from_secs(60);

impl State {
    /// How many batches may be with the function at once: five at first, 300 more each minute, up to 1,250; or what
    /// the mapping says.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>.
    fn capacity(&self, settings: &Settings, now: Timestamp) -> usize {
        if let Some(concurrency) = settings.maximum_concurrency {
            return concurrency;
        }
        let busy = self.busy_since.map_or(0, |since| now.duration_since(since).as_secs().max(0) as u64);
        let added = 300 * (busy / SCALING_STEP.as_secs()) as usize;
        (limits::FIRST_POLLERS + added).min(limits::POLLERS)
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping").field("queue", &self.queue.name).finish_non_exhaustive()
    }
}

fn ids(messages: &[Received]) -> Vec<String> {
    messages.iter().map(|received| received.message.id.clone()).collect()
}
