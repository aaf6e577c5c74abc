//! Reading a stream without a mapping: what `GetShardIterator` and `GetRecords` need.
//!
//! Sources: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html>,
//! <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html>.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;

use super::{Service, StreamRecord, StreamState};
use crate::core::{Core, later, lock};

/// From where a shard is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IteratorType {
    /// From the oldest record on.
    TrimHorizon,
    /// Only what comes after now.
    Latest,
    /// From this record on.
    AtSequenceNumber(String),
    /// From the record after this one on.
    AfterSequenceNumber(String),
    /// From the first record of this time or later on; Kinesis only.
    AtTimestamp(Timestamp),
}

/// What a shard is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShardDescription {
    /// Its id.
    pub id: String,
    /// The sequence number of its first record, past or to come.
    pub starting_sequence_number: String,
}

/// What one reading gave.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GetRecords {
    /// The records, in order.
    pub records: Vec<StreamRecord>,
    /// Where to read on.
    pub next_iterator: String,
    /// How much older than now the last record that was read is; nothing at the end of the shard.
    pub behind_latest: Duration,
}

/// Why a stream could not be read, named as AWS's exceptions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamError {
    /// There is no such shard, sequence number or iterator: `ResourceNotFoundException` for a shard.
    ResourceNotFound,
    /// The iterator is too old: it lives 15 minutes (DynamoDB) or 5 minutes (Kinesis).
    ExpiredIterator,
    /// What was to be read is older than the retention; DynamoDB only, Kinesis goes on at the oldest record.
    TrimmedDataAccess,
    /// The request makes no sense: `ValidationException` (DynamoDB), `InvalidArgumentException` (Kinesis).
    InvalidArgument,
}

/// The most records that one reading gives: 1,000 (DynamoDB), 10,000 (Kinesis).
fn largest_limit(service: Service) -> usize {
    match service {
        Service::DynamoDb => 1_000,
        Service::Kinesis => 10_000,
    }
}

fn lifetime(service: Service) -> Duration {
    match service {
        Service::DynamoDb => Duration::from_secs(15 * 60),
        Service::Kinesis => Duration::from_secs(5 * 60),
    }
}

impl StreamState {
    pub(super) fn describe_shards(&self) -> Vec<ShardDescription> {
        let shards = lock(&self.shards);
        let describe = |shard: &super::Shard| ShardDescription {
            id: shard.id.clone(),
            starting_sequence_number: shard.first_sequence_number(),
        };
        shards.iter().map(describe).collect()
    }

    pub(super) fn shard_iterator(
        &self,
        core: &Arc<Core>,
        shard_id: &str,
        from: &IteratorType,
    ) -> Result<String, StreamError> {
        let shards = lock(&self.shards);
        let index = shards.iter().position(|shard| shard.id == shard_id).ok_or(StreamError::ResourceNotFound)?;
        let shard = &shards[index];
        let offset = match from {
            IteratorType::TrimHorizon => shard.horizon(),
            IteratorType::Latest => shard.end(),
            IteratorType::AtSequenceNumber(number) => shard.at_sequence_number(number).ok_or(self.missing_number())?,
            IteratorType::AfterSequenceNumber(number) => {
                shard.at_sequence_number(number).ok_or(self.missing_number())? + 1
            }
            IteratorType::AtTimestamp(_) if self.service == Service::DynamoDb => {
                return Err(StreamError::InvalidArgument);
            }
            IteratorType::AtTimestamp(time) => shard.at_time(*time),
        };
        Ok(encode(index, offset, core.now()))
    }

    /// A sequence number that is not there is gone, or never was.
    fn missing_number(&self) -> StreamError {
        match self.service {
            Service::DynamoDb => StreamError::TrimmedDataAccess,
            Service::Kinesis => StreamError::InvalidArgument,
        }
    }

    pub(super) fn get_records(
        &self,
        core: &Arc<Core>,
        iterator: &str,
        limit: Option<usize>,
    ) -> Result<GetRecords, StreamError> {
        let now = core.now();
        let (index, offset, issued) = decode(iterator).ok_or(StreamError::InvalidArgument)?;
        if later(issued, lifetime(self.service)) <= now {
            return Err(StreamError::ExpiredIterator);
        }
        let largest = largest_limit(self.service);
        let limit = limit.unwrap_or(largest);
        if limit == 0 || limit > largest {
            return Err(StreamError::InvalidArgument);
        }
        let shards = lock(&self.shards);
        let shard = shards.get(index).ok_or(StreamError::InvalidArgument)?;
        if self.service == Service::DynamoDb && offset < shard.horizon() {
            return Err(StreamError::TrimmedDataAccess);
        }
        let read: Vec<_> = shard.from(offset).take(limit).collect();
        let next = read.last().map_or(offset.max(shard.horizon()), |record| record.offset + 1);
        let behind_latest = match read.last() {
            Some(record) if next < shard.end() => now.duration_since(record.at).try_into().unwrap_or_default(),
            _ => Duration::ZERO,
        };
        Ok(GetRecords {
            records: read.iter().map(|record| record.public()).collect(),
            next_iterator: encode(index, next, now),
            behind_latest,
        })
    }
}

/// Writes the operations of reading for a handle that has the fields `core` and `state`.
macro_rules! reading {
    ($stream:ty) => {
        /// Reading without a mapping.
        impl $stream {
            /// All records that are still in the stream, shard by shard.
            pub fn records(&self) -> Vec<$crate::streams::StreamRecord> {
                self.state.records()
            }

            /// The shards: `DescribeStream`, `ListShards`.
            pub fn shards(&self) -> Vec<$crate::streams::ShardDescription> {
                self.state.describe_shards()
            }

            /// `GetShardIterator`.
            ///
            /// # Errors
            /// When AWS refuses it.
            pub fn shard_iterator(
                &self,
                shard_id: &str,
                from: &$crate::streams::IteratorType,
            ) -> Result<String, $crate::streams::StreamError> {
                self.state.shard_iterator(&self.core, shard_id, from)
            }

            /// `GetRecords`; 1,000 at most (DynamoDB), 10,000 (Kinesis).
            ///
            /// # Errors
            /// When AWS refuses it.
            pub fn get_records(
                &self,
                iterator: &str,
                limit: Option<usize>,
            ) -> Result<$crate::streams::GetRecords, $crate::streams::StreamError> {
                self.state.get_records(&self.core, iterator, limit)
            }
        }
    };
}
pub(super) use reading;

/// An iterator's text, which nobody but this module reads.
fn encode(shard: usize, offset: u64, issued: Timestamp) -> String {
    BASE64.encode(format!("{shard}:{offset}:{}", issued.as_millisecond()))
}

fn decode(iterator: &str) -> Option<(usize, u64, Timestamp)> {
    let text = String::from_utf8(BASE64.decode(iterator).ok()?).ok()?;
    let mut parts = text.split(':');
    let (shard, offset, issued) = (parts.next()?, parts.next()?, parts.next()?);
    let issued = Timestamp::from_millisecond(issued.parse().ok()?).ok()?;
    Some((shard.parse().ok()?, offset.parse().ok()?, issued))
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StreamError::ResourceNotFound => "there is no such shard",
            StreamError::ExpiredIterator => "the shard iterator has expired",
            StreamError::TrimmedDataAccess => "the records have been trimmed, or were never there",
            StreamError::InvalidArgument => "the request makes no sense for this stream",
        })
    }
}

impl std::error::Error for StreamError {}
