//! DynamoDB by `dynoxide`, an engine of its own with SQLite below it. The streams of its tables are the world's: the
//! engine notes each change down within the write itself, and the notes are handed on.

use std::sync::Arc;

use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::storage_backend::Clock;
use dynoxide::{Database, DynoxideError};
use local_lambda_sources::World;
use local_lambda_sources::streams::StreamViewType;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::table_streams::{TableStreams, view_type};
use super::{Answering, Engine};
use crate::aws::LocalAws;
use crate::error::AwsError;
use crate::http::{HttpRequest, HttpResponse};
use crate::identify::Asked;
use crate::permission::{ACCOUNT, REGION};
use crate::service::Service;

/// Tables of one account.
pub(crate) struct DynamoDb {
    database: Database,
    world: World,
    streams: Arc<TableStreams>,
}

impl DynamoDb {
    pub(crate) fn new(world: &World, streams: Arc<TableStreams>) -> DynamoDb {
        let clock: Arc<dyn Clock> = Arc::new(WorldClock(world.clone()));
        let database = Database::memory_with_clock(clock);
        let database = database.unwrap_or_else(|error| panic!("no database in memory: {error}"));
        DynamoDb { database, world: world.clone(), streams }
    }

    fn serve(&self, operation: &str, params: &Value) -> Result<String, AwsError> {
        match operation {
            "CreateTable" | "UpdateTable" | "DescribeTable" | "DeleteTable" => self.serve_table(operation, params),
            _ => {
                let answer = self.run(operation, params);
                self.hand_on();
                answer
            }
        }
    }

    /// An operation on a table as a whole. Of a stream the engine always notes both images down; what of them is told
    /// is for the world's stream to decide.
    fn serve_table(&self, operation: &str, params: &Value) -> Result<String, AwsError> {
        let wanted = &params["StreamSpecification"];
        let view = view_type(&wanted["StreamViewType"]).filter(|_| wanted["StreamEnabled"] == true);
        let mut params = params.clone();
        if view.is_some() {
            params["StreamSpecification"]["StreamViewType"] = json!(StreamViewType::NewAndOldImages.name());
        }
        let answer = self.run(operation, &params)?;
        let answer = answer.replace(
            &format!("arn:aws:dynamodb:{}:{}:", dynoxide::streams::LOCAL_REGION, dynoxide::streams::LOCAL_ACCOUNT),
            &format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:"),
        );
        let mut answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        let member = if operation == "DescribeTable" { "Table" } else { "TableDescription" };
        let name = answer[member]["TableName"].as_str().unwrap_or_default().to_owned();
        if let Some(view) = view {
            self.streams.enable(&self.world, &answer[member], view, self.latest(&name)?);
        } else if operation == "DeleteTable" || wanted["StreamEnabled"] == false {
            self.streams.disable(&name);
        }
        self.streams.describe(&mut answer[member]);
        Ok(answer.to_string())
    }

    /// The end of the engine's notes about a table.
    fn latest(&self, table: &str) -> Result<String, AwsError> {
        let request = GetShardIteratorRequest {
            stream_arn: dynoxide::streams::stream_arn(table, "latest"),
            shard_id: dynoxide::streams::shard_id(table),
            shard_iterator_type: "LATEST".to_owned(),
            sequence_number: None,
        };
        let answer = self.database.get_shard_iterator(request).map_err(|error| failed(&error))?;
        Ok(answer.shard_iterator.unwrap_or_default())
    }

    fn hand_on(&self) {
        self.streams.hand_on(|iterator| {
            let request = GetRecordsRequest { shard_iterator: iterator.to_owned(), limit: None };
            let read = self.database.get_records(request).ok()?;
            let records = read.records.iter().filter_map(|record| serde_json::to_value(record).ok()).collect();
            Some((records, read.next_shard_iterator?))
        });
    }

