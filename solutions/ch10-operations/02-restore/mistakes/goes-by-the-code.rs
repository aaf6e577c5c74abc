//! caught-by: takes_the_version_that_has_both_code_and_configuration
//!
//! Takes the version that has the code, whatever configuration it was published with.
#![allow(unused)]

#[path = "../src/lambda.rs"]
mod lambda;
#[path = "../src/manifest.rs"]
mod manifest;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use crate::lambda::{Alias, Configuration, GetFunction, Have, LATEST, PackageType};
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

/// What is kept of a version: all that is needed to have it again, and nothing that is secret.
fn manifest(function: GetFunction, plain: &[String], aliases: Vec<String>) -> Result<Manifest, Diagnostic> {
    let GetFunction { configuration, code, concurrency } = function;
    if configuration.version == LATEST {
        return Err(failed("NotPublished", "$LATEST may change while it is read: ask for a version".to_owned()));
    }
    let image = match configuration.package_type {
        PackageType::Zip => None,
        PackageType::Image => {
            Some(code.resolved_image_uri.ok_or_else(|| failed("Incomplete", "the image has no digest".to_owned()))?)
        }
    };
    let config = config(&configuration, |name| plain.iter().any(|plain| plain == name))
        .ok_or_else(|| failed("Incomplete", "the environment could not be read".to_owned()))?;
    Ok(Manifest {
        architecture: architecture(&configuration).to_owned(),
        function: configuration.function_name,
        code_sha256: configuration.code_sha256,
        image,
        config,
        reserved_concurrency: concurrency.map(|concurrency| concurrency.reserved_concurrent_executions),
        aliases,
    })
}

/// The settings of a version, with references for what is not plain; none where Lambda could not read the environment.
fn config(from: &Configuration, is_plain: impl Fn(&str) -> bool) -> Option<Config> {
    let environment = from.environment.as_ref();
    if environment.is_some_and(|environment| environment.error.is_some()) {
        return None;
    }
    let variables = environment.map(|environment| &environment.variables).into_iter().flatten();
    let kept = variables.map(|(name, value)| {
        let variable = match is_plain(name) {
            true => Variable::Value(value.clone()),
            false => Variable::Reference(format!("{}/{name}", from.function_name)),
        };
        (name.clone(), variable)
    });
    Some(Config {
        runtime: from.runtime.clone(),
        handler: from.handler.clone(),
        role: from.role.clone(),
        memory_mb: from.memory_size,
        timeout_s: from.timeout,
        tmp_mb: from.ephemeral_storage.as_ref().map_or(TMP_MB, |storage| storage.size),
        layers: from.layers.iter().map(|layer| layer.arn.clone()).collect(),
        environment: kept.collect(),
    })
}

fn architecture(configuration: &Configuration) -> &str {
    configuration.architectures.first().map_or("x86_64", String::as_str)
}

/// The calls that make the aliases serve what the manifest says.
fn plan(want: &Manifest, have: Option<&Have>) -> Result<Vec<Step>, Diagnostic> {
    let mut steps = Vec::new();
    let latest = have.and_then(|have| have.versions.iter().find(|it| it.version == LATEST));
    let package_type = if want.image.is_some() { PackageType::Image } else { PackageType::Zip };
    if latest.is_some_and(|latest| latest.package_type != package_type) {
        return Err(failed("PackageType", format!("{} cannot become {package_type:?}: make it anew", want.function)));
    }

    let versions = have.map(|have| have.versions.as_slice()).unwrap_or_default();
    let serving: Vec<&Configuration> = versions.iter().filter(|it| it.version != LATEST && want.is(it)).collect();
    let aliases = have.map(|have| have.aliases.as_slice()).unwrap_or_default();
    let to_point: Vec<(&String, Option<&Alias>)> = want
        .aliases
        .iter()
        .map(|name| (name, aliases.iter().find(|alias| alias.name == *name)))
        .filter(|(_, alias)| !alias.is_some_and(|alias| alias.serves_only(&serving)))
        .collect();

    let target = match serving.first() {
        Some(version) => {
            if !to_point.is_empty() && version.is_busy() {
                steps.push(Step::Wait);
            }
            Target::Version(version.version.clone())
        }
        None => {
            steps.extend(want.rebuild(latest));
            Target::Published
        }
    };
    if have.and_then(|have| have.reserved_concurrency) != want.reserved_concurrency {
        steps.push(Step::PutConcurrency { reserved: want.reserved_concurrency });
    }
    steps.extend(to_point.into_iter().map(|(name, alias)| Step::PointAlias {
        alias: name.clone(),
        to: target.clone(),
        revision_id: alias.map(|alias| alias.revision_id.clone()),
    }));
    Ok(steps)
}

impl Manifest {
    /// Brings `$LATEST` to what it was, and publishes it.
    fn rebuild(&self, latest: Option<&Configuration>) -> Vec<Step> {
        let code = || Code { sha256: self.code_sha256.clone(), image: self.image.clone() };
        let (architecture, config) = (Some(self.architecture.clone()), self.config.clone());
        let mut steps = Vec::new();
        match latest {
            None => steps.extend([Step::Create { code: code(), architecture, config }, Step::Wait]),
            Some(latest) => {
                if latest.is_busy() {
                    steps.push(Step::Wait);
                }
                if !self.has_code_of(latest) {
                    steps.extend([Step::UpdateCode { code: code(), architecture }, Step::Wait]);
                }
                if !self.has_config_of(latest) {
                    steps.extend([Step::UpdateConfig { config }, Step::Wait]);
                }
            }
        }
        steps.extend([Step::Publish { code_sha256: self.code_sha256.clone() }, Step::Wait]);
        steps
    }

    /// Both halves: an old code with a new configuration is a release that never ran.
    fn is(&self, version: &Configuration) -> bool {
        self.has_code_of(version)
    }

    fn has_code_of(&self, version: &Configuration) -> bool {
        self.code_sha256 == version.code_sha256 && self.architecture == architecture(version)
    }

    /// Of a secret nobody knows the value here: it is as it was when the variable is there.
    fn has_config_of(&self, version: &Configuration) -> bool {
        let is_plain = |name: &str| matches!(self.config.environment.get(name), Some(Variable::Value(_)));
        config(version, is_plain).as_ref() == Some(&self.config)
    }
}

impl Configuration {
    fn is_busy(&self) -> bool {
        self.state.as_deref() == Some("Pending") || self.last_update_status.as_deref() == Some("InProgress")
    }
}

impl Alias {
    /// Whether whoever calls it gets one of these versions, and no other.
    fn serves_only(&self, versions: &[&Configuration]) -> bool {
        let second = self.routing_config.as_ref().is_some_and(|routing| !routing.additional_version_weights.is_empty());
        !second && versions.iter().any(|version| version.version == self.function_version)
    }
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
