//! caught-by: no_card_stands_in_a_log
//!
//! Says which order it was that cannot be read, in the words of the message: whatever stands where the shop's name
//! should be is in the log.
#![allow(unused)]

#[path = "../src/events.rs"]
mod events;
#[path = "../src/metrics.rs"]
mod metrics;
#[path = "../src/shop.rs"]
mod shop;

use std::env;
use std::time::Duration;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Serialize;
use serde_json::{Value, json};

use crate::events::{Batch, Job, Line, Message, Order, Parcel};
use crate::shop::Shop;

/// The longest that the carrier takes for an answer.
const LONGEST_BOOKING: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let handler = env::var("_HANDLER").unwrap_or_default();
    let shop = Shop::open().await?;
    match handler.as_str() {
        "desk" => run(service_fn(|event| desk(&shop, event))).await,
        "press" => run(service_fn(|event| press(&shop, event))).await,
        "courier" => run(service_fn(|event| courier(&shop, event))).await,
        "release" => run(service_fn(|event| release(&shop, event))).await,
        other => Err(format!("the handler is {other:?}; there are desk, press, courier and release").into()),
    }
}

/// Takes an order in. What is known of it lives as long as this call, whatever comes of it.
async fn desk(outside: &Shop, event: LambdaEvent<Order>) -> Result<Value, Diagnostic> {
    let Order { shop, order, card, to, lines } = event.payload;
    if let Some(line) = lines.iter().find(|line| line.cents().is_none()) {
        println!("desk: {shop}/{order} is refused for {} of {}", line.copies, line.size);
        let error_message = format!("we do not print {} copies of {}", line.copies, line.size);
        return Err(Diagnostic { error_type: "BadOrder".to_owned(), error_message });
    }
    let cents = lines.iter().filter_map(Line::cents).sum();
    println!("desk: {shop}/{order} has {} lines, {cents} cents", lines.len());
    let job = Job { shop, order, card, cents, to, lines };
    match outside.send("jobs", &job).await {
        Ok(()) => Ok(json!({ "order": job.order, "cents": cents })),
        Err(reason) => {
            let error_message = format!("once more, please: {reason}");
            Err(Diagnostic { error_type: "NotTaken".to_owned(), error_message })
        }
    }
}

/// What Lambda is told of a batch.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Answer {
    /// Notes what became of a message. What it says is nobody's business.
    fn note(&mut self, function: &str, message: Message, done: Result<(), Error>) {
        let failed = u64::from(done.is_err());
        metrics::count(&[("Function", function)], &[("Done", 1 - failed), ("Failed", failed)]);
        if let Err(reason) = done {
            println!("{function}: message {} failed, {reason}", message.message_id);
            self.batch_item_failures.push(Failure { item_identifier: message.message_id });
        }
    }
}

/// What is the same however often an order comes, and that of no other order: each shop counts its own.
fn key(shop: &str, order: &str) -> String {
    format!("{shop}/{order}")
}

/// Serde's own words may have a value of the message in them.
fn unreadable(error: serde_json::Error) -> Error {
    format!("it cannot be read from column {} on", error.column()).into()
}

async fn press(shop: &Shop, event: LambdaEvent<Batch>) -> Result<Answer, Error> {
    let mut answer = Answer::default();
    for message in event.payload.records {
        let printed = print(shop, &message).await;
        answer.note("press", message, printed);
    }
    Ok(answer)
}

/// Charges and prints a job, and has its parcel fetched.
async fn print(shop: &Shop, message: &Message) -> Result<(), Error> {
    let job: Job = serde_json::from_str(&message.body).map_err(|error| {
        let said: Value = serde_json::from_str(&message.body).unwrap_or_default();
        format!("{}/{}: {}", said["shop"], said["order"], unreadable(error))
    })?;
    let key = key(&job.shop, &job.order);
    shop.charge(&key, &job.card, job.cents).await.map_err(|reason| format!("{key}: {reason}"))?;
    shop.print(&key, &job.lines).await.map_err(|reason| format!("{key}: {reason}"))?;
    shop.send("parcels", &Parcel { shop: job.shop, order: job.order, to: job.to }).await?;
    Ok(())
}

/// Asks the carrier once for each parcel: the queue asks again, later, and nobody waits meanwhile.
async fn courier(shop: &Shop, event: LambdaEvent<Batch>) -> Result<Answer, Error> {
    let mut answer = Answer::default();
    for message in event.payload.records {
        let booked = match shop.remaining().await? {
            left if left < LONGEST_BOOKING => Err("there was no time left".into()),
            _ => book(shop, &message).await,
        };
        answer.note("courier", message, booked);
    }
    Ok(answer)
}

async fn book(shop: &Shop, message: &Message) -> Result<(), Error> {
    let parcel: Parcel = serde_json::from_str(&message.body).map_err(unreadable)?;
    let key = key(&parcel.shop, &parcel.order);
    Ok(shop.book(&key, &parcel.to).await.map_err(|reason| format!("{key}: {reason}"))?)
}

/// Looks after the last release, every minute. Only what was released is taken back, and only to where it came from.
async fn release(shop: &Shop, _: LambdaEvent<Value>) -> Result<Value, Error> {
    let release = shop.release().await?;
    if !release.alarm || release.live != release.to {
        return Ok(json!({ "live": release.live }));
    }
    shop.point_live_to(release.from, &release.revision).await?;
    println!("release: the alarm is on, live goes back from {} to {}", release.to, release.from);
    Ok(json!({ "live": release.from }))
}
