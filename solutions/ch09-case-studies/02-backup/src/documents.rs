//! What lies in the bucket beside the items.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far a backup is that is not complete, and who works at it: `cursor.json`.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(crate) struct Cursor {
    /// The request id of the invocation that works at it.
    pub(crate) owner: String,
    /// Until when it may, in milliseconds since 1970; 0 if nobody works at it.
    pub(crate) until: u64,
    /// The key after which the next page begins, as DynamoDB writes keys; at the beginning there is none.
    pub(crate) start: Option<Value>,
    /// What is written already.
    pub(crate) parts: Vec<Part>,
}

/// One object full of items.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Part {
    pub(crate) key: String,
    pub(crate) items: u64,
    /// Of the object's bytes, in small hexadecimal digits.
    pub(crate) sha256: String,
}

/// A backup that is complete: `manifest.json`.
#[derive(Deserialize, Serialize)]
pub(crate) struct Manifest {
    pub(crate) table: String,
    pub(crate) at: String,
    pub(crate) items: u64,
    pub(crate) parts: Vec<Part>,
}
