//! caught-by: believes_no_old_reply_while_it_undoes
//!
//! Compares step and attempt, and not what was to be done: that the payment was made is taken for its refund.
#![allow(unused)]

#[path = "../src/letters.rs"]
mod letters;
#[path = "../src/outside.rs"]
mod outside;
#[path = "../src/records.rs"]
mod records;

use std::env;
use std::path::{Path, PathBuf};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use letters::{Action, Command, Event, FromOrders, FromStep, Order, Outcome, Reply, Send, Status, Step, ToOrders};
use outside::{No, Outside, Places, name};
use records::{Record, Records};

/// How often a step is tried that gives no answer.
const ATTEMPTS: u32 = 3;

/// Why an invocation fails. The letter then stays in its queue, and comes again.
#[derive(Debug)]
enum Failure {
    RecordChanged,
    RecordLost,
    /// There is an order with this id, which is another one.
    AnotherOrder,
    /// A reply about an order that nobody placed.
    UnknownOrder,
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Diagnostic {
        let (error_type, error_message) = match failure {
            Failure::RecordChanged => ("RecordChanged", "somebody else wrote the record in between"),
            Failure::RecordLost => ("RecordLost", "the record cannot be read or written"),
            Failure::AnotherOrder => ("AnotherOrder", "there is another order with this id"),
            Failure::UnknownOrder => ("UnknownOrder", "there is no order with this id"),
        };
        Diagnostic { error_type: error_type.to_owned(), error_message: error_message.to_owned() }
    }
}

/// What an order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Waits { step: Step, action: Action, attempt: u32 },
    Placed,
    Cancelled,
}

/// What `orders` keeps of an order.
#[derive(Debug, Serialize, Deserialize)]
struct Saga {
    order: Order,
    state: State,
}

/// What a step keeps of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Known {
    Done,
    Refused,
    /// Also of what was never done: it is not done any more.
    Undone,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let folder = PathBuf::from(env::var_os("FOLDER").ok_or("no FOLDER")?);
    let step = match env::var("_HANDLER")?.as_str() {
        "orders" => return run(service_fn(|event| orders(event, &folder))).await,
        "paper" => Step::Paper,
        "payment" => Step::Payment,
        "parcel" => Step::Parcel,
        other => return Err(format!("no handler `{other}`: there are orders, paper, payment and parcel").into()),
    };
    run(service_fn(|event| work(event, &folder, step))).await
}

async fn orders(event: LambdaEvent<Event<ToOrders>>, folder: &Path) -> Result<FromOrders, Diagnostic> {
    let Event { letter, mishap } = event.payload;
    let places = Places::new(mishap.crash_at);
    let records = Records::new(folder, "orders", &places, mishap.faster);
    let id = match &letter {
        ToOrders::Place(order) => order.id.clone(),
        ToOrders::Reply(reply) => reply.order.clone(),
    };
    let seen: Option<Record<Saga>> = records.get(&id)?;
    let changed = match (letter, &seen) {
        (ToOrders::Place(order), None) => Some(Saga { order, state: first(Step::Paper, Action::Do) }),
        (ToOrders::Place(order), Some(seen)) if order != seen.value.order => Err(Failure::AnotherOrder)?,
        (ToOrders::Place(_), Some(_)) => None,
        (ToOrders::Reply(_), None) => Err(Failure::UnknownOrder)?,
        (ToOrders::Reply(reply), Some(seen)) => {
            let Saga { order, state } = &seen.value;
            state.after(&reply).map(|state| Saga { order: order.clone(), state })
        }
    };
    if let Some(saga) = &changed {
        records.put(&id, seen.as_ref(), saga)?;
    }
    // What is sent follows from what is kept, so a letter that comes again gets the same answer, whatever was lost.
    let saga = changed.or(seen.map(|record| record.value)).ok_or(Failure::UnknownOrder)?;
    Ok(saga.answer())
}

/// The first attempt.
fn first(step: Step, action: Action) -> State {
    State::Waits { step, action, attempt: 1 }
}

/// Undoes the step before this one.
fn undo_before(step: Step) -> State {
    match step {
        Step::Paper => State::Cancelled,
        Step::Payment => first(Step::Paper, Action::Undo),
        Step::Parcel => first(Step::Payment, Action::Undo),
    }
}

impl State {
    /// What comes after this reply, or nothing when it is none that is waited for.
    fn after(self, reply: &Reply) -> Option<State> {
        let State::Waits { step, action, attempt } = self else { return None };
        if (reply.step, reply.attempt) != (step, attempt) {
            return None;
        }
        let again = State::Waits { step, action, attempt: attempt + 1 };
        Some(match (action, reply.outcome, step) {
            (Action::Do, Outcome::Done, Step::Paper) => first(Step::Payment, Action::Do),
            (Action::Do, Outcome::Done, Step::Payment) => first(Step::Parcel, Action::Do),
            (Action::Do, Outcome::Done, Step::Parcel) => State::Placed,
            (Action::Do, Outcome::Unknown, _) if attempt < ATTEMPTS => again,
            // It may be done: so it is undone, too.
            (Action::Do, Outcome::Unknown, _) => first(step, Action::Undo),
            (Action::Do, Outcome::Refused, _) | (Action::Undo, Outcome::Done, _) => undo_before(step),
            // A half of an order is nothing to leave behind.
            (Action::Undo, Outcome::Refused | Outcome::Unknown, _) => again,
        })
    }
}

impl Saga {
    fn answer(&self) -> FromOrders {
        let (status, send) = match self.state {
            State::Placed => (Status::Placed, None),
            State::Cancelled => (Status::Cancelled, None),
            State::Waits { step, action, attempt } => {
                let status = if action == Action::Do { Status::Placing } else { Status::Cancelling };
                let token = format!("{}/{}", self.order.id, name(step));
                let letter = Command { order: self.order.clone(), action, attempt, token };
                (status, Some(Send { to: step, letter }))
            }
        };
        FromOrders { status, send }
    }
}

/// A step: asks outside for what it does not know itself, and keeps the answer.
async fn work(event: LambdaEvent<Event<Command>>, folder: &Path, step: Step) -> Result<FromStep, Diagnostic> {
    let Event { letter: command, mishap } = event.payload;
    let places = Places::new(mishap.crash_at);
    let records = Records::new(folder, name(step), &places, mishap.faster);
    let outside = Outside::new(folder, step, &places);
    let seen: Option<Record<Known>> = records.get(&command.token)?;
    let outcome = match (command.action, seen.as_ref().map(|record| record.value)) {
        (Action::Do, Some(Known::Done)) | (Action::Undo, Some(Known::Undone)) => Outcome::Done,
        // A command that was late: what was taken back is not done after all.
        (Action::Do, Some(Known::Refused | Known::Undone)) => Outcome::Refused,
        (action, _) => {
            let asked = match action {
                Action::Do => outside.perform(&command).await,
                Action::Undo => outside.take_back(&command).await,
            };
            let known = match (action, asked) {
                (Action::Do, Ok(())) => Some((Known::Done, Outcome::Done)),
                (Action::Do, Err(No::Refused)) => Some((Known::Refused, Outcome::Refused)),
                (Action::Undo, Ok(())) => Some((Known::Undone, Outcome::Done)),
                (_, Err(_)) => None,
            };
            if let Some((known, _)) = &known {
                records.put(&command.token, seen.as_ref(), known)?;
            }
            known.map_or(Outcome::Unknown, |(_, outcome)| outcome)
        }
    };
    let Command { order, action, attempt, .. } = command;
    Ok(FromStep { reply: Reply { order: order.id, step, action, attempt, outcome } })
}
