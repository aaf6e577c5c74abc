//! caught-by: fails_where_a_page_is_missing
//!
//! Takes every failure for a log group that is not there yet: the report looks complete, and misses a page.
#![allow(unused)]

#[path = "../src/account.rs"]
mod account;
#[path = "../src/line.rs"]
mod line;
#[path = "../src/money.rs"]
mod money;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use account::{Account, Version};
use line::{Report, writer};
use money::{Architecture, Exact, FREE_TMP_MB, MegabyteMillis, Prices, Usd};

#[derive(Deserialize)]
struct Month {
    prices: Prices,
    account: Account,
}

#[derive(Serialize)]
struct CostReport {
    lines: Costs,
    /// The dearest first.
    functions: Vec<Row>,
    unpriced: Vec<Unpriced>,
}

/// The lines of the bill, or the part of each that one function has.
#[derive(Serialize, Clone, Copy, Default)]
struct Costs {
    requests: Usd,
    x86_64: Usd,
    arm64: Usd,
    tmp: Usd,
    total: Usd,
}

#[derive(Serialize)]
struct Row {
    function: String,
    #[serde(flatten)]
    costs: Costs,
}

/// Invocations of a version that is not there any more, so that nobody knows what it was.
#[derive(Serialize)]
struct Unpriced {
    function: String,
    version: String,
    requests: u128,
}

/// What one function used in the month.
#[derive(Default)]
struct Usage {
    requests: u128,
    x86_64: MegabyteMillis,
    arm64: MegabyteMillis,
    tmp: MegabyteMillis,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(report)).await
}

async fn report(event: LambdaEvent<Month>) -> Result<CostReport, Diagnostic> {
    let Month { prices, account } = event.payload;
    let versions = all_versions(&account)?;
    let (used, unpriced) = usage(&account, &versions)?;
    let lines = bill(&prices, used.values());
    let functions = rows(&lines, &used);
    Ok(CostReport { lines, functions, unpriced })
}

fn all_versions(account: &Account) -> Result<Vec<Version>, Diagnostic> {
    let mut versions = Vec::new();
    let mut marker = None;
    loop {
        let page = account.list_functions(marker)?;
        versions.extend_from_slice(&page.functions);
        marker = page.next_marker.as_deref();
        if marker.is_none() {
            return Ok(versions);
        }
    }
}

/// What each function used, by its name; one that did not run used nothing.
fn usage(account: &Account, versions: &[Version]) -> Result<(BTreeMap<String, Usage>, Vec<Unpriced>), Diagnostic> {
    let by_id: HashMap<(&str, &str), &Version> =
        versions.iter().map(|version| ((version.function_name.as_str(), version.version.as_str()), version)).collect();
    let groups: BTreeSet<&str> = versions.iter().map(|version| version.logging_config.log_group.as_str()).collect();
    let mut used: BTreeMap<String, Usage> =
        versions.iter().map(|version| (version.function_name.clone(), Usage::default())).collect();
    let mut unknown: BTreeMap<(String, String), u128> = BTreeMap::new();
    for group in groups {
        for ((function, version), report) in reports(account, group)? {
            match by_id.get(&(function, version)) {
                Some(version) => used.entry(function.to_owned()).or_default().add(version, report),
                None => *unknown.entry((function.to_owned(), version.to_owned())).or_default() += 1,
            }
        }
    }
    let unpriced =
        unknown.into_iter().map(|((function, version), requests)| Unpriced { function, version, requests }).collect();
    Ok((used, unpriced))
}

/// A function and one of its versions.
type Writer<'a> = (&'a str, &'a str);

/// The reports of a log group, each once, with the function and version that it is about.
fn reports<'a>(account: &'a Account, group: &'a str) -> Result<Vec<(Writer<'a>, Report)>, Diagnostic> {
    let mut reports = Vec::new();
    let mut seen = HashSet::new();
    let mut token = None;
    loop {
        let page = match account.filter_log_events(group, token) {
            // Nothing has been logged yet.
            Err(_) => return Ok(reports),
            page => page?,
        };
        // The same line may come twice; the same request may have run twice, and then it has two lines.
        let new = page.events.iter().filter(|event| seen.insert(event.event_id.as_str()));
        reports.extend(
            new.filter_map(|event| Some((writer(group, &event.log_stream_name)?, Report::of(&event.message)?))),
        );
        token = page.next_token.as_deref();
        if token.is_none() {
            return Ok(reports);
        }
    }
}

