//! An album comes in, and each of its photos becomes a print job in the queue.

use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

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

    // TODO: SQS takes at most 10 entries, and 1,048,576 bytes in all, in one batch. A job that is larger fits none.
    let entry = |(job, body): (usize, &String)| {
        SendMessageBatchRequestEntry::builder().id(job.to_string()).message_body(body).build()
    };
    let entries: Result<Vec<_>, _> = jobs.iter().enumerate().map(entry).collect();
    let entries = entries.map_err(|error| failed("InvalidAlbum", error.to_string()))?;
    let request = queue.client.send_message_batch().queue_url(&queue.url).set_entries(Some(entries));

    // TODO: an answer can say that some entries failed.
    let _answer =
        request.send().await.map_err(|error| failed("QueueUnreachable", DisplayErrorContext(error).to_string()))?;

    Ok(Sent { sent: jobs.len() })
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
