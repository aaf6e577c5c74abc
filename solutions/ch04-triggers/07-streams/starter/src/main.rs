//! The order board follows the table of orders by its stream.

mod board;

use aws_lambda_events::dynamodb::Event;
use aws_lambda_events::streams::DynamoDbEventResponse;
use board::Board;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Key {
    order_id: String,
}

#[derive(Deserialize)]
struct Order {
    order_id: String,
    status: String,
    // TODO: an amount is shown digit by digit as it stands in the table.
    total: f64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let board = Board::from_env();
    run(service_fn(|event| follow(&board, event))).await
}

async fn follow(board: &Board, event: LambdaEvent<Event>) -> Result<DynamoDbEventResponse, Error> {
    // TODO: the changes of an order are taken one after the other.
    let (gone, here): (Vec<_>, Vec<_>) =
        event.payload.records.into_iter().map(|record| record.change).partition(|change| change.new_image.is_empty());
    for change in here {
        let number = change.sequence_number.unwrap_or_default();
        // TODO: one change that fails does not take the others along.
        let order: Order = serde_dynamo::from_item(change.new_image)?;
        // TODO: what comes again does not undo what came later.
        println!("order {}: {number} after {:?}", order.order_id, board.last_change(&order.order_id));
        board.put(&order.order_id, &order.status, &order.total.to_string(), &number)?;
    }
    for change in gone {
        let key: Key = serde_dynamo::from_item(change.keys)?;
        board.remove(&key.order_id, &change.sequence_number.unwrap_or_default())?;
    }
    Ok(DynamoDbEventResponse::default())
}
