//! Saves a table into a bucket while it is in use, and puts it back into another table. One program, two functions: the
//! setting *handler* of a function says which of them it is.

mod documents;
mod item;
mod store;

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use documents::{Cursor, Manifest, Part};
use item::Item;
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::Store;

struct Archive {
    dynamodb: Client,
    store: Store,
    // TODO: what must be left of an invocation's time for another page to be begun, which the environment says.
}

/// Which backup: of which table, and for which night, by the time that the schedule says.
#[derive(Deserialize)]
struct Job {
    table: String,
    at: String,
}

#[derive(Deserialize)]
struct Order {
    #[serde(flatten)]
    job: Job,
    into: String,
}

/// How far a backup is when an invocation ends.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum Progress {
    Done { items: u64, parts: usize },
    // TODO: a backup may be unfinished.
    Busy,
}

#[derive(Serialize)]
struct Restored {
    restored: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let store = Store { s3: aws_sdk_s3::Client::new(&config), bucket: env::var("BACKUPS_BUCKET")? };
    let archive = Archive { dynamodb: Client::new(&config), store };
    match env::var("_HANDLER")?.as_str() {
        "backup" => run(service_fn(|event| backup(&archive, event))).await,
        "restore" => run(service_fn(|event| restore(&archive, event))).await,
        other => Err(format!("the handler {other:?} is neither backup nor restore").into()),
    }
}

impl Job {
    fn key(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.table, self.at)
    }
}

async fn backup(archive: &Archive, event: LambdaEvent<Job>) -> Result<Progress, Diagnostic> {
    let (job, context) = event.into_parts();
    save(archive, &job, &context).await.map_err(|reason| failure("BackupFailed", reason))
}

async fn save(archive: &Archive, job: &Job, context: &Context) -> Result<Progress, String> {
    let store = &archive.store;
    // TODO: a backup that is complete is left as it is.
    let Some((mut cursor, _tag)) = claim(store, job, context).await? else { return Ok(Progress::Busy) };
    // TODO: a part for each page; a cursor after each part; an end in time, and another invocation that goes on there.
    let scan = archive.dynamodb.scan().table_name(&job.table);
    let page = scan.send().await.map_err(|error| DisplayErrorContext(error).to_string())?;
    let key = job.key(&format!("part-{:05}.ndjson", cursor.parts.len()));
    cursor.parts.push(write_part(store, key, page.items()).await?);
    let (items, parts) = (cursor.parts.iter().map(|part| part.items).sum(), cursor.parts.len());
    let manifest = Manifest { table: job.table.clone(), at: job.at.clone(), items, parts: cursor.parts };
    store.write(&job.key("manifest.json"), store::json(&manifest)).await?;
    Ok(Progress::Done { items, parts })
}

/// Takes the backup for this invocation, if no other one works at it.
async fn claim(store: &Store, job: &Job, context: &Context) -> Result<Option<(Cursor, String)>, String> {
    let key = job.key("cursor.json");
    let (mut cursor, tag) = match store.document::<Cursor>(&key).await? {
        Some((cursor, tag)) => (cursor, Some(tag)),
        None => (Cursor::default(), None),
    };
    // TODO: somebody else may be at work.
    (cursor.owner, cursor.until) = (context.request_id.clone(), milliseconds(context.deadline()));
    let tag = store.write_if(&key, &cursor, tag.as_deref()).await?;
    Ok(tag.map(|tag| (cursor, tag)))
}

async fn write_part(store: &Store, key: String, items: &[Item]) -> Result<Part, String> {
    let mut lines = Vec::new();
    for item in items {
        lines.extend(store::json(&json!({ "Item": item::to_json(item)? })));
        lines.push(b'\n');
    }
    let part = Part { key, items: items.len() as u64, sha256: hash(&lines) };
    store.write(&part.key, lines).await?;
    Ok(part)
}

async fn restore(archive: &Archive, event: LambdaEvent<Order>) -> Result<Restored, Diagnostic> {
    let Order { job, into } = event.payload;
    let failed = |reason: String| failure("RestoreFailed", reason);
    let key = job.key("manifest.json");
    let found = archive.store.document::<Manifest>(&key).await.map_err(failed)?;
    let (manifest, _) = found.ok_or_else(|| failure("NoBackup", key.clone()))?;
    // TODO: nothing is written before everything has been looked at.
    for part in &manifest.parts {
        let items = read_part(&archive.store, part).await?;
        // TODO: a batch has room for 25, and what is not taken comes back.
        write_batch(&archive.dynamodb, &into, &items).await.map_err(failed)?;
    }
    // TODO: the proof is what is in the table.
    Ok(Restored { restored: manifest.items })
}

/// The items of a part.
async fn read_part(store: &Store, part: &Part) -> Result<Vec<Item>, Diagnostic> {
    let broken = || failure("BrokenBackup", part.key.clone());
    let read = store.read(&part.key).await.map_err(|reason| failure("RestoreFailed", reason))?;
    let lines = read.ok_or_else(broken)?;
    // TODO: a part that is not as it was written is broken.
    let item = |line: &[u8]| {
        let line: Value = serde_json::from_slice(line).map_err(|_| broken())?;
        item::from_json(&line["Item"]).map_err(|_| broken())
    };
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(item).collect()
}

async fn write_batch(dynamodb: &Client, table: &str, items: &[Item]) -> Result<(), String> {
    let request = |item: &Item| {
        let put = PutRequest::builder().set_item(Some(item.clone())).build().map_err(|error| error.to_string())?;
        Ok(WriteRequest::builder().put_request(put).build())
    };
    let requests = items.iter().map(request).collect::<Result<Vec<_>, String>>()?;
    let sent = dynamodb.batch_write_item().request_items(table, requests).send().await;
    sent.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn milliseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
}

fn failure(error_type: &str, message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: message }
}