    fn run(&self, operation: &str, params: &Value) -> Result<String, AwsError> {
        let db = &self.database;
        match operation {
            "BatchGetItem" => one(params, |request| db.batch_get_item(request)),
            "BatchWriteItem" => one(params, |request| db.batch_write_item(request)),
            "CreateTable" => one(params, |request| db.create_table(request)),
            "DeleteItem" => one(params, |request| db.delete_item(request)),
            "DeleteTable" => one(params, |request| db.delete_table(request)),
            "DescribeTable" => one(params, |request| db.describe_table(request)),
            "DescribeTimeToLive" => one(params, |request| db.describe_time_to_live(request)),
            "ExecuteStatement" => one(params, |request| db.execute_statement(request)),
            "GetItem" => one(params, |request| db.get_item(request)),
            "ListTables" => one(params, |request| db.list_tables(request)),
            "PutItem" => one(params, |request| db.put_item(request)),
            "Query" => one(params, |request| db.query(request)),
            "Scan" => one(params, |request| db.scan(request)),
            "TransactGetItems" => one(params, |request| db.transact_get_items(request)),
            "TransactWriteItems" => one(params, |request| db.transact_write_items(request)),
            "UpdateItem" => one(params, |request| db.update_item(request)),
            "UpdateTable" => one(params, |request| db.update_table(request)),
            "UpdateTimeToLive" => one(params, |request| db.update_time_to_live(request)),
            _ => Err(AwsError::client("UnknownOperationException", "")),
        }
    }
}

/// One operation: its request is read, carried out, and its answer written.
fn one<Q: DeserializeOwned, A: Serialize>(
    params: &Value,
    carry_out: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, AwsError> {
    let request = serde_json::from_value(params.clone()).map_err(|error| unreadable(&error.to_string()))?;
    let answer = carry_out(request).map_err(|error| failed(&error))?;
    serde_json::to_string(&answer).map_err(|error| AwsError::new("InternalServerError", 500, error.to_string()))
}

/// A request that does not have the form of its operation. What is missing or unknown is the caller's mistake in
/// meaning, a text where a number belongs one in form; the engine marks some of its messages.
fn unreadable(message: &str) -> AwsError {
    let message = message.split(" at line ").next().unwrap_or(message);
    for (mark, code) in [
        ("VALIDATION_REQUEST:", "ValidationException"),
        ("VALIDATION:", "ValidationException"),
        ("SERIALIZATION:", "SerializationException"),
    ] {
        if let Some(rest) = message.strip_prefix(mark) {
            return AwsError::client(code, rest);
        }
    }
    let is_validation = ["missing field", "unknown variant", "invalid type: null", "AttributeValue"];
    match is_validation.iter().any(|words| message.contains(words)) {
        true => AwsError::client("ValidationException", message),
        false => AwsError::client("SerializationException", message),
    }
}

/// The engine's error as it writes it, with all members.
fn failed(error: &DynoxideError) -> AwsError {
    let body: Value = serde_json::from_str(&error.to_json()).unwrap_or_default();
    let code = body["__type"].as_str().unwrap_or("InternalServerError");
    let message = body["message"].as_str().or(body["Message"].as_str()).unwrap_or_default();
    let mut found = AwsError::new(code.rsplit('#').next().unwrap_or(code), error.status_code(), message);
    found.members = body.as_object().cloned().unwrap_or_default();
    for name in ["__type", "message"] {
        found.members.remove(name);
    }
    found
}

impl Engine for DynamoDb {
    fn answer<'a>(&'a self, aws: &'a LocalAws, asked: &'a Asked, _request: HttpRequest) -> Answering<'a> {
        Box::pin(async move {
            let request_id = aws.next_request_id();
            let result = tokio::task::block_in_place(|| self.serve(&asked.operation, &asked.params));
            match result {
                Ok(body) => {
                    HttpResponse::new(200, "application/x-amz-json-1.0", body).with("x-amzn-requestid", &request_id)
                }
                Err(error) => error.response(Service::DynamoDb, &request_id),
            }
        })
    }
}

/// Items expire, and streams and tables begin, by the world's time.
struct WorldClock(World);

impl Clock for WorldClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().as_second()).unwrap_or_default()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_millisecond() as f64 / 1000.0
    }
}
