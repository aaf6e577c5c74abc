//! Events, jobs in their order, steps.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Concurrency, Event, Expressions, Invalid, Job, Outcome, Run, Step, as_text};

const WORKFLOW: [&str; 9] =
    ["concurrency", "defaults", "description", "env", "jobs", "name", "on", "permissions", "run-name"];
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
    "pull_request_comment",
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

/// What GitHub refuses before it starts anything.
pub(super) fn check(workflow: &Value) -> Result<(), Invalid> {
    let invalid = |message: String| Err(Invalid(message));
    known("the workflow", workflow, &WORKFLOW)?;
    if workflow["on"].is_null() {
        return invalid("No event triggers defined in `on`".to_owned());
    }
    permissions("the workflow", &workflow["permissions"])?;
    let named = workflow["on"].as_object().into_iter().flat_map(|all| all.keys().map(String::as_str));
    if let Some(event) = named.chain(texts(&workflow["on"])).find(|event| !EVENTS.contains(event)) {
        return invalid(format!("Unexpected value '{event}' in `on`: there is no such event"));
    }
    let jobs = workflow["jobs"].as_object().filter(|jobs| !jobs.is_empty());
    for (id, job) in jobs.ok_or_else(|| Invalid("there are no jobs".to_owned()))? {
        let place = format!("the job {id}");
        known(&place, job, &JOB)?;
        permissions(&place, &job["permissions"])?;
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

fn known(place: &str, value: &Value, names: &[&str]) -> Result<(), Invalid> {
    let members = value.as_object().ok_or_else(|| Invalid(format!("{place} is no mapping")))?;
    match members.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(Invalid(format!("Unexpected value '{name}' in {place}"))),
        None => Ok(()),
    }
}

fn permissions(place: &str, value: &Value) -> Result<BTreeMap<String, String>, Invalid> {
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

fn needs(job: &Value) -> impl Iterator<Item = &str> {
    texts(&job["needs"])
}

/// One text, or a list of them.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_str().into_iter().chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

/// The jobs, each after those that it needs.
fn order(workflow: &Value) -> Result<Vec<&str>, Invalid> {
    let jobs = workflow["jobs"].as_object().ok_or_else(|| Invalid("there are no jobs".to_owned()))?;
    let mut order: Vec<&str> = Vec::new();
    while order.len() < jobs.len() {
        let is_next = |(id, job): &(&String, &Value)| {
            !order.contains(&id.as_str()) && needs(job).all(|needed| order.contains(&needed))
        };
        match jobs.iter().find(is_next) {
            Some((id, _)) => order.push(id),
            None => return Err(Invalid("jobs need each other in a circle".to_owned())),
        }
    }
    Ok(order)
}

/// The settings of an event in `on`; nothing where the workflow does not listen to it.
pub(super) fn trigger<'w>(workflow: &'w Value, event: &str) -> Option<&'w Value> {
    match &workflow["on"] {
        Value::String(one) if one == event => Some(&Value::Null),
        Value::Array(many) if many.iter().any(|one| one == event) => Some(&Value::Null),
        Value::Object(all) => all.get(event),
        _ => None,
    }
}

fn starts(workflow: &Value, event: &Event) -> bool {
    let Some(settings) = trigger(workflow, &event.name) else { return false };
    let branch = match event.name.as_str() {
        "push" => event.reference.strip_prefix("refs/heads/"),
        "pull_request" | "pull_request_target" => Some("main"),
        _ => return true,
    };
    let types = &settings["types"];
    if event.name.starts_with("pull_request") && !types.is_null() && texts(types).all(|kind| kind != "opened") {
        return false;
    }
    let tag = event.reference.strip_prefix("refs/tags/");
    let fit = |patterns: &Value, name: &str| {
        let mut fits = false;
        for pattern in
            patterns.as_str().into_iter().chain(patterns.as_array().into_iter().flatten().filter_map(Value::as_str))
        {
            match pattern.strip_prefix('!') {
                Some(pattern) => fits &= !glob(pattern, name),
                None => fits |= glob(pattern, name),
            }
        }
        fits
    };
    let (branches, ignored, tags) = (&settings["branches"], &settings["branches-ignore"], &settings["tags"]);
    match (branch, tag) {
        (Some(branch), _) if !branches.is_null() => fit(branches, branch),
        (Some(branch), _) if !ignored.is_null() => !fit(ignored, branch),
        (Some(_), _) => tags.is_null(),
        (None, Some(tag)) if !tags.is_null() => fit(tags, tag),
        (None, Some(_)) => branches.is_null() && ignored.is_null(),
        (None, None) => true,
    }
}

