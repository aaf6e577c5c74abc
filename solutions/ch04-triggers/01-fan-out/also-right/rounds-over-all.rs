//! Right as well: what failed in any batch goes into common batches of the next round.

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
    let mut jobs = Vec::new();
    for photo in &photos {
        jobs.push(serde_json::to_string(photo).map_err(|error| failed("InvalidAlbum", error.to_string()))?);
    }
    let mut too_large: Vec<usize> = (0..jobs.len()).collect();
    let mut pending: Vec<usize> = too_large.extract_if(.., |job| jobs[*job].len() <= BYTES).collect();
    for _round in 0..ATTEMPTS {
        let mut rest = &pending[..];
        let mut refused = Vec::new();
        while !rest.is_empty() {
            let (batch, others) = rest.split_at(how_many_fit(&jobs, rest));
            refused.extend(send(queue, &jobs, batch).await?);
            rest = others;
        }
        pending = refused;
    }
    pending.extend(too_large);
    match pending.is_empty() {
        true => Ok(Sent { sent: jobs.len() }),
        false => {
            let keys: Vec<&str> = pending.iter().map(|&job| photos[job].key.as_str()).collect();
            Err(failed("NotAllSent", format!("not sent: {keys:?}")))
        }
    }
}

/// How many of the first of these go into one batch.
fn how_many_fit(jobs: &[String], indexes: &[usize]) -> usize {
    let sums = indexes.iter().scan(0, |sum, &job| {
        *sum += jobs[job].len();
        Some(*sum)
    });
    sums.take(ENTRIES).take_while(|sum| *sum <= BYTES).count()
}

/// Sends a batch once; gives what the queue did not take.
async fn send(queue: &Queue, jobs: &[String], batch: &[usize]) -> Result<Vec<usize>, Diagnostic> {
    let mut request = queue.client.send_message_batch().queue_url(&queue.url);
    for &job in batch {
        let entry = SendMessageBatchRequestEntry::builder().id(format!("photo-{job}")).message_body(&jobs[job]).build();
        request = request.entries(entry.map_err(|error| failed("InvalidAlbum", error.to_string()))?);
    }
    let answer = request.send().await;
    let answer = answer.map_err(|error| failed("QueueUnreachable", DisplayErrorContext(error).to_string()))?;
    let job = |id: &str| id.strip_prefix("photo-").and_then(|job| job.parse().ok());
    Ok(answer.failed().iter().filter_map(|entry| job(entry.id())).collect())
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
