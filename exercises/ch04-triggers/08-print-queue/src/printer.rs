//! The printer. Given: there is nothing to change here.

use std::collections::HashMap;
use std::env;
use std::fs::File;
use std::process;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// What a message of the print queue says, as JSON.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Job {
    /// The shop gives each job a number of its own, and keeps it when it sends the job again.
    pub(crate) job: String,
    pub(crate) copies: u32,
}

/// How often the paper still jams, by job: `{"p-1042": 1}`.
static JAMS: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(|| {
    let jams = env::var("JAMS").unwrap_or_default();
    Mutex::new(serde_json::from_str(&jams).unwrap_or_default())
});

/// Prints all copies of a job, or none of them.
pub(crate) fn print(job: &Job) -> Result<(), String> {
    fail_for_want_of_power(job);
    let mut jams = JAMS.lock().unwrap_or_else(PoisonError::into_inner);
    match jams.get_mut(&job.job) {
        Some(left) if *left > 0 => {
            *left -= 1;
            Err(format!("paper jam at {}", job.job))
        }
        _ => {
            println!("printed {} ({} copies)", job.job, job.copies);
            Ok(())
        }
    }
}

/// At the job that `POWER_CUT` names, the power goes once, and this process with it. Lambda starts another one in the
/// same environment, with the same `/tmp`.
fn fail_for_want_of_power(job: &Job) {
    let named = env::var("POWER_CUT").is_ok_and(|named| named == job.job);
    if named && File::create_new(env::temp_dir().join("power-cut")).is_ok() {
        process::exit(1);
    }
}
