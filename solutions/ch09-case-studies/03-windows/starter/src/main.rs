//! Two functions of one program. `aggregate` follows the stream of the orders and adds up what each branch takes in five
//! minutes; `publish` tells the topic what a window came to.

mod fates;
mod table;
mod topic;

use std::collections::BTreeSet;
use std::env;

use aws_lambda_events::dynamodb::Event;
use aws_lambda_events::streams::DynamoDbEventResponse;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

use table::{Table, Write};
use topic::Topic;

/// How long a window is, in seconds.
const WINDOW: i64 = 300;

/// How long after its end a window waits for what comes late, in seconds.
const ALLOWANCE: i64 = 120;

/// What the schedule sends.
#[derive(Deserialize)]
struct Tick {
    scheduled_time: String,
}

#[derive(Deserialize)]
struct Order {
    branch: String,
    placed_at: i64,
    // TODO: an amount, to the cent.
    total: f64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (table, topic) = (Table::from_env(), Topic::from_env());
    let handler = env::var("_HANDLER").unwrap_or_default();
    match handler.as_str() {
        "aggregate" => run(service_fn(|event| aggregate(&table, event))).await,
        "publish" => run(service_fn(|event| publish(&table, &topic, event))).await,
        _ => Err(format!("the handler is {handler:?}; there are aggregate and publish").into()),
    }
}

async fn aggregate(table: &Table, event: LambdaEvent<Event>) -> Result<DynamoDbEventResponse, Error> {
    for record in event.payload.records {
        // TODO: not every change is a new order.
        // TODO: what cannot be read, and what comes too late, is put aside and holds up nothing.
        let order: Order = serde_dynamo::from_item(record.change.new_image)?;
        let window = order.placed_at - order.placed_at % WINDOW;
        let cents = (order.total * 100.0) as i64;
        // TODO: a change counts once, however often it comes.
        table.write(&[Write::Add { key: format!("sum/{window}/{}", order.branch), orders: 1, cents }])?;
        table.write(&[Write::Create { key: format!("counted/{}", record.event_id), value: Value::Null }])?;
    }
    // TODO: the answer names the changes that failed.
    Ok(DynamoDbEventResponse::default())
}

async fn publish(table: &Table, topic: &Topic, event: LambdaEvent<Tick>) -> Result<(), Error> {
    let now = event.payload.scheduled_time.parse::<Timestamp>()?.as_second();
    let windows: BTreeSet<i64> =
        table.find("sum/").keys().filter_map(|key| key.split('/').nth(1)?.parse().ok()).collect();
    for window in windows.into_iter().filter(|window| window + WINDOW + ALLOWANCE <= now) {
        let closed = format!("closed/{window}");
        if !table.find(&closed).is_empty() {
            continue;
        }
        let prefix = format!("sum/{window}/");
        let sums = table.find(&prefix);
        let rows: Vec<Value> = sums
            .iter()
            .map(|(key, sum)| json!({ "branch": key[prefix.len()..], "orders": sum["orders"], "cents": sum["cents"] }))
            .collect();
        // TODO: a message that is too large becomes several.
        let message = json!({ "id": format!("{window}-1"), "window": window, "more": false, "rows": rows }).to_string();
        if message.len() > topic.largest_message() {
            return Err("the message is too large".into());
        }
        // TODO: the same figures at each attempt, and nothing that is added to them unseen.
        topic.publish(&message)?;
        table.write(&[
            Write::Absent { key: closed.clone() },
            Write::Create { key: format!("sent/{window}"), value: Value::Null },
        ])?;
        table.write(&[Write::Create { key: closed, value: Value::Null }])?;
    }
    Ok(())
}
