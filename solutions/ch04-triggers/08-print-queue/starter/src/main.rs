//! Print jobs come from two queues: `print-jobs` for single prints, and `album-pages.fifo`, in which the pages of an
//! album are a group and come in their order.

mod ledger;
mod printer;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEventObj};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use ledger::Ledger;
use printer::Job;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let ledger = Ledger::open();
    run(service_fn(|event| print_batch(&ledger, event))).await
}

async fn print_batch(ledger: &Ledger, event: LambdaEvent<SqsEventObj<Job>>) -> Result<SqsBatchResponse, Error> {
    let mut answer = SqsBatchResponse::default();
    for message in event.payload.records {
        let id = message.message_id.ok_or("a message without an id")?;
        // A message can come twice, and a customer pays once.
        if ledger.has(&id)? {
            continue;
        }
        ledger.note(&id)?;
        if let Err(reason) = printer::print(&message.body) {
            eprintln!("{} was not printed: {reason}", message.body.job);
            answer.add_failure(id);
        }
    }
    Ok(answer)
}
