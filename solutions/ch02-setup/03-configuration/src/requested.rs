//! What somebody asks for, the limits that it has to keep, and what may be wrong with it. Given as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A configuration as somebody wrote it. Nothing in it has been checked.
#[derive(Debug, Deserialize)]
pub(crate) struct Requested {
    /// A name or an ARN.
    pub(crate) name: String,
    /// In MB.
    pub(crate) memory: Option<u64>,
    /// In seconds.
    pub(crate) timeout: Option<u64>,
    /// In MB.
    pub(crate) tmp: Option<u64>,
    /// The ARNs of the layers.
    #[serde(default)]
    pub(crate) layers: Vec<String>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) snap_start: bool,
    /// How many environments are kept ready.
    #[serde(default)]
    pub(crate) provisioned_concurrency: u64,
    /// The ARN of a capacity provider: with one, the function runs on Managed Instances.
    pub(crate) capacity_provider: Option<String>,
}

/// The limits as data, by name, from `exercises/fixtures/data`: they come with each event.
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

    /// Whether Lambda keeps a variable of this name for itself.
    pub(crate) fn reserves(&self, variable: &str) -> bool {
        self.0["reserved_variables"].as_array().is_some_and(|names| names.iter().any(|name| name == variable))
    }

    /// The same number, if it is no less than the limit of this name allows.
    pub(crate) fn at_least(&self, limit: &'static str, has: u64) -> Result<u64, Problem> {
        let allowed = self.get(limit);
        if has >= allowed { Ok(has) } else { Err(Problem::Limit { name: limit, has, allowed }) }
    }

    /// The same number, if it is no more than the limit of this name allows.
    pub(crate) fn at_most(&self, limit: &'static str, has: u64) -> Result<u64, Problem> {
        let allowed = self.get(limit);
        if has <= allowed { Ok(has) } else { Err(Problem::Limit { name: limit, has, allowed }) }
    }
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Problem {
    /// The limit that is not kept: its name in [`Limits`], what was asked for, and what is allowed.
    Limit { name: &'static str, has: u64, allowed: u64 },
    /// A variable of a name that Lambda keeps for itself.
    Reserved(String),
    /// Two settings that exclude each other.
    Excludes([&'static str; 2]),
}
