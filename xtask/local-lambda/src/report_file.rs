//! The report file: what a test did, as JSON lines, for a front end that shows it in its own way.
//!
//! With `LOCAL_LAMBDA_REPORT=<file>` set, every invocation and every expectation appends one line. A line is written
//! in one piece, so tests may run at once; nothing that the function prints takes part in it. Every line has
//! `version` (1), `test` (the name of the test's thread, which under libtest is the test's name) and `step`:
//!
//! - `invoked`: `story`, `event` (`name`, `bytes`, `text`), `outcome` (`fate`, `payload`, `request_id`, `cold`,
//!   `duration_ms`, `init_ms`, `billed_ms`, `memory_size_mb`, `max_memory_mb`, `logs`, `report`);
//! - `held`: `expectation`;
//! - `failed`: `story`, `event`, `expectation`, `expected`, `got`, `path`, `difference`, `logs`, `file`, `line`, and
//!   `report`: `cold`, `duration_ms`, `init_ms`, `billed_ms`, `memory_size_mb`, `max_memory_mb`.
//!
//! A `failed` step of an expectation that is not on an outcome has no `story`, `event` and `report`.
//!
//! Texts are cut: events at 2,000 characters, payloads at 4,000, logs at 50 lines of 500. Fields may be added within a
//! version; a reader passes over what it does not know.

use std::fs::OpenOptions;
use std::io::Write;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::assert::Failure;
use crate::event::Event;
use crate::json_diff::shorten;
use crate::outcome::Outcome;

const VERSION: u32 = 1;

fn path() -> Option<&'static PathBuf> {
    static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
    PATH.get_or_init(|| std::env::var_os("LOCAL_LAMBDA_REPORT").filter(|path| !path.is_empty()).map(PathBuf::from))
        .as_ref()
}

/// Appends one line. A report that cannot be written must not change a verdict; it is said on standard error once.
fn append(step: &str, fields: Value) {
    let Some(path) = path() else { return };
    let mut line = json!({ "version": VERSION, "test": std::thread::current().name(), "step": step });
    if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
        line.extend(fields);
    }
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    if let Err(error) = written {
        static SAID: OnceLock<()> = OnceLock::new();
        SAID.get_or_init(|| eprintln!("LOCAL_LAMBDA_REPORT: {} cannot be written: {error}", path.display()));
    }
}

fn event(event: &Event) -> Value {
    json!({
        "name": event.name,
        "bytes": event.body.len(),
        "text": shorten(&event.on_one_line(), 2_000),
    })
}

fn logs(outcome: &Outcome) -> Value {
    outcome.function_log().take(50).map(|line| shorten(line, 500)).collect()
}

fn ms(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1_000.0
}

pub(crate) fn invoked(outcome: &Outcome) {
    if path().is_none() {
        return;
    }
    let mut told = figures(outcome);
    told["fate"] = outcome.fate.name().into();
    told["payload"] = shorten(&String::from_utf8_lossy(&outcome.payload()), 4_000).into();
    told["request_id"] = outcome.request_id.as_str().into();
    told["logs"] = logs(outcome);
    told["report"] = outcome.report_line().into();
    append("invoked", json!({ "story": outcome.story, "event": event(&outcome.event), "outcome": told }));
}

/// The numbers of the REPORT line.
fn figures(outcome: &Outcome) -> Value {
    let report = &outcome.report;
    json!({
        "cold": outcome.cold,
        "duration_ms": ms(report.duration),
        "init_ms": report.init_duration.map(ms),
        "billed_ms": report.billed_duration.as_millis() as u64,
        "memory_size_mb": report.memory_size_mb,
        "max_memory_mb": report.max_memory_mb(),
    })
}

/// Writes into the report file that an expectation held. For crates whose expectations are not on an
/// [`Outcome`](crate::Outcome).
pub fn held(expectation: &str) {
    if path().is_some() {
        append("held", json!({ "expectation": expectation }));
    }
}

/// Writes into the report file that an expectation did not hold; the caller panics then. For crates whose expectations
/// are not on an [`Outcome`](crate::Outcome).
pub fn not_held(expectation: &str, expected: &str, got: &str, at: &Location<'_>) {
    if path().is_some() {
        append(
            "failed",
            json!({
                "expectation": expectation,
                "expected": shorten(expected, 4_000),
                "got": shorten(got, 4_000),
                "logs": [],
                "file": at.file(),
                "line": at.line(),
            }),
        );
    }
}

pub(crate) fn failed(outcome: &Outcome, failure: &Failure, file: &str, line: u32) {
    append(
        "failed",
        json!({
            "story": outcome.story,
            "event": event(&outcome.event),
            "expectation": failure.expectation,
            "expected": shorten(&failure.expected, 4_000),
            "got": shorten(&failure.got, 4_000),
            "path": failure.difference.as_ref().map(|difference| difference.path.as_str()),
            "difference": failure.difference.as_ref().map(|difference| difference.sentence.as_str()),
            "logs": logs(outcome),
            "report": figures(outcome),
            "file": file,
            "line": line,
        }),
    );
}
