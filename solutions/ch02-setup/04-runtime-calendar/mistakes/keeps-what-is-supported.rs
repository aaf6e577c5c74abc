//! caught-by: answers_for_any_calendar
//!
//! Names a successor only for what is not supported any more. Whoever plans asks before.
#![allow(unused)]

#[path = "../src/calendar.rs"]
mod calendar;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use calendar::{Calendar, Date, Runtime, State};

#[derive(Deserialize)]
struct Question {
    calendar: Calendar,
    runtime: String,
    on: Date,
}

#[derive(Serialize)]
struct Answer {
    state: State,
    change_to: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Question>) -> Result<Answer, Diagnostic> {
    let Question { calendar, runtime, on } = event.payload;
    let Some(known) = calendar.get(&runtime) else {
        return Err(Diagnostic {
            error_type: "UnknownRuntime".to_owned(),
            error_message: format!("there is no runtime {runtime}"),
        });
    };
    Ok(Answer { state: state(known, on), change_to: change_to(known, &calendar, on) })
}

/// The worst that holds on this day. Each day is the first on which it holds.
fn state(runtime: &Runtime, on: Date) -> State {
    let has_come = |day: Option<Date>| day.is_some_and(|day| day <= on);
    if has_come(runtime.update_blocked) {
        State::UpdateBlocked
    } else if has_come(runtime.create_blocked) {
        State::CreateBlocked
    } else if has_come(runtime.deprecated) {
        State::Deprecated
    } else {
        State::Supported
    }
}

/// The successor, as long as it is supported itself.
fn change_to(runtime: &Runtime, calendar: &Calendar, on: Date) -> Option<String> {
    if state(runtime, on) == State::Supported {
        return None;
    }
    let successor = runtime.successor.as_ref()?;
    let is_supported = state(calendar.get(successor)?, on) == State::Supported;
    is_supported.then(|| successor.clone())
}
