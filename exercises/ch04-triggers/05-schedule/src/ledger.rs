//! The shop's ledger, which all environments of the function share. Given.

use std::env;
use std::fs::File;
use std::io::{ErrorKind, Result, Write as _};
use std::path::PathBuf;

/// A folder with one report in each file. What it is at home, a table with a condition on its key is on AWS.
#[derive(Debug)]
pub(crate) struct Ledger {
    folder: PathBuf,
}

impl Ledger {
    /// The folder that the environment variable `LEDGER` names.
    pub(crate) fn from_environment() -> Ledger {
        Ledger { folder: env::var_os("LEDGER").unwrap_or_default().into() }
    }

    /// Writes a report under this name, unless there is one. Says whether it was written.
    pub(crate) fn write_once(&self, name: &str, text: &str) -> Result<bool> {
        match File::create_new(self.folder.join(name)) {
            Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }
}
