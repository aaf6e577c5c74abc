//! The rule as AWS words it: after the first failure of a FIFO queue's batch, everything is returned.

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
    let mut answer = SqsBatchResponse::default();
    let mut stopped = false;
    for message in event.payload.records {
        if !stopped {
            let Err(reason) = print_once(ledger, &message) else { continue };
            eprintln!("{:?} was not printed: {reason}", message.body);
            stopped = message.event_source_arn.as_deref().is_some_and(|queue| queue.ends_with(".fifo"));
        }
        answer.add_failure(message.message_id.ok_or("a message without an id")?);
    }
    Ok(answer)
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
