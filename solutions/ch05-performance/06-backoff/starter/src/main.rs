//! Hands parcels over to a courier whose service has bad moments.

mod courier;
mod dice;

use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::dice::Dice;

#[derive(Deserialize)]
struct Order {
    parcel: String,
    policy: Policy,
    seed: u64,
}

#[derive(Deserialize)]
struct Policy {
    /// How often the parcel is handed over at the most; at least 1.
    attempts: u32,
    base_ms: u64,
    cap_ms: u64,
    /// What must be left for the answer.
    margin_ms: u64,
}

#[derive(Serialize)]
struct Delivered {
    parcel: String,
    attempts: u32,
    /// How long it was waited before each attempt but the first.
    waits_ms: Vec<u64>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(deliver)).await
}

async fn deliver(event: LambdaEvent<Order>) -> Result<Delivered, Diagnostic> {
    let (Order { parcel, policy, seed }, context) = event.into_parts();
    let mut dice = Dice::new(seed);
    let mut waits_ms = Vec::new();
    for attempt in 1..=policy.attempts {
        // TODO: tell a failure that may pass from one that will not.
        let at_least = match courier::hand_over(&parcel).await {
            Ok(reply) if (200..300).contains(&reply.status) => {
                return Ok(Delivered { parcel, attempts: attempt, waits_ms });
            }
            Ok(reply) => reply.retry_after.unwrap_or_default(),
            Err(_) => Duration::ZERO,
        };
        // TODO: draw the wait, and begin it only if there is time for it.
        let wait_ms = policy.ceiling_ms(attempt) + dice.up_to(policy.base_ms);
        sleep(at_least + Duration::from_millis(wait_ms)).await;
        waits_ms.push(wait_ms);
    }
    let left = remaining(&context).saturating_sub(policy.margin());
    Err(failed("GaveUp", format!("not delivered after {} attempts, {left:?} before the margin", policy.attempts)))
}

impl Policy {
    /// The longest wait after this many attempts.
    fn ceiling_ms(&self, _attempts: u32) -> u64 {
        // TODO: twice as long after each attempt, but never longer than the cap.
        self.cap_ms
    }

    fn margin(&self) -> Duration {
        Duration::from_millis(self.margin_ms)
    }
}

/// How long this invocation may still run; nothing once the deadline has passed.
fn remaining(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
