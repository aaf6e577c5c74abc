//! What is known of a candidate before it gets traffic, with the names that AWS uses. Every fact may be missing: the
//! call that reads it was denied, or throttled, or nobody made it. Given as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};

/// What the deployment has found out.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Facts {
    /// As `2026-11-30`; such texts are ordered like the days.
    pub(crate) today: String,
    /// The function's name.
    pub(crate) function: String,
    /// The version that is to get traffic.
    pub(crate) candidate: String,
    /// Of the candidate.
    pub(crate) configuration: Option<Configuration>,
    /// Of the version that has the traffic now.
    pub(crate) live: Option<Configuration>,
    /// The runtimes and their dates, by identifier.
    pub(crate) calendar: Option<BTreeMap<String, Runtime>>,
    /// Event source mappings of the function.
    pub(crate) mappings: Option<Vec<Mapping>>,
    /// Queues by their ARN.
    #[serde(default)]
    pub(crate) queues: BTreeMap<String, Queue>,
    /// The services that invoke the function asynchronously, such as `s3.amazonaws.com`.
    pub(crate) asynchronous: Option<Vec<String>>,
    /// Where events go that failed, after all tries.
    pub(crate) on_failure: Option<OnFailure>,
    pub(crate) concurrency: Option<Concurrency>,
    pub(crate) log_groups: Option<Vec<LogGroup>>,
    /// Alarms of the account, of this function and others.
    pub(crate) alarms: Option<Vec<Alarm>>,
    /// What each version did so far, by version.
    pub(crate) metrics: Option<BTreeMap<String, Metrics>>,
}

/// An answer of `GetFunctionConfiguration`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Configuration {
    /// `Active`, `Pending`, `Inactive`, `Failed` and others.
    pub(crate) state: Option<String>,
    /// `Successful`, `InProgress`, `Failed`.
    pub(crate) last_update_status: Option<String>,
    /// `Zip` or `Image`.
    pub(crate) package_type: Option<String>,
    /// None for an image.
    pub(crate) runtime: Option<String>,
    /// None for an image; any text where the runtime is one's own.
    pub(crate) handler: Option<String>,
    /// In seconds.
    pub(crate) timeout: u64,
    /// None where there are no variables.
    pub(crate) environment: Option<Environment>,
    pub(crate) dead_letter_config: Option<DeadLetterConfig>,
    pub(crate) logging_config: Option<LoggingConfig>,
}

/// The variables, or why whoever asked may not see them.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Environment {
    pub(crate) variables: Option<BTreeMap<String, String>>,
    pub(crate) error: Option<EnvironmentError>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EnvironmentError {
    pub(crate) error_code: String,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeadLetterConfig {
    pub(crate) target_arn: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LoggingConfig {
    pub(crate) log_group: Option<String>,
}

/// When a runtime is what; a date that is not set is missing.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Runtime {
    pub(crate) deprecated: Option<String>,
    pub(crate) update_blocked: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Mapping {
    pub(crate) event_source_arn: String,
}

/// Attributes of a queue. SQS gives all of them as texts; here numbers are numbers.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Queue {
    /// In seconds.
    #[serde(deserialize_with = "number")]
    pub(crate) visibility_timeout: u64,
    /// None where broken messages have nowhere to go.
    pub(crate) redrive_policy: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OnFailure {
    /// An ARN; none where there is none.
    pub(crate) destination: Option<String>,
}

/// An answer of `GetFunctionConcurrency`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Concurrency {
    /// None where nothing is reserved.
    pub(crate) reserved_concurrent_executions: Option<u64>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogGroup {
    pub(crate) log_group_name: String,
    /// None where lines are kept for ever.
    pub(crate) retention_in_days: Option<u64>,
}

/// One alarm of `DescribeAlarms`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Alarm {
    pub(crate) alarm_name: String,
    /// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub(crate) state_value: String,
    pub(crate) actions_enabled: bool,
    pub(crate) alarm_actions: Vec<String>,
    pub(crate) dimensions: Vec<Dimension>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Dimension {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Metrics {
    pub(crate) invocations: u64,
    pub(crate) errors: u64,
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| de::Error::custom(format!("{text} is no number")))
}
