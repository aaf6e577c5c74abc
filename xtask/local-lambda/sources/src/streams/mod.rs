//! Streams of records in shards: those of DynamoDB tables and those of Kinesis, and the mappings that read them.
//!
//! A shard is read in order. A batch that fails is tried again, and everything behind it in its shard waits.
//!
//! Not part of it: tumbling windows and more than one concurrent batch a shard (`ParallelizationFactor`), shards that
//! split and merge, enhanced fan-out.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>.

mod batch;
mod data_stream;
mod failure_record;
mod iterator;
mod mapping;
mod poller;
mod shard;
mod table_stream;

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::Value;

use crate::agenda::Kind;
use crate::core::{Core, later, lock};
use crate::filter_criteria::RecordSource;
use crate::trace::{Entry, What};
use crate::world::World;

pub use data_stream::{DataStream, DataStreamBuilder, PutRecord};
pub use iterator::{GetRecords, IteratorType, ShardDescription, StreamError};
pub use mapping::{StartingPosition, StreamMapping, StreamMappingBuilder};
pub use table_stream::{Change, ItemImage, StreamViewType, TableStream, TableStreamBuilder};

use mapping::MappingState;
use shard::{Shard, StoredRecord};

/// Streams.
impl World {
    /// The stream of a DynamoDB table, to be described. The table lives elsewhere: the stream is told of each change.
    pub fn table_stream(&self, table: impl Into<String>) -> TableStreamBuilder {
        TableStreamBuilder::new(Arc::clone(&self.core), table.into())
    }

    /// A Kinesis data stream to be described.
    pub fn data_stream(&self, name: impl Into<String>) -> DataStreamBuilder {
        DataStreamBuilder::new(Arc::clone(&self.core), name.into())
    }
}

/// Which service a stream belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    DynamoDb,
    Kinesis,
}

/// A stream, behind its locks.
#[derive(Debug)]
pub(crate) struct StreamState {
    pub(crate) service: Service,
    /// The name of the table or of the stream.
    pub(crate) name: String,
    pub(crate) arn: String,
    retention: Duration,
    shards: Mutex<Vec<Shard>>,
    mappings: Mutex<Vec<Weak<MappingState>>>,
}

/// A record of a stream.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StreamRecord {
    /// Its sequence number: digits, to be compared as a number.
    pub sequence_number: String,
    /// When it came into the stream.
    pub at: Timestamp,
    /// The record as it stands in a function's event.
    pub event_record: Value,
}

impl StreamState {
    fn new(service: Service, name: String, arn: String, retention: Duration, shards: Vec<Shard>) -> Arc<StreamState> {
        let (shards, mappings) = (Mutex::new(shards), Mutex::new(Vec::new()));
        Arc::new(StreamState { service, name, arn, retention, shards, mappings })
    }

    /// Adds a record to a shard; `event_record` makes it, with its sequence number and time.
    fn append(
        self: &Arc<Self>,
        core: &Arc<Core>,
        shard: usize,
        detail: String,
        event_record: impl FnOnce(&str, Timestamp) -> Value,
    ) -> StreamRecord {
        let now = core.now();
        let record = {
            let mut shards = lock(&self.shards);
            shards[shard].append(now, event_record)
        };
        core.record(Entry::new(What::Sent, &self.name).item(&record.sequence_number).detail(detail));
        for mapping in self.mappings() {
            self.plan_wake(core, &mapping, shard, now);
        }
        let stream = Arc::clone(self);
        core.plan_at(later(now, self.retention), Kind::Background, move |core| stream.trim(core, shard));
        record.as_ref().public()
    }

    /// Lets a mapping look at a shard at this time.
    fn plan_wake(self: &Arc<Self>, core: &Arc<Core>, mapping: &Arc<MappingState>, shard: usize, at: Timestamp) {
        let (stream, mapping) = (Arc::clone(self), Arc::clone(mapping));
        core.plan_at(at, Kind::Work, move |core| mapping.wake(core, &stream, shard));
    }

    fn mappings(&self) -> Vec<Arc<MappingState>> {
        lock(&self.mappings).iter().filter_map(Weak::upgrade).collect()
    }

    /// Forgets what is older than the retention.
    fn trim(&self, core: &Arc<Core>, shard: usize) {
        let now = core.now();
        let gone = lock(&self.shards)[shard].trim(|at| later(at, self.retention) <= now);
        if !gone.is_empty() {
            core.record(Entry::new(What::Expired, &self.name).items(gone));
        }
    }

    /// The shard of a key: the shards share the range of its MD5 evenly, as those of Kinesis do.
    fn shard_of(&self, key: &str) -> usize {
        let hash = u128::from_be_bytes(Md5::digest(key).into());
        let shards = lock(&self.shards).len() as u128;
        (hash / (u128::MAX / shards)).min(shards - 1) as usize
    }

    /// All records that are in the stream, shard by shard.
    fn records(&self) -> Vec<StreamRecord> {
        lock(&self.shards).iter().flat_map(|shard| shard.records().map(StoredRecord::public)).collect()
    }
}

impl Service {
    fn record_source(self) -> RecordSource {
        match self {
            Service::DynamoDb => RecordSource::DynamoDb,
            Service::Kinesis => RecordSource::Kinesis,
        }
    }
}
