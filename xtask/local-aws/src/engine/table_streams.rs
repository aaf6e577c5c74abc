//! The streams of tables: the changes that the engine of DynamoDB notes down, handed on to the world's streams, which
//! mappings read; and the wire operations in front of these.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html>.

use std::sync::{Arc, Mutex};

use local_lambda_sources::streams::{Change, IteratorType, StreamError, StreamViewType};
use local_lambda_sources::{TableStream, World};
use serde_json::{Map, Value, json};

use super::JsonEngine;
use crate::aws::lock;
use crate::error::AwsError;

/// The most streams that a list has, and the most shards of a description.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_ListStreams.html>.
const LARGEST_PAGE: u64 = 100;

/// The streams of all tables, in the order in which they were made. One that was switched off can still be read.
#[derive(Debug, Default)]
pub(crate) struct TableStreams(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    stream: TableStream,
    is_enabled: bool,
    key_schema: Value,
    created_at: f64,
    /// How far the engine's notes were read.
    read: String,
}

impl TableStreams {
    /// The stream of a table, if it is switched on.
    pub(crate) fn of(&self, table: &str) -> Option<TableStream> {
        let kept = lock(&self.0);
        kept.iter().find(|kept| kept.is_of(table)).map(|kept| kept.stream.clone())
    }

    /// Switches a table's stream on. `table` is the table's description, `read` where the engine's notes begin.
    pub(super) fn enable(&self, world: &World, table: &Value, view: StreamViewType, read: String) {
        let name = table["TableName"].as_str().unwrap_or_default();
        let kept = Kept {
            stream: world.table_stream(name).view_type(view).create(),
            is_enabled: true,
            key_schema: table["KeySchema"].clone(),
            created_at: world.now().as_millisecond() as f64 / 1000.0,
            read,
        };
        lock(&self.0).push(kept);
    }

    /// Switches a table's stream off, after what was still to be handed on.
    pub(super) fn disable(&self, table: &str) {
        for kept in lock(&self.0).iter_mut().filter(|kept| kept.is_of(table)) {
            kept.is_enabled = false;
        }
    }

    /// Hands on what the engine has noted down since the last time. `notes` gives the records from a place on, and the
    /// place behind them. Whoever comes second waits, so that the order stays.
    pub(super) fn hand_on(&self, notes: impl Fn(&str) -> Option<(Vec<Value>, String)>) {
        for kept in lock(&self.0).iter_mut().filter(|kept| kept.is_enabled) {
            while let Some((records, next)) = notes(&kept.read) {
                kept.read = next;
                if records.is_empty() {
                    break;
                }
                for record in &records {
                    kept.stream.record(&change(record));
                }
            }
        }
    }

    /// Writes the stream into a table's description, as the caller asked for it.
    pub(super) fn describe(&self, table: &mut Value) {
        let name = table["TableName"].as_str().unwrap_or_default();
        if let Some(stream) = self.of(name) {
            let view = stream.view_type().name();
            table["StreamSpecification"] = json!({ "StreamEnabled": true, "StreamViewType": view });
            table["LatestStreamArn"] = json!(stream.arn());
            table["LatestStreamLabel"] = json!(stream.label());
        }
    }
}

impl Kept {
    fn is_of(&self, table: &str) -> bool {
        self.is_enabled && self.stream.table() == table
    }

    fn description(&self, params: &Value) -> Value {
        let stream = &self.stream;
        let shards = stream.shards();
        let after = params["ExclusiveStartShardId"].as_str();
        let begin = after.and_then(|id| shards.iter().position(|shard| shard.id == id)).map_or(0, |place| place + 1);
        let page: Vec<Value> = shards
            .iter()
            .skip(begin)
            .take(params["Limit"].as_u64().unwrap_or(LARGEST_PAGE) as usize)
            .map(|shard| {
                let range = json!({ "StartingSequenceNumber": shard.starting_sequence_number });
                json!({ "ShardId": shard.id, "SequenceNumberRange": range })
            })
            .collect();
        let mut description = json!({
            "StreamArn": stream.arn(),
            "StreamLabel": stream.label(),
            "StreamStatus": if self.is_enabled { "ENABLED" } else { "DISABLED" },
            "StreamViewType": stream.view_type().name(),
            "CreationRequestDateTime": self.created_at,
            "TableName": stream.table(),
            "KeySchema": self.key_schema,
        });
        if begin + page.len() < shards.len()
            && let Some(last) = page.last()
        {
            description["LastEvaluatedShardId"] = last["ShardId"].clone();
        }
        description["Shards"] = json!(page);
        json!({ "StreamDescription": description })
    }
}

/// A change from the engine's record of it.
fn change(record: &Value) -> Change {
    let item = |name: &str| record["dynamodb"][name].clone();
    let (keys, old, new) = (item("Keys"), item("OldImage"), item("NewImage"));
    match record["eventName"].as_str() {
        Some("INSERT") => Change::insert(keys, new),
        Some("REMOVE") if record["userIdentity"].is_object() => Change::expire(keys, old),
        Some("REMOVE") => Change::remove(keys, old),
        _ => Change::modify(keys, old, new),
    }
}

