//! caught-by: does_not_hold_up_single_prints_of_a_group
//! A group of a standard queue is a matter of fairness: there nothing has to wait for its neighbour.
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

fn album(message: &SqsMessage) -> Option<&str> {
    message.attributes.get("MessageGroupId").map(String::as_str)
}

/// What the shop sends twice are two messages with two ids, so it is the job that is noted.
fn print_once(ledger: &Ledger, message: &SqsMessage) -> Result<(), Error> {
    let job: Job = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
    if ledger.has(&job.job)? {
        return Ok(());
    }
    printer::print(&job)?;
    ledger.note(&job.job)?;
    Ok(())
}
