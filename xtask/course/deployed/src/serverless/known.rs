//! What the tool knows: the names of properties, and the runtimes. Anything else it refuses.

use serde_json::Value;

use super::Invalid;

/// At the top of the file.
pub(super) const SERVICE: [&str; 12] = [
    "configValidationMode",
    "custom",
    "deprecationNotificationMode",
    "frameworkVersion",
    "functions",
    "package",
    "params",
    "plugins",
    "provider",
    "resources",
    "service",
    "useDotenv",
];

/// Under `provider`.
pub(super) const PROVIDER: [&str; 21] = [
    "architecture",
    "deploymentBucket",
    "deploymentMethod",
    "environment",
    "iam",
    "iamManagedPolicies",
    "iamRoleStatements",
    "logRetentionInDays",
    "memorySize",
    "name",
    "profile",
    "region",
    "runtime",
    "stackName",
    "stackTags",
    "stage",
    "tags",
    "timeout",
    "tracing",
    "versionFunctions",
    "vpc",
];

/// Of a function.
pub(super) const FUNCTION: [&str; 16] = [
    "architecture",
    "description",
    "disableLogs",
    "environment",
    "events",
    "handler",
    "logRetentionInDays",
    "memorySize",
    "name",
    "package",
    "reservedConcurrency",
    "role",
    "runtime",
    "tags",
    "timeout",
    "url",
];

/// Of an event of a queue.
pub(super) const QUEUE: [&str; 7] = [
    "arn",
    "batchSize",
    "enabled",
    "filterPatterns",
    "functionResponseType",
    "maximumBatchingWindow",
    "maximumConcurrency",
];

/// Runtimes that the tool takes.
pub(super) const RUNTIMES: [&str; 24] = [
    "dotnet10",
    "dotnet8",
    "dotnet9",
    "java11",
    "java11.al2023",
    "java17",
    "java17.al2023",
    "java21",
    "java25",
    "java8.al2",
    "java8.al2023",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "provided.al2",
    "provided.al2023",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
];

/// A mapping that has no members but those with these names.
pub(super) fn mapping(place: &str, value: &Value, names: &[&str]) -> Result<(), Invalid> {
    let members = value.as_object().ok_or_else(|| Invalid(format!("at '{place}': must be object")))?;
    match members.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(Invalid(format!("at '{place}': unrecognized property '{name}'"))),
        None => Ok(()),
    }
}
