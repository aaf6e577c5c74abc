//! caught-by: computes_with_the_numbers_that_it_is_given
//!
//! Has the hundred units that nobody may reserve in its code. Such numbers change, and they come with the event.
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
    let kept_back = 100 + reserved;
    let left = facts.get("account_concurrency").saturating_sub(kept_back);
    Reservation { left, granted: more <= left }
}
fn drain(messages: u64, batch: u64, duration_ms: u64, maximum: Option<u64>, facts: &Facts) -> Drain {
    let ceiling = facts.get("scaling_maximum").min(facts.get("account_concurrency")).min(maximum.unwrap_or(u64::MAX));
    let mut work_ms = messages.div_ceil(batch) * duration_ms;
    let mut concurrency = facts.get("scaling_start").min(ceiling);
    let mut drain = Drain { minutes: 0, peak: 0 };
    while work_ms > 0 {
        drain = Drain { minutes: drain.minutes + 1, peak: concurrency };
        work_ms = work_ms.saturating_sub(concurrency * 60_000);
        concurrency = (concurrency + facts.get("scaling_step")).min(ceiling);
    }
    drain
}
