//! caught-by: asks_where_failed_events_go
//!
//! Warns of a destination that could not be read, where a dead-letter queue takes what failed.
#![allow(unused)]

#[path = "../src/facts.rs"]
mod facts;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Serialize;

use facts::{Alarm, Configuration, Facts, Queue};

/// Of the variables' 4,096 bytes, so many may be used without a warning.
const COMFORTABLE_ENVIRONMENT: usize = 3_600;

/// So many invocations at least say something about a candidate.
const ENOUGH_INVOCATIONS: u64 = 100;

/// How good it is, from good to bad: the worst of several is their maximum.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Pass,
    Warn,
    Fail,
}

#[derive(Serialize)]
struct Preflight {
    verdict: Verdict,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    check: &'static str,
    verdict: Verdict,
    reasons: Vec<Reason>,
}

/// What speaks against the candidate.
#[derive(Serialize)]
struct Reason {
    verdict: Verdict,
    code: &'static str,
    about: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(preflight)).await
}

async fn preflight(event: LambdaEvent<Facts>) -> Result<Preflight, Error> {
    let facts = event.payload;
    let of_candidate = |check: fn(&Facts, &Configuration) -> Vec<Reason>| match &facts.configuration {
        Some(configuration) => check(&facts, configuration),
        None => vec![no_data("configuration")],
    };
    let checks: Vec<Check> = [
        ("state", of_candidate(state)),
        ("runtime", of_candidate(runtime)),
        ("environment", of_candidate(environment)),
        ("sources", of_candidate(sources)),
        ("failures", of_candidate(failures)),
        ("logs", of_candidate(logs)),
        ("concurrency", concurrency(&facts)),
        ("alarms", alarms(&facts)),
        ("errors", errors(&facts)),
    ]
    .into_iter()
    .map(|(check, reasons)| Check { check, verdict: worst(reasons.iter().map(|reason| reason.verdict)), reasons })
    .collect();
    Ok(Preflight { verdict: worst(checks.iter().map(|check| check.verdict)), checks })
}

fn worst(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    verdicts.max().unwrap_or(Verdict::Pass)
}

fn fail(code: &'static str, about: impl ToString) -> Reason {
    Reason { verdict: Verdict::Fail, code, about: about.to_string() }
}

fn warn(code: &'static str, about: impl ToString) -> Reason {
    Reason { verdict: Verdict::Warn, code, about: about.to_string() }
}

/// What is not known is no reason to pass, and none to fail.
fn no_data(about: impl ToString) -> Reason {
    warn("no-data", about)
}

fn state(_: &Facts, candidate: &Configuration) -> Vec<Reason> {
    let is = |value: &Option<String>, wanted: &str, code, name: &str| match value {
        None => Some(no_data(name)),
        Some(value) if value != wanted => Some(fail(code, value)),
        Some(_) => None,
    };
    let active = is(&candidate.state, "Active", "not-active", "State");
    let updated = is(&candidate.last_update_status, "Successful", "not-updated", "LastUpdateStatus");
    active.into_iter().chain(updated).collect()
}

fn runtime(facts: &Facts, candidate: &Configuration) -> Vec<Reason> {
    // An image brings its own.
    if candidate.package_type.as_deref() == Some("Image") {
        return Vec::new();
    }
    let Some(runtime) = &candidate.runtime else { return vec![no_data("Runtime")] };
    let Some(calendar) = &facts.calendar else { return vec![no_data("calendar")] };
    let Some(dates) = calendar.get(runtime) else { return vec![warn("unknown-runtime", runtime)] };
    let has_come = |day: &Option<String>| day.as_ref().is_some_and(|day| *day <= facts.today);
    if has_come(&dates.update_blocked) {
        vec![fail("update-blocked", runtime)]
    } else if has_come(&dates.deprecated) {
        vec![warn("deprecated", runtime)]
    } else {
        Vec::new()
    }
}

fn environment(_: &Facts, candidate: &Configuration) -> Vec<Reason> {
    let Some(environment) = &candidate.environment else { return Vec::new() };
    match &environment.variables {
        _ if environment.error.is_some() => vec![no_data("Environment")],
        None => Vec::new(),
        Some(variables) => {
            let bytes: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
            if bytes > COMFORTABLE_ENVIRONMENT { vec![warn("nearly-full", bytes)] } else { Vec::new() }
        }
    }
}

