//! Keeps a flat record with the share and not the number of the step, says no more than what changes, and reckons with
//! the difference of both shares.

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

#[derive(Clone, Copy, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Running,
    RollingBack,
    Promoted,
    RolledBack,
    Aborted,
}

#[derive(Clone, Default, Deserialize, Serialize)]
struct Record {
    before: String,
    share: f64,
    seen_at: u64,
    wish: Option<Wish>,
    ended: Option<Status>,
    back: bool,
    why: Option<String>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Wish {
    share: f64,
    revision: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(async |event: LambdaEvent<Event>| {
        let Event { now, candidate, policy, alias, ticks, record } = event.payload;
        let seen = alias.routing();
        let is_new = record.is_none();
        let mut record = record.unwrap_or(Record { before: seen.version.clone(), seen_at: now, ..Record::default() });
        if is_new && seen.second.is_some() {
            record.end(Status::Aborted, "a release is under way");
        }
        let shop = Shop { now, candidate: &candidate, policy: &policy, alias: &alias, ticks: &ticks };
        let update_alias = if record.ended.is_none() { shop.go_on(&mut record, &seen) } else { None };
        let status = record.ended.unwrap_or(if record.back { Status::RollingBack } else { Status::Running });
        Ok::<_, Error>(Answer { status, reason: record.why.clone(), update_alias, record })
    }))
    .await
}

struct Shop<'a> {
    now: u64,
    candidate: &'a str,
    policy: &'a Policy,
    alias: &'a Alias,
    ticks: &'a [Tick],
}

impl Record {
    fn end(&mut self, status: Status, why: &str) {
        self.ended = Some(status);
        if status != Status::Promoted && self.why.is_none() {
            self.why = Some(why.to_owned());
        }
    }
}

impl Shop<'_> {
    /// The candidate's share, if only the two versions of this release have any.
    fn share(&self, record: &Record, seen: &Routing) -> Option<f64> {
        match &seen.second {
            None if seen.version == self.candidate => Some(1.0),
            None if seen.version == record.before => Some(0.0),
            Some((other, share)) if seen.version == record.before && other == self.candidate => Some(*share),
            _ => None,
        }
    }

    fn go_on(&self, record: &mut Record, seen: &Routing) -> Option<UpdateAlias> {
        let Some(share) = self.share(record, seen) else {
            record.end(Status::Aborted, "another version is in the alias");
            return None;
        };
        if record.back {
            return self.back(record, share);
        }
        match record.wish.take() {
            Some(wish) if wish.share == share => (record.share, record.seen_at) = (share, self.now),
            Some(wish) if share == record.share && wish.revision == self.alias.revision_id => {}
            Some(_) if share == record.share => {
                record.why = Some("somebody else was there".to_owned());
                return self.back(record, share);
            }
            None if share == record.share => {}
            None if share == 1.0 && record.share == 0.0 && record.before == self.candidate => {}
            _ => {
                record.end(Status::Aborted, "somebody else gave it another share");
                return None;
            }
        }
        if share == 1.0 {
            record.end(Status::Promoted, "");
            return None;
        }
        if share > 0.0 {
            let [new, old] = [self.candidate, &record.before].map(|version| self.sums(version, record.seen_at));
            let age = self.now - record.seen_at;
            if new.0 < i128::from(self.policy.min_requests) {
                if age < self.policy.patience_seconds {
                    return None;
                }
                record.why = Some(format!("{} requests in {age} s are too few", new.0));
                return self.back(record, share);
            }
            let old = (old.0.max(1), old.1);
            let more = new.1 * old.0 - old.1 * new.0;
            if more * 1_000 > i128::from(self.policy.tolerance_permille) * new.0 * old.0 {
                record.why = Some(format!("{} errors in {} requests", new.1, new.0));
                return self.back(record, share);
            }
            if age < self.policy.bake_seconds {
                return None;
            }
        }
        let next = self.policy.steps.iter().copied().find(|step| *step > share).unwrap_or(1.0);
        record.wish = Some(Wish { share: next, revision: self.alias.revision_id.clone() });
        let weights = (next < 1.0).then(|| (self.candidate.to_owned(), next));
        Some(UpdateAlias {
            function_version: weights.is_none().then(|| self.candidate.to_owned()),
            routing_config: Some(RoutingConfig { additional_version_weights: weights.into_iter().collect() }),
            revision_id: Some(self.alias.revision_id.clone()),
        })
    }

    fn back(&self, record: &mut Record, share: f64) -> Option<UpdateAlias> {
        record.back = true;
        if share == 0.0 {
            record.end(Status::RolledBack, "");
            return None;
        }
        if share == 1.0 {
            record.end(Status::Aborted, "somebody else promoted it");
            return None;
        }
        Some(UpdateAlias {
            function_version: None,
            routing_config: Some(RoutingConfig::default()),
            revision_id: Some(self.alias.revision_id.clone()),
        })
    }

    fn sums(&self, version: &str, since: u64) -> (i128, i128) {
        let ours = self.ticks.iter().filter(|tick| tick.version == version && tick.at >= since);
        ours.fold((0, 0), |sum, tick| (sum.0 + i128::from(tick.invocations), sum.1 + i128::from(tick.errors)))
    }
}
