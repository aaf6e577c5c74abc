//! The event source mapping of a stream: its settings, and one poller for each shard.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::poller::Poller;
use super::{Service, StreamState};
use crate::core::{Core, lock};
use crate::filter_criteria::FilterCriteria;
use crate::function::{Destination, FunctionRef, Invocable};
use crate::limits::MAXIMUM_BATCHING_WINDOW;
use crate::trace::{Entry, What};

/// Where a mapping begins to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StartingPosition {
    /// With the oldest record that the stream has.
    #[default]
    TrimHorizon,
    /// With what comes after the mapping was made.
    Latest,
    /// With the first record of this time or later; Kinesis only.
    AtTimestamp(Timestamp),
}

/// What is to be said about a mapping of a stream. Made by [`World::map`](crate::World::map).
#[derive(Debug)]
#[must_use = "a mapping is made by `create`"]
pub struct StreamMappingBuilder {
    core: Arc<Core>,
    stream: Arc<StreamState>,
    function: FunctionRef,
    settings: Settings,
    filters: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) starting_position: StartingPosition,
    pub(super) batch_size: usize,
    pub(super) batching_window: Duration,
    pub(super) report_batch_item_failures: bool,
    pub(super) bisect: bool,
    /// Without end if none.
    pub(super) maximum_retry_attempts: Option<u32>,
    /// As long as the stream keeps a record if none.
    pub(super) maximum_record_age: Option<Duration>,
    pub(super) on_failure: Option<Destination>,
    pub(super) enabled: bool,
}

impl StreamMappingBuilder {
    pub(super) fn new(core: Arc<Core>, stream: Arc<StreamState>, function: FunctionRef) -> StreamMappingBuilder {
        let settings = Settings {
            starting_position: StartingPosition::default(),
            batch_size: 100,
            batching_window: Duration::ZERO,
            report_batch_item_failures: false,
            bisect: false,
            maximum_retry_attempts: None,
            maximum_record_age: None,
            on_failure: None,
            enabled: true,
        };
        StreamMappingBuilder { core, stream, function, settings, filters: Vec::new() }
    }

    /// Where to begin; with the oldest record if not given. (AWS wants it to be given.)
    pub fn starting_position(mut self, position: StartingPosition) -> Self {
        self.settings.starting_position = position;
        self
    }

    /// How many records the function gets at once, at the most; 100 if not given.
    pub fn batch_size(mut self, records: usize) -> Self {
        self.settings.batch_size = records;
        self
    }

    /// How long records are gathered before the function is invoked with fewer than the batch size, or less than 6 MB;
    /// not at all if not given.
    pub fn batching_window(mut self, window: Duration) -> Self {
        self.settings.batching_window = window;
        self
    }

    /// The function's answer says which records failed: everything from the lowest of them on is tried again.
    pub fn report_batch_item_failures(mut self) -> Self {
        self.settings.report_batch_item_failures = true;
        self
    }

    /// A batch that fails with an error is cut in two halves, which are tried one after the other. That does not count
    /// as a retry.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html> ("Splitting batches
    /// doesn't consume the retry quota").
    pub fn bisect_batch_on_function_error(mut self) -> Self {
        self.settings.bisect = true;
        self
    }

    /// How often a batch is tried again before it is given up, 0 to 10,000; without end if not given, which is -1 in
    /// the API. What fails for want of concurrency does not count.
    pub fn maximum_retry_attempts(mut self, attempts: u32) -> Self {
        self.settings.maximum_retry_attempts = Some(attempts);
        self
    }

    /// How old a record may become before it is given up, 60 seconds to 7 days; as old as the stream lets it if not
    /// given.
    pub fn maximum_record_age(mut self, age: Duration) -> Self {
        self.settings.maximum_record_age = Some(age);
        self
    }

    /// Where the record of a batch that was given up goes: a queue or a topic. It says where in the stream the batch
    /// is, not what was in it.
    pub fn on_failure(mut self, destination: impl Into<Destination>) -> Self {
        self.settings.on_failure = Some(destination.into());
        self
    }

    /// A pattern of filter criteria; one of up to five has to match, or the function does not get the record.
    pub fn filter(mut self, pattern: impl ToString) -> Self {
        self.filters.push(pattern.to_string());
        self
    }

