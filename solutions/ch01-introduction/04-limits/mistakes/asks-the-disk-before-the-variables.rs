//! caught-by: names_the_first_of_two_limits
//!
//! Looks at `/tmp` before the variables. The first limit that is broken is the one that is named.
#![allow(unused)]

#[path = "../src/plan.rs"]
mod plan;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use plan::{Broken, Limits, Package, Payload, Plan, Way, at_most};

#[derive(Deserialize)]
struct Question {
    limits: Limits,
    plan: Plan,
}

#[derive(Serialize)]
struct Answer {
    fits: bool,
    broken: Option<Broken>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Question>) -> Result<Answer, Error> {
    let Question { limits, plan } = event.payload;
    let broken = admit(&plan, &limits)?.err();
    Ok(Answer { fits: broken.is_none(), broken })
}

/// The first limit that the plan breaks, if it breaks one. The outer error is one of our own.
fn admit(plan: &Plan, limits: &Limits) -> Result<Result<(), Broken>, serde_json::Error> {
    Ok(match plan {
        Plan::Send { to, payload } => send(*to, size(payload), limits),
        Plan::Deploy(package) => deploy(package, limits),
        Plan::Configure { environment, tmp_mb } => {
            // Lambda measures the JSON object: its error message ends in `String measured: {…}`.
            let variables = serde_json::to_vec(environment)?.len() as u64;
            configure(variables, *tmp_mb, limits)
        }
    })
}
fn size(payload: &Payload) -> u64 {
    match payload {
        Payload::Text(text) => text.len() as u64,
        Payload::Bytes(bytes) => *bytes,
    }
}

fn send(to: Way, has: u64, limits: &Limits) -> Result<(), Broken> {
    match to {
        Way::InvokeAndWait => limits.at_most("synchronous_event", has),
        Way::InvokeAndGoOn => limits.at_most("asynchronous_event", has),
        Way::Topic { maximum_message_size } => {
            at_most("sns_message", has, maximum_message_size.unwrap_or(limits.get("sns_message")))?;
            limits.at_most("asynchronous_event", has)
        }
        Way::Queue => {
            limits.at_most("sqs_message", has)?;
            limits.at_most("synchronous_event", has)
        }
    }
}
fn deploy(package: &Package, limits: &Limits) -> Result<(), Broken> {
    match package {
        Package::Zip { zipped, unzipped, layers } => {
            limits.at_most("zip_upload", *zipped)?;
            unpack(*unzipped, layers, limits)
        }
        Package::ZipInS3 { unzipped, layers } => unpack(*unzipped, layers, limits),
        Package::Image { size, layers } => {
            at_most("layers", layers.len() as u64, 0)?;
            limits.at_most("image", *size)
        }
    }
}

fn unpack(unzipped: u64, layers: &[u64], limits: &Limits) -> Result<(), Broken> {
    limits.at_most("layers", layers.len() as u64)?;
    limits.at_most("unzipped_package", unzipped + layers.iter().sum::<u64>())
}

fn configure(variables: u64, tmp_mb: u64, limits: &Limits) -> Result<(), Broken> {
    if tmp_mb < limits.get("minimum_tmp") {
        return Err(Broken { limit: "minimum_tmp", has: tmp_mb, allowed: limits.get("minimum_tmp") });
    }
    limits.at_most("maximum_tmp", tmp_mb)?;
    limits.at_most("environment_variables", variables)
}
