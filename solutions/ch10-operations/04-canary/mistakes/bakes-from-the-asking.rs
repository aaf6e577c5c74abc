//! caught-by: knows_where_it_is_whoever_crashed
//!
//! Counts the bake time from the minute in which the step was asked for. After a crash the step is taken later, or never.
#![allow(unused)]

#[path = "../src/alias.rs"]
mod alias;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use crate::alias::{Alias, Routing, RoutingConfig, UpdateAlias};

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

/// What must be known whoever crashes.
#[derive(Clone, Deserialize, Serialize)]
struct Record {
    /// The version that the alias had before the release, whatever its number.
    stable: String,
    phase: Phase,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Watching(Watch),
    RollingBack { reason: String },
    Ended { status: Status, reason: Option<String> },
}

/// A step that the alias was seen to have taken.
#[derive(Clone, Deserialize, Serialize)]
struct Watch {
    /// 0 is before the first share.
    step: usize,
    since: u64,
    /// The next step was asked for, of an alias with this RevisionId.
    asked: Option<String>,
    asked_at: u64,
}

/// What the numbers say about a step.
enum Verdict {
    Wait,
    Forward,
    Back(String),
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
    let record = event.record.clone().unwrap_or_else(|| event.begin());
    let (phase, update_alias) = match record.phase {
        Phase::Watching(watch) => event.watch(&record.stable, watch),
        Phase::RollingBack { reason } => event.roll_back(&record.stable, reason),
        ended @ Phase::Ended { .. } => (ended, None),
    };
    let (status, reason) = match &phase {
        Phase::Watching(_) => (Status::Running, None),
        Phase::RollingBack { reason } => (Status::RollingBack, Some(reason.clone())),
        Phase::Ended { status, reason } => (*status, reason.clone()),
    };
    Answer { status, reason, update_alias, record: Record { stable: record.stable, phase } }
}

impl Event {
    /// A release begins on an alias that nobody is shifting.
    fn begin(&self) -> Record {
        let Routing { version, second } = self.alias.routing();
        let phase = match second {
            Some((second, _)) => aborted(format!("version {second} is being released already")),
            None if version == self.candidate => Phase::Ended { status: Status::Promoted, reason: None },
            None => Phase::Watching(Watch { step: 0, since: self.now, asked: None, asked_at: 0 }),
        };
        Record { stable: version, phase }
    }

    fn watch(&self, stable: &str, mut watch: Watch) -> (Phase, Option<UpdateAlias>) {
        let seen = self.alias.routing();
        if watch.asked.is_some() && seen == self.routing(stable, watch.step + 1) {
            if seen.version == self.candidate {
                return (Phase::Ended { status: Status::Promoted, reason: None }, None);
            }
            watch = Watch { step: watch.step + 1, since: watch.asked_at, asked: None, asked_at: 0 };
        } else if seen != self.routing(stable, watch.step) {
            return (aborted(format!("somebody else moved the alias: {seen:?}")), None);
        } else if watch.asked.as_ref().is_some_and(|asked| *asked != self.alias.revision_id) {
            return self.roll_back(stable, "somebody else changed the alias during a step".to_owned());
        }
        match self.verdict(stable, &watch) {
            Verdict::Wait => (Phase::Watching(watch), None),
            Verdict::Back(reason) => self.roll_back(stable, reason),
            Verdict::Forward => {
                let next = self.routing(stable, watch.step + 1);
                watch.asked_at = self.now;
                watch.asked = Some(self.alias.revision_id.clone());
                (Phase::Watching(watch), Some(self.update(next)))
            }
        }
    }

    /// Asks for it until it is seen.
    fn roll_back(&self, stable: &str, reason: String) -> (Phase, Option<UpdateAlias>) {
        let seen = self.alias.routing();
        let back = self.routing(stable, 0);
        let is_ours = seen.version == stable && seen.second.as_ref().is_some_and(|(other, _)| *other == self.candidate);
        if seen == back {
            (Phase::Ended { status: Status::RolledBack, reason: Some(reason) }, None)
        } else if is_ours {
            (Phase::RollingBack { reason }, Some(self.update(back)))
        } else {
            (aborted(format!("{reason}; then somebody else moved the alias: {seen:?}")), None)
        }
    }

    /// How the alias is after so many steps.
    fn routing(&self, stable: &str, step: usize) -> Routing {
        match step.checked_sub(1).map(|index| self.policy.steps.get(index)) {
            None => Routing { version: stable.to_owned(), second: None },
            Some(Some(share)) => Routing { version: stable.to_owned(), second: Some((self.candidate.clone(), *share)) },
            Some(None) => Routing { version: self.candidate.clone(), second: None },
        }
    }

    /// Both versions and all shares are said: what is not said stays.
    fn update(&self, routing: Routing) -> UpdateAlias {
        UpdateAlias {
            function_version: Some(routing.version),
            routing_config: Some(RoutingConfig { additional_version_weights: routing.second.into_iter().collect() }),
            revision_id: Some(self.alias.revision_id.clone()),
        }
    }

    fn verdict(&self, stable: &str, watch: &Watch) -> Verdict {
        if watch.step == 0 {
            return Verdict::Forward;
        }
        let new = self.count(&self.candidate, watch.since);
        let old = self.count(stable, watch.since);
        let age = self.now.saturating_sub(watch.since);
        let enough = new.requests >= self.policy.min_requests;
        if enough && new.is_worse_than(&old, self.policy.tolerance_permille) {
            let (Count { requests, errors }, candidate) = (new, &self.candidate);
            Verdict::Back(format!(
                "version {candidate} had {errors} errors in {requests} requests, version {stable} {} in {}",
                old.errors, old.requests
            ))
        } else if enough && age >= self.policy.bake_seconds {
            Verdict::Forward
        } else if !enough && age >= self.policy.patience_seconds {
            Verdict::Back(format!("version {} had only {} requests in {age} s", self.candidate, new.requests))
        } else {
            Verdict::Wait
        }
    }

    /// What came to a version in whole minutes since then.
    fn count(&self, version: &str, since: u64) -> Count {
        let ticks = self.ticks.iter().filter(|tick| tick.version == version && tick.at >= since);
        ticks.fold(Count::default(), |sum, tick| Count {
            requests: sum.requests + tick.invocations,
            errors: sum.errors + tick.errors,
        })
    }
}

impl Count {
    /// Whether its share of errors is larger than the other's and so many thousandths. Compares fractions without dividing:
    /// a/b > c/d + t/1000 is the same as 1000ad > (1000c + td)b, also where d is 0 and c/d is to be 0.
    fn is_worse_than(&self, other: &Count, permille: u64) -> bool {
        let [errors, requests] = [self.errors, self.requests].map(u128::from);
        let (others_errors, others_requests) = match other.requests {
            0 => (0, 1),
            requests => (u128::from(other.errors), u128::from(requests)),
        };
        1_000 * errors * others_requests > (1_000 * others_errors + u128::from(permille) * others_requests) * requests
    }
}

fn aborted(reason: String) -> Phase {
    Phase::Ended { status: Status::Aborted, reason: Some(reason) }
}
