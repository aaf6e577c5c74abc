//! Orders, and the three steps that each of them needs: four functions of one program, which write letters to each other.

mod letters;
mod outside;
mod records;

use std::env;
use std::path::{Path, PathBuf};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use letters::{Action, Command, Event, FromOrders, FromStep, Order, Outcome, Reply, Send, Status, Step, ToOrders};
use outside::{No, Outside, Places, name};
use records::{Record, Records};

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

#[tokio::main]
async fn main() -> Result<(), Error> {
    let folder = PathBuf::from(env::var_os("FOLDER").ok_or("no FOLDER")?);
    // TODO: which function this is, says `_HANDLER`; a name that is none ends the initialization.
    let step = match env::var("_HANDLER")?.as_str() {
        "orders" => return run(service_fn(|event| orders(event, &folder))).await,
        _ => Step::Paper,
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
    // TODO: a letter may come again: an order that is there, and a reply that is not waited for, change nothing.
    let saga = match (letter, &seen) {
        (ToOrders::Place(_), Some(_)) => Err(Failure::AnotherOrder)?,
        (ToOrders::Place(order), None) => {
            Saga { order, state: State::Waits { step: Step::Paper, action: Action::Do, attempt: 1 } }
        }
        (ToOrders::Reply(_), None) => Err(Failure::UnknownOrder)?,
        (ToOrders::Reply(reply), Some(seen)) => {
            Saga { order: seen.value.order.clone(), state: seen.value.state.after(&reply) }
        }
    };
    records.put(&id, seen.as_ref(), &saga)?;
    Ok(saga.answer())
}

impl State {
    /// What comes after this reply.
    fn after(self, reply: &Reply) -> State {
        let next = |step| State::Waits { step, action: Action::Do, attempt: 1 };
        match (reply.outcome, reply.step) {
            (Outcome::Done, Step::Paper) => next(Step::Payment),
            (Outcome::Done, Step::Payment) => next(Step::Parcel),
            (Outcome::Done, Step::Parcel) => State::Placed,
            // TODO: what was done is undone, the last first, for as long as it takes.
            // TODO: a step without an answer is tried again, three times in all; then it may be done, or not.
            (Outcome::Refused | Outcome::Unknown, _) => State::Cancelled,
        }
    }
}

impl Saga {
    fn answer(&self) -> FromOrders {
        let (status, send) = match self.state {
            State::Placed => (Status::Placed, None),
            State::Cancelled => (Status::Cancelled, None),
            State::Waits { step, action, attempt } => {
                // TODO: the same token for every attempt at a step, and for its undoing.
                let token = format!("{}-{attempt}", name(step));
                let letter = Command { order: self.order.clone(), action, attempt, token };
                (Status::Placing, Some(Send { to: step, letter }))
            }
        };
        FromOrders { status, send }
    }
}

/// A step: asks outside, and says what came of it.
async fn work(event: LambdaEvent<Event<Command>>, folder: &Path, step: Step) -> Result<FromStep, Diagnostic> {
    let Event { letter: command, mishap } = event.payload;
    let places = Places::new(mishap.crash_at);
    let outside = Outside::new(folder, step, &places);
    // TODO: what is known is not asked again; a command may come twice, and it may be late.
    let asked = match command.action {
        Action::Do => outside.perform(&command).await,
        Action::Undo => outside.take_back(&command).await,
    };
    let outcome = match asked {
        Ok(()) => Outcome::Done,
        // TODO: no answer is no refusal.
        Err(No::Refused | No::NoAnswer) => Outcome::Refused,
    };
    let Command { order, action, attempt, .. } = command;
    Ok(FromStep { reply: Reply { order: order.id, step, action, attempt, outcome } })
}
