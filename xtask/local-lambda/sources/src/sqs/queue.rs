//! A queue of a world: the handle that tests and protocol fronts call, and what it does to the rest of the world.

use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::error::{BatchError, PurgeInProgress, ReceiptError, SendError};
use super::mapping::{Mapping, QueueMappingBuilder};
use super::message::{Draft, Message, MessageAttribute, Received, Sent};
use super::state::{MessageCounts, QueueSettings, RedrivePolicy, State};
use crate::agenda::Kind;
use crate::core::{Core, Until, later, lock};
use crate::function::{Destination, FunctionRef, Parcel};
use crate::limits;
use crate::table::{one_line, short};
use crate::trace::{Entry, Trace, What};
use crate::world::EventSource;

/// A queue of SQS. Made by [`World::queue`](crate::World::queue).
///
/// Cheap to clone, and usable from any thread. Its methods are SQS's operations with their rules; what is of the wire
/// (URLs, names of attributes, XML and JSON, permissions) is left to a front.
#[derive(Debug, Clone)]
pub struct Queue {
    core: Arc<Core>,
    shared: Arc<QueueShared>,
}

/// The inside of a queue.
#[derive(Debug)]
pub(crate) struct QueueShared {
    pub(crate) name: String,
    pub(crate) arn: String,
    created: Timestamp,
    state: Mutex<State>,
    pub(crate) mappings: Mutex<Vec<Weak<Mapping>>>,
}

/// What a queue is to be like. Made by [`World::queue`](crate::World::queue).
#[derive(Debug)]
#[must_use = "a queue is made by `create`"]
pub struct QueueBuilder {
    core: Arc<Core>,
    name: String,
    settings: QueueSettings,
}

impl QueueBuilder {
    pub(crate) fn new(core: Arc<Core>, name: String) -> QueueBuilder {
        QueueBuilder { core, name, settings: QueueSettings::default() }
    }

    /// How long a received message stays hidden; 30 seconds if not given.
    pub fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.settings.visibility_timeout = timeout;
        self
    }

    /// How long a sent message stays hidden at first; not at all if not given.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.settings.delay = delay;
        self
    }

    /// How long a message is kept; four days if not given.
    pub fn retention(mut self, retention: Duration) -> Self {
        self.settings.retention = retention;
        self
    }

    /// The largest message, in bytes; 1 MiB if not given.
    pub fn maximum_message_size(mut self, bytes: usize) -> Self {
        self.settings.maximum_message_size = bytes;
        self
    }

    /// Where a message goes that has been received this often without being deleted.
    pub fn redrive(mut self, dead_letter_queue: &Queue, max_receive_count: u32) -> Self {
        let dead_letter_target_arn = dead_letter_queue.arn().to_owned();
        self.settings.redrive = Some(RedrivePolicy { dead_letter_target_arn, max_receive_count });
        self
    }

    /// The deduplication id is made from the body, where a message has none; of FIFO queues only.
    pub fn content_based_deduplication(mut self) -> Self {
        self.settings.content_based_deduplication = true;
        self
    }

    /// All settings at once, as a front has them.
    pub fn settings(mut self, settings: QueueSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Makes the queue.
    ///
    /// # Panics
    /// When the world has a queue with this name, or AWS would not take its settings.
    #[track_caller]
    pub fn create(self) -> Queue {
        let QueueBuilder { core, name, settings } = self;
        if let Err(reason) = settings.check(&core, name.ends_with(".fifo")) {
            panic!("the queue {name} cannot be made: {reason}");
        }
        let arn = format!("arn:aws:sqs:{}:{}:{name}", core.region, core.account);
        let shared = Arc::new(QueueShared {
            name: name.clone(),
            arn: arn.clone(),
            created: core.now(),
            state: Mutex::new(State::new(name, settings)),
            mappings: Mutex::default(),
        });
        core.add_resource(&arn, Arc::clone(&shared));
        Queue { core, shared }
    }
}