/// `*` is any text without a slash, `**` any text.
fn glob(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => {
            let Some(name) = name.strip_prefix(start) else { return false };
            let (rest, crosses) = rest.strip_prefix('*').map_or((rest, false), |rest| (rest, true));
            let ends = (0..=name.len()).filter(|end| name.is_char_boundary(*end));
            ends.filter(|end| crosses || !name[..*end].contains('/')).any(|end| glob(rest, &name[end..]))
        }
    }
}

pub(super) fn run(workflow: &Value, event: &Event, fails: &dyn Fn(&str) -> bool) -> Result<Option<Run>, Invalid> {
    if !starts(workflow, event) {
        return Ok(None);
    }
    let mut done: BTreeMap<String, Outcome> = BTreeMap::new();
    let mut jobs: Vec<Job> = Vec::new();
    for id in order(workflow)? {
        let raw = &workflow["jobs"][id];
        let needed: BTreeMap<String, Outcome> = needs(raw).map(|needed| (needed.to_owned(), done[needed])).collect();
        let mut after: BTreeSet<String> = needed.keys().cloned().collect();
        for job in &jobs {
            if needed.contains_key(&job.id) {
                after.extend(job.after.iter().cloned());
            }
        }
        let mut expressions = Expressions {
            event,
            env: BTreeMap::new(),
            matrix: matrix(&raw["strategy"]["matrix"]),
            goes_well: after.iter().all(|before| done[before] == Outcome::Succeeded),
            needs: needed,
        };
        let is_begun = expressions.holds(&raw["if"])?;
        expressions.goes_well = true;
        for variables in [&workflow["env"], &raw["env"]] {
            expressions.env = env(&expressions, variables)?;
        }
        let environment = match &raw["environment"] {
            Value::Object(members) => members.get("name").map(as_text),
            Value::Null => None,
            other => Some(as_text(other)),
        };
        let environment = environment.map(|name| expressions.put_in(&name)).transpose()?.map(|name| as_text(&name));
        let mut job = Job {
            id: id.to_owned(),
            outcome: if is_begun { Outcome::Succeeded } else { Outcome::PassedOver },
            permissions: token(workflow, raw, event, id)?,
            concurrency: concurrency(&expressions, &raw["concurrency"])?
                .or(concurrency(&expressions, &workflow["concurrency"])?),
            subject: subject(event, environment.as_deref()),
            environment,
            steps: Vec::new(),
            after: after.into_iter().collect(),
        };
        let shell = [raw, workflow].map(|at| at["defaults"]["run"]["shell"].as_str());
        let shell = shell.into_iter().flatten().next();
        for raw in raw["steps"].as_array().into_iter().flatten() {
            let shell = raw["shell"].as_str().or(shell);
            let step = step(&expressions, raw, is_begun, &|script| ends_badly(script, shell, fails))?;
            if step.outcome == Outcome::Failed && raw["continue-on-error"] != true {
                expressions.goes_well = false;
                job.outcome = Outcome::Failed;
            }
            job.steps.push(step);
        }
        let counted = if raw["continue-on-error"] == true && is_begun { Outcome::Succeeded } else { job.outcome };
        done.insert(id.to_owned(), counted);
        jobs.push(job);
    }
    let whole =
        Expressions { event, env: BTreeMap::new(), matrix: Value::Null, needs: BTreeMap::new(), goes_well: true };
    let concurrency = concurrency(&whole, &workflow["concurrency"])?;
    Ok(Some(Run { event: event.clone(), concurrency, jobs }))
}

/// The first combination.
fn matrix(matrix: &Value) -> Value {
    let mut one = Map::new();
    for (name, values) in matrix.as_object().into_iter().flatten() {
        one.insert(name.clone(), values[0].clone());
    }
    one.into()
}

