//! What the token of a job may, and whom it names.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Event, Invalid};

/// Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions>.
const SCOPES: [&str; 15] = [
    "actions",
    "artifact-metadata",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "discussions",
    "id-token",
    "issues",
    "models",
    "packages",
    "pages",
    "pull-requests",
    "security-events",
    "statuses",
];

/// What `permissions` gives, by scope; nothing where it is not there.
pub(super) fn permissions(place: &str, value: &Value) -> Result<BTreeMap<String, String>, Invalid> {
    let invalid = || Invalid(format!("the permissions of {place} are not understood: {value}"));
    let all = |level: &str| SCOPES.iter().map(|scope| ((*scope).to_owned(), level.to_owned())).collect();
    match value {
        Value::Null => Ok(BTreeMap::new()),
        Value::String(text) if text == "write-all" => Ok(all("write")),
        Value::String(text) if text == "read-all" => {
            let mut all: BTreeMap<String, String> = all("read");
            all.remove("id-token");
            Ok(all)
        }
        Value::Object(members) => {
            let mut permissions = BTreeMap::new();
            for (scope, level) in members {
                let level =
                    level.as_str().filter(|level| ["read", "write", "none"].contains(level)).ok_or_else(invalid)?;
                if !SCOPES.contains(&scope.as_str()) {
                    return Err(Invalid(format!("Unexpected value '{scope}' in the permissions of {place}")));
                }
                if level != "none" {
                    permissions.insert(scope.clone(), level.to_owned());
                }
            }
            Ok(permissions)
        }
        _ => Err(invalid()),
    }
}

/// What the job's token may. A job's permissions replace those of the workflow; without any, the repository's setting
/// counts, which lets a token of an old repository write everything but prove who it is. A stranger's pull request
/// writes nothing. Source: <https://docs.github.com/en/actions/concepts/security/github_token>.
pub(super) fn token(
    workflow: &Value,
    job: &Value,
    event: &Event,
    id: &str,
) -> Result<BTreeMap<String, String>, Invalid> {
    let given = [&job["permissions"], &workflow["permissions"]].into_iter().find(|given| !given.is_null());
    let mut permissions = permissions(id, given.unwrap_or(&Value::from("write-all")))?;
    if given.is_none() {
        permissions.remove("id-token");
    }
    if event.is_fork && event.name == "pull_request" {
        permissions.remove("id-token");
        permissions.values_mut().for_each(|level| "read".clone_into(level));
    }
    Ok(permissions)
}

/// The claim `sub`.
///
/// Source: <https://docs.github.com/en/actions/reference/security/oidc>. As a repository has it that is older than the
/// numbers which GitHub puts behind names since July 2026.
pub(super) fn subject(event: &Event, environment: Option<&str>) -> String {
    let what = match environment {
        Some(name) => format!("environment:{name}"),
        None if event.name == "pull_request" => "pull_request".to_owned(),
        None => format!("ref:{}", event.reference),
    };
    format!("repo:ferris-prints/shop:{what}")
}