impl QueueSettings {
    /// Says why AWS would not take these settings.
    ///
    /// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>.
    fn check(&self, core: &Core, fifo: bool) -> Result<(), String> {
        let refuse = |what: &str, value: Duration| Err(format!("a {what} of {value:?} is not allowed"));
        let (shortest, longest) = limits::RETENTION;
        match self {
            _ if self.visibility_timeout > limits::MAXIMUM_VISIBILITY_TIMEOUT => {
                return refuse("visibility timeout", self.visibility_timeout);
            }
            _ if self.delay > limits::MAXIMUM_DELAY => return refuse("delay", self.delay),
            _ if self.retention < shortest || self.retention > longest => return refuse("retention", self.retention),
            _ if self.receive_wait_time > limits::MAXIMUM_WAIT => return refuse("wait time", self.receive_wait_time),
            _ if !(1_024..=limits::MESSAGE_BYTES).contains(&self.maximum_message_size) => {
                return Err(format!("a maximum message size of {} is not allowed", self.maximum_message_size));
            }
            _ if self.content_based_deduplication && !fifo => {
                return Err("content-based deduplication is of FIFO queues only".to_owned());
            }
            _ => {}
        }
        let Some(redrive) = &self.redrive else { return Ok(()) };
        if !(1..=1_000).contains(&redrive.max_receive_count) {
            return Err(format!("a maxReceiveCount of {} is not between 1 and 1,000", redrive.max_receive_count));
        }
        let Some(target) = core.resource::<QueueShared>(&redrive.dead_letter_target_arn) else {
            return Err(format!("there is no dead-letter queue {}", redrive.dead_letter_target_arn));
        };
        match target.is_fifo() == fifo {
            true => Ok(()),
            false => {
                Err("the dead-letter queue of a FIFO queue is a FIFO queue, that of a standard queue is not".to_owned())
            }
        }
    }
}

impl EventSource for Queue {
    type Mapping = QueueMappingBuilder;

    fn mapping(&self, function: FunctionRef) -> QueueMappingBuilder {
        QueueMappingBuilder::new(Arc::clone(&self.shared), function)
    }
}

/// A record, or a dead letter, goes to a queue as a message.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>: a FIFO queue cannot be a
/// destination, which shows when something is to be delivered.
impl From<&Queue> for Destination {
    fn from(queue: &Queue) -> Destination {
        Destination::new(queue.arn(), |core, arn, parcel| {
            let queue = core.resource::<QueueShared>(arn).ok_or("there is no such queue")?;
            if queue.is_fifo() {
                return Err("a FIFO queue is not supported".to_owned());
            }
            let Parcel { body, attributes, trace_header } = parcel;
            let draft = Draft { attributes, trace_header, ..Draft::new(body) };
            queue.send(core, draft).map(|_| ()).map_err(|error| error.to_string())
        })
    }
}

/// Looking at the queue and configuring it.
impl Queue {
    pub(crate) fn find(core: &Arc<Core>, name: &str) -> Option<Queue> {
        Queue::all(core).into_iter().find(|queue| queue.name() == name)
    }

    pub(crate) fn all(core: &Arc<Core>) -> Vec<Queue> {
        let queues = core.resources::<QueueShared>();
        queues.into_iter().map(|shared| Queue { core: Arc::clone(core), shared }).collect()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.shared.arn
    }

