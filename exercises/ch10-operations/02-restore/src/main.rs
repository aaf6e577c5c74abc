//! Keeps what brings a function back, and says which calls do so.

mod lambda;
mod manifest;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use crate::lambda::{Configuration, GetFunction, Have, LATEST, PackageType};
use crate::manifest::{Code, Config, Manifest, Step, Target, Variable};

/// What an environment has of `/tmp` when nobody says anything, in MB.
const TMP_MB: u32 = 512;

#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Request {
    Manifest { function: Box<GetFunction>, plain: Vec<String>, aliases: Vec<String> },
    Plan { want: Box<Manifest>, have: Option<Have> },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Manifest(Box<Manifest>),
    Plan { steps: Vec<Step> },
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Request>) -> Result<Answer, Diagnostic> {
    match event.payload {
        Request::Manifest { function, plain, aliases } => {
            manifest(*function, &plain, aliases).map(|kept| Answer::Manifest(Box::new(kept)))
        }
        Request::Plan { want, have } => plan(&want, have.as_ref()).map(|steps| Answer::Plan { steps }),
    }
}

/// What is kept of a version.
fn manifest(function: GetFunction, plain: &[String], aliases: Vec<String>) -> Result<Manifest, Diagnostic> {
    println!("keeps {function:?}; plain are {plain:?}");
    let GetFunction { configuration, code, concurrency } = function;
    if configuration.version == LATEST {
        return Err(failed("NotPublished", "$LATEST may change while it is read: ask for a version".to_owned()));
    }
    // TODO: the image that runs, also when the tag has moved on.
    let image = match configuration.package_type {
        PackageType::Zip => None,
        PackageType::Image => code.image_uri,
    };
    Ok(Manifest {
        // TODO: the processor that the code was made for.
        architecture: "x86_64".to_owned(),
        config: config(&configuration),
        function: configuration.function_name,
        code_sha256: configuration.code_sha256,
        image,
        reserved_concurrency: concurrency.map(|concurrency| concurrency.reserved_concurrent_executions),
        aliases,
    })
}

/// The settings of a version.
fn config(from: &Configuration) -> Config {
    // TODO: a reference where the value is nobody's business, and no manifest where Lambda could not read the variables.
    let variables = from.environment.as_ref().map(|environment| &environment.variables).into_iter().flatten();
    let kept = variables.map(|(name, value)| (name.clone(), Variable::Value(value.clone())));
    Config {
        runtime: from.runtime.clone(),
        handler: from.handler.clone(),
        role: from.role.clone(),
        memory_mb: from.memory_size,
        timeout_s: from.timeout,
        tmp_mb: from.ephemeral_storage.as_ref().map_or(TMP_MB, |storage| storage.size),
        layers: from.layers.iter().map(|layer| layer.arn.clone()).collect(),
        environment: kept.collect(),
    }
}

/// The calls that make the aliases serve what the manifest says.
fn plan(want: &Manifest, have: Option<&Have>) -> Result<Vec<Step>, Diagnostic> {
    let code = Code { sha256: want.code_sha256.clone(), image: want.image.clone() };
    let config = want.config.clone();
    // TODO: the calls that are needed, with the waits between them, and no others.
    let mut steps = match have {
        None => vec![Step::Create { code, architecture: None, config }],
        Some(_) => vec![Step::UpdateCode { code, architecture: None }, Step::UpdateConfig { config }],
    };
    steps.push(Step::Publish { code_sha256: want.code_sha256.clone() });
    // TODO: aliases that serve something else, or nothing, or something else beside it.
    steps.extend(want.aliases.iter().map(|alias| Step::PointAlias {
        alias: alias.clone(),
        to: Target::Published,
        revision_id: None,
    }));
    Ok(steps)
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
