//! What the tests share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use local_lambda_sources::{HandlerError, Invocation, LambdaFunction, Target, Trace, What, World};
use serde_json::{Value, json};

/// The function of `examples/deliveries.rs`, which cargo built beside this test.
pub(crate) fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.parent().and_then(Path::parent).unwrap().join("examples/deliveries");
    assert!(binary.exists(), "build the examples first: cargo build -p local-lambda-sources --examples");
    binary
}

/// A function that keeps the events that it gets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder {
    events: Arc<Mutex<Vec<Value>>>,
}

impl Recorder {
    /// Makes the function; `handler` decides what it answers.
    pub(crate) fn function(
        &self,
        world: &World,
        name: &str,
        handler: impl Fn(&Invocation) -> Result<Value, HandlerError> + Send + Sync + 'static,
    ) -> LambdaFunction {
        let events = Arc::clone(&self.events);
        let keep = move |call: &Invocation| {
            events.lock().unwrap_or_else(PoisonError::into_inner).push(call.event.clone());
            handler(call)
        };
        world.function(Target::closure(name, keep)).create()
    }

    /// Makes a function that always succeeds.
    pub(crate) fn content(&self, world: &World, name: &str) -> LambdaFunction {
        self.function(world, name, |_| Ok(json!(null)))
    }

    /// The events so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The items of all entries of one kind, in order.
pub(crate) fn items(trace: &Trace, what: What) -> Vec<String> {
    trace.of(what).flat_map(|entry| entry.items.clone()).collect()
}

/// What all functions logged, line by line.
pub(crate) fn logged(world: &World) -> Vec<String> {
    let outcomes = world.answers().into_iter().filter_map(|answer| answer.outcome);
    outcomes.flat_map(|outcome| outcome.function_log().map(str::to_owned).collect::<Vec<_>>()).collect()
}