fn sources(facts: &Facts, candidate: &Configuration) -> Vec<Reason> {
    let Some(mappings) = &facts.mappings else { return vec![no_data("mappings")] };
    let arns = mappings.iter().map(|mapping| mapping.event_source_arn.as_str());
    arns.filter(|arn| arn.starts_with("arn:aws:sqs:"))
        .flat_map(|arn| match facts.queues.get(arn) {
            None => vec![no_data(arn)],
            Some(queue) => source(arn, queue, candidate.timeout),
        })
        .collect()
}

/// About one queue that feeds the function.
fn source(arn: &str, queue: &Queue, timeout: u64) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if queue.visibility_timeout < timeout {
        reasons.push(fail("visibility-below-timeout", arn));
    } else if queue.visibility_timeout < 6 * timeout {
        reasons.push(warn("visibility-below-six-timeouts", arn));
    }
    if queue.redrive_policy.is_none() {
        reasons.push(fail("no-dead-letter-queue", arn));
    }
    reasons
}

fn failures(facts: &Facts, candidate: &Configuration) -> Vec<Reason> {
    let Some(services) = &facts.asynchronous else { return vec![no_data("asynchronous")] };
    let dead_letters = candidate.dead_letter_config.as_ref().and_then(|config| config.target_arn.as_ref());
    if services.is_empty() || (dead_letters.is_some() && facts.on_failure.is_some()) {
        return Vec::new();
    }
    match &facts.on_failure {
        None => vec![no_data("on_failure")],
        Some(on_failure) if on_failure.destination.is_some() => Vec::new(),
        Some(_) => services.iter().map(|service| fail("failures-vanish", service)).collect(),
    }
}

fn logs(facts: &Facts, candidate: &Configuration) -> Vec<Reason> {
    let Some(groups) = &facts.log_groups else { return vec![no_data("log_groups")] };
    let named = candidate.logging_config.as_ref().and_then(|config| config.log_group.clone());
    let name = named.unwrap_or_else(|| format!("/aws/lambda/{}", facts.function));
    match groups.iter().find(|group| group.log_group_name == name) {
        None => vec![warn("no-log-group", name)],
        Some(group) if group.retention_in_days.is_none() => vec![warn("kept-for-ever", name)],
        Some(_) => Vec::new(),
    }
}

fn concurrency(facts: &Facts) -> Vec<Reason> {
    match &facts.concurrency {
        None => vec![no_data("concurrency")],
        Some(concurrency) if concurrency.reserved_concurrent_executions == Some(0) => vec![fail("stopped", 0)],
        Some(_) => Vec::new(),
    }
}

fn alarms(facts: &Facts) -> Vec<Reason> {
    let Some(alarms) = &facts.alarms else { return vec![no_data("alarms")] };
    let is_of_function =
        |alarm: &&Alarm| alarm.dimensions.iter().any(|one| one.name == "FunctionName" && one.value == facts.function);
    let own: Vec<&Alarm> = alarms.iter().filter(is_of_function).collect();
    if own.is_empty() {
        return vec![fail("no-alarm", &facts.function)];
    }
    own.into_iter().flat_map(alarm).collect()
}

/// About one alarm of the function.
fn alarm(alarm: &Alarm) -> Vec<Reason> {
    let name = &alarm.alarm_name;
    let state = match alarm.state_value.as_str() {
        "OK" => None,
        "ALARM" => Some(fail("ringing", name)),
        _ => Some(no_data(name)),
    };
    let is_heard = alarm.actions_enabled && !alarm.alarm_actions.is_empty();
    state.into_iter().chain((!is_heard).then(|| warn("tells-nobody", name))).collect()
}

fn errors(facts: &Facts) -> Vec<Reason> {
    let Some(metrics) = &facts.metrics else { return vec![no_data("metrics")] };
    match metrics.get(&facts.candidate).map(|metrics| (metrics.errors, metrics.invocations)) {
        None | Some((_, 0)) => vec![no_data(&facts.candidate)],
        // More than 1 %, without a division.
        Some((errors, invocations)) if errors * 100 > invocations => {
            vec![fail("too-many-errors", format!("{errors}/{invocations}"))]
        }
        Some((_, invocations)) if invocations < ENOUGH_INVOCATIONS => vec![warn("few-invocations", invocations)],
        Some(_) => Vec::new(),
    }
}
