//! caught-by: gives_an_arn_more_room_than_a_name
//!
//! Takes every name that begins with three letters for an ARN. An ARN begins with `arn:`.
#![allow(unused)]

#[path = "../src/requested.rs"]
mod requested;

use std::collections::BTreeMap;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use requested::{Limits, Problem, Requested};

#[derive(Deserialize)]
struct Question {
    limits: Limits,
    requested: Requested,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Configuration(Configuration),
    Problems(Vec<Problem>),
}

/// A configuration that Lambda takes.
#[derive(Serialize)]
struct Configuration {
    name: Name,
    memory: Memory,
    timeout: Timeout,
    tmp: Tmp,
    layers: Layers,
    environment: Environment,
    snap_start: bool,
    provisioned_concurrency: u64,
    capacity_provider: Option<String>,
}

/// A name, or an ARN.
#[derive(Serialize)]
struct Name(String);

/// Memory in MB.
#[derive(Serialize)]
struct Memory(u64);

/// A timeout in seconds.
#[derive(Serialize)]
struct Timeout(u64);

/// The size of `/tmp` in MB.
#[derive(Serialize)]
struct Tmp(u64);

#[derive(Serialize)]
struct Layers(Vec<String>);

#[derive(Serialize)]
struct Environment(BTreeMap<String, String>);

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Question>) -> Result<Answer, Error> {
    Ok(Configuration::try_from(event.payload).map_or_else(Answer::Problems, Answer::Configuration))
}

/// Where the function runs decides two of its limits.
#[derive(Clone, Copy)]
struct Rules<'a> {
    limits: &'a Limits,
    managed_instances: bool,
}

impl TryFrom<(Option<u64>, Rules<'_>)> for Tmp {
    type Error = Problem;

    fn try_from((megabytes, Rules { limits, .. }): (Option<u64>, Rules<'_>)) -> Result<Tmp, Problem> {
        let megabytes = megabytes.unwrap_or(limits.get("minimum_tmp"));
        limits.at_least("minimum_tmp", megabytes)?;
        limits.at_most("maximum_tmp", megabytes).map(Tmp)
    }
}

impl TryFrom<(String, Rules<'_>)> for Name {
    type Error = Problem;

    fn try_from((name, Rules { limits, .. }): (String, Rules<'_>)) -> Result<Name, Problem> {
        let limit = if name.starts_with("arn") { "function_arn" } else { "function_name" };
        limits.at_most(limit, name.len() as u64)?;
        Ok(Name(name))
    }
}

impl TryFrom<(Option<u64>, Rules<'_>)> for Memory {
    type Error = Problem;

    fn try_from((megabytes, rules): (Option<u64>, Rules<'_>)) -> Result<Memory, Problem> {
        let limits = rules.limits;
        let megabytes = megabytes.unwrap_or(limits.get("default_memory"));
        limits.at_least("minimum_memory", megabytes)?;
        let most = if rules.managed_instances { "managed_instances_memory" } else { "maximum_memory" };
        limits.at_most(most, megabytes).map(Memory)
    }
}

impl TryFrom<(Option<u64>, Rules<'_>)> for Timeout {
    type Error = Problem;

    fn try_from((seconds, rules): (Option<u64>, Rules<'_>)) -> Result<Timeout, Problem> {
        let limits = rules.limits;
        let seconds = seconds.unwrap_or(limits.get("default_timeout"));
        limits.at_least("minimum_timeout", seconds)?;
        let most = if rules.managed_instances { "managed_instances_timeout" } else { "maximum_timeout" };
        limits.at_most(most, seconds).map(Timeout)
    }
}

impl TryFrom<(Vec<String>, Rules<'_>)> for Layers {
    type Error = Problem;

    fn try_from((layers, Rules { limits, .. }): (Vec<String>, Rules<'_>)) -> Result<Layers, Problem> {
        limits.at_most("layers", layers.len() as u64)?;
        Ok(Layers(layers))
    }
}

impl TryFrom<(BTreeMap<String, String>, Rules<'_>)> for Environment {
    type Error = Vec<Problem>;

    fn try_from((variables, rules): (BTreeMap<String, String>, Rules<'_>)) -> Result<Environment, Vec<Problem>> {
        let limits = rules.limits;
        let json = serde_json::to_string(&variables).expect("a map of texts is JSON");
        let size = limits.at_most("environment_variables", json.len() as u64).err();
        let reserved = variables.keys().filter(|name| limits.reserves(name)).cloned().map(Problem::Reserved);
        let problems: Vec<Problem> = size.into_iter().chain(reserved).collect();
        if problems.is_empty() { Ok(Environment(variables)) } else { Err(problems) }
    }
}

impl TryFrom<Question> for Configuration {
    type Error = Vec<Problem>;

    fn try_from(Question { limits, requested }: Question) -> Result<Configuration, Vec<Problem>> {
        let rules = Rules { limits: &limits, managed_instances: requested.capacity_provider.is_some() };
        let mut problems = Vec::new();
        let name = Name::try_from((requested.name, rules)).map_err(|problem| problems.push(problem));
        let memory = Memory::try_from((requested.memory, rules)).map_err(|problem| problems.push(problem));
        let timeout = Timeout::try_from((requested.timeout, rules)).map_err(|problem| problems.push(problem));
        let tmp = Tmp::try_from((requested.tmp, rules)).map_err(|problem| problems.push(problem));
        let layers = Layers::try_from((requested.layers, rules)).map_err(|problem| problems.push(problem));
        let environment = Environment::try_from((requested.environment, rules)).map_err(|more| problems.extend(more));
        if requested.snap_start && requested.provisioned_concurrency > 0 {
            problems.push(Problem::Excludes(["snap_start", "provisioned_concurrency"]));
        }
        match (name, memory, timeout, tmp, layers, environment) {
            (Ok(name), Ok(memory), Ok(timeout), Ok(tmp), Ok(layers), Ok(environment)) if problems.is_empty() => {
                Ok(Configuration {
                    name,
                    memory,
                    timeout,
                    tmp,
                    layers,
                    environment,
                    snap_start: requested.snap_start,
                    provisioned_concurrency: requested.provisioned_concurrency,
                    capacity_provider: requested.capacity_provider,
                })
            }
            _ => Err(problems),
        }
    }
}
