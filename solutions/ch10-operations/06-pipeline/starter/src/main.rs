//! Brings code before the customers: update, wait, publish, try, promote, look, and back if need be.

mod lambda;

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_sdk_lambda::Client;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::sleep;

use crate::lambda::{CallError, Lambda};

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

#[derive(Deserialize, Serialize)]
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

#[tokio::main]
async fn main() -> Result<(), Error> {
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(20));
    let config = aws_config::defaults(BehaviorVersion::latest()).retry_config(retries).load().await;
    let client = Client::new(&config);
    run(service_fn(async |event: LambdaEvent<Release>| release(&client, &event.payload).await)).await
}

async fn release(client: &Client, release: &Release) -> Result<Report, Diagnostic> {
    let lambda = Lambda { client, function: &release.function, alias: &release.alias };
    // TODO: an alias that another release is shifting is none of ours.
    let before = lambda.alias().await?;
    println!("version {}, shared: {}, revision {}", before.version, before.is_shared, before.revision_id);

    // TODO: one change after the other. Somebody else's may be in the way.
    lambda.update_code(&release.code.bucket, &release.code.key).await?;
    lambda.update_memory(release.memory_mb).await?;
    settle(&lambda, &release.wait).await?;

    // TODO: is it the code and the size that are to be released? Is it anything new?
    let published = lambda.publish(None).await?;
    println!("{} was built, version {} has {} MB", release.code.sha256, published.version, published.memory_mb);

    // TODO: try the version before customers do, and only then move the alias, if it is still as it was.
    lambda.point_alias_to(&published.version, None).await?;
    let mut is_well = true;
    for test in &release.smoke_tests {
        // TODO: whom does this call, and what do its answers say?
        let reply = lambda.invoke(None, &test.event).await?;
        println!("version {} answered, error {:?}", reply.executed_version, reply.function_error);
        is_well &= reply.payload == test.expect;
    }
    if is_well {
        return Ok(Report {
            outcome: Outcome::Promoted,
            version: Some(published.version),
            previous: before.version,
            reason: None,
        });
    }

    // TODO: back to where the alias was.
    let number: u32 = published.version.parse().unwrap_or(1);
    lambda.point_alias_to(&(number - 1).to_string(), None).await?;
    Ok(Report {
        outcome: Outcome::RolledBack,
        version: Some(published.version),
        previous: before.version,
        reason: Some("a smoke test was not passed".to_owned()),
    })
}

/// Waits until no update is in progress.
async fn settle(lambda: &Lambda<'_>, wait: &Wait) -> Result<(), Diagnostic> {
    // TODO: ask again, but not for ever.
    println!("would ask {} times", wait.polls);
    if lambda.latest().await?.is_updating {
        sleep(Duration::from_millis(wait.poll_ms)).await;
    }
    Ok(())
}

impl From<CallError> for Diagnostic {
    fn from(error: CallError) -> Diagnostic {
        diagnostic("CallFailed", error.to_string())
    }
}

fn diagnostic(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
