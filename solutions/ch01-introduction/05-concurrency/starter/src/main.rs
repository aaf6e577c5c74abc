//! How much concurrency the shop needs, and how fast it gets it.

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
    // TODO: half a request in flight takes a whole environment.
    let in_flight = per_second * duration_ms / 1_000;
    // TODO: each unit of concurrency takes only so many requests a second.
    let for_the_rate = 0;
    let needed = in_flight;
    // TODO: new environments come in steps, the first at once.
    let seconds_to_scale = 0;
    Load { in_flight, for_the_rate, needed, fits: needed <= facts.get("account_concurrency"), seconds_to_scale }
}

fn reserve(reserved: u64, more: u64, facts: &Facts) -> Reservation {
    // TODO: some of the account's concurrency cannot be reserved, and a small account has less than that.
    let left = facts.get("account_concurrency") - reserved;
    Reservation { left, granted: more <= left }
}

fn drain(messages: u64, batch: u64, duration_ms: u64, maximum: Option<u64>, facts: &Facts) -> Drain {
    let work_ms = messages / batch * duration_ms;
    // TODO: pollers begin with few and become more every minute, up to the smallest of three maxima.
    let peak = maximum.unwrap_or(facts.get("scaling_maximum"));
    Drain { minutes: work_ms.div_ceil(peak * 60_000), peak }
}
