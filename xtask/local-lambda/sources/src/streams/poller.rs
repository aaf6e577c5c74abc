//! The poller of one shard for one mapping: it takes batches in order, and goes on only when a batch is done or given
//! up.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local_lambda::Ids;
use local_lambda::limits::SYNC_EVENT_BYTES;
use serde_json::{Value, json};

use super::StreamState;
use super::batch::{Batch, Failed, LastAnswer, first_failure};
use super::failure_record::{Condition, FailureRecord};
use super::mapping::{MappingState, Settings};
use crate::agenda::Kind;
use crate::core::{Core, later, lock};
use crate::function::{Call, Ended, Parcel};
use crate::sqs::MessageAttributes;
use crate::target::Fate;
use crate::trace::{Entry, What};

/// Where the poller of a shard is.
#[derive(Debug)]
pub(super) struct Poller {
    /// The offset of the first record that no batch has had yet.
    next: u64,
    /// Batches to be tried (again), the next one last.
    todo: Vec<Batch>,
    /// Whether a batch is with the function, or waits to be tried again.
    busy: bool,
    /// When the first record of the batch was found that is being gathered.
    gathering_since: Option<Timestamp>,
    /// The end of the batching window, once a look at it is planned.
    looks_at: Option<Timestamp>,
    /// How many batches that succeed are to be delivered once more.
    pub(super) repeat_next: usize,
    /// The offset up to which everything is done.
    checkpoint: u64,
}

impl Poller {
    pub(super) fn new(next: u64) -> Poller {
        Poller {
            next,
            todo: Vec::new(),
            busy: false,
            gathering_since: None,
            looks_at: None,
            repeat_next: 0,
            checkpoint: next,
        }
    }

    /// The offset of the first record that is not done.
    pub(super) fn checkpoint(&self) -> u64 {
        self.checkpoint
    }
}

/// What a look at a shard came to.
enum Found {
    Nothing,
    /// There is something, but the batching window is open until then.
    Until(Timestamp),
    Batch(Batch),
}

impl MappingState {
    /// Looks at a shard, unless its poller is busy: takes the next batch and invokes the function.
    pub(super) fn wake(self: &Arc<Self>, core: &Arc<Core>, stream: &Arc<StreamState>, shard: usize) {
        let settings = lock(&self.settings).clone();
        if !settings.enabled {
            return;
        }
        loop {
            let found = {
                let mut poller = lock(&self.pollers[shard]);
                if poller.busy {
                    return;
                }
                let found = match poller.todo.pop() {
                    Some(batch) => Found::Batch(batch),
                    None => self.gather(core, stream, shard, &settings, &mut poller),
                };
                poller.busy = matches!(found, Found::Batch(_));
                found
            };
            let batch = match found {
                Found::Nothing => return,
                Found::Until(at) => return stream.plan_wake(core, self, shard, at),
                Found::Batch(batch) => batch,
            };
            match self.drop_old(core, stream, shard, &settings, batch) {
                Some(batch) => return self.invoke(core, stream, shard, batch),
                None => self.settled(shard, None),
            }
        }
    }

    /// Takes the next records, up to a batch, and passes over what the filters leave out.
    fn gather(
        &self,
        core: &Arc<Core>,
        stream: &StreamState,
        shard: usize,
        settings: &Settings,
        poller: &mut Poller,
    ) -> Found {
        let (mut taken, mut passed, mut bytes, mut next) = (Vec::new(), Vec::new(), 0, poller.next);
        let mut full = false;
        for record in lock(&stream.shards)[shard].from(poller.next) {
            if !self.criteria.matches(&record.event_record) {
                passed.push(record.sequence_number.clone());
                next = record.offset + 1;
                continue;
            }
            bytes += record.bytes + 1;
            if taken.len() == settings.batch_size || (bytes > SYNC_EVENT_BYTES - 64 && !taken.is_empty()) {
                full = true;
                break;
            }
            taken.push(Arc::clone(record));
            next = record.offset + 1;
        }
        if !taken.is_empty() {
            let since = *poller.gathering_since.get_or_insert(core.now());
            let ends = later(since, settings.batching_window);
            full |= taken.len() == settings.batch_size;
            if !full && core.now() < ends {
                let planned = poller.looks_at.replace(ends) == Some(ends);
                return if planned { Found::Nothing } else { Found::Until(ends) };
            }
        }
        (poller.gathering_since, poller.looks_at) = (None, None);
        poller.next = next;
        if !passed.is_empty() {
            core.record(Entry::new(What::Filtered, &stream.name).items(passed).detail("passed over"));
        }
        if taken.is_empty() {
            poller.checkpoint = next;
            return Found::Nothing;
        }
        Found::Batch(Batch::new(taken))
    }

