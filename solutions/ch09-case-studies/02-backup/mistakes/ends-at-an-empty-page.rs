//! caught-by: reads_on_after_an_empty_page
//! Takes a page without items for the end of the table.
#![allow(unused)]

#[path = "../src/documents.rs"]
mod documents;
#[path = "../src/item.rs"]
mod item;
#[path = "../src/store.rs"]
mod store;

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::{PutRequest, Select, WriteRequest};
use documents::{Cursor, Manifest, Part};
use item::Item;
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::Store;

/// What `BatchWriteItem` takes at once.
const LARGEST_BATCH: usize = 25;
/// How often a batch is sent until it has been taken as a whole. The delay before the next time begins with 20 ms and is
/// doubled each time.
const ATTEMPTS: u32 = 7;

struct Archive {
    dynamodb: Client,
    store: Store,
    /// What must be left of an invocation's time for another page to be begun.
    reserve: Duration,
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
    Unfinished { items: u64, parts: usize },
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
    let reserve = Duration::from_millis(env::var("RESERVE_MS")?.parse()?);
    let archive = Archive { dynamodb: Client::new(&config), store, reserve };
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
    if let Some((manifest, _)) = store.document::<Manifest>(&job.key("manifest.json")).await? {
        return Ok(Progress::Done { items: manifest.items, parts: manifest.parts.len() });
    }
    let Some((mut cursor, mut tag)) = claim(store, job, context).await? else { return Ok(Progress::Busy) };
    loop {
        let start = cursor.start.as_ref().map(item::from_json).transpose()?;
        let scan = archive.dynamodb.scan().table_name(&job.table).set_exclusive_start_key(start);
        let page = scan.send().await.map_err(|error| DisplayErrorContext(error).to_string())?;
        // A page may be empty although others follow.
        if !page.items().is_empty() {
            let key = job.key(&format!("part-{:05}.ndjson", cursor.parts.len()));
            cursor.parts.push(write_part(store, key, page.items()).await?);
        }
        let (items, parts) = (cursor.parts.iter().map(|part| part.items).sum(), cursor.parts.len());
        let Some(last) = page.last_evaluated_key().filter(|_| !page.items().is_empty()) else {
            // It comes last: where there is a manifest, everything that it names is there.
            let manifest = Manifest { table: job.table.clone(), at: job.at.clone(), items, parts: cursor.parts };
            store.write(&job.key("manifest.json"), store::json(&manifest)).await?;
            return Ok(Progress::Done { items, parts });
        };
        cursor.start = Some(item::to_json(last)?);
        let goes_on = remaining(context) >= archive.reserve;
        if !goes_on {
            (cursor.owner, cursor.until) = (String::new(), 0);
        }
        match store.write_if(&job.key("cursor.json"), &cursor, Some(&tag)).await? {
            Some(next) => tag = next,
            None => return Ok(Progress::Busy),
        }
        if !goes_on {
            return Ok(Progress::Unfinished { items, parts });
        }
    }
}

/// Takes the backup for this invocation, if no other one works at it. An invocation cannot live longer than its deadline, so
/// what it has taken is free again by then, whatever became of it.
async fn claim(store: &Store, job: &Job, context: &Context) -> Result<Option<(Cursor, String)>, String> {
    let key = job.key("cursor.json");
    let (mut cursor, tag) = match store.document::<Cursor>(&key).await? {
        Some((cursor, tag)) => (cursor, Some(tag)),
        None => (Cursor::default(), None),
    };
    // A retry of the same invocation has the same id.
    if cursor.owner != context.request_id && cursor.until > milliseconds(SystemTime::now()) {
        return Ok(None);
    }
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
    if manifest.items != manifest.parts.iter().map(|part| part.items).sum::<u64>() {
        return Err(failure("BrokenBackup", key));
    }
    // Half a table is worse than none: nothing is written before all parts have been looked at. They are read again
    // then, since together they may be larger than the memory.
    for part in &manifest.parts {
        read_part(&archive.store, part).await?;
    }
    for part in &manifest.parts {
        let items = read_part(&archive.store, part).await?;
        for batch in items.chunks(LARGEST_BATCH) {
            write_batch(&archive.dynamodb, &into, batch).await.map_err(failed)?;
        }
    }
    let restored = count(&archive.dynamodb, &into).await.map_err(failed)?;
    if restored != manifest.items {
        let message = format!("{into} has {restored} items, and the backup has {}", manifest.items);
        return Err(failure("CountMismatch", message));
    }
    Ok(Restored { restored })
}

/// The items of a part that is as it was written.
async fn read_part(store: &Store, part: &Part) -> Result<Vec<Item>, Diagnostic> {
    let broken = || failure("BrokenBackup", part.key.clone());
    let read = store.read(&part.key).await.map_err(|reason| failure("RestoreFailed", reason))?;
    let lines = read.ok_or_else(broken)?;
    if hash(&lines) != part.sha256 {
        return Err(broken());
    }
    let item = |line: &[u8]| {
        let line: Value = serde_json::from_slice(line).map_err(|_| broken())?;
        item::from_json(&line["Item"]).map_err(|_| broken())
    };
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let items = lines.map(item).collect::<Result<Vec<_>, _>>()?;
    match items.len() as u64 == part.items {
        true => Ok(items),
        false => Err(broken()),
    }
}

async fn write_batch(dynamodb: &Client, table: &str, items: &[Item]) -> Result<(), String> {
    let request = |item: &Item| {
        let put = PutRequest::builder().set_item(Some(item.clone())).build().map_err(|error| error.to_string())?;
        Ok(WriteRequest::builder().put_request(put).build())
    };
    let mut requests = items.iter().map(request).collect::<Result<Vec<_>, String>>()?;
    for attempt in 0..ATTEMPTS {
        let sent = dynamodb.batch_write_item().request_items(table, requests).send().await;
        let answer = sent.map_err(|error| DisplayErrorContext(error).to_string())?;
        // What is not done is no error: it comes back, and is sent again.
        requests = answer.unprocessed_items.unwrap_or_default().remove(table).unwrap_or_default();
        if requests.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20 << attempt)).await;
    }
    Err(format!("{table} does not take {} items", requests.len()))
}

/// How many items a table has now. What `DescribeTable` says is some hours old.
async fn count(dynamodb: &Client, table: &str) -> Result<u64, String> {
    let scan = dynamodb.scan().table_name(table).select(Select::Count).consistent_read(true);
    let mut pages = scan.into_paginator().send();
    let mut items = 0;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| DisplayErrorContext(error).to_string())?;
        items += u64::try_from(page.count()).unwrap_or_default();
    }
    Ok(items)
}

/// How long this invocation may still run; nothing once the deadline has passed.
fn remaining(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
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