    /// Whether it is a FIFO queue: its name ends with `.fifo`.
    pub fn is_fifo(&self) -> bool {
        self.shared.is_fifo()
    }

    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        self.shared.created
    }

    /// Its settings.
    pub fn settings(&self) -> QueueSettings {
        lock(&self.shared.state).settings.clone()
    }

    /// Changes its settings; says why, when AWS would not take them.
    pub fn set_settings(&self, settings: QueueSettings) -> Result<(), String> {
        settings.check(&self.core, self.is_fifo())?;
        lock(&self.shared.state).settings = settings;
        self.core.record(Entry::new(What::Configured, self.name()));
        let sent: Vec<Timestamp> = self.messages().iter().map(|message| message.sent_at).collect();
        sent.into_iter().for_each(|sent_at| self.shared.plan_expiry(&self.core, sent_at));
        self.shared.changed(&self.core);
        Ok(())
    }

    /// All messages, visible or not, in the order of their arrival. Nothing is received by looking.
    pub fn messages(&self) -> Vec<Message> {
        lock(&self.shared.state).messages().cloned().collect()
    }

    /// The bodies of all messages, in the order of their arrival.
    pub fn bodies(&self) -> Vec<String> {
        lock(&self.shared.state).messages().map(|message| message.body.clone()).collect()
    }

    /// How many messages there are.
    pub fn counts(&self) -> MessageCounts {
        lock(&self.shared.state).counts(self.core.now())
    }

    pub(crate) fn trace(&self) -> Trace {
        self.core.trace()
    }

    /// On request: each of the next messages is stored twice, and so will be delivered twice, as may happen with a
    /// standard queue. A FIFO queue delivers once.
    pub fn duplicate_next(&self, messages: usize) {
        lock(&self.shared.state).duplicate_next = messages;
    }

    /// On request: messages are received in an order drawn from the world's seed, as may happen with a standard queue.
    /// A FIFO queue keeps its order.
    pub fn reorder(&self, reorder: bool) {
        lock(&self.shared.state).reorder = reorder;
    }

    /// Takes the queue out of the world, with its messages. Mappings of it have nothing to poll any more.
    pub fn delete_queue(&self) {
        let gone = lock(&self.shared.state).clear();
        let gone = gone.into_iter().map(|message| message.id);
        self.core.record(Entry::new(What::Configured, self.name()).items(gone).detail("the queue is deleted"));
        self.shared.changed(&self.core);
        self.core.remove_resource(self.arn());
    }
}

/// SQS's operations on messages.
impl Queue {
    /// Sends a message.
    ///
    /// # Panics
    /// When the queue refuses it; [`Queue::message`] gives the reason as a value.
    #[track_caller]
    pub fn send(&self, body: impl Into<String>) -> Sent {
        match self.message(body).send() {
            Ok(sent) => sent,
            Err(error) => panic!("{} refuses the message: {error}", self.name()),
        }
    }

    /// A message to be described further before it is sent (`SendMessage`).
    pub fn message(&self, body: impl Into<String>) -> SendMessage<'_> {
        SendMessage { queue: self, draft: Draft::new(body.into()) }
    }

    /// Says whether SQS would take a batch call with entries of these ids, and sizes in bytes (0 where they have none,
    /// as in `DeleteMessageBatch`). Its entries are then carried out one by one; each has a result of its own.
    pub fn check_batch<'a>(entries: impl IntoIterator<Item = (&'a str, usize)>) -> Result<(), BatchError> {
        let (mut ids, mut bytes) = (Vec::new(), 0);
        for (id, size) in entries {
            if ids.contains(&id) {
                return Err(BatchError::IdsNotDistinct);
            }
            ids.push(id);
            bytes += size;
        }
        match ids.len() {
            0 => Err(BatchError::Empty),
            count if count > limits::BATCH_ENTRIES => Err(BatchError::TooManyEntries),
            _ if bytes > limits::MESSAGE_BYTES => Err(BatchError::TooLong),
            _ => Ok(()),
        }
    }

    /// Messages to be received (`ReceiveMessage`).
    pub fn receive(&self) -> ReceiveMessage<'_> {
        ReceiveMessage { queue: self, max: 1, visibility_timeout: None, wait: None }
    }

    /// Deletes a received message (`DeleteMessage`). It is a success also when the message is there no more, or was
    /// received again since and stays.
    pub fn delete(&self, receipt_handle: &str) -> Result<(), ReceiptError> {
        let deleted = lock(&self.shared.state).delete(receipt_handle, self.core.now())?;
        let (what, items) = match deleted {
            Some(message) => (What::Deleted, vec![message.id]),
            None => (What::DeleteMissed, Vec::new()),
        };
        self.core.record(Entry::new(what, self.name()).items(items));
        self.shared.changed(&self.core);
        Ok(())
    }

    /// Hides a received message for this long from now on (`ChangeMessageVisibility`); with zero it is visible at
    /// once.
    pub fn change_visibility(&self, receipt_handle: &str, timeout: Duration) -> Result<(), ReceiptError> {
        let id = lock(&self.shared.state).change_visibility(receipt_handle, timeout, self.core.now())?;
        let (what, detail) = match timeout.is_zero() {
            true => (What::Returned, "visible at once".to_owned()),
            false => (What::Configured, format!("hidden for {timeout:?} from now on")),
        };
        self.core.record(Entry::new(what, self.name()).item(id).detail(detail));
        self.shared.changed(&self.core);
        Ok(())
    }

    /// Moves the dead letters of this queue back to the queues that they came from (`StartMessageMoveTask`), all at
    /// once; gives how many. Each becomes a new message with an id of its own. What came otherwise, or is in flight,
    /// stays.
    pub fn redrive(&self) -> usize {
        let dead = lock(&self.shared.state).exhume(self.core.now());
        let count = dead.len();
        for message in dead {
            self.shared.redrive(&self.core, message);
        }
        self.shared.changed(&self.core);
        count
    }

    /// Deletes all messages (`PurgeQueue`), those in flight too.
    pub fn purge(&self) -> Result<(), PurgeInProgress> {
        self.shared.empty(&self.core).ok_or(PurgeInProgress)
    }
}