/// Variables that are there already, with those of `more`.
fn env(expressions: &Expressions<'_>, more: &Value) -> Result<BTreeMap<String, String>, Invalid> {
    let mut env = expressions.env.clone();
    for (name, value) in more.as_object().into_iter().flatten() {
        env.insert(name.clone(), as_text(&expressions.put_in(&as_text(value))?));
    }
    Ok(env)
}

/// What the job's token may. A job's permissions replace those of the workflow; without any, the repository's setting
/// counts, which lets a token of an old repository write everything but prove who it is. A stranger's pull request
/// writes nothing. Source: <https://docs.github.com/en/actions/concepts/security/github_token>.
fn token(workflow: &Value, job: &Value, event: &Event, id: &str) -> Result<BTreeMap<String, String>, Invalid> {
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

fn concurrency(expressions: &Expressions<'_>, value: &Value) -> Result<Option<Concurrency>, Invalid> {
    let (group, cancels) = match value {
        Value::Null => return Ok(None),
        Value::Object(members) => {
            let cancels = members.get("cancel-in-progress").map(as_text).unwrap_or_default();
            (members.get("group").map(as_text).unwrap_or_default(), as_text(&expressions.put_in(&cancels)?) == "true")
        }
        other => (as_text(other), false),
    };
    Ok(Some(Concurrency { group: as_text(&expressions.put_in(&group)?), cancels }))
}

/// Source: <https://docs.github.com/en/actions/reference/security/oidc>. As a repository has it that is older than the
/// numbers which GitHub puts behind names since July 2026.
fn subject(event: &Event, environment: Option<&str>) -> String {
    let what = match environment {
        Some(name) => format!("environment:{name}"),
        None if event.name == "pull_request" => "pull_request".to_owned(),
        None => format!("ref:{}", event.reference),
    };
    format!("repo:ferris-prints/shop:{what}")
}

fn step(
    expressions: &Expressions<'_>,
    raw: &Value,
    is_begun: bool,
    ends_badly: &dyn Fn(&str) -> bool,
) -> Result<Step, Invalid> {
    let mut own = expressions.clone();
    own.env = env(expressions, &raw["env"])?;
    let mut with = Map::new();
    for (name, value) in raw["with"].as_object().into_iter().flatten() {
        let value = match value {
            Value::String(text) => own.put_in(text)?,
            other => other.clone(),
        };
        with.insert(name.clone(), value);
    }
    let script = raw["run"].as_str().map(|script| own.put_in(script)).transpose()?.map(|script| as_text(&script));
    let uses = raw["uses"].as_str().map(|uses| uses.split_once('@').unwrap_or((uses, "")));
    let outcome = if !is_begun || !own.holds(&raw["if"])? {
        Outcome::PassedOver
    } else if script.as_deref().is_some_and(ends_badly) {
        Outcome::Failed
    } else {
        Outcome::Succeeded
    };
    let uses = uses.map(|(name, reference)| (name.to_owned(), reference.trim().to_owned()));
    Ok(Step { outcome, uses, script, with, env: own.env })
}

/// Whether a script fails: at the first line that does, since GitHub's shell stops there, unless the line goes on
/// regardless. Of a pipe the last command counts, unless `shell: bash` is asked for: without a word it is `bash -e`,
/// with that word `bash -eo pipefail`. Of commands with `&&` between them one that is not the last stops nothing; it is
/// what the script ends with when nothing comes after it.
fn ends_badly(script: &str, shell: Option<&str>, fails: &dyn Fn(&str) -> bool) -> bool {
    let mut stops = true;
    let mut minds_pipes = shell.is_some_and(|shell| shell == "bash" || shell.contains("pipefail"));
    let script = script.replace("\\\n", " ");
    let lines: Vec<&str> =
        script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with("set +e") {
            stops = false;
        }
        minds_pipes |= line.starts_with("set ") && line.contains("pipefail");
        let is_last = index + 1 == lines.len();
        if line.contains("||") || line.ends_with('&') || line.starts_with("if ") || line.starts_with("! ") {
            continue;
        }
        let parts: Vec<&str> = line.split("&&").collect();
        let failed = parts.iter().position(|part| match part.rsplit_once('|') {
            Some((_, last)) if !minds_pipes => fails(last),
            _ => fails(part),
        });
        if failed.is_some_and(|part| is_last || (stops && part + 1 == parts.len())) {
            return true;
        }
    }
    false
}
