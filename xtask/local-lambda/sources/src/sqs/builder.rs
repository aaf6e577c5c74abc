//! How a queue is configured, and what AWS would not take.

use std::sync::Arc;
use std::time::Duration;

use super::queue::Queue;
use super::shared::QueueShared;
use super::state::{QueueSettings, RedrivePolicy};
use crate::core::Core;
use crate::limits;

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
        let shared = QueueShared::create(&core, name, settings);
        Queue { core, shared }
    }
}

impl QueueSettings {
    /// Says why AWS would not take these settings.
    ///
    /// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>.
    pub(super) fn check(&self, core: &Core, fifo: bool) -> Result<(), String> {
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
