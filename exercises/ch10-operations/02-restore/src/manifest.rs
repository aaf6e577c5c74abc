//! What is kept of a function, and the steps that bring it back. Their JSON is part of the task.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One release of a function: a code and a configuration that ran together.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Manifest {
    pub(crate) function: String,
    /// By this name the zip lies in the shop's store of packages.
    pub code_sha256: String,
    /// The image by its digest; none for a zip.
    pub(crate) image: Option<String>,
    pub(crate) architecture: String,
    pub(crate) config: Config,
    /// None where no concurrency is reserved.
    pub(crate) reserved_concurrency: Option<u32>,
    /// The aliases that serve this release, at least one.
    pub(crate) aliases: Vec<String>,
}

/// What `UpdateFunctionConfiguration` sets.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Config {
    pub(crate) runtime: Option<String>,
    pub(crate) handler: Option<String>,
    pub(crate) role: String,
    pub(crate) memory_mb: u32,
    pub(crate) timeout_s: u32,
    pub(crate) tmp_mb: u32,
    /// ARNs of versions
    pub(crate) layers: Vec<String>,
    pub(crate) environment: BTreeMap<String, Variable>,
}

/// A variable of the environment, `{"value": "info"}` or `{"ref": "print-clerk/PAYMENT_KEY"}`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Variable {
    #[serde(rename = "value")]
    Value(String),
    /// Where whoever carries the plan out finds the value, in the shop's store of secrets.
    #[serde(rename = "ref")]
    Reference(String),
}

/// A call, `{"do": "update_code", …}`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Step {
    /// `CreateFunction`. Afterwards the function is `Pending`.
    Create {
        code: Code,
        /// None leaves it out of the call, and then Lambda takes `x86_64`.
        architecture: Option<String>,
        config: Config,
    },
    /// `UpdateFunctionCode`. Afterwards the update is `InProgress`.
    UpdateCode {
        code: Code,
        /// None leaves it out of the call: it stays as it is.
        architecture: Option<String>,
    },
    /// `UpdateFunctionConfiguration` with all of it: an environment and a list of layers replace what was there.
    /// Afterwards the update is `InProgress`.
    UpdateConfig { config: Config },
    /// Asks until the function is `Active`, its last update `Successful`, and no version `Pending`.
    Wait,
    /// `PublishVersion`, which is refused when the code of `$LATEST` has another hash. Afterwards the version is `Pending`.
    Publish { code_sha256: String },
    /// `PutFunctionConcurrency`, or `DeleteFunctionConcurrency` for none.
    PutConcurrency { reserved: Option<u32> },
    /// `UpdateAlias`, which takes a second version away; or `CreateAlias` for an alias that is not there.
    PointAlias {
        alias: String,
        to: Target,
        /// That of the alias that was seen; none for one that is not there.
        revision_id: Option<String>,
    },
}

/// `{"version": "7"}` or `"published"`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    Version(String),
    /// What the plan's own `publish` has made.
    Published,
}

/// Which package a step sends.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Code {
    pub sha256: String,
    pub(crate) image: Option<String>,
}
