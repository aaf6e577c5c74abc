//! Jobs in their order, with their steps.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::script::ends_badly;
use super::token::{subject, token};
use super::trigger::starts;
use super::{Concurrency, Event, Expressions, Invalid, Job, Outcome, Run, Step, as_text};

/// What an event starts; nothing where the workflow does not listen to it.
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
        let expressions = Expressions {
            event,
            env: BTreeMap::new(),
            matrix: matrix(&raw["strategy"]["matrix"]),
            goes_well: after.iter().all(|before| done[before] == Outcome::Succeeded),
            needs: needed,
        };
        let job = job(workflow, id, expressions, after, fails)?;
        let is_forgiven = raw["continue-on-error"] == true && job.outcome != Outcome::PassedOver;
        done.insert(id.to_owned(), if is_forgiven { Outcome::Succeeded } else { job.outcome });
        jobs.push(job);
    }
    let whole =
        Expressions { event, env: BTreeMap::new(), matrix: Value::Null, needs: BTreeMap::new(), goes_well: true };
    let concurrency = concurrency(&whole, &workflow["concurrency"])?;
    Ok(Some(Run { event: event.clone(), concurrency, jobs }))
}

/// One job with its steps. `expressions` know what came of those before it.
fn job(
    workflow: &Value,
    id: &str,
    mut expressions: Expressions<'_>,
    after: BTreeSet<String>,
    fails: &dyn Fn(&str) -> bool,
) -> Result<Job, Invalid> {
    let raw = &workflow["jobs"][id];
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
        permissions: token(workflow, raw, expressions.event, id)?,
        concurrency: concurrency(&expressions, &raw["concurrency"])?
            .or(concurrency(&expressions, &workflow["concurrency"])?),
        subject: subject(expressions.event, environment.as_deref()),
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
    Ok(job)
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

/// The jobs that one waits for.
pub(super) fn needs(job: &Value) -> impl Iterator<Item = &str> {
    texts(&job["needs"])
}

/// One text, or a list of them.
pub(super) fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_str().into_iter().chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

/// The jobs, each after those that it needs.
pub(super) fn order(workflow: &Value) -> Result<Vec<&str>, Invalid> {
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

/// One step of a job.
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
