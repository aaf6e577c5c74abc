//! Shows a customer the proof of an album, or says in time that it takes longer.

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
        // TODO: say whose time was over, in a way that a program can read.
        Err(OutOfTime) => answer(408, &json!("please be faster")),
    })
}

/// Drives `work` until it is done, or drops it when no more than `margin` is left before the deadline. Work for which
/// there is no time is not begun.
async fn with_deadline<T>(context: &Context, margin: Duration, work: impl Future<Output = T>) -> Result<T, OutOfTime> {
    // TODO: this waits for the work as long as it takes.
    if remaining(context) == margin {
        return Err(OutOfTime);
    }
    Ok(work.await)
}

/// How long this invocation may still run; nothing once the deadline has passed.
fn remaining(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}

fn answer(status_code: u16, body: &Value) -> Answer {
    Answer { status_code, headers: json!({ "content-type": "application/json" }), body: body.to_string() }
}
