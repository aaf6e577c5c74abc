//! caught-by: prints_once_what_comes_by_both_queues
//!
//! Notes a job with its queue: what comes in again at the other queue is printed again.
#![allow(unused)]

#[path = "../src/ledger.rs"]
mod ledger;
#[path = "../src/printer.rs"]
mod printer;

use std::collections::HashSet;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use ledger::Ledger;
use printer::Job;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let ledger = Ledger::open();
    run(service_fn(|event| print_batch(&ledger, event))).await
}

// Bodies stay text here: one that cannot be read is a failure of its message, not of the batch.
async fn print_batch(ledger: &Ledger, event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    let mut answer = SqsBatchResponse::default();
    let mut held_up = HashSet::new();
    for message in event.payload.records {
        let album = album(&message);
        if !album.is_some_and(|album| held_up.contains(album)) {
            let Err(reason) = print_once(ledger, &message) else { continue };
            eprintln!("{:?} was not printed: {reason}", message.body);
            held_up.extend(album.map(str::to_owned));
        }
        answer.add_failure(message.message_id.ok_or("a message without an id")?);
    }
    Ok(answer)
}

/// The album whose pages must come out in order; none for single prints. Standard queues may have groups as well, where
/// they are a matter of fairness and not of order.
fn album(message: &SqsMessage) -> Option<&str> {
    let is_fifo = message.event_source_arn.as_ref().is_some_and(|queue| queue.ends_with(".fifo"));
    message.attributes.get("MessageGroupId").filter(|_| is_fifo).map(String::as_str)
}

/// What the shop sends twice are two messages with two ids, so it is the job that is noted.
fn print_once(ledger: &Ledger, message: &SqsMessage) -> Result<(), Error> {
    let job: Job = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
    let entry = format!("{:?} {}", message.event_source_arn, job.job);
    if ledger.has(&entry)? {
        return Ok(());
    }
    printer::print(&job)?;
    ledger.note(&entry)?;
    Ok(())
}
