//! caught-by: stops_the_work_and_clears_the_desk_before_it_answers
//!
//! Spawns the work and stops waiting for it. A task whose handle is dropped goes on, with the next event too.
#![allow(unused)]

#[path = "../src/proof.rs"]
mod proof;

use std::env;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Album {
    order: u64,
    pages: u32,
}

/// An answer to an HTTP API.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    headers: Value,
    body: String,
}

/// There was not enough time.
struct OutOfTime;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let margin = Duration::from_millis(env::var("MARGIN_MS")?.parse()?);
    run(service_fn(|event| show_proof(event, margin))).await
}

async fn show_proof(event: LambdaEvent<Album>, margin: Duration) -> Result<Answer, Error> {
    let (Album { order, pages }, context) = event.into_parts();
    Ok(match with_deadline(&context, margin, proof::render(order, pages)).await {
        Ok(Ok(proof)) => answer(200, &json!({ "order": order, "proof": proof })),
        Ok(Err(reason)) => answer(422, &json!({ "order": order, "error": reason })),
        Err(OutOfTime) => answer(504, &json!({ "order": order, "error": "OutOfTime" })),
    })
}

/// Drives `work` until it is done, or drops it when no more than `margin` is left before the deadline. Work for which
/// there is no time is not begun.
async fn with_deadline<T: Send + 'static>(
    context: &Context,
    margin: Duration,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, OutOfTime> {
    let budget = remaining(context).saturating_sub(margin);
    // A timeout of zero would still begin: it looks at the work first, then at the clock.
    if budget.is_zero() {
        return Err(OutOfTime);
    }
    match tokio::time::timeout(budget, tokio::spawn(work)).await {
        Ok(Ok(done)) => Ok(done),
        _ => Err(OutOfTime),
    }
}

/// How long this invocation may still run; nothing once the deadline has passed.
fn remaining(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}

fn answer(status_code: u16, body: &Value) -> Answer {
    Answer { status_code, headers: json!({ "content-type": "application/json" }), body: body.to_string() }
}
