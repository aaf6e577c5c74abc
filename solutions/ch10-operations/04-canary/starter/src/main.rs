//! Brings a version before the customers in steps, and takes it back when it is worse than the one before.

mod alias;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use crate::alias::{Alias, RoutingConfig, UpdateAlias};

#[derive(Deserialize)]
struct Event {
    /// Seconds since 1970.
    now: u64,
    candidate: String,
    policy: Policy,
    /// What `GetAlias` says now.
    alias: Alias,
    /// All minutes that CloudWatch knows by now, also those before the release, in any order.
    ticks: Vec<Tick>,
    /// What the last answer gave, if it was kept.
    record: Option<Record>,
}

#[derive(Deserialize)]
struct Policy {
    /// The candidate's shares, one after the other; after the last of them it gets everything.
    steps: Vec<f64>,
    bake_seconds: u64,
    /// Fewer requests of the candidate say nothing about it.
    min_requests: u64,
    /// How many more errors in a thousand requests the candidate may have.
    tolerance_permille: u64,
    /// How long a step may last without `min_requests`.
    patience_seconds: u64,
}

/// A minute of a version.
#[derive(Deserialize)]
struct Tick {
    /// When the minute begins, in seconds since 1970.
    at: u64,
    version: String,
    invocations: u64,
    errors: u64,
}

#[derive(Serialize)]
struct Answer {
    status: Status,
    reason: Option<String>,
    /// What the caller does once it has kept the record.
    update_alias: Option<UpdateAlias>,
    record: Record,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Running,
    RollingBack,
    Promoted,
    RolledBack,
    Aborted,
}

/// What must be known whoever crashes. The caller keeps it, and does not look into it.
#[derive(Clone, Deserialize, Serialize)]
struct Record {
    // TODO: what else has to be known later, and cannot be seen then?
    step: usize,
    since: u64,
}

/// Requests and errors of a version.
#[derive(Default)]
struct Count {
    requests: u64,
    errors: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(async |event: LambdaEvent<Event>| Ok::<_, Error>(control(&event.payload)))).await
}

fn control(event: &Event) -> Answer {
    // TODO: a release begins on an alias that nobody else is shifting.
    let mut record = event.record.clone().unwrap_or(Record { step: 0, since: event.now });
    // TODO: is the alias where the record has it? The last change may not have been made, and others change aliases too.
    let Alias { revision_id, .. } = &event.alias;
    println!("step {} of a release, and the alias is at {:?}, {revision_id}", record.step, event.alias.routing());

    let Policy { steps, bake_seconds, min_requests, tolerance_permille, patience_seconds } = &event.policy;
    let age = event.now.saturating_sub(record.since);
    // TODO: say how the candidate does beside the version before it, in the same minutes.
    let count = event.count(&event.candidate);
    if count.errors * 1_000 > tolerance_permille * count.requests.max(*min_requests) || age > *patience_seconds {
        // TODO: back to where the alias was before the release.
        let before = event.candidate.parse::<u64>().map_or(0, |number| number - 1).to_string();
        return event.answer(Status::RollingBack, record, Some((before, None)));
    }
    if record.step > 0 && age < *bake_seconds {
        return event.answer(Status::Running, record, None);
    }
    let share = steps.get(record.step).copied();
    record = Record { step: record.step + 1, since: event.now };
    match share {
        Some(share) => event.answer(Status::Running, record, Some((event.candidate.clone(), Some(share)))),
        None => event.answer(Status::Promoted, record, Some((event.candidate.clone(), None))),
    }
}

impl Event {
    /// The alias is to point to a version, or to give it a share.
    fn answer(&self, status: Status, record: Record, change: Option<(String, Option<f64>)>) -> Answer {
        // TODO: what `UpdateAlias` does not name stays as it is, and it is for the alias that was looked at.
        let update_alias = change.map(|(version, share)| match share {
            Some(share) => UpdateAlias {
                function_version: None,
                routing_config: Some(RoutingConfig { additional_version_weights: [(version, share)].into() }),
                revision_id: None,
            },
            None => UpdateAlias { function_version: Some(version), routing_config: None, revision_id: None },
        });
        Answer { status, reason: None, update_alias, record }
    }

    /// All that came to a version.
    fn count(&self, version: &str) -> Count {
        // TODO: which of the minutes belong to this step?
        let ticks = self.ticks.iter().filter(|tick| tick.version == version && tick.at <= self.now);
        ticks.fold(Count::default(), |sum, tick| Count {
            requests: sum.requests + tick.invocations,
            errors: sum.errors + tick.errors,
        })
    }
}
