//! caught-by: sends_every_photo_of_an_album
//!
//! Leaves out a photo whose key was there already, and counts it all the same.
#![allow(unused)]

use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

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
    let jobs: Result<Vec<String>, _> = photos.iter().map(serde_json::to_string).collect();
    let jobs = jobs.map_err(|error| failed("InvalidAlbum", error.to_string()))?;

    // One that fits no message would fail its whole batch.
    let (fitting, mut unsent): (Vec<usize>, Vec<usize>) = (0..jobs.len()).partition(|&job| jobs[job].len() <= BYTES);
    let first = |job: &usize| photos[..*job].iter().all(|photo| photo.key != photos[*job].key);
    for batch in batches(&jobs, fitting.into_iter().filter(first).collect()) {
        unsent.extend(send(queue, &jobs, batch).await?);
    }
    if unsent.is_empty() {
        return Ok(Sent { sent: jobs.len() });
    }
    let keys: Vec<&str> = unsent.iter().map(|&job| photos[job].key.as_str()).collect();
    Err(failed("NotAllSent", format!("the queue did not take {}", keys.join(", "))))
}

/// The indexes of these jobs, in batches that SQS takes.
fn batches(jobs: &[String], fitting: Vec<usize>) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for job in fitting {
        bytes += jobs[job].len();
        match batches.last_mut() {
            Some(batch) if batch.len() < ENTRIES && bytes <= BYTES => batch.push(job),
            _ => {
                batches.push(vec![job]);
                bytes = jobs[job].len();
            }
        }
    }
    batches
}

/// Sends a batch, and what failed of it again; gives what failed each time.
async fn send(queue: &Queue, jobs: &[String], batch: Vec<usize>) -> Result<Vec<usize>, Diagnostic> {
    let mut pending = batch;
    for _ in 0..ATTEMPTS {
        let entry =
            |job: &usize| SendMessageBatchRequestEntry::builder().id(job.to_string()).message_body(&jobs[*job]).build();
        let entries: Result<Vec<_>, _> = pending.iter().map(entry).collect();
        let entries = entries.map_err(|error| failed("InvalidAlbum", error.to_string()))?;
        let request = queue.client.send_message_batch().queue_url(&queue.url).set_entries(Some(entries));
        let answer = request.send().await;
        let answer = answer.map_err(|error| failed("QueueUnreachable", DisplayErrorContext(error).to_string()))?;

        // The call succeeded; what became of each entry stands in the answer.
        pending = answer.failed().iter().filter_map(|entry| entry.id().parse().ok()).collect();
        if pending.is_empty() {
            break;
        }
    }
    Ok(pending)
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