/// A message to be sent. Made by [`Queue::message`].
#[derive(Debug, Clone)]
#[must_use = "a message is sent by `send`"]
pub struct SendMessage<'q> {
    queue: &'q Queue,
    draft: Draft,
}

impl SendMessage<'_> {
    /// How long it stays hidden at first; as the queue says if not given.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.draft.delay = Some(delay);
        self
    }

    /// The message group.
    pub fn group_id(mut self, id: impl Into<String>) -> Self {
        self.draft.group_id = Some(id.into());
        self
    }

    /// The deduplication id.
    pub fn deduplication_id(mut self, id: impl Into<String>) -> Self {
        self.draft.deduplication_id = Some(id.into());
        self
    }

    /// A message attribute.
    pub fn attribute(mut self, name: impl Into<String>, value: MessageAttribute) -> Self {
        self.draft.attributes.insert(name.into(), value);
        self
    }

    /// The X-Ray trace header, which carries the lineage that recursive loops are found by: what an AWS SDK sends along
    /// (in the HTTP header `X-Amzn-Trace-Id`, or as the system attribute `AWSTraceHeader`).
    pub fn trace_header(mut self, header: impl Into<String>) -> Self {
        self.draft.trace_header = Some(header.into());
        self
    }

    /// The size that counts against limits: body and attributes, in bytes.
    pub fn size(&self) -> usize {
        self.draft.size()
    }

    /// Sends it.
    pub fn send(self) -> Result<Sent, SendError> {
        self.queue.shared.send(&self.queue.core, self.draft)
    }
}

/// Messages to be received. Made by [`Queue::receive`].
#[derive(Debug, Clone)]
#[must_use = "messages are received by `now`"]
pub struct ReceiveMessage<'q> {
    queue: &'q Queue,
    max: usize,
    visibility_timeout: Option<Duration>,
    wait: Option<Duration>,
}

impl ReceiveMessage<'_> {
    /// How many at the most; 1 if not given.
    pub fn max(mut self, messages: usize) -> Self {
        self.max = messages;
        self
    }

    /// How long they stay hidden; as the queue says if not given.
    pub fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility_timeout = Some(timeout);
        self
    }

    /// How long to wait for a message if there is none; as the queue says if not given.
    ///
    /// In a world that follows real time, the caller waits in real time. Otherwise virtual time passes, as long as it
    /// takes until there is a message, and all that is due happens; within an invocation, where time cannot be made to
    /// pass, there is no waiting.
    pub fn wait(mut self, time: Duration) -> Self {
        self.wait = Some(time);
        self
    }

    /// Receives them.
    pub fn now(self) -> Vec<Received> {
        let (core, queue) = (&self.queue.core, &self.queue.shared);
        let attempt = || {
            let received =
                queue.receive(core, self.max.min(limits::RECEIVED_AT_ONCE), self.visibility_timeout).received;
            if !received.is_empty() {
                let ids = received.iter().map(|received| received.message.id.as_str());
                core.record(Entry::new(What::Received, &queue.name).items(ids));
                queue.changed(core);
            }
            received
        };
        let wait = self.wait.unwrap_or_else(|| self.queue.settings().receive_wait_time).min(limits::MAXIMUM_WAIT);
        let received = attempt();
        match (received.is_empty(), wait.is_zero(), core.is_bound_to_real_time()) {
            (false, ..) | (_, true, _) => received,
            (true, false, true) => wait_in_real_time(core, wait, attempt),
            (true, false, false) => wait_in_virtual_time(core, wait, attempt),
        }
    }
}

