//! What the shop asks about its concurrency, and the numbers that Lambda gives. Given as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Quotas and rates, from `exercises/fixtures/data/concurrency.json` and `sqs.json`: a number by name. They come with
/// each event, since they differ from account to account.
#[derive(Debug, Deserialize)]
pub(crate) struct Facts(BTreeMap<String, Value>);

impl Facts {
    /// The number of this name.
    ///
    /// # Panics
    /// When there is none: the name is misspelt.
    pub(crate) fn get(&self, name: &str) -> u64 {
        self.0.get(name).and_then(Value::as_u64).unwrap_or_else(|| panic!("there is no number called {name}"))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    /// So many requests a second come to one function, and each takes so long.
    Requests { per_second: u64, duration_ms: u64 },
    /// Some functions have reserved concurrency; may one more reserve so much?
    Reserve { reserved: Vec<u64>, more: u64 },
    /// So many messages lie in a queue. The event source mapping may have a maximum concurrency of its own.
    Queue { messages: u64, batch: u64, duration_ms: u64, maximum_concurrency: Option<u64> },
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    Requests(Load),
    Reserve(Reservation),
    Queue(Drain),
}

/// What a rate of requests asks for.
#[derive(Debug, Serialize)]
pub(crate) struct Load {
    /// Requests that are handled at the same moment.
    pub(crate) in_flight: u64,
    /// The concurrency that the rate needs, however short the requests are.
    pub(crate) for_the_rate: u64,
    /// The concurrency that is needed for both.
    pub(crate) needed: u64,
    /// Whether the account has it.
    pub(crate) fits: bool,
    /// How long Lambda takes from no environment to all that are needed.
    pub(crate) seconds_to_scale: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Reservation {
    /// What may still be reserved.
    pub(crate) left: u64,
    pub(crate) granted: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Drain {
    /// Minutes that have begun when the queue is empty.
    pub(crate) minutes: u64,
    /// The concurrency that the last of them allows, used or not.
    pub(crate) peak: u64,
}
