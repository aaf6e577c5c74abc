//! Looks at what the shop plans and says which limit it would break. Somebody wrote it from memory.

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
    let broken = admit(&plan, &limits).err();
    Ok(Answer { fits: broken.is_none(), broken })
}

fn admit(plan: &Plan, limits: &Limits) -> Result<(), Broken> {
    match plan {
        Plan::Send { to, payload } => send(*to, size(payload), limits),
        Plan::Deploy(package) => deploy(package, limits),
        Plan::Configure { environment, tmp_mb } => {
            // TODO: how Lambda measures the variables.
            let variables: usize = environment.iter().map(|(name, value)| name.len() + value.len()).sum();
            limits.at_most("environment_variables", variables as u64)?;
            // TODO: `/tmp` has two limits.
            limits.at_most("maximum_tmp", *tmp_mb)
        }
    }
}

/// How large a payload is, in bytes.
fn size(payload: &Payload) -> u64 {
    match payload {
        // TODO: a character is not a byte.
        Payload::Text(text) => text.chars().count() as u64,
        Payload::Bytes(bytes) => *bytes,
    }
}

fn send(to: Way, has: u64, limits: &Limits) -> Result<(), Broken> {
    match to {
        // TODO: every way has its limit, and some ways lead through two.
        Way::InvokeAndWait | Way::InvokeAndGoOn | Way::Queue => limits.at_most("synchronous_event", has),
        Way::Topic { maximum_message_size } => {
            at_most("sns_message", has, maximum_message_size.unwrap_or(limits.get("asynchronous_event")))
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
        // TODO: an image has a limit of its own, and no layers.
        Package::Image { size, layers } => unpack(*size, layers, limits),
    }
}

/// What a zip file and layers come to once they are unzipped.
fn unpack(unzipped: u64, layers: &[u64], limits: &Limits) -> Result<(), Broken> {
    // TODO: what is in the layers, and how many there are.
    let largest = layers.iter().copied().max().unwrap_or_default();
    limits.at_most("unzipped_package", unzipped.max(largest))
}