/// The clock of the world follows real time at some speed; the wait ends in whichever time it is over first.
fn wait_in_real_time(core: &Arc<Core>, wait: Duration, attempt: impl Fn() -> Vec<Received>) -> Vec<Received> {
    let (virtual_end, real_end) = (later(core.now(), wait), Instant::now() + wait);
    loop {
        let seen = core.changes();
        let received = attempt();
        let left = real_end.saturating_duration_since(Instant::now());
        if !received.is_empty() || left.is_zero() || core.now() >= virtual_end {
            return received;
        }
        // A message may also become visible by time alone, which is no change.
        core.wait_for_change(seen, left.min(Duration::from_millis(10)));
    }
}

fn wait_in_virtual_time(core: &Arc<Core>, wait: Duration, attempt: impl Fn() -> Vec<Received>) -> Vec<Received> {
    let end = later(core.now(), wait);
    // Small steps, so that time does not pass beyond the moment at which there is a message.
    loop {
        let step = later(core.now(), Duration::from_millis(100)).min(end);
        if !core.try_drive(Until::Time(step)) {
            return Vec::new();
        }
        let received = attempt();
        if !received.is_empty() || core.now() >= end {
            return received;
        }
    }
}

/// What came of a receive.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) received: Vec<Received>,
    /// Whether there was anything: also what went to the dead-letter queue.
    pub(crate) any: bool,
}

impl QueueShared {
    pub(crate) fn is_fifo(&self) -> bool {
        lock(&self.state).is_fifo()
    }

    pub(crate) fn next_receivable_at(&self, now: Timestamp) -> Option<Timestamp> {
        lock(&self.state).next_receivable_at(now)
    }

    pub(crate) fn send(self: &Arc<Self>, core: &Arc<Core>, draft: Draft) -> Result<Sent, SendError> {
        let now = core.now();
        let mut detail = one_line(&draft.body, 60);
        let mut ids = core.fork();
        let (sent, visible_at) = lock(&self.state).send(draft, now, &mut ids)?;
        if sent.deduplicated {
            core.record(Entry::new(What::Deduplicated, &self.name).item(&sent.message_id).detail(detail));
            return Ok(sent);
        }
        if visible_at > now {
            detail.push_str(&format!(" (delayed until {visible_at:.3})"));
        }
        core.record(Entry::new(What::Sent, &self.name).item(&sent.message_id).detail(detail));
        self.plan_expiry(core, now);
        self.notice(core, visible_at);
        Ok(sent)
    }

    /// Receives messages; what has been received too often goes to the dead-letter queue.
    pub(crate) fn receive(self: &Arc<Self>, core: &Arc<Core>, max: usize, visibility: Option<Duration>) -> Found {
        let now = core.now();
        let mut ids = core.fork();
        let receipt = {
            let mut state = lock(&self.state);
            let visibility = visibility.unwrap_or(state.settings.visibility_timeout);
            state.receive(max, visibility, now, &mut ids)
        };
        let any = !receipt.received.is_empty() || !receipt.dead.is_empty();
        self.bury(core, receipt.dead);
        Found { received: receipt.received, any }
    }

