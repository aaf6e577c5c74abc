//! The function that is tuned, and the two calls to Lambda that a tuner needs. Given; it stays as it is.
//!
//! Behind the real calls, UpdateFunctionConfiguration and Invoke, stand here the runs that the event brings along.

use std::collections::BTreeMap;

use lambda_runtime::Diagnostic;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Platform {
    /// How much memory the function has now.
    memory_mb: u64,
    /// What it does with each size, one run after the other.
    runs: BTreeMap<u64, Vec<Run>>,
    /// The call that fails, counted from 1.
    #[serde(default)]
    fails_at: Option<usize>,
    #[serde(skip)]
    calls: usize,
}

/// What one invocation came to.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Run {
    pub(crate) duration_us: u64,
    /// A process had to be started for it.
    #[serde(default)]
    pub(crate) cold: bool,
    /// The function failed: Lambda answered with a `FunctionError`.
    #[serde(default)]
    pub(crate) failed: bool,
}

/// Lambda did not take the call.
#[derive(Debug)]
pub(crate) struct Refused(&'static str);

impl From<Refused> for Diagnostic {
    fn from(refused: Refused) -> Diagnostic {
        Diagnostic { error_type: "Refused".to_owned(), error_message: format!("Lambda refused {}", refused.0) }
    }
}

impl Platform {
    pub(crate) fn memory_mb(&self) -> u64 {
        self.memory_mb
    }

    /// Changes the function's memory and waits until it is changed.
    pub(crate) async fn set_memory(&mut self, memory_mb: u64) -> Result<(), Refused> {
        self.call("UpdateFunctionConfiguration")?;
        self.memory_mb = memory_mb;
        println!("memory is {memory_mb}");
        Ok(())
    }

    /// Runs the function once, with the memory that it has now.
    pub(crate) async fn invoke(&mut self) -> Result<Run, Refused> {
        self.call("Invoke")?;
        let runs = self.runs.get_mut(&self.memory_mb).filter(|runs| !runs.is_empty()).ok_or(Refused("Invoke"))?;
        let run = runs.remove(0);
        let start = if run.cold { "cold" } else { "warm" };
        let end = if run.failed { "failed" } else { "answered" };
        println!("run with {}: {start}, {end}, {} us", self.memory_mb, run.duration_us);
        Ok(run)
    }

    fn call(&mut self, what: &'static str) -> Result<(), Refused> {
        self.calls += 1;
        if self.fails_at == Some(self.calls) { Err(Refused(what)) } else { Ok(()) }
    }
}
