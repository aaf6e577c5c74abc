//! What `check --format jsonl` tells while it works: JSON lines on standard output, version 1. The book's server
//! forwards them to the page; any other front end may read them as well. Fields and events may be added within a
//! version; a reader passes over what it does not know.
//!
//! Every line has `version` (1) and `event`:
//!
//! - `started`: `exercises`, each with `exercise` (`ch05-performance/06-backoff`) and `id` (`ch05/06`). The first line.
//! - `waiting`: `words`. Another cargo holds a lock; it goes on by itself.
//! - `downloading`: `done`, `of` (null until cargo knows), `crates` (the one that has just come).
//! - `compiling`: `done`, `of` (null until cargo knows), `crates` (what is being compiled now, or was just begun).
//! - `notice`: `words`. Worth a line, changes nothing.
//! - `running`: `exercise`, `tests` (their names in the order of the check). Its check begins.
//! - `test`: `exercise`, `name`, `outcome`: `started`, and later `passed`, `failed` or `ignored`; with a failure that
//!   the check reported, `failure` (the same object as in the verdict). A test that never ends has only its start.
//! - `sent`: `exercise`, `test`, `number` (of this test's events, from 1), `story`, `fate`, `report` (`cold`,
//!   `init_ms`, `duration_ms`, `billed_ms`, `memory_size_mb`, `max_memory_mb`). At most 200 for an exercise.
//! - `verdict`: the object that `check --format json` gives for an exercise: `state`, `tests` with `failure`
//!   (`story`, `event`, `expectation`, `expected`, `got`, `path`, `difference`, `logs`, `report`, `file`, `line`),
//!   `diagnostics` with the compiler's rendered text, `note`, `place`, `hints`, `remembered`. The progress is written
//!   by then.
//! - `error`: `words`. The environment or the tool failed; there may be no verdicts.
//! - `done`: `exit`, the exit code. The last line.
//!
//! A stream that ends without `done` was cut off: the check was killed.

use serde_json::{Value, json};

use crate::course::Exercise;

const VERSION: u32 = 1;

/// Writes one line, at once.
pub fn tell(event: &str, fields: Value) {
    let mut line = json!({ "version": VERSION, "event": event });
    if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
        line.extend(fields);
    }
    println!("{line}");
}

pub fn started(chosen: &[&Exercise]) {
    let one = |exercise: &&Exercise| json!({ "exercise": exercise.name(), "id": exercise.id() });
    tell("started", json!({ "exercises": chosen.iter().map(one).collect::<Vec<_>>() }));
}

/// The last lines: the error if there was one, and the exit code.
pub fn ended(result: &anyhow::Result<u8>) {
    let exit = match result {
        Ok(exit) => *exit,
        Err(error) => {
            tell("error", json!({ "words": format!("{error:#}") }));
            if error.is::<crate::cli::Usage>() { 2 } else { 4 }
        }
    };
    tell("done", json!({ "exit": exit }));
}

/// What one invocation cost, from a step of the check's report.
#[must_use]
pub fn figures(outcome: &Value) -> Value {
    let names = ["cold", "init_ms", "duration_ms", "billed_ms", "memory_size_mb", "max_memory_mb"];
    names.into_iter().map(|name| (name.to_owned(), outcome[name].clone())).collect::<serde_json::Map<_, _>>().into()
}
