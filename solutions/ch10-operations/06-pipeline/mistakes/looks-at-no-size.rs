//! caught-by: releases_the_code_and_the_size_that_were_meant
//!
//! Looks at the code, and not at what else is published with it.
#![allow(unused)]

#[path = "../src/lambda.rs"]
mod lambda;

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_sdk_lambda::Client;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::sleep;

use crate::lambda::{Alias, CallError, Lambda};

#[derive(Deserialize)]
struct Release {
    function: String,
    alias: String,
    code: Code,
    memory_mb: i32,
    smoke_tests: Vec<SmokeTest>,
    wait: Wait,
}

/// What was built and tested.
#[derive(Deserialize)]
struct Code {
    bucket: String,
    key: String,
    sha256: String,
}

/// A version that is well gives this answer to this event.
#[derive(Deserialize)]
struct SmokeTest {
    event: Value,
    expect: Value,
}

/// How often to ask at the most whether an update is done, and the pause between two asks.
#[derive(Deserialize)]
struct Wait {
    polls: u32,
    poll_ms: u64,
}

#[derive(Serialize)]
struct Report {
    outcome: Outcome,
    /// The version that was published, or was there already.
    version: Option<String>,
    /// What the alias pointed to before.
    previous: String,
    reason: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Promoted,
    Unverified,
    Unchanged,
    Busy,
    Rejected,
    Undecided,
    Overtaken,
    RolledBack,
}

/// What smoke tests say about a version.
enum Evidence {
    Well,
    Bad(String),
    /// Another version answered.
    Elsewhere(String),
    None(String),
}

struct Pipeline<'a> {
    lambda: Lambda<'a>,
    release: &'a Release,
}

/// How often a change is begun at the most that another one is in the way of.
const ATTEMPTS: u32 = 3;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(20));
    let config = aws_config::defaults(BehaviorVersion::latest()).retry_config(retries).load().await;
    let client = Client::new(&config);
    run(service_fn(async |event: LambdaEvent<Release>| release(&client, &event.payload).await)).await
}

async fn release(client: &Client, release: &Release) -> Result<Report, Diagnostic> {
    let lambda = Lambda { client, function: &release.function, alias: &release.alias };
    let pipeline = Pipeline { lambda, release };
    let before = pipeline.lambda.alias().await?;
    let report = |outcome, version: Option<&str>, reason: Option<String>| Report {
        outcome,
        version: version.map(str::to_owned),
        previous: before.version.clone(),
        reason,
    };
    if before.is_shared {
        return Ok(report(Outcome::Busy, None, Some("another version has a share of the alias".to_owned())));
    }
    let candidate = match pipeline.publish().await? {
        Ok(version) => version,
        Err(reason) => return Ok(report(Outcome::Rejected, None, Some(reason))),
    };
    let report = |outcome, reason| report(outcome, Some(&candidate), reason);
    if candidate == before.version {
        return Ok(report(Outcome::Unchanged, None));
    }
    match pipeline.try_out(&candidate, &candidate).await {
        Evidence::Well => {}
        Evidence::Bad(reason) => return Ok(report(Outcome::Rejected, Some(reason))),
        Evidence::Elsewhere(reason) | Evidence::None(reason) => {
            return Ok(report(Outcome::Undecided, Some(reason)));
        }
    }
    let overtaken = || "somebody else changed the alias".to_owned();
    let Some(promoted) = pipeline.move_alias(&before, &candidate).await? else {
        return Ok(report(Outcome::Overtaken, Some(overtaken())));
    };
    match pipeline.try_out(&release.alias, &candidate).await {
        Evidence::Well => Ok(report(Outcome::Promoted, None)),
        Evidence::None(reason) => Ok(report(Outcome::Unverified, Some(reason))),
        Evidence::Elsewhere(reason) => Ok(report(Outcome::Overtaken, Some(reason))),
        Evidence::Bad(reason) => {
            let failed = |error: CallError| diagnostic("RollbackFailed", format!("{reason}; and then: {error}"));
            match pipeline.move_alias(&promoted, &before.version).await.map_err(failed)? {
                Some(_) => Ok(report(Outcome::RolledBack, Some(reason))),
                None => Ok(report(Outcome::Overtaken, Some(overtaken()))),
            }
        }
    }
}

impl Pipeline<'_> {
    /// A version of the code and the size of the release, or why there is none.
    async fn publish(&self) -> Result<Result<String, String>, Diagnostic> {
        let Pipeline { lambda, release: Release { code, memory_mb, .. } } = self;
        self.change(async || lambda.update_code(&code.bucket, &code.key).await).await?;
        self.change(async || lambda.update_memory(*memory_mb).await).await?;
        match lambda.publish(Some(&code.sha256)).await {
            Ok(published) if published.memory_mb > 0 => Ok(Ok(published.version)),
            Ok(published) => Ok(Err(format!("version {} has {} MB", published.version, published.memory_mb))),
            Err(CallError::Stale(reason)) => Ok(Err(reason)),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a change and waits until it is done. While another one is in the way, waits for that first.
    async fn change(&self, begin: impl AsyncFn() -> Result<(), CallError>) -> Result<(), Diagnostic> {
        for attempt in 1.. {
            match begin().await {
                Err(CallError::InProgress(_)) if attempt < ATTEMPTS => self.settle().await?,
                begun => {
                    begun?;
                    break;
                }
            }
        }
        self.settle().await
    }

    /// Waits until no update is in progress, but not for ever.
    async fn settle(&self) -> Result<(), Diagnostic> {
        let Wait { polls, poll_ms } = self.release.wait;
        for poll in 0..polls {
            if poll > 0 {
                sleep(Duration::from_millis(poll_ms)).await;
            }
            if !self.lambda.latest().await?.is_updating {
                return Ok(());
            }
        }
        Err(diagnostic("NotSettled", format!("the update was still in progress after {polls} polls")))
    }

    /// Runs the smoke tests until one is not passed.
    async fn try_out(&self, qualifier: &str, version: &str) -> Evidence {
        for test in &self.release.smoke_tests {
            let reply = match self.lambda.invoke(Some(qualifier), &test.event).await {
                Ok(reply) => reply,
                Err(error) => return Evidence::None(format!("a smoke test was not run: {error}")),
            };
            if reply.executed_version != version {
                return Evidence::Elsewhere(format!("version {} answered", reply.executed_version));
            }
            if let Some(kind) = reply.function_error {
                return Evidence::Bad(format!("version {version} failed, {kind}: {}", reply.payload));
            }
            if reply.payload != test.expect {
                return Evidence::Bad(format!("version {version} answered {} to {}", reply.payload, test.event));
            }
        }
        match self.release.smoke_tests.len() {
            0 => Evidence::None("there are no smoke tests".to_owned()),
            _ => Evidence::Well,
        }
    }

    /// Points the alias to a version, if nobody has changed it since. `None` when somebody has.
    async fn move_alias(&self, seen: &Alias, version: &str) -> Result<Option<Alias>, CallError> {
        match self.lambda.point_alias_to(version, Some(&seen.revision_id)).await {
            Ok(alias) => Ok(Some(alias)),
            // The SDK tries a call again whose answer was lost, and then it is our own change that is in the way.
            Err(CallError::Stale(_)) => {
                let now = self.lambda.alias().await?;
                Ok((now.version == version && !now.is_shared).then_some(now))
            }
            Err(error) => Err(error),
        }
    }
}

impl From<CallError> for Diagnostic {
    fn from(error: CallError) -> Diagnostic {
        diagnostic("CallFailed", error.to_string())
    }
}

fn diagnostic(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
