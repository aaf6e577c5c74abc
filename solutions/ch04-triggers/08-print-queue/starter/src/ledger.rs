//! What was done already. Given: there is nothing to change here.
//!
//! It lies in `/tmp`, which one environment has for itself, so that the exercise needs no database. A shop with more
//! than one environment keeps it in a table.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
}

impl Ledger {
    pub(crate) fn open() -> Ledger {
        Ledger { path: env::temp_dir().join("ledger.txt") }
    }

    /// Whether this entry was noted before.
    pub(crate) fn has(&self, entry: &str) -> io::Result<bool> {
        match fs::read_to_string(&self.path) {
            Ok(entries) => Ok(entries.lines().any(|noted| noted == entry)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Notes an entry for good.
    pub(crate) fn note(&self, entry: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        writeln!(file, "{entry}")
    }
}
