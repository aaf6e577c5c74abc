//! What GitHub refuses before it starts anything.

use serde_json::Value;

use super::run::{needs, order, texts};
use super::{Invalid, token};

/// At the top of the file.
const WORKFLOW: [&str; 9] =
    ["concurrency", "defaults", "description", "env", "jobs", "name", "on", "permissions", "run-name"];

/// Of a job.
const JOB: [&str; 18] = [
    "concurrency",
    "container",
    "continue-on-error",
    "defaults",
    "env",
    "environment",
    "if",
    "name",
    "needs",
    "outputs",
    "permissions",
    "runs-on",
    "secrets",
    "services",
    "steps",
    "strategy",
    "timeout-minutes",
    "uses",
];

/// Of a step.
const STEP: [&str; 11] = [
    "continue-on-error",
    "env",
    "id",
    "if",
    "name",
    "run",
    "shell",
    "timeout-minutes",
    "uses",
    "with",
    "working-directory",
];

/// Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows>.
const EVENTS: [&str; 37] = [
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "create",
    "delete",
    "deployment",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "fork",
    "gollum",
    "image_version",
    "issue_comment",
    "issues",
    "label",
    "merge_group",
    "milestone",
    "page_build",
    "project",
    "project_card",
    "project_column",
    "public",
    "pull_request",
    "pull_request_comment",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
    "push",
    "registry_package",
    "release",
    "repository_dispatch",
    "schedule",
    "status",
    "watch",
    "workflow_call",
    "workflow_dispatch",
    "workflow_run",
];

/// Machines of GitHub's that anybody may use. Source:
/// <https://docs.github.com/en/actions/reference/runners/github-hosted-runners>.
const RUNNERS: [&str; 17] = [
    "macos-14",
    "macos-15",
    "macos-15-intel",
    "macos-26",
    "macos-latest",
    "ubuntu-22.04",
    "ubuntu-22.04-arm",
    "ubuntu-24.04",
    "ubuntu-24.04-arm",
    "ubuntu-26.04",
    "ubuntu-26.04-arm",
    "ubuntu-latest",
    "ubuntu-slim",
    "windows-11-arm",
    "windows-2022",
    "windows-2025",
    "windows-latest",
];

/// Refuses a workflow that GitHub would not start.
pub(super) fn check(workflow: &Value) -> Result<(), Invalid> {
    let invalid = |message: String| Err(Invalid(message));
    known("the workflow", workflow, &WORKFLOW)?;
    if workflow["on"].is_null() {
        return invalid("No event triggers defined in `on`".to_owned());
    }
    token::permissions("the workflow", &workflow["permissions"])?;
    let named = workflow["on"].as_object().into_iter().flat_map(|all| all.keys().map(String::as_str));
    if let Some(event) = named.chain(texts(&workflow["on"])).find(|event| !EVENTS.contains(event)) {
        return invalid(format!("Unexpected value '{event}' in `on`: there is no such event"));
    }
    let jobs = workflow["jobs"].as_object().filter(|jobs| !jobs.is_empty());
    for (id, job) in jobs.ok_or_else(|| Invalid("there are no jobs".to_owned()))? {
        let place = format!("the job {id}");
        known(&place, job, &JOB)?;
        token::permissions(&place, &job["permissions"])?;
        if !job["uses"].is_null() {
            return invalid(format!("{place} is a reusable workflow, which is not known to this check"));
        }
        let labels: Vec<&str> = texts(&job["runs-on"]).collect();
        if labels.is_empty() && !job["runs-on"].is_object() {
            return invalid(format!("{place} has no runs-on"));
        }
        let is_of_nobody = |label: &&&str| !label.contains("${{") && !RUNNERS.contains(*label);
        if let Some(label) = labels.iter().find(is_of_nobody).filter(|_| !labels.contains(&"self-hosted")) {
            return invalid(format!("{place} waits for a machine called {label}, and GitHub has none of that name"));
        }
        for needed in needs(job) {
            if jobs.is_none_or(|jobs| !jobs.contains_key(needed)) {
                return invalid(format!("Job '{id}' depends on unknown job '{needed}'"));
            }
        }
        let steps = job["steps"].as_array().filter(|steps| !steps.is_empty());
        for (index, step) in steps.ok_or_else(|| Invalid(format!("{place} has no steps")))?.iter().enumerate() {
            let place = format!("step {} of {place}", index + 1);
            known(&place, step, &STEP)?;
            match (step["uses"].as_str(), step["run"].as_str()) {
                (Some(_), None) | (None, Some(_)) => {}
                _ => return invalid(format!("{place} has to have either uses or run, as a text")),
            }
            if let Some(uses) =
                step["uses"].as_str().filter(|uses| !uses.starts_with("./") && !uses.starts_with("docker://"))
                && uses.split_once('@').is_none_or(|(_, reference)| reference.is_empty())
            {
                return invalid(format!("{place}: {uses} has no version after an @"));
            }
        }
    }
    order(workflow).map(|_| ())
}

/// A mapping that has no members but those with these names.
fn known(place: &str, value: &Value, names: &[&str]) -> Result<(), Invalid> {
    let members = value.as_object().ok_or_else(|| Invalid(format!("{place} is no mapping")))?;
    match members.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(Invalid(format!("Unexpected value '{name}' in {place}"))),
        None => Ok(()),
    }
}
