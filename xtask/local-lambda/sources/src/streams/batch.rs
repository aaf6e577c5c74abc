//! Records that the function gets together, and which of them it says have failed.

use std::sync::Arc;

use super::StreamState;
use super::shard::StoredRecord;
use crate::batch_response::{self, Verdict};
use crate::core::Core;
use crate::trace::{Entry, What};

/// Records that the function gets together.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) records: Vec<Arc<StoredRecord>>,
    /// How often it was tried again, or a batch that it was part of.
    pub(super) retries: u32,
    /// How often the function was invoked with it.
    pub(super) invocations: u32,
    /// How often it was throttled since it was last tried.
    pub(super) throttled: u32,
    /// What came of it last, for the record of its failure.
    pub(super) last: Option<LastAnswer>,
}

/// What came of an invocation, as far as the record of a failure tells it.
#[derive(Debug, Clone)]
pub(super) struct LastAnswer {
    pub(super) request_id: String,
    pub(super) version: String,
    /// Whether the function failed, or said that records did.
    pub(super) function_error: bool,
}

impl Batch {
    pub(super) fn new(records: Vec<Arc<StoredRecord>>) -> Batch {
        Batch { records, retries: 0, invocations: 0, throttled: 0, last: None }
    }

    /// The same with other records.
    pub(super) fn with(&self, records: Vec<Arc<StoredRecord>>) -> Batch {
        Batch { records, ..self.clone() }
    }

    pub(super) fn numbers(&self) -> Vec<String> {
        self.records.iter().map(|record| record.sequence_number.clone()).collect()
    }
}

/// What of a batch failed.
pub(super) enum Failed {
    /// Everything.
    Batch,
    /// This one, by index, and so everything after it.
    From(usize),
}

/// The lowest failed record that an answer names.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>.
pub(super) fn first_failure(core: &Core, stream: &StreamState, batch: &Batch, answer: &[u8]) -> Option<Failed> {
    let numbers = batch.numbers();
    match batch_response::read(answer, &numbers) {
        Verdict::Success => None,
        Verdict::Failures(failed) => {
            let lowest = numbers.iter().position(|number| failed.contains(number))?;
            let entry = Entry::new(What::PartlyFailed, &stream.name).items(&numbers[lowest..]);
            core.record(entry.detail(format!("the lowest failed sequence number is {}", numbers[lowest])));
            Some(Failed::From(lowest))
        }
        Verdict::AllFailed(reason) => {
            let entry = Entry::new(What::Failed, &stream.name).items(numbers);
            core.record(entry.detail(format!("the whole batch: {reason}")));
            Some(Failed::Batch)
        }
    }
}
