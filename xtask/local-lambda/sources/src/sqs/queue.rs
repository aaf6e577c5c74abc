//! A queue of a world: the handle that tests and protocol fronts call.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::calls::{ReceiveMessage, SendMessage};
use super::error::{BatchError, PurgeInProgress, ReceiptError};
use super::mapping::QueueMappingBuilder;
use super::message::{Draft, Message, Sent};
use super::shared::QueueShared;
use super::state::{MessageCounts, QueueSettings};
use crate::core::{Core, lock};
use crate::function::{Destination, FunctionRef, Parcel};
use crate::limits;
use crate::trace::{Entry, Trace, What};
use crate::world::EventSource;

/// A queue of SQS. Made by [`World::queue`](crate::World::queue).
///
/// Cheap to clone, and usable from any thread. Its methods are SQS's operations with their rules; what is of the wire
/// (URLs, names of attributes, XML and JSON, permissions) is left to a front.
#[derive(Debug, Clone)]
pub struct Queue {
    pub(super) core: Arc<Core>,
    pub(super) shared: Arc<QueueShared>,
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
