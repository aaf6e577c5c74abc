//! caught-by: publishes_a_window_once
//! Logs that the topic failed and ends well, so Lambda has no reason to try again.
#![allow(unused)]

#[path = "../src/fates.rs"]
mod fates;
#[path = "../src/table.rs"]
mod table;
#[path = "../src/topic.rs"]
mod topic;

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_dynamo::{AttributeValue, Item};
use serde_json::{Value, json};

use table::{Refused, Table, Write};
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
    let mut answer = DynamoDbEventResponse::default();
    for record in event.payload.records {
        // Sums do not ask for an order, so what comes behind a failure is not held up by it.
        if let Err(reason) = take(table, &record) {
            eprintln!("change {} was not taken: {reason}", record.event_id);
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = record.change.sequence_number;
            answer.batch_item_failures.push(failure);
        }
    }
    Ok(answer)
}

fn take(table: &Table, record: &EventRecord) -> Result<(), Refused> {
    let by_service = record.user_identity.as_ref().is_some_and(|user| user.principal_id == "dynamodb.amazonaws.com");
    if record.event_name == "REMOVE" && by_service {
        return Ok(());
    }
    let Some(change) = Change::read(record) else {
        return put_aside(table, record, "unreadable");
    };
    if change.old == change.new {
        return Ok(());
    }
    let counted = format!("counted/{}", record.event_id);
    let (mut windows, mut sums) = (BTreeSet::new(), BTreeMap::<String, (i64, i64)>::new());
    for (order, sign) in [(&change.old, -1), (&change.new, 1)] {
        let Some(order) = order else { continue };
        let window = order.placed_at - order.placed_at % WINDOW;
        windows.insert(window);
        // Both images may be of one row, and a transaction has each key once.
        let sum = sums.entry(format!("sum/{window}/{}", order.branch)).or_default();
        *sum = (sum.0 + sign, sum.1 + sign * order.cents);
    }
    let mut writes = vec![Write::Create { key: counted.clone(), value: Value::Null }];
    writes.extend(windows.iter().map(|window| Write::Absent { key: closed(*window) }));
    writes.extend(sums.into_iter().map(|(key, (orders, cents))| Write::Add { key, orders, cents }));
    match table.write(&writes) {
        // What was counted may come again when its window is closed: that is not late.
        Err(Refused::Conditions(keys)) if keys.contains(&counted) => Ok(()),
        Err(Refused::Conditions(_)) => put_aside(table, record, "late"),
        written => written,
    }
}

/// Keeps a change that is not counted for somebody to look at: the stream forgets it in a day.
fn put_aside(table: &Table, record: &EventRecord, reason: &str) -> Result<(), Refused> {
    let value = json!({ "reason": reason, "record": record });
    match table.write(&[Write::Create { key: format!("quarantine/{}", record.event_id), value }]) {
        Err(Refused::Conditions(_)) => Ok(()),
        written => written,
    }
}

fn closed(window: i64) -> String {
    format!("closed/{window}")
}

/// What a change takes out of the sums and what it brings.
struct Change {
    old: Option<Order>,
    new: Option<Order>,
}

/// What counts of an order.
#[derive(PartialEq)]
struct Order {
    branch: String,
    /// Seconds since 1970.
    placed_at: i64,
    cents: i64,
}

impl Change {
    fn read(record: &EventRecord) -> Option<Change> {
        let (old, new) = (&record.change.old_image, &record.change.new_image);
        Some(match record.event_name.as_str() {
            "INSERT" => Change { old: None, new: Some(Order::read(new)?) },
            "MODIFY" => Change { old: Some(Order::read(old)?), new: Some(Order::read(new)?) },
            "REMOVE" => Change { old: Some(Order::read(old)?), new: None },
            _ => return None,
        })
    }
}

impl Order {
    fn read(image: &Item) -> Option<Order> {
        let (Some(AttributeValue::S(branch)), Some(AttributeValue::N(placed_at)), Some(AttributeValue::N(total))) =
            (image.get("branch"), image.get("placed_at"), image.get("total"))
        else {
            return None;
        };
        let placed_at = whole(placed_at).filter(|_| placed_at.len() <= 10)?;
        let named = (1..=100).contains(&branch.chars().count());
        named.then_some(Order { branch: branch.clone(), placed_at, cents: cents(total)? })
    }
}

/// Cents of an amount: up to nine digits, and up to two behind the point.
fn cents(amount: &str) -> Option<i64> {
    let (whole_part, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
    if whole_part.len() > 9 || fraction.len() > 2 {
        return None;
    }
    // "9" behind the point is ninety cents.
    let tenfold = if fraction.len() == 1 { 10 } else { 1 };
    Some(whole(whole_part)? * 100 + whole(fraction)? * tenfold)
}

/// A number of digits and nothing else; `parse` alone would take a sign.
fn whole(digits: &str) -> Option<i64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

async fn publish(table: &Table, topic: &Topic, event: LambdaEvent<Tick>) -> Result<(), Error> {
    let now = event.payload.scheduled_time.parse::<Timestamp>()?.as_second();
    let windows: BTreeSet<i64> = table.find("sum/").keys().filter_map(|key| window_of(key)).collect();
    let done = table.find("done/");
    for window in windows {
        let is_over = window + WINDOW + ALLOWANCE <= now;
        if is_over && !done.contains_key(&format!("done/{window}")) {
            if let Err(error) = tell(table, topic, window) {
                eprintln!("{error}");
            }
        }
    }
    Ok(())
}

fn window_of(key: &str) -> Option<i64> {
    key.split('/').nth(1)?.parse().ok()
}

fn tell(table: &Table, topic: &Topic, window: i64) -> Result<(), Error> {
    // First closed, then read: nothing is added to the sums any more, so that they are the same at each attempt.
    create(table, closed(window))?;
    let prefix = format!("sum/{window}/");
    let sums = table.find(&prefix);
    let taken = sums.iter().filter(|(_, sum)| sum["orders"] != 0 || sum["cents"] != 0);
    let rows = taken.map(|(key, sum)| {
        let row = json!({ "branch": key[prefix.len()..], "orders": sum["orders"], "cents": sum["cents"] });
        row.to_string()
    });
    let sent = table.find(&format!("sent/{window}/"));
    for (id, message) in messages(window, &rows.collect::<Vec<_>>(), topic.largest_message()) {
        let key = format!("sent/{window}/{id}");
        if !sent.contains_key(&key) {
            topic.publish(&message)?;
            create(table, key)?;
        }
    }
    Ok(create(table, format!("done/{window}"))?)
}

/// Makes an item that may be there.
fn create(table: &Table, key: String) -> Result<(), Refused> {
    match table.write(&[Write::Create { key, value: Value::Null }]) {
        Err(Refused::Conditions(_)) => Ok(()),
        written => written,
    }
}

/// The messages of a window with their ids. Each has as many rows as fit.
fn messages(window: i64, mut rows: &[String], largest: usize) -> Vec<(String, String)> {
    let mut messages = Vec::new();
    while !rows.is_empty() {
        let id = format!("{window}-{}", messages.len() + 1);
        let message = |count: usize| {
            let more = count < rows.len();
            format!(r#"{{"id":"{id}","window":{window},"more":{more},"rows":[{}]}}"#, rows[..count].join(","))
        };
        // `false` is the longer one of the two.
        let mut bytes = message(0).len() + 1;
        let fits = |row: &&String| {
            bytes += row.len() + 1;
            bytes - 1 <= largest
        };
        let count = rows.iter().take_while(fits).count().max(1);
        messages.push((id.clone(), message(count)));
        rows = &rows[count..];
    }
    messages
}
