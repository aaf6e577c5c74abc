//! Says of a candidate whether it may get traffic, and of everything that speaks against it, why.

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
        // TODO: nothing is known of the candidate.
        None => Vec::new(),
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

fn worst(mut verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    // TODO: the worst of all.
    verdicts.next().unwrap_or(Verdict::Pass)
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
    // TODO: what an image has, what a calendar says, and whether a handler needs a dot.
    let has_a_dot = candidate.handler.as_ref().is_some_and(|handler| handler.contains('.'));
    let runtime = candidate.runtime.clone().unwrap_or_default();
    let is_known = facts.calendar.as_ref().is_some_and(|calendar| calendar.contains_key(&runtime));
    if has_a_dot && is_known { Vec::new() } else { vec![fail("unknown-runtime", runtime)] }
}

fn environment(_: &Facts, candidate: &Configuration) -> Vec<Reason> {
    // TODO: there may be variables that whoever asked was not allowed to see.
    let variables = candidate.environment.as_ref().and_then(|environment| environment.variables.clone());
    let bytes: usize = variables.unwrap_or_default().values().map(String::len).sum();
    if bytes > COMFORTABLE_ENVIRONMENT { vec![warn("nearly-full", bytes)] } else { Vec::new() }
}

fn sources(facts: &Facts, _: &Configuration) -> Vec<Reason> {
    // TODO: whose timeout counts? And what else does a queue need?
    let timeout = facts.live.as_ref().map_or(3, |live| live.timeout);
    let mappings = facts.mappings.as_deref().unwrap_or_default();
    let arns = mappings.iter().map(|mapping| mapping.event_source_arn.as_str());
    arns.filter_map(|arn| Some(source(arn, facts.queues.get(arn)?, timeout))).flatten().collect()
}

/// About one queue that feeds the function.
fn source(arn: &str, queue: &Queue, timeout: u64) -> Vec<Reason> {
    if queue.visibility_timeout < timeout { vec![fail("visibility-below-timeout", arn)] } else { Vec::new() }
}

fn failures(facts: &Facts, candidate: &Configuration) -> Vec<Reason> {
    // TODO: where do events go that failed?
    let _ = (&facts.asynchronous, &facts.on_failure, &candidate.dead_letter_config);
    Vec::new()
}

fn logs(facts: &Facts, _: &Configuration) -> Vec<Reason> {
    // TODO: a function may have named its log group, and the group may be missing.
    let name = format!("/aws/lambda/{}", facts.function);
    let groups = facts.log_groups.as_deref().unwrap_or_default();
    match groups.iter().find(|group| group.log_group_name == name) {
        Some(group) if group.retention_in_days.is_none() => vec![warn("kept-for-ever", name)],
        _ => Vec::new(),
    }
}

fn concurrency(facts: &Facts) -> Vec<Reason> {
    // TODO: somebody may have stopped the function in an incident, and left it so.
    let _ = &facts.concurrency;
    Vec::new()
}

fn alarms(facts: &Facts) -> Vec<Reason> {
    // TODO: which alarms are this function's?
    let alarms = facts.alarms.as_deref().unwrap_or_default();
    if alarms.is_empty() {
        return vec![fail("no-alarm", &facts.function)];
    }
    alarms.iter().flat_map(alarm).collect()
}

/// About one alarm of the function.
fn alarm(alarm: &Alarm) -> Vec<Reason> {
    // TODO: other states, and whether anybody hears it.
    if alarm.state_value == "OK" { Vec::new() } else { vec![fail("ringing", &alarm.alarm_name)] }
}

fn errors(facts: &Facts) -> Vec<Reason> {
    // TODO: whose errors are these? And what if there was no invocation, or hardly any?
    let metrics = facts.metrics.as_ref().map(|metrics| metrics.values().collect::<Vec<_>>()).unwrap_or_default();
    let errors: u64 = metrics.iter().map(|metrics| metrics.errors).sum();
    let invocations: u64 = metrics.iter().map(|metrics| metrics.invocations).sum();
    if errors * 100 / invocations > 1 || invocations < ENOUGH_INVOCATIONS {
        vec![fail("too-many-errors", format!("{errors}/{invocations}"))]
    } else {
        Vec::new()
    }
}
