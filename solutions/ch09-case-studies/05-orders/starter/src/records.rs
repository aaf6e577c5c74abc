//! What a function keeps, where the end of a process cannot reach it. Given; it stays as it is.
//!
//! In an account this is a table of DynamoDB, and the version is the condition of each write.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Failure;
use crate::outside::Places;

/// The records of one function.
pub(crate) struct Records<'p> {
    folder: PathBuf,
    places: &'p Places,
    faster: bool,
}

/// A record as it was read.
#[derive(Debug)]
pub(crate) struct Record<T> {
    pub(crate) value: T,
    version: u64,
}

impl<'p> Records<'p> {
    pub(crate) fn new(folder: &Path, function: &str, places: &'p Places, faster: bool) -> Records<'p> {
        Records { folder: folder.join(function), places, faster }
    }

    /// The record under this key, if there is one.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Record<T>>, Failure> {
        let Some(mut found) = self.read(key) else { return Ok(None) };
        let value = serde_json::from_value(found["value"].take()).map_err(|_| Failure::RecordLost)?;
        Ok(Some(Record { value, version: found["version"].as_u64().unwrap_or(0) }))
    }

    /// Writes a record in place of the one that was read, or a new one where none was. Somebody else who wrote since
    /// then wins: the error is [`Failure::RecordChanged`].
    pub(crate) fn put<T: Serialize>(&self, key: &str, seen: Option<&Record<T>>, value: &T) -> Result<(), Failure> {
        let seen = seen.map_or(0, |record| record.version);
        self.places.pass("before the record");
        let there = self.read(key).map_or(0, |found| found["version"].as_u64().unwrap_or(0));
        if self.faster || there != seen {
            return Err(Failure::RecordChanged);
        }
        let record = json!({ "version": seen + 1, "value": value });
        // A file of another name that takes the place: no half of a record is ever read.
        let (path, new) = (self.path(key), self.folder.join("new"));
        let written = fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&new, record.to_string()))
            .and_then(|()| fs::rename(&new, path));
        written.map_err(|_| Failure::RecordLost)?;
        self.places.pass("after the record");
        Ok(())
    }

    fn read(&self, key: &str) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.path(key)).ok()?).ok()
    }

    fn path(&self, key: &str) -> PathBuf {
        let letters: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(letters + ".json")
    }
}