    /// Gives up the records that have become too old; gives what is left.
    fn drop_old(
        &self,
        core: &Arc<Core>,
        stream: &StreamState,
        shard: usize,
        settings: &Settings,
        batch: Batch,
    ) -> Option<Batch> {
        let longest = settings.maximum_record_age.unwrap_or(stream.retention).min(stream.retention);
        let now = core.now();
        let young = batch.records.iter().position(|record| later(record.at, longest) > now);
        let (old, young) = batch.records.split_at(young.unwrap_or(batch.records.len()));
        if !old.is_empty() {
            self.give_up(core, stream, shard, settings, &batch.with(old.to_vec()), Condition::RecordAgeExceeded);
        }
        (!young.is_empty()).then(|| batch.with(young.to_vec()))
    }

    fn give_up(
        &self,
        core: &Arc<Core>,
        stream: &StreamState,
        shard: usize,
        settings: &Settings,
        batch: &Batch,
        condition: Condition,
    ) {
        let entry = Entry::new(What::Dropped, &stream.name).items(batch.numbers());
        core.record(entry.detail(condition.name()));
        let Some(destination) = &settings.on_failure else { return };
        let record = FailureRecord {
            request_id: core.draw(Ids::uuid),
            function_arn: self.function.arn(),
            condition,
            invocations: batch.invocations,
            last: batch.last.as_ref(),
            shard,
        };
        let body = record.to_json(core, stream, &batch.records).to_string();
        let parcel = Parcel { body, attributes: MessageAttributes::new(), trace_header: None };
        let entry = |what| Entry::new(what, &stream.name).items(batch.numbers());
        core.record(match destination.deliver(core, parcel) {
            Ok(()) => entry(What::SentToDestination).detail(format!("to {}", destination.name())),
            Err(reason) => entry(What::Dropped).detail(format!("not delivered to {}: {reason}", destination.name())),
        });
    }

    fn invoke(self: &Arc<Self>, core: &Arc<Core>, stream: &Arc<StreamState>, shard: usize, batch: Batch) {
        if let Some(last) = batch.records.last() {
            let age = core.now().duration_since(last.at);
            lock(&self.iterator_ages).push(age.try_into().unwrap_or_default());
        }
        let records: Vec<&Value> = batch.records.iter().map(|record| &record.event_record).collect();
        let call = Call {
            event: json!({ "Records": records }).to_string().into(),
            request_id: core.draw(Ids::uuid),
            place: stream.name.clone(),
            items: batch.numbers(),
            attempt: Some(batch.invocations + 1),
            trace_headers: Vec::new(),
        };
        let (mapping, stream) = (Arc::clone(self), Arc::clone(stream));
        self.function.begin(core, call, move |core, ended| mapping.ended(core, &stream, shard, batch, ended));
    }

