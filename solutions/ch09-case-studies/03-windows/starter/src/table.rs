//! The table of sums. Given: there is nothing to change here.
//!
//! It stands for a table of DynamoDB, and has of it what matters here: transactions with conditions, and additions. It
//! lies in a file, so that it outlives the process and two functions share it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::fates;

/// A part of a transaction.
#[derive(Debug)]
pub(crate) enum Write {
    /// Makes an item. Its condition: there is none under this key.
    Create { key: String, value: Value },
    /// Writes nothing. Its condition: there is no item under this key.
    Absent { key: String },
    /// Adds to the numbers of an item. One that is not there begins with zeros.
    Add { key: String, orders: i64, cents: i64 },
}

/// Why nothing is known to have been written.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Conditions do not hold, those of these keys. Nothing was written.
    Conditions(Vec<String>),
    /// The table never takes such a transaction. Nothing was written.
    Invalid(&'static str),
    /// There was no answer. All of it was written, or nothing.
    NoAnswer,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Conditions(keys) => write!(f, "there is an item already under {keys:?}"),
            Refused::Invalid(reason) => f.write_str(reason),
            Refused::NoAnswer => f.write_str("the table does not answer"),
        }
    }
}

impl std::error::Error for Refused {}

#[derive(Debug)]
pub(crate) struct Table {
    folder: PathBuf,
    known: Mutex<Known>,
}

/// What was read of the file.
#[derive(Debug, Default)]
struct Known {
    bytes: usize,
    items: BTreeMap<String, Value>,
}

impl Table {
    pub(crate) fn from_env() -> Table {
        Table { folder: fates::folder(), known: Mutex::default() }
    }

    /// All items whose keys begin so, in the order of their keys. A key that was added to has the value
    /// `{"orders": 3, "cents": 7770}`.
    pub(crate) fn find(&self, prefix: &str) -> BTreeMap<String, Value> {
        let known = self.known();
        let found = known.items.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        found.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// One transaction: all of it is written, or nothing. A key may stand in it once.
    pub(crate) fn write(&self, writes: &[Write]) -> Result<(), Refused> {
        let text = format!("{writes:?}");
        fates::effect(&self.folder, &text, || self.transact(writes)).unwrap_or(Err(Refused::NoAnswer))
    }

    fn transact(&self, writes: &[Write]) -> Result<(), Refused> {
        let known = self.known();
        let (mut changed, mut refused) = (serde_json::Map::new(), Vec::new());
        let mut keys: Vec<&String> = writes.iter().map(Write::key).collect();
        keys.sort();
        if keys.windows(2).any(|two| two[0] == two[1]) {
            return Err(Refused::Invalid("a transaction cannot have two operations on one item"));
        }
        if writes.is_empty() || writes.len() > 100 {
            return Err(Refused::Invalid("a transaction has 1 to 100 operations"));
        }
        for write in writes {
            let there = known.items.get(write.key());
            match write {
                Write::Create { key, .. } | Write::Absent { key } if there.is_some() => refused.push(key.clone()),
                Write::Create { key, value } => _ = changed.insert(key.clone(), value.clone()),
                Write::Absent { .. } => {}
                Write::Add { key, orders, cents } => {
                    let before = |name: &str| there.and_then(|item| item[name].as_i64()).unwrap_or(0);
                    let sum = json!({ "orders": before("orders") + orders, "cents": before("cents") + cents });
                    changed.insert(key.clone(), sum);
                }
            }
        }
        if !refused.is_empty() {
            return Err(Refused::Conditions(refused));
        }
        fates::append(&self.file(), &format!("{}\n", Value::Object(changed)));
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.folder.join("table.jsonl")
    }

    /// Reads what the other function has written meanwhile.
    fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let text = fs::read_to_string(self.file()).unwrap_or_default();
        for line in text.get(known.bytes..).unwrap_or_default().lines() {
            if let Ok(Value::Object(changed)) = serde_json::from_str(line) {
                known.items.extend(changed);
            }
        }
        known.bytes = text.len();
        known
    }
}

impl Write {
    fn key(&self) -> &String {
        match self {
            Write::Create { key, .. } | Write::Absent { key } | Write::Add { key, .. } => key,
        }
    }
}
