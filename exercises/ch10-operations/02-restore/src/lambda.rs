//! What Lambda says about a function, as far as it matters here: the answers of `GetFunction`,
//! `ListVersionsByFunction` and `ListAliases` have these names, and many more that are passed over.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html>.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The name that Lambda gives to what was uploaded last and not published.
pub(crate) const LATEST: &str = "$LATEST";

/// The answer of `GetFunction`.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetFunction {
    pub(crate) configuration: Configuration,
    #[serde(default)]
    pub(crate) code: Code,
    /// None where no concurrency is reserved.
    pub(crate) concurrency: Option<Concurrency>,
}

/// Code and settings of `$LATEST` or of one version.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Configuration {
    pub(crate) function_name: String,
    /// A number, or [`LATEST`].
    pub(crate) version: String,
    pub(crate) package_type: PackageType,
    #[serde(rename = "CodeSha256")]
    pub code_sha256: String,
    /// One; the API has a list for it. Where it is not said, the function runs on x86_64.
    #[serde(default)]
    pub(crate) architectures: Vec<String>,
    /// None for images.
    pub(crate) runtime: Option<String>,
    /// None for images.
    pub(crate) handler: Option<String>,
    pub(crate) role: String,
    /// MB
    pub(crate) memory_size: u32,
    /// Seconds
    pub(crate) timeout: u32,
    pub(crate) ephemeral_storage: Option<EphemeralStorage>,
    /// Unpacked one over the other, in this order.
    #[serde(default)]
    pub(crate) layers: Vec<Layer>,
    pub(crate) environment: Option<Environment>,
    /// `Pending`, `Active`, `Inactive` or `Failed`.
    pub(crate) state: Option<String>,
    /// `InProgress`, `Successful` or `Failed`. Versions have it as it was when they were published.
    pub(crate) last_update_status: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(crate) enum PackageType {
    Zip,
    Image,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EphemeralStorage {
    /// MB
    pub(crate) size: u32,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Layer {
    pub(crate) arn: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Environment {
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    /// Set where Lambda could not decrypt the variables. They are missing then.
    pub(crate) error: Option<EnvironmentError>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EnvironmentError {
    pub(crate) error_code: String,
}

/// Where the code lies.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Code {
    /// What the function was told: often a tag.
    pub(crate) image_uri: Option<String>,
    /// What it runs: a digest.
    pub(crate) resolved_image_uri: Option<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Concurrency {
    pub(crate) reserved_concurrent_executions: u32,
}

/// What is there of one function now.
#[derive(Debug, Deserialize, PartialEq)]
pub(crate) struct Have {
    /// The answers of `ListVersionsByFunction`, all pages: `$LATEST` first, then the versions by their numbers.
    pub(crate) versions: Vec<Configuration>,
    /// The answers of `ListAliases`, all pages.
    pub(crate) aliases: Vec<Alias>,
    /// None where no concurrency is reserved.
    pub(crate) reserved_concurrency: Option<u32>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Alias {
    pub(crate) name: String,
    pub(crate) function_version: String,
    pub(crate) revision_id: String,
    pub(crate) routing_config: Option<RoutingConfig>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RoutingConfig {
    /// The second version of a canary, and its share.
    #[serde(default)]
    pub(crate) additional_version_weights: BTreeMap<String, f64>,
}
