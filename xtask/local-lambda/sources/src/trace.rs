//! The trace of a world: what was sent, delivered, failed, retried, dropped, when, and by which environment.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::table;

/// One thing that happened in a world.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// When, in virtual time.
    pub at: Timestamp,
    /// What happened.
    pub what: What,
    /// Where: the name of the queue, topic, stream, or function.
    pub place: String,
    /// What it happened to: message ids, sequence numbers, request ids of asynchronous events.
    pub items: Vec<String>,
    /// The function that was, or would have been, invoked, with its version where that is not `$LATEST`.
    pub function: Option<String>,
    /// The request id of the invocation.
    pub request_id: Option<String>,
    /// The environment that served the invocation, counted from 0; none for a closure, and when nothing ran.
    pub environment: Option<usize>,
    /// Which attempt it is, counted from 1, where attempts are counted.
    pub attempt: Option<u32>,
    /// More in words: an error, a destination, when it comes back.
    pub detail: String,
}

/// What an [`Entry`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum What {
    /// Something was put into a queue, topic, bus, stream or bucket.
    Sent,
    /// A FIFO queue accepted a message and dropped it, since its deduplication id was there in the last five minutes.
    Deduplicated,
    /// A message was received by a consumer that is not a mapping.
    Received,
    /// A function was invoked.
    Invoked,
    /// The function answered, and the answer was a success.
    Succeeded,
    /// The function answered that some items of the batch failed.
    PartlyFailed,
    /// The invocation failed, or the answer counts as a failure of everything.
    Failed,
    /// The invocation was refused for want of concurrency.
    Throttled,
    /// It will be tried again at a later time.
    RetryPlanned,
    /// A message became visible again by request, before its time.
    Returned,
    /// The consumer deleted it: it is done.
    Deleted,
    /// The consumer wanted to delete it, but its receipt was no longer the latest.
    DeleteMissed,
    /// It went to a dead-letter queue.
    DeadLettered,
    /// It went from a dead-letter queue back to where it came from, as a new message.
    Redriven,
    /// A record went to a destination.
    SentToDestination,
    /// A filter did not match: it is gone (queues), or passed over (streams, topics, buses).
    Filtered,
    /// It was delivered to a target that is not a function.
    Delivered,
    /// It was not delivered, and nobody will get it.
    Dropped,
    /// It was kept as long as its retention says, and is gone.
    Expired,
    /// The queue was purged.
    Purged,
    /// A recursive loop was found and stopped.
    LoopStopped,
    /// A configuration was changed.
    Configured,
}

impl What {
    /// The name in JSON, `snake_case`.
    pub fn name(self) -> &'static str {
        match self {
            What::Sent => "sent",
            What::Deduplicated => "deduplicated",
            What::Received => "received",
            What::Invoked => "invoked",
            What::Succeeded => "succeeded",
            What::PartlyFailed => "partly_failed",
            What::Failed => "failed",
            What::Throttled => "throttled",
            What::RetryPlanned => "retry_planned",
            What::Returned => "returned",
            What::Deleted => "deleted",
            What::DeleteMissed => "delete_missed",
            What::DeadLettered => "dead_lettered",
            What::Redriven => "redriven",
            What::SentToDestination => "sent_to_destination",
            What::Filtered => "filtered",
            What::Delivered => "delivered",
            What::Dropped => "dropped",
            What::Expired => "expired",
            What::Purged => "purged",
            What::LoopStopped => "loop_stopped",
            What::Configured => "configured",
        }
    }
}

impl Entry {
    /// An entry to be recorded; its time is that of the record.
    pub(crate) fn new(what: What, place: impl Into<String>) -> Entry {
        Entry {
            at: Timestamp::UNIX_EPOCH,
            what,
            place: place.into(),
            items: Vec::new(),
            function: None,
            request_id: None,
            environment: None,
            attempt: None,
            detail: String::new(),
        }
    }

    pub(crate) fn items(self, items: impl IntoIterator<Item = impl Into<String>>) -> Entry {
        Entry { items: items.into_iter().map(Into::into).collect(), ..self }
    }

