//! The inside of a queue: its state, and what happens to the rest of the world when it changes.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use jiff::Timestamp;

use super::error::SendError;
use super::mapping::Mapping;
use super::message::{Draft, Message, Received, Sent};
use super::state::{QueueSettings, State};
use crate::agenda::Kind;
use crate::core::{Core, later, lock};
use crate::table::{one_line, short};
use crate::trace::{Entry, What};

/// The inside of a queue.
#[derive(Debug)]
pub(crate) struct QueueShared {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(super) created: Timestamp,
    pub(super) state: Mutex<State>,
    pub(crate) mappings: Mutex<Vec<Weak<Mapping>>>,
}

/// What came of a receive.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) received: Vec<Received>,
    /// Whether there was anything: also what went to the dead-letter queue.
    pub(crate) any: bool,
}

impl QueueShared {
    /// Makes a queue, and makes it known to the world.
    pub(super) fn create(core: &Arc<Core>, name: String, settings: QueueSettings) -> Arc<QueueShared> {
        let arn = format!("arn:aws:sqs:{}:{}:{name}", core.region, core.account);
        let shared = Arc::new(QueueShared {
            name: name.clone(),
            arn: arn.clone(),
            created: core.now(),
            state: Mutex::new(State::new(name, settings)),
            mappings: Mutex::default(),
        });
        core.add_resource(&arn, Arc::clone(&shared));
        shared
    }

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
    pub(super) fn redrive(&self, core: &Arc<Core>, message: Message) {
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
    pub(super) fn empty(self: &Arc<Self>, core: &Arc<Core>) -> Option<()> {
        let gone = lock(&self.state).purge(core.now())?;
        core.record(Entry::new(What::Purged, &self.name).items(gone.into_iter().map(|message| message.id)));
        self.changed(core);
        Some(())
    }

    pub(super) fn plan_expiry(self: &Arc<Self>, core: &Core, sent_at: Timestamp) {
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
    pub(super) fn changed(&self, core: &Arc<Core>) {
        self.each_mapping(|mapping| mapping.replan(core));
    }

    fn each_mapping(&self, tell: impl Fn(&Arc<Mapping>)) {
        let mappings: Vec<Arc<Mapping>> = lock(&self.mappings).iter().filter_map(Weak::upgrade).collect();
        mappings.iter().for_each(tell);
    }
}
