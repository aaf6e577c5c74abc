//! Says how things stand with a runtime on a day, and what to change to.

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
    // TODO: a runtime that is not in the calendar is an error of the type UnknownRuntime that says its name.
    let known = &calendar[&runtime];
    Ok(Answer { state: state(known, on), change_to: change_to(known, &calendar, on) })
}

/// How things stand on this day.
fn state(runtime: &Runtime, on: Date) -> State {
    // TODO: which day is the first of each, and what is told when several hold.
    let has_come = |day: Option<Date>| day.is_some_and(|day| day < on);
    if has_come(runtime.deprecated) {
        State::Deprecated
    } else if has_come(runtime.create_blocked) {
        State::CreateBlocked
    } else if has_come(runtime.update_blocked) {
        State::UpdateBlocked
    } else {
        State::Supported
    }
}

/// What to change to.
fn change_to(runtime: &Runtime, _calendar: &Calendar, _on: Date) -> Option<String> {
    // TODO: a successor that is old itself on this day is none.
    runtime.successor.clone()
}
