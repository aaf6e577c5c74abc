//! The printer of Ferris Prints, which is given: a batch of print jobs comes in, each is printed, and what cannot be
//! read is reported. It writes down what was printed in a table (here: in its log), and begins only if it knows which.

use std::env;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Job {
    job: String,
    copies: u32,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let table = env::var("PRINTED_TABLE").map_err(|_| "PRINTED_TABLE is not set")?;
    let table = table.as_str();
    run(service_fn(|event: LambdaEvent<SqsEvent>| async move { Ok::<_, Error>(print(event.payload, table)) })).await
}

// ANCHOR: print
fn print(batch: SqsEvent, table: &str) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in batch.records {
        match serde_json::from_str::<Job>(message.body.as_deref().unwrap_or_default()) {
            Ok(Job { job, copies }) => println!("printed {job} copies {copies} noted in {table}"),
            Err(error) => {
                println!("cannot read a job: {error}");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = message.message_id.unwrap_or_default();
                response.batch_item_failures.push(failure);
            }
        }
    }
    response
}
// ANCHOR_END: print
