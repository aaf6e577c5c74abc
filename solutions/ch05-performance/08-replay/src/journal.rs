//! What an execution has done, kept where the end of a process cannot reach it. Given; it stays as it is.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Failure;
use crate::workshop::Workshop;

/// A step that is done, with what it gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) step: String,
    pub(crate) result: Value,
}

#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    records: Vec<Record>,
}

impl Journal {
    /// The journal of the execution of this name; a new one where there is none yet.
    pub(crate) fn open(folder: &Path, name: &str) -> Result<Journal, Failure> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if name.is_empty() || name.len() > 80 || !name.chars().all(plain) {
            return Err(Failure::InvalidName);
        }
        let path = folder.join(file_of(name));
        let text = fs::read_to_string(&path).unwrap_or_default();
        // A line that was cut off in the middle was not written.
        let records = text.split_inclusive('\n').filter_map(|line| serde_json::from_str(line).ok()).collect();
        let file = File::options().append(true).create(true).open(path).map_err(|_| Failure::JournalLost)?;
        Ok(Journal { file, records })
    }

    /// All steps that are done, in order.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Writes one more, for good.
    pub(crate) fn append(&mut self, record: Record, workshop: &Workshop) -> Result<(), Failure> {
        workshop.may_crash(&format!("before the record of `{}`", record.step));
        let line = serde_json::to_string(&record).map_err(|_| Failure::JournalLost)?;
        writeln!(self.file, "{line}").map_err(|_| Failure::JournalLost)?;
        workshop.may_crash(&format!("after the record of `{}`", record.step));
        self.records.push(record);
        Ok(())
    }
}

/// The file of a journal. A capital letter is a `+` and the small one, since some disks take `W` and `w` for one.
fn file_of(name: &str) -> String {
    let letters = name.chars().flat_map(|letter| {
        let mark = letter.is_ascii_uppercase().then_some('+');
        mark.into_iter().chain([letter.to_ascii_lowercase()])
    });
    letters.chain(".journal".chars()).collect()
}
