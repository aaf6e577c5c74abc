//! A Kinesis data stream.
//!
//! Source: <https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html>.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::iterator::reading;
use super::mapping::StreamMappingBuilder;
use super::shard::{Numbering, Shard};
use super::{Service, StreamState};
use crate::core::{Core, lock};
use crate::function::FunctionRef;
use crate::world::EventSource;

/// A data stream. Cheap to clone, and usable from any thread.
#[derive(Debug, Clone)]
pub struct DataStream {
    core: Arc<Core>,
    state: Arc<StreamState>,
}

/// How a data stream is to be. Made by [`World::data_stream`](crate::World::data_stream).
#[derive(Debug)]
#[must_use = "a stream is made by `create`"]
pub struct DataStreamBuilder {
    core: Arc<Core>,
    name: String,
    shards: usize,
    retention: Duration,
}

/// Where a record went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutRecord {
    /// The shard.
    pub shard_id: String,
    /// The record's sequence number.
    pub sequence_number: String,
}

impl DataStreamBuilder {
    pub(crate) fn new(core: Arc<Core>, name: String) -> DataStreamBuilder {
        DataStreamBuilder { core, name, shards: 1, retention: Duration::from_secs(24 * 3_600) }
    }

    /// How many shards there are; one if not given. They share the range of hash keys evenly.
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = shards.max(1);
        self
    }

    /// How long a record is kept, 24 hours to 365 days; 24 hours if not given.
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// Makes the stream.
    ///
    /// # Panics
    /// When there is one of this name, or the retention is not one of AWS.
    #[track_caller]
    pub fn create(self) -> DataStream {
        let DataStreamBuilder { core, name, shards, retention } = self;
        let hour = Duration::from_secs(3_600);
        let allowed = 24 * hour..=365 * 24 * hour;
        assert!(
            allowed.contains(&retention),
            "a data stream keeps records for 24 hours to 365 days, not {retention:?}"
        );
        let arn = format!("arn:aws:kinesis:{}:{}:stream/{name}", core.region, core.account);
        let shard = |index: usize| {
            let beginning = format!("4959033827149025660855969253836157{:04}", 1_000 + index);
            let numbering = Numbering { beginning, first: 1, digits: 18 };
            Shard::new(format!("shardId-{index:012}"), numbering)
        };
        let shards = (0..shards).map(shard).collect();
        let state = StreamState::new(Service::Kinesis, name, arn.clone(), retention, shards);
        core.add_resource(&arn, Arc::clone(&state));
        DataStream { core, state }
    }
}

impl DataStream {
    /// The stream's name.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// The stream's ARN.
    pub fn arn(&self) -> &str {
        &self.state.arn
    }

    /// Puts a record: the MD5 of its partition key decides its shard.
    pub fn put_record(&self, partition_key: &str, data: impl AsRef<[u8]>) -> PutRecord {
        let shard = self.state.shard_of(partition_key);
        let data = BASE64.encode(data.as_ref());
        let shard_id = lock(&self.state.shards)[shard].id.clone();
        let event_record = |number: &str, at: Timestamp| self.event_record(&shard_id, partition_key, &data, number, at);
        let record = self.state.append(&self.core, shard, format!("key {partition_key:?}"), event_record);
        PutRecord { shard_id, sequence_number: record.sequence_number }
    }

    fn event_record(&self, shard_id: &str, key: &str, data: &str, number: &str, at: Timestamp) -> Value {
        json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": key,
                "sequenceNumber": number,
                "data": data,
                "approximateArrivalTimestamp": at.as_millisecond() as f64 / 1_000.0,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": format!("{shard_id}:{number}"),
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": format!("arn:aws:iam::{}:role/lambda-role", self.core.account),
            "awsRegion": self.core.region,
            "eventSourceARN": self.state.arn,
        })
    }
}

reading!(DataStream);

impl EventSource for DataStream {
    type Mapping = StreamMappingBuilder;

    fn mapping(&self, function: FunctionRef) -> StreamMappingBuilder {
        StreamMappingBuilder::new(Arc::clone(&self.core), Arc::clone(&self.state), function)
    }
}