    /// Moves messages to the dead-letter queue.
    fn bury(&self, core: &Arc<Core>, dead: Vec<Message>) {
        let redrive = lock(&self.state).settings.redrive.clone();
        let target = redrive.and_then(|redrive| core.resource::<QueueShared>(&redrive.dead_letter_target_arn));
        for message in dead {
            let entry = Entry::new(What::DeadLettered, &self.name).item(&message.id);
            let Some(target) = &target else {
                core.record(entry.detail("the dead-letter queue is there no more: the message is lost"));
                continue;
            };
            core.record(entry.detail(format!("to {} after {} receives", target.name, message.receive_count)));
            let now = core.now();
            let sent_at = message.sent_at;
            lock(&target.state).bury(message, &self.arn, now);
            target.plan_expiry(core, if target.is_fifo() { now } else { sent_at });
            target.notice(core, now);
        }
    }

    /// Moves a dead letter back to where it came from.
    fn redrive(&self, core: &Arc<Core>, message: Message) {
        let source = message.dead_letter_source_arn.as_deref().and_then(|arn| core.resource::<QueueShared>(arn));
        let entry = Entry::new(What::Redriven, &self.name).item(&message.id);
        let Some(source) = source else {
            core.record(entry.detail("the queue that it came from is there no more: the message is lost"));
            return;
        };
        let (now, mut ids) = (core.now(), core.fork());
        let id = lock(&source.state).take_back(message, now, &mut ids);
        core.record(entry.detail(format!("to {} as {}", source.name, short(&id))));
        source.plan_expiry(core, now);
        source.notice(core, now);
    }

    /// Deletes what a mapping has done, and tells it.
    pub(crate) fn delete_done(self: &Arc<Self>, core: &Arc<Core>, messages: &[Received]) {
        let (deleted, missed) = self.delete_all(core, messages);
        if !deleted.is_empty() {
            core.record(Entry::new(What::Deleted, &self.name).items(deleted));
        }
        if !missed.is_empty() {
            let entry = Entry::new(What::DeleteMissed, &self.name).items(missed);
            core.record(entry.detail("visible again before it was done"));
        }
    }

    /// Deletes what nobody is to get.
    pub(crate) fn delete_quietly(self: &Arc<Self>, core: &Arc<Core>, messages: &[Received]) {
        self.delete_all(core, messages);
    }

    fn delete_all(self: &Arc<Self>, core: &Arc<Core>, messages: &[Received]) -> (Vec<String>, Vec<String>) {
        let now = core.now();
        let (mut deleted, mut missed) = (Vec::new(), Vec::new());
        for received in messages {
            match lock(&self.state).delete(&received.receipt_handle, now) {
                Ok(Some(message)) => deleted.push(message.id),
                Ok(None) | Err(_) => missed.push(received.message.id.clone()),
            }
        }
        self.changed(core);
        (deleted, missed)
    }

    /// Takes everything out; nothing when it was done less than a minute ago.
    fn empty(self: &Arc<Self>, core: &Arc<Core>) -> Option<()> {
        let gone = lock(&self.state).purge(core.now())?;
        core.record(Entry::new(What::Purged, &self.name).items(gone.into_iter().map(|message| message.id)));
        self.changed(core);
        Some(())
    }

    fn plan_expiry(self: &Arc<Self>, core: &Core, sent_at: Timestamp) {
        let at = later(sent_at, lock(&self.state).settings.retention);
        let queue = Arc::downgrade(self);
        core.plan_at(at, Kind::Background, move |core| {
            let Some(queue) = queue.upgrade() else { return };
            let gone = lock(&queue.state).expire(core.now());
            if !gone.is_empty() {
                core.record(Entry::new(What::Expired, &queue.name).items(gone.into_iter().map(|message| message.id)));
                queue.changed(core);
            }
        });
    }

    /// Tells mappings that something can be received at this time.
    fn notice(&self, core: &Arc<Core>, at: Timestamp) {
        self.each_mapping(|mapping| mapping.notice(core, at));
    }

    /// Tells mappings that what can be received, and when, is no longer what it was.
    fn changed(&self, core: &Arc<Core>) {
        self.each_mapping(|mapping| mapping.replan(core));
    }

    fn each_mapping(&self, tell: impl Fn(&Arc<Mapping>)) {
        let mappings: Vec<Arc<Mapping>> = lock(&self.mappings).iter().filter_map(Weak::upgrade).collect();
        mappings.iter().for_each(tell);
    }
}
