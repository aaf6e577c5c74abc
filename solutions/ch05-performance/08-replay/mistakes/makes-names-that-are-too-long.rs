//! caught-by: names_executions_so_that_no_two_orders_share_one
//!
//! Four letters for a byte: 24 slashes make 102 letters, and their order is never made.
#![allow(unused)]

#[path = "../src/journal.rs"]
mod journal;
#[path = "../src/workshop.rs"]
mod workshop;

use std::env;
use std::path::{Path, PathBuf};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use journal::{Journal, Record};
use workshop::Workshop;

#[derive(Deserialize)]
struct Event {
    order: Order,
    crash_at: Option<u32>,
    jams_at: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    id: String,
    photos: Vec<String>,
}

#[derive(Serialize)]
struct Answer {
    /// The name of the execution.
    execution: String,
    /// How many of its steps this invocation did, and how many it knew from the journal.
    ran: usize,
    replayed: usize,
    prints: Vec<u64>,
    parcel: u64,
}

#[derive(Debug)]
enum Failure {
    InvalidName,
    JournalLost,
    PressJammed,
    /// The name was used for another order.
    ExecutionAlreadyExists,
    /// The journal tells of other steps than this program takes.
    NonDeterministic(String),
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Diagnostic {
        let (error_type, error_message) = match failure {
            Failure::InvalidName => {
                ("InvalidName", "the execution's name is too long or has letters that it may not have".into())
            }
            Failure::JournalLost => ("JournalLost", "the journal cannot be read or written".into()),
            Failure::PressJammed => ("PressJammed", "the press is jammed".into()),
            Failure::ExecutionAlreadyExists => ("ExecutionAlreadyExists", "this name belongs to another order".into()),
            Failure::NonDeterministic(what) => ("NonDeterministic", what),
        };
        Diagnostic { error_type: error_type.to_owned(), error_message }
    }
}

/// One execution of an album, over as many invocations as it takes.
struct Execution<'w> {
    name: String,
    journal: Journal,
    workshop: &'w Workshop,
    /// How many steps this invocation has passed.
    position: usize,
    ran: usize,
}

/// The name of the execution of an order: the same for the same order, another for every other one.
fn execution_name(order: &Order) -> String {
    let escaped = order.id.bytes().map(|byte| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' => char::from(byte).to_string(),
        _ => format!("_{byte:02x}_"),
    });
    format!("album-{}", escaped.collect::<String>())
}

impl<'w> Execution<'w> {
    /// Begins the execution of this order, or goes on with it.
    async fn start(folder: &Path, order: &Order, workshop: &'w Workshop) -> Result<Execution<'w>, Failure> {
        let name = execution_name(order);
        let journal = Journal::open(folder, &name)?;
        let mut execution = Execution { name, journal, workshop, position: 0, ran: 0 };
        // The order is the first thing that the journal keeps.
        let first: Order = execution.step("order", async |_| Ok(order.clone())).await?;
        if first == *order { Ok(execution) } else { Err(Failure::ExecutionAlreadyExists) }
    }

    /// What this step gave when it was done, or what it gives now.
    async fn step<T: Serialize + DeserializeOwned>(
        &mut self,
        step: &str,
        work: impl AsyncFnOnce(&str) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let position = self.position;
        if let Some(record) = self.journal.records().get(position) {
            if record.step != step {
                let told = &record.step;
                return Err(Failure::NonDeterministic(format!("step {position} was `{told}` and is `{step}` now")));
            }
            self.position += 1;
            return serde_json::from_value(record.result.clone()).map_err(|_| Failure::JournalLost);
        }
        // The same for every attempt at this step, and for no other step.
        let token = format!("{}/{position}", self.name);
        let result = work(&token).await?;
        let record =
            Record { step: step.to_owned(), result: serde_json::to_value(&result).map_err(|_| Failure::JournalLost)? };
        self.journal.append(record, self.workshop)?;
        self.position += 1;
        self.ran += 1;
        Ok(result)
    }

    /// Every step is taken.
    fn end(&self) -> Result<(), Failure> {
        match self.journal.records().get(self.position) {
            Some(record) => Err(Failure::NonDeterministic(format!("`{}` was a step and is none now", record.step))),
            None => Ok(()),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let folder = PathBuf::from(env::var_os("FOLDER").ok_or("no FOLDER")?);
    run(service_fn(|event| make_album(event, &folder))).await
}

async fn make_album(event: LambdaEvent<Event>, folder: &Path) -> Result<Answer, Diagnostic> {
    let Event { order, crash_at, jams_at } = event.payload;
    let workshop = Workshop::new(folder.to_owned(), crash_at, jams_at);
    let mut execution = Execution::start(folder, &order, &workshop).await?;
    let roll: u64 = execution.step("reserve paper", async |token| workshop.reserve(token).await).await?;
    let mut prints = Vec::new();
    for photo in &order.photos {
        let step = format!("print {photo}");
        prints.push(execution.step(&step, async |token| workshop.print(token, roll, photo).await).await?);
    }
    let parcel = execution.step("ship", async |token| workshop.ship(token, &prints).await).await?;
    execution.end()?;
    let Execution { name, position, ran, .. } = execution;
    Ok(Answer { execution: name, ran, replayed: position - ran, prints, parcel })
}