    /// Makes the mapping.
    ///
    /// # Panics
    /// When AWS would not take its settings.
    #[track_caller]
    pub fn create(self) -> StreamMapping {
        let StreamMappingBuilder { core, stream, function, settings, filters } = self;
        settings.assert_valid(stream.service);
        let criteria = match FilterCriteria::parse(stream.service.record_source(), filters) {
            Ok(criteria) => criteria,
            Err(error) => panic!("the mapping cannot be made: {error}"),
        };
        let begin = |shard: &super::Shard| match settings.starting_position {
            StartingPosition::TrimHorizon => shard.horizon(),
            StartingPosition::Latest => shard.end(),
            StartingPosition::AtTimestamp(time) => shard.at_time(time),
        };
        let pollers = lock(&stream.shards).iter().map(|shard| Mutex::new(Poller::new(begin(shard)))).collect();
        let mapping = Arc::new(MappingState {
            function: function.invocable(),
            criteria,
            settings: Mutex::new(settings),
            pollers,
            iterator_ages: Mutex::default(),
        });
        let (uuid, arn) = core.add_mapping(&mapping);
        lock(&stream.mappings).push(Arc::downgrade(&mapping));
        let mapping = StreamMapping { core, stream, mapping, uuid, arn };
        mapping.wake_all();
        mapping
    }
}

impl Settings {
    #[track_caller]
    fn assert_valid(&self, service: Service) {
        let size = self.batch_size;
        assert!((1..=10_000).contains(&size), "a batch size of {size} is not between 1 and 10,000");
        let window = self.batching_window;
        assert!(window <= MAXIMUM_BATCHING_WINDOW, "a batching window of {window:?} is longer than 300 s");
        let attempts = self.maximum_retry_attempts.unwrap_or(0);
        assert!(attempts <= 10_000, "{attempts} retry attempts are more than 10,000");
        if let Some(age) = self.maximum_record_age {
            let (shortest, longest) = (Duration::from_secs(60), Duration::from_secs(7 * 24 * 3_600));
            assert!((shortest..=longest).contains(&age), "a maximum record age of {age:?} is not 60 s to 7 days");
        }
        let by_time = matches!(self.starting_position, StartingPosition::AtTimestamp(_));
        assert!(!by_time || service == Service::Kinesis, "AT_TIMESTAMP is for Kinesis only, not for a table's stream");
        if let Some(destination) = &self.on_failure {
            let arn = destination.arn();
            let allowed = arn.starts_with("arn:aws:sqs:") || arn.starts_with("arn:aws:sns:");
            assert!(allowed, "the on-failure destination of a mapping is a queue or a topic, not {arn}");
        }
    }
}

/// An event source mapping from a stream to a function. It goes on when this handle is dropped.
#[derive(Debug, Clone)]
pub struct StreamMapping {
    core: Arc<Core>,
    stream: Arc<StreamState>,
    mapping: Arc<MappingState>,
    uuid: String,
    arn: String,
}

impl StreamMapping {
    /// Its id.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// Stops reading, or goes on where it stopped. What is under way is finished.
    pub fn set_enabled(&self, enabled: bool) {
        lock(&self.mapping.settings).enabled = enabled;
        let words = if enabled { "the mapping is enabled" } else { "the mapping is disabled" };
        self.core.record(Entry::new(What::Configured, &self.stream.name).detail(words));
        self.wake_all();
    }

    /// Takes the mapping away. What is under way is finished.
    pub fn delete(&self) {
        lock(&self.mapping.settings).enabled = false;
        lock(&self.stream.mappings).retain(|other| other.as_ptr() != Arc::as_ptr(&self.mapping));
        self.core.remove_resource(&self.arn);
        self.core.record(Entry::new(What::Configured, &self.stream.name).detail("the mapping is deleted"));
    }

    /// On request: each of the next batches that succeed is delivered once more, as happens when the checkpoint is
    /// lost.
    pub fn repeat_next(&self, batches: usize) {
        for poller in &self.mapping.pollers {
            lock(poller).repeat_next = batches;
        }
    }

    /// The iterator age of each invocation so far: how old the last record of its batch was when the function got it.
    pub fn iterator_ages(&self) -> Vec<Duration> {
        lock(&self.mapping.iterator_ages).clone()
    }

    /// The sequence numbers of the records that the mapping has not got past yet.
    pub fn backlog(&self) -> Vec<String> {
        let checkpoints: Vec<u64> = self.mapping.pollers.iter().map(|poller| lock(poller).checkpoint()).collect();
        let shards = lock(&self.stream.shards);
        let behind = shards.iter().zip(checkpoints).flat_map(|(shard, checkpoint)| shard.from(checkpoint));
        behind.map(|record| record.sequence_number.clone()).collect()
    }

    fn wake_all(&self) {
        for shard in 0..self.mapping.pollers.len() {
            self.stream.plan_wake(&self.core, &self.mapping, shard, self.core.now());
        }
    }
}

/// A mapping, behind its locks.
#[derive(Debug)]
pub(crate) struct MappingState {
    pub(super) function: Invocable,
    pub(super) criteria: FilterCriteria,
    pub(super) settings: Mutex<Settings>,
    pub(super) pollers: Vec<Mutex<Poller>>,
    pub(super) iterator_ages: Mutex<Vec<Duration>>,
}
