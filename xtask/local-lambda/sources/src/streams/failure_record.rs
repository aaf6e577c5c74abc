//! What an on-failure destination gets of a batch that was given up: where in the stream it is, not what was in it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>, and the same for
//! DynamoDB, <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::batch::LastAnswer;
use super::shard::StoredRecord;
use super::{Service, StreamState};
use crate::core::{Core, lock};

/// Why a batch was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// It was tried as often as the mapping says.
    RetryAttemptsExhausted,
    /// It became older than the mapping or the stream allows. AWS's page has no example of this word; it is what the
    /// service writes.
    RecordAgeExceeded,
}

impl Condition {
    pub(super) fn name(self) -> &'static str {
        match self {
            Condition::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Condition::RecordAgeExceeded => "RecordAgeExceeded",
        }
    }
}

#[derive(Debug)]
pub(super) struct FailureRecord<'a> {
    /// For a batch that the function never got.
    pub(super) request_id: String,
    pub(super) function_arn: String,
    pub(super) condition: Condition,
    pub(super) invocations: u32,
    /// None when the function never got the batch.
    pub(super) last: Option<&'a LastAnswer>,
    pub(super) shard: usize,
}

impl FailureRecord<'_> {
    pub(super) fn to_json(&self, core: &Core, stream: &StreamState, records: &[Arc<StoredRecord>]) -> Value {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Value::Null };
        let shard_id = lock(&stream.shards)[self.shard].id.clone();
        let (name, arrival): (&str, fn(Timestamp) -> String) = match stream.service {
            Service::DynamoDb => ("DDBStreamBatchInfo", |at| format!("{at:.0}")),
            Service::Kinesis => ("KinesisBatchInfo", |at| format!("{at:.3}")),
        };
        let mut record = json!({
            "requestContext": {
                "requestId": self.last.map_or(&self.request_id, |last| &last.request_id),
                "functionArn": self.function_arn,
                "condition": self.condition.name(),
                "approximateInvokeCount": self.invocations,
            },
            "version": "1.0",
            "timestamp": format!("{:.3}", core.now()),
            name: {
                "shardId": shard_id,
                "startSequenceNumber": first.sequence_number,
                "endSequenceNumber": last.sequence_number,
                "approximateArrivalOfFirstRecord": arrival(first.at),
                "approximateArrivalOfLastRecord": arrival(last.at),
                "batchSize": records.len(),
                "streamArn": stream.arn,
            },
        });
        if let Some(last) = self.last {
            record["responseContext"] = json!({ "statusCode": 200, "executedVersion": last.version });
            if last.function_error {
                record["responseContext"]["functionError"] = json!("Unhandled");
            }
        }
        record
    }
}