    fn ended(
        self: &Arc<Self>,
        core: &Arc<Core>,
        stream: &Arc<StreamState>,
        shard: usize,
        mut batch: Batch,
        ended: Ended,
    ) {
        let settings = lock(&self.settings).clone();
        if ended.answer.fate == Fate::Throttled {
            batch.throttled += 1;
            let wait = backoff(batch.throttled);
            return self.try_again(core, stream, shard, vec![batch], wait);
        }
        batch.throttled = 0;
        batch.invocations += 1;
        let failed_at = match &ended.answer.fate {
            Fate::Response(answer) if settings.report_batch_item_failures => {
                first_failure(core, stream, &batch, answer)
            }
            Fate::Response(_) => None,
            _ => Some(Failed::Batch),
        };
        batch.last = Some(LastAnswer {
            request_id: ended.answer.request_id.clone(),
            version: ended.version,
            function_error: !ended.answer.is_success(),
        });
        match failed_at {
            None => {
                let again = {
                    let mut poller = lock(&self.pollers[shard]);
                    let again = poller.repeat_next > 0;
                    poller.repeat_next -= usize::from(again);
                    again.then(|| batch.with(batch.records.clone()))
                };
                if again.is_some() {
                    let entry = Entry::new(What::RetryPlanned, &stream.name).items(batch.numbers());
                    core.record(entry.detail("delivered once more, on request"));
                }
                self.settled(shard, again);
                stream.plan_wake(core, self, shard, core.now());
            }
            // The records before the first failed one are done.
            Some(Failed::From(index)) => {
                let rest = batch.with(batch.records[index..].to_vec());
                self.fail(core, stream, shard, &settings, rest, false);
            }
            Some(Failed::Batch) => {
                let by_error = !ended.answer.is_success();
                self.fail(core, stream, shard, &settings, batch, by_error);
            }
        }
    }

    /// A batch has failed: it is cut in two, or tried again, or given up.
    fn fail(
        self: &Arc<Self>,
        core: &Arc<Core>,
        stream: &Arc<StreamState>,
        shard: usize,
        settings: &Settings,
        mut batch: Batch,
        by_error: bool,
    ) {
        let wait = backoff(batch.retries + 1);
        if by_error && settings.bisect && batch.records.len() > 1 {
            let (first, second) = batch.records.split_at(batch.records.len() / 2);
            let halves = vec![batch.with(second.to_vec()), batch.with(first.to_vec())];
            return self.try_again(core, stream, shard, halves, wait);
        }
        if settings.maximum_retry_attempts.is_some_and(|most| batch.retries >= most) {
            self.give_up(core, stream, shard, settings, &batch, Condition::RetryAttemptsExhausted);
            self.settled(shard, None);
            return stream.plan_wake(core, self, shard, core.now());
        }
        batch.retries += 1;
        self.try_again(core, stream, shard, vec![batch], wait);
    }

    /// Puts batches back, the next one last; the shard waits meanwhile.
    fn try_again(
        self: &Arc<Self>,
        core: &Arc<Core>,
        stream: &Arc<StreamState>,
        shard: usize,
        batches: Vec<Batch>,
        wait: Duration,
    ) {
        let at = later(core.now(), wait);
        let numbers: Vec<String> = batches.iter().rev().flat_map(Batch::numbers).collect();
        let cut = if batches.len() > 1 { "cut in two, " } else { "" };
        let entry = Entry::new(What::RetryPlanned, &stream.name).items(numbers);
        core.record(entry.detail(format!("{cut}tried again at {at:.3}")));
        {
            let mut poller = lock(&self.pollers[shard]);
            poller.todo.extend(batches);
            poller.move_checkpoint();
        }
        let (mapping, stream) = (Arc::clone(self), Arc::clone(stream));
        core.plan_at(at, Kind::Work, move |core| {
            lock(&mapping.pollers[shard]).busy = false;
            mapping.wake(core, &stream, shard);
        });
    }

    /// A batch is done; `again` is to be delivered once more first.
    fn settled(&self, shard: usize, again: Option<Batch>) {
        let mut poller = lock(&self.pollers[shard]);
        poller.todo.extend(again);
        poller.busy = false;
        poller.move_checkpoint();
    }
}

impl Poller {
    fn move_checkpoint(&mut self) {
        let next_try = self.todo.last().and_then(|batch| batch.records.first());
        self.checkpoint = next_try.map_or(self.next, |record| record.offset);
    }
}

/// How long to wait before a batch is tried again: one second, doubled each time, up to a minute. AWS does not document
/// it.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.saturating_sub(1).min(6)).min(Duration::from_secs(60))
}
