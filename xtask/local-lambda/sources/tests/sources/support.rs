//! What the tests share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use local_lambda::{Function, FunctionBuilder};
use local_lambda_sources::{Trace, What, World};
use serde_json::{Value, json};

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The function of `examples/batches.rs`; `answer`: see there.
pub(crate) fn printer(answer: &str) -> Function {
    printer_builder(answer).start()
}

pub(crate) fn printer_builder(answer: &str) -> FunctionBuilder {
    let test = std::env::current_exe().unwrap();
    let program: PathBuf = test.parent().and_then(Path::parent).unwrap().join("examples/batches");
    Function::builder(program).name("printer").env("ANSWER", answer).timeout(secs(2))
}

/// A message that makes the function do this.
pub(crate) fn order(what: &str) -> String {
    json!({ "do": what }).to_string()
}

/// Seconds since the world began.
pub(crate) fn elapsed(world: &World) -> u64 {
    since_start(&world.trace(), world.now())
}

pub(crate) fn since_start(trace: &Trace, at: local_lambda_sources::Timestamp) -> u64 {
    at.duration_since(trace.started()).as_secs() as u64
}

/// When things of a kind happened, in seconds since the world began.
pub(crate) fn times(world: &World, what: What) -> Vec<u64> {
    let trace = world.trace();
    trace.of(what).map(|entry| since_start(&trace, entry.at)).collect()
}

/// How many items there were in each thing of a kind.
pub(crate) fn sizes(world: &World, what: What) -> Vec<usize> {
    world.trace().of(what).map(|entry| entry.items.len()).collect()
}

/// The messages of an event, in order.
pub(crate) fn bodies(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().unwrap();
    records.iter().map(|record| record["body"].as_str().unwrap().to_owned()).collect()
}

/// What somebody is told who does this.
#[track_caller]
pub(crate) fn panic_of(act: impl FnOnce()) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act)).expect_err("it does not panic");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().expect("a text").to_string(),
    }
}
