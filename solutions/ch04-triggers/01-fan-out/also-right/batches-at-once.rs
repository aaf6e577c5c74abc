//! Right as well: batches are under way at the same time.

use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

/// What a batch holds at the most: entries, and bytes of all of them together.
const ENTRIES: usize = 10;
const BYTES: usize = 1_048_576;

/// How often a job is sent before the function gives up on it.
const ATTEMPTS: usize = 3;

#[derive(Deserialize)]
struct Album {
    photos: Vec<Photo>,
}

#[derive(Deserialize, Serialize)]
struct Photo {
    key: String,
    recipe: String,
}

#[derive(Serialize)]
struct Sent {
    sent: usize,
}

#[derive(Clone)]
struct Queue {
    client: Client,
    url: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let queue = Queue { client: Client::new(&config), url: std::env::var("QUEUE_URL")? };
    run(service_fn(|event| fan_out(&queue, event))).await
}

async fn fan_out(queue: &Queue, event: LambdaEvent<Album>) -> Result<Sent, Diagnostic> {
    let photos = event.payload.photos;
    let sent = photos.len();
    let (mut unsent, mut batches, mut batch, mut bytes) = (Vec::new(), JoinSet::new(), Vec::new(), 0);
    for photo in photos {
        let body = serde_json::to_string(&photo).map_err(|error| failed("InvalidAlbum", error.to_string()))?;
        if body.len() > BYTES {
            unsent.push(photo.key);
            continue;
        }
        if batch.len() == ENTRIES || bytes + body.len() > BYTES {
            batches.spawn(send(queue.clone(), std::mem::take(&mut batch)));
            bytes = 0;
        }
        bytes += body.len();
        batch.push((photo.key, body));
    }
    if !batch.is_empty() {
        batches.spawn(send(queue.clone(), batch));
    }
    while let Some(ended) = batches.join_next().await {
        unsent.extend(ended.map_err(|error| failed("QueueUnreachable", error.to_string()))??);
    }
    match unsent.is_empty() {
        true => Ok(Sent { sent }),
        false => Err(failed("NotAllSent", unsent.join("\n"))),
    }
}

/// Sends a batch of keys and bodies, and what failed of it again; gives the keys of what failed each time.
async fn send(queue: Queue, mut batch: Vec<(String, String)>) -> Result<Vec<String>, Diagnostic> {
    for _ in 0..ATTEMPTS {
        let entries = batch.iter().enumerate().map(|(index, (_, body))| {
            SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(body).build()
        });
        let entries = entries.collect::<Result<_, _>>().map_err(|error| failed("InvalidAlbum", error.to_string()))?;
        let answer = queue.client.send_message_batch().queue_url(&queue.url).set_entries(Some(entries)).send().await;
        let answer = answer.map_err(|error| failed("QueueUnreachable", DisplayErrorContext(error).to_string()))?;
        let refused: Vec<usize> = answer.failed().iter().filter_map(|entry| entry.id().parse().ok()).collect();
        let mut index = 0;
        batch.retain(|_| {
            index += 1;
            refused.contains(&(index - 1))
        });
        if batch.is_empty() {
            break;
        }
    }
    Ok(batch.into_iter().map(|(key, _)| key).collect())
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
