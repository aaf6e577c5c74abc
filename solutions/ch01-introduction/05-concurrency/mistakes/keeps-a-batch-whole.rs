//! caught-by: adds_up_the_work_of_all_batches
//!
//! Simulates invocations, each busy with a batch of its own until that is done. The model cuts work anywhere.
#![allow(unused)]

#[path = "../src/question.rs"]
mod question;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

use question::{Answer, Drain, Facts, Load, Question, Reservation};

#[derive(Deserialize)]
struct Event {
    facts: Facts,
    question: Question,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Event>) -> Result<Answer, Error> {
    let Event { facts, question } = event.payload;
    Ok(match question {
        Question::Requests { per_second, duration_ms } => Answer::Requests(load(per_second, duration_ms, &facts)),
        Question::Reserve { reserved, more } => Answer::Reserve(reserve(reserved.iter().sum(), more, &facts)),
        Question::Queue { messages, batch, duration_ms, maximum_concurrency } => {
            Answer::Queue(drain(messages, batch, duration_ms, maximum_concurrency, &facts))
        }
    })
}

fn load(per_second: u64, duration_ms: u64, facts: &Facts) -> Load {
    // Little's law: what comes in a second, times the seconds that each stays.
    let in_flight = (per_second * duration_ms).div_ceil(1_000);
    let for_the_rate = per_second.div_ceil(facts.get("requests_per_environment"));
    let needed = in_flight.max(for_the_rate);
    let steps = needed.div_ceil(facts.get("scaling_environments"));
    let seconds_to_scale = steps.saturating_sub(1) * facts.get("scaling_interval");
    Load { in_flight, for_the_rate, needed, fits: needed <= facts.get("account_concurrency"), seconds_to_scale }
}

fn reserve(reserved: u64, more: u64, facts: &Facts) -> Reservation {
    let kept_back = facts.get("unreserved_concurrency") + reserved;
    let left = facts.get("account_concurrency").saturating_sub(kept_back);
    Reservation { left, granted: more <= left }
}

fn drain(messages: u64, batch: u64, duration_ms: u64, maximum: Option<u64>, facts: &Facts) -> Drain {
    let ceiling = facts.get("scaling_maximum").min(facts.get("account_concurrency")).min(maximum.unwrap_or(u64::MAX));
    let mut waiting = messages.div_ceil(batch);
    let mut concurrency = facts.get("scaling_start").min(ceiling);
    // What each invocation has left of its batch.
    let mut busy: Vec<u64> = Vec::new();
    let mut drain = Drain { minutes: 0, peak: 0 };
    while waiting > 0 || busy.iter().any(|left| *left > 0) {
        drain = Drain { minutes: drain.minutes + 1, peak: concurrency };
        busy.resize(concurrency as usize, 0);
        for left in &mut busy {
            let mut time = 60_000;
            while time > 0 {
                if *left == 0 {
                    if waiting == 0 {
                        break;
                    }
                    waiting -= 1;
                    *left = duration_ms;
                }
                let work = time.min(*left);
                time -= work;
                *left -= work;
            }
        }
        concurrency = (concurrency + facts.get("scaling_step")).min(ceiling);
    }
    drain
}
