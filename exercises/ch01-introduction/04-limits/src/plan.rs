//! What the shop plans, and the limits that it has to keep. Given as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The limits as data, from `exercises/fixtures/data/invoke-limits.json` and `limits.json`: a number by name. They come
/// with each event, since some of them differ from account to account, and all of them change some day.
#[derive(Debug, Deserialize)]
pub(crate) struct Limits(BTreeMap<String, Value>);

impl Limits {
    /// The limit of this name.
    ///
    /// # Panics
    /// When there is none: the name is misspelt.
    pub(crate) fn get(&self, name: &str) -> u64 {
        self.0.get(name).and_then(Value::as_u64).unwrap_or_else(|| panic!("there is no limit called {name}"))
    }

    /// Whether a plan has no more than the limit of this name allows.
    pub(crate) fn at_most(&self, limit: &'static str, has: u64) -> Result<(), Broken> {
        at_most(limit, has, self.get(limit))
    }
}

/// Whether a plan has no more than is allowed, under a limit of this name.
pub(crate) fn at_most(limit: &'static str, has: u64, allowed: u64) -> Result<(), Broken> {
    if has <= allowed { Ok(()) } else { Err(Broken { limit, has, allowed }) }
}

/// What the shop plans.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Plan {
    /// To send something to a function.
    Send { to: Way, payload: Payload },
    /// To deploy code.
    Deploy(Package),
    /// To configure a function.
    Configure { environment: BTreeMap<String, String>, tmp_mb: u64 },
}

/// How a payload gets to the function.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    /// A call that waits for the answer.
    InvokeAndWait,
    /// A call that does not wait.
    InvokeAndGoOn,
    /// Through a topic of SNS, which calls the function without waiting. The topic may have a size of its own.
    Topic { maximum_message_size: Option<u64> },
    /// Through a queue of SQS, which Lambda polls.
    Queue,
}

/// A payload, or only its size.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Payload {
    Text(String),
    Bytes(u64),
}

/// What is deployed. Sizes are in bytes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Package {
    /// A zip file that is sent with the call, and the unzipped sizes of the function's layers.
    Zip { zipped: u64, unzipped: u64, layers: Vec<u64> },
    /// The same, with a zip file of any size that lies in S3.
    ZipInS3 { unzipped: u64, layers: Vec<u64> },
    /// A container image. It cannot have layers.
    Image { size: u64, layers: Vec<u64> },
}

/// The limit that a plan breaks: its name in [`Limits`], what the plan has, and what is allowed.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Broken {
    pub(crate) limit: &'static str,
    pub(crate) has: u64,
    pub(crate) allowed: u64,
}
