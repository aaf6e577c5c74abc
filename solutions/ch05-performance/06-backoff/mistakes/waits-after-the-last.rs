//! caught-by: gives_up_after_as_many_attempts_as_allowed
//!
//! Waits after the last attempt too, before it gives up: for nothing.
#![allow(unused)]

#[path = "../src/courier.rs"]
mod courier;
#[path = "../src/dice.rs"]
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
        let at_least = match courier::hand_over(&parcel).await {
            Ok(reply) if (200..300).contains(&reply.status) => {
                return Ok(Delivered { parcel, attempts: attempt, waits_ms });
            }
            Ok(reply) if may_pass(reply.status) => reply.retry_after.unwrap_or_default(),
            Ok(reply) => return Err(failed("Refused", format!("the courier answers {}", reply.status))),
            Err(_) => Duration::ZERO,
        };
        let jitter = Duration::from_millis(dice.up_to(policy.ceiling_ms(attempt)));
        let wait = jitter.max(at_least);
        if remaining(&context) < wait.saturating_add(policy.margin()) {
            return Err(failed("GaveUp", format!("not delivered after {attempt} attempts")));
        }
        sleep(wait).await;
        waits_ms.push(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    }
    Err(failed("GaveUp", format!("not delivered after {} attempts", policy.attempts)))
}

/// Whether the same request may have better luck in a moment.
fn may_pass(status: u16) -> bool {
    matches!(status, 429 | 500 | 502 | 503 | 504)
}

impl Policy {
    /// The longest wait after this many attempts.
    fn ceiling_ms(&self, attempts: u32) -> u64 {
        self.base_ms.saturating_mul(2_u64.saturating_pow(attempts - 1)).min(self.cap_ms)
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