    pub(crate) fn item(self, item: impl Into<String>) -> Entry {
        self.items([item])
    }

    pub(crate) fn function(self, function: impl Into<String>) -> Entry {
        Entry { function: Some(function.into()), ..self }
    }

    pub(crate) fn request_id(self, id: impl Into<String>) -> Entry {
        Entry { request_id: Some(id.into()), ..self }
    }

    pub(crate) fn detail(self, detail: impl Into<String>) -> Entry {
        Entry { detail: detail.into(), ..self }
    }

    /// The entry as one JSON object: `at`, `what`, `place`, `items`, `detail`, and `function`, `request_id`,
    /// `environment`, `attempt` where they are known.
    pub fn to_json(&self) -> Value {
        let mut object = Map::from_iter([
            ("at".to_owned(), json!(format!("{:.3}", self.at))),
            ("what".to_owned(), json!(self.what.name())),
            ("place".to_owned(), json!(self.place)),
            ("items".to_owned(), json!(self.items)),
        ]);
        let known = [
            ("function", self.function.as_ref().map(|value| json!(value))),
            ("request_id", self.request_id.as_ref().map(|value| json!(value))),
            ("environment", self.environment.map(|value| json!(value))),
            ("attempt", self.attempt.map(|value| json!(value))),
            ("detail", (!self.detail.is_empty()).then(|| json!(self.detail))),
        ];
        object.extend(known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        Value::Object(object)
    }
}

/// What happened in a world until now, in order.
///
/// `Display` prints it as a table for people, [`Trace::to_json_lines`] as lines for programs.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    started: Timestamp,
    entries: Vec<Entry>,
    left_out: usize,
}

impl Trace {
    pub(crate) fn new(started: Timestamp, entries: Vec<Entry>) -> Trace {
        Trace { started, entries, left_out: 0 }
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// When the world began.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// How much virtual time had passed in the world when this happened.
    pub fn since_start(&self, entry: &Entry) -> Duration {
        entry.at.duration_since(self.started).try_into().unwrap_or_default()
    }

    /// The entries of one kind.
    pub fn of(&self, what: What) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.what == what)
    }

    /// How many entries of one kind there are.
    pub fn count(&self, what: What) -> usize {
        self.of(what).count()
    }

    /// The trace of one item: a message id, sequence number or request id.
    pub fn about(&self, item: &str) -> Trace {
        self.only(|entry| entry.items.iter().any(|id| id == item) || entry.request_id.as_deref() == Some(item))
    }

    /// The trace of what happened in one place: a queue, a topic, a stream, a function.
    pub fn at_place(&self, place: &str) -> Trace {
        self.only(|entry| entry.place == place)
    }

    /// The entries for which a condition holds.
    pub fn only(&self, holds: impl Fn(&Entry) -> bool) -> Trace {
        let entries = self.entries.iter().filter(|entry| holds(entry)).cloned().collect();
        Trace { entries, ..*self }
    }

    /// The last entries.
    pub(crate) fn tail(&self, count: usize) -> Trace {
        let left_out = self.entries.len().saturating_sub(count);
        Trace { entries: self.entries[left_out..].to_vec(), left_out, ..*self }
    }

    /// One JSON object a line, each with `"version": 1` and `n`, its number counted from 1. The same seed and the same
    /// calls give the same bytes, as long as the functions answer the same.
    pub fn to_json_lines(&self) -> String {
        let mut text = String::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let mut object = entry.to_json();
            object["version"] = json!(1);
            object["n"] = json!(self.left_out + index + 1);
            text.push_str(&object.to_string());
            text.push('\n');
        }
        text
    }
}

/// A table: one line for each entry, times as distance from the world's start, ids by their first eight characters.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the world began at {:.3}", self.started)?;
        if self.left_out > 0 {
            writeln!(f, "… {} earlier entries", self.left_out)?;
        }
        let mut rows = vec![["after", "what", "where", "which", "function", ""].map(str::to_owned)];
        rows.extend(self.entries.iter().map(|entry| table::row(entry, self.since_start(entry))));
        f.write_str(&table::lay_out(&rows))
    }
}
