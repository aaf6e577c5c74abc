//! Right as well: goes on after a failure, and reports the lowest number only.

#[path = "../src/board.rs"]
mod board;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use board::Board;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_dynamo::{AttributeValue, from_item};

#[derive(Deserialize)]
struct Key {
    order_id: String,
}

#[derive(Deserialize)]
struct Order {
    status: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let board = Board::from_env();
    run(service_fn(|event| follow(&board, event))).await
}

async fn follow(board: &Board, event: LambdaEvent<Event>) -> Result<DynamoDbEventResponse, Error> {
    let mut answer = DynamoDbEventResponse::default();
    for record in event.payload.records {
        if take(board, &record).is_err() && answer.batch_item_failures.is_empty() {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = record.change.sequence_number;
            answer.batch_item_failures.push(failure);
        }
    }
    Ok(answer)
}

fn take(board: &Board, record: &EventRecord) -> Result<(), Error> {
    let change = &record.change;
    let number = change.sequence_number.as_deref().ok_or("a change without a number")?;
    let Key { order_id } = from_item(change.keys.clone())?;
    if let Some(last) = board.last_change(&order_id)
        && rank(number) <= rank(&last)
    {
        return Ok(());
    }
    if record.event_name == "REMOVE" {
        return Ok(board.remove(&order_id, number)?);
    }
    let Order { status } = from_item(change.new_image.clone())?;
    // A number of DynamoDB has up to 38 digits, which no float holds.
    let Some(AttributeValue::N(total)) = change.new_image.get("total") else {
        return Err("an order without a total".into());
    };
    Ok(board.put(&order_id, &status, total, number)?)
}

/// Sequence numbers have up to 40 digits, more than a `u128` holds. Of two numbers the longer one is larger, and of two
/// equally long ones the one that comes later as text.
fn rank(number: &str) -> (usize, &str) {
    let digits = number.trim_start_matches('0');
    (digits.len(), digits)
}
