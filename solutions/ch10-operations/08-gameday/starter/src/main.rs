//! Ferris Prints in one program: the order desk, the press, the courier, and the one who takes releases back. Which of
//! them this process is, its handler says.

// TODO: nothing is missing here. Find what the six complaints are about, and what nobody has complained of, and mend it.

mod events;
mod metrics;
mod shop;

use std::env;
use std::time::Duration;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::events::{Batch, Job, Line, Message, Order, Parcel};
use crate::shop::Shop;

/// How often the carrier is asked, and how long we wait after the first no.
const ATTEMPTS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let handler = env::var("_HANDLER").unwrap_or_default();
    let shop = Shop::open().await?;
    match handler.as_str() {
        "desk" => {
            let desk = Desk { shop: &shop, basket: Mutex::default() };
            run(service_fn(|event| desk.take(event))).await
        }
        "press" => run(service_fn(|event| press(&shop, event))).await,
        "courier" => run(service_fn(|event| courier(&shop, event))).await,
        "release" => run(service_fn(|event| release(&shop, event))).await,
        other => Err(format!("the handler is {other:?}; there are desk, press, courier and release").into()),
    }
}

/// Takes orders in.
struct Desk<'a> {
    shop: &'a Shop,
    /// What was looked at of an order.
    basket: Mutex<Vec<Line>>,
}

impl Desk<'_> {
    async fn take(&self, event: LambdaEvent<Order>) -> Result<Value, Diagnostic> {
        let Order { shop, order, card, to, lines } = event.payload;
        let mut basket = self.basket.lock().await;
        for line in lines {
            if line.cents().is_none() {
                println!("desk: {shop}/{order} is refused for {} of {}", line.copies, line.size);
                let error_message = format!("we do not print {} copies of {}", line.copies, line.size);
                return Err(Diagnostic { error_type: "BadOrder".to_owned(), error_message });
            }
            basket.push(line);
        }
        let cents = basket.iter().filter_map(Line::cents).sum();
        println!("desk: {shop}/{order} has {} lines, {cents} cents", basket.len());
        let job = Job { shop, order, card, cents, to, lines: basket.drain(..).collect() };
        match self.shop.send("jobs", &job).await {
            Ok(()) => Ok(json!({ "order": job.order, "cents": cents })),
            Err(reason) => Err(Diagnostic {
                error_type: "NotTaken".to_owned(),
                error_message: format!("once more, please: {reason}"),
            }),
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
struct Failure {
    item_identifier: String,
}

impl Answer {
    /// Notes what became of a message.
    fn note(&mut self, function: &str, message: Message, done: Result<(), Error>) {
        let failed = u64::from(done.is_err());
        let dimensions = [("Function", function), ("Message", message.message_id.as_str())];
        metrics::count(&dimensions, &[("Done", 1 - failed), ("Failed", failed)]);
        if let Err(reason) = done {
            println!("{function}: message {} failed, {reason}: {}", message.message_id, message.body);
            self.batch_item_failures.push(Failure { item_identifier: message.message_id });
        }
    }
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
    let job: Job = serde_json::from_str(&message.body)?;
    // A queue may deliver a message twice: the key keeps it from being charged twice.
    let key = &message.message_id;
    shop.charge(key, &job.card, job.cents).await?;
    shop.print(key, &job.lines).await?;
    shop.send("parcels", &Parcel { shop: job.shop, order: job.order, to: job.to }).await?;
    Ok(())
}

async fn courier(shop: &Shop, event: LambdaEvent<Batch>) -> Result<Answer, Error> {
    let mut answer = Answer::default();
    for message in event.payload.records {
        let booked = book(shop, &message).await;
        println!("courier: {:.1} s left", shop.remaining().await?.as_secs_f64());
        answer.note("courier", message, booked);
    }
    Ok(answer)
}

/// Asks the carrier until it says yes, and waits twice as long after each no.
async fn book(shop: &Shop, message: &Message) -> Result<(), Error> {
    let parcel: Parcel = serde_json::from_str(&message.body)?;
    let key = &message.message_id;
    let mut wait = FIRST_WAIT;
    for attempt in 1..ATTEMPTS {
        let Err(reason) = shop.book(key, &parcel.to).await else { return Ok(()) };
        println!("courier: attempt {attempt} for {}/{} failed, {reason}", parcel.shop, parcel.order);
        shop.wait(wait).await?;
        wait *= 2;
    }
    Ok(shop.book(key, &parcel.to).await?)
}

/// Looks after the last release, every minute.
async fn release(shop: &Shop, _: LambdaEvent<Value>) -> Result<Value, Error> {
    let release = shop.release().await?;
    if !release.alarm {
        return Ok(json!({ "live": release.live }));
    }
    println!("release: {} to {}, and the alarm is on", release.from, release.to);
    let version = (release.live - 1).max(1);
    shop.point_live_to(version, &release.revision).await?;
    println!("release: live goes back from {} to {version}", release.live);
    Ok(json!({ "live": version }))
}