/// `NEW_IMAGE` and the like.
pub(super) fn view_type(name: &Value) -> Option<StreamViewType> {
    use StreamViewType::{KeysOnly, NewAndOldImages, NewImage, OldImage};
    let views = [KeysOnly, NewImage, OldImage, NewAndOldImages];
    views.into_iter().find(|view| name.as_str() == Some(view.name()))
}

/// DynamoDB Streams on the wire.
pub(super) struct DynamoDbStreams(pub(super) Arc<TableStreams>);

impl JsonEngine for DynamoDbStreams {
    fn call(&self, operation: &str, params: &Value) -> Result<Value, AwsError> {
        let kept = lock(&self.0.0);
        let find = |arn: &str| {
            let found = kept.iter().find(|kept| kept.stream.arn() == arn);
            found.ok_or_else(|| not_found(&format!("Requested resource not found: Stream: {arn} not found")))
        };
        let text = |name: &str| params[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| missing(name));
        if let Some(limit) = params["Limit"].as_i64()
            && !(1..=1_000).contains(&limit)
        {
            return Err(invalid(&format!("Limit must be between 1 and 1000, and is {limit}")));
        }
        match operation {
            "ListStreams" => Ok(list(&kept, params)),
            "DescribeStream" => Ok(find(text("StreamArn")?)?.description(params)),
            "GetShardIterator" => {
                let arn = text("StreamArn")?;
                let from = match text("ShardIteratorType")? {
                    "TRIM_HORIZON" => IteratorType::TrimHorizon,
                    "LATEST" => IteratorType::Latest,
                    "AT_SEQUENCE_NUMBER" => IteratorType::AtSequenceNumber(text("SequenceNumber")?.to_owned()),
                    "AFTER_SEQUENCE_NUMBER" => IteratorType::AfterSequenceNumber(text("SequenceNumber")?.to_owned()),
                    other => return Err(invalid(&format!("{other} is not a type of shard iterator"))),
                };
                let iterator = find(arn)?.stream.shard_iterator(text("ShardId")?, &from).map_err(refused)?;
                Ok(json!({ "ShardIterator": format!("{arn}|1|{iterator}") }))
            }
            "GetRecords" => {
                let bad = || invalid("Invalid ShardIterator");
                let (place, iterator) = text("ShardIterator")?.rsplit_once('|').ok_or_else(bad)?;
                let kept = find(place.strip_suffix("|1").ok_or_else(bad)?)?;
                let limit = params["Limit"].as_u64().map(|limit| limit as usize);
                let read = kept.stream.get_records(iterator, limit).map_err(refused)?;
                let mut answer = json!({});
                // A stream that is off has an end.
                if kept.is_enabled || !read.records.is_empty() {
                    answer["NextShardIterator"] = json!(format!("{place}|{}", read.next_iterator));
                }
                answer["Records"] = read.records.into_iter().map(|record| on_the_wire(record.event_record)).collect();
                Ok(answer)
            }
            _ => Err(AwsError::client("UnknownOperationException", "")),
        }
    }
}

fn list(kept: &[Kept], params: &Value) -> Value {
    let table = params["TableName"].as_str();
    let of_table: Vec<&Kept> =
        kept.iter().filter(|kept| table.is_none_or(|table| kept.stream.table() == table)).collect();
    let after = params["ExclusiveStartStreamArn"].as_str();
    let begin =
        after.and_then(|arn| of_table.iter().position(|kept| kept.stream.arn() == arn)).map_or(0, |place| place + 1);
    let limit = params["Limit"].as_u64().unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
    let page: Vec<&Kept> = of_table.iter().copied().skip(begin).take(limit as usize).collect();
    let streams: Vec<Value> = page
        .iter()
        .map(|Kept { stream, .. }| {
            json!({ "StreamArn": stream.arn(), "TableName": stream.table(), "StreamLabel": stream.label() })
        })
        .collect();
    let last = page.last().filter(|_| begin + page.len() < of_table.len()).map(|kept| kept.stream.arn());
    let mut answer = json!({ "Streams": streams });
    if let Some(arn) = last {
        answer["LastEvaluatedStreamArn"] = json!(arn);
    }
    answer
}

/// A function's record knows from which stream it comes; here it is known.
fn on_the_wire(record: Value) -> Value {
    let members = record.as_object().cloned().unwrap_or_default();
    let kept: Map<String, Value> = members.into_iter().filter(|(name, _)| name != "eventSourceARN").collect();
    Value::Object(kept)
}

fn refused(error: StreamError) -> AwsError {
    match error {
        StreamError::ResourceNotFound => not_found("Requested resource not found: Shard does not exist"),
        StreamError::ExpiredIterator => AwsError::client(
            "ExpiredIteratorException",
            "Iterator expired. The iterator was created at a time that is more than 15 minutes ago.",
        ),
        StreamError::TrimmedDataAccess => AwsError::client(
            "TrimmedDataAccessException",
            "The operation attempted to read past the oldest stream record in a shard.",
        ),
        StreamError::InvalidArgument => invalid("Invalid ShardIterator"),
    }
}

fn not_found(message: &str) -> AwsError {
    AwsError::client("ResourceNotFoundException", message)
}

fn invalid(message: &str) -> AwsError {
    AwsError::client("ValidationException", message)
}

fn missing(name: &str) -> AwsError {
    invalid(&format!("One or more parameter values were invalid: Missing required parameter: {name}"))
}
