//! `SendMessage` and `ReceiveMessage`, with what can be said about them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::SendError;
use super::message::{Draft, MessageAttribute, Received, Sent};
use super::queue::Queue;
use crate::core::{Core, Until, later};
use crate::limits;
use crate::trace::{Entry, What};

/// A message to be sent. Made by [`Queue::message`].
#[derive(Debug, Clone)]
#[must_use = "a message is sent by `send`"]
pub struct SendMessage<'q> {
    pub(super) queue: &'q Queue,
    pub(super) draft: Draft,
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
    pub(super) queue: &'q Queue,
    pub(super) max: usize,
    pub(super) visibility_timeout: Option<Duration>,
    pub(super) wait: Option<Duration>,
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