impl Usage {
    fn add(&mut self, version: &Version, report: Report) {
        self.requests += 1;
        let used = MegabyteMillis(report.memory_mb * report.billed_ms);
        match version.architectures {
            [Architecture::X86] => self.x86_64 += used,
            [Architecture::Arm] => self.arm64 += used,
        }
        self.tmp += MegabyteMillis(version.ephemeral_storage.size.saturating_sub(FREE_TMP_MB) * report.billed_ms);
    }
}

/// The lines of the account's bill, each rounded once.
fn bill<'u>(prices: &Prices, used: impl Iterator<Item = &'u Usage> + Clone) -> Costs {
    let requests: u128 = used.clone().map(|usage| usage.requests).sum();
    let x86_64: MegabyteMillis = used.clone().map(|usage| usage.x86_64).sum();
    let arm64: MegabyteMillis = used.clone().map(|usage| usage.arm64).sum();
    let free = MegabyteMillis::gigabyte_seconds(prices.free_gigabyte_seconds);
    let tmp: Exact = used.map(|usage| prices.tmp * usage.tmp).sum();
    Costs {
        requests: prices.request * requests.saturating_sub(prices.free_requests),
        x86_64: prices.duration(Architecture::X86, x86_64.less(free)).rounded(),
        arm64: prices.duration(Architecture::Arm, arm64.less(free.less(x86_64))).rounded(),
        tmp: tmp.rounded(),
        total: Usd::default(),
    }
    .with_total()
}

impl Costs {
    fn with_total(mut self) -> Costs {
        self.total = [self.requests, self.x86_64, self.arm64, self.tmp].into_iter().sum();
        self
    }
}

/// What each function has of each line.
fn rows(lines: &Costs, used: &BTreeMap<String, Usage>) -> Vec<Row> {
    let share_by = |line: Usd, weight: fn(&Usage) -> u128| share(line, &used.values().map(weight).collect::<Vec<_>>());
    let requests = share_by(lines.requests, |usage| usage.requests);
    let x86_64 = share_by(lines.x86_64, |usage| usage.x86_64.0);
    let arm64 = share_by(lines.arm64, |usage| usage.arm64.0);
    let tmp = share_by(lines.tmp, |usage| usage.tmp.0);
    let costs = (0..used.len()).map(|at| {
        let (requests, x86_64, arm64, tmp) = (requests[at], x86_64[at], arm64[at], tmp[at]);
        Costs { requests, x86_64, arm64, tmp, total: Usd::default() }.with_total()
    });
    let mut rows: Vec<Row> =
        used.keys().zip(costs).map(|(function, costs)| Row { function: function.clone(), costs }).collect();
    // The sort is stable, and the rows come in the order of their names.
    rows.sort_by_key(|row| Reverse(row.costs.total));
    rows
}

/// Shares an amount by weights, so that the parts add up to it: each part is rounded down, and those that lost most by
/// that get one unit more, of equal ones the first.
fn share(amount: Usd, weights: &[u128]) -> Vec<Usd> {
    let sum: u128 = weights.iter().sum();
    if sum == 0 {
        return vec![Usd::default(); weights.len()];
    }
    let mut parts: Vec<Usd> = weights.iter().map(|weight| Usd(amount.0 * weight / sum)).collect();
    let missing = amount.0 - parts.iter().map(|part| part.0).sum::<u128>();
    let mut by_loss: Vec<usize> = (0..weights.len()).collect();
    by_loss.sort_by_key(|at| Reverse(amount.0 * weights[*at] % sum));
    for at in by_loss.into_iter().take(missing as usize) {
        parts[at].0 += 1;
    }
    parts
}
