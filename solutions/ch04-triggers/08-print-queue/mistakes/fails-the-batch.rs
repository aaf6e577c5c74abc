//! caught-by: gives_up_a_job_that_jams_for_good
//! One error for the whole batch: what was received with a poison message goes to the dead-letter queue with it.
#![allow(unused)]

#[path = "../src/ledger.rs"]
mod ledger;
#[path = "../src/printer.rs"]
mod printer;

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
    for message in event.payload.records {
        print_once(ledger, &message)?;
    }
    Ok(SqsBatchResponse::default())
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
