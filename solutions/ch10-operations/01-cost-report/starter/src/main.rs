//! Says what each function of an account cost in a month, from its `REPORT` lines, so that the rows add up to the bill.

mod account;
mod line;
mod money;

use std::collections::BTreeMap;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use account::{Account, Version};
use line::{Report, writer};
use money::{Architecture, FREE_TMP_MB, MegabyteMillis, Prices, Usd};

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
    // TODO: an answer has at most fifty of them.
    let page = account.list_functions(None)?;
    Ok(page.functions.clone())
}

/// What each function used, by its name; one that did not run used nothing.
fn usage(account: &Account, versions: &[Version]) -> Result<(BTreeMap<String, Usage>, Vec<Unpriced>), Diagnostic> {
    let mut used: BTreeMap<String, Usage> = BTreeMap::new();
    for version in versions {
        // TODO: functions may share a log group, and a function may have versions that are built in another way.
        let group = version.logging_config.log_group.as_str();
        for ((function, _), report) in reports(account, group)? {
            used.entry(function.to_owned()).or_default().add(version, report);
        }
    }
    // TODO: lines of a version that is not there any more.
    let unpriced = Vec::new();
    Ok((used, unpriced))
}

/// A function and one of its versions.
type Writer<'a> = (&'a str, &'a str);

/// The reports of a log group, each once, with the function and version that it is about.
fn reports<'a>(account: &'a Account, group: &'a str) -> Result<Vec<(Writer<'a>, Report)>, Diagnostic> {
    // TODO: more pages, the same line twice, and a log group that is not there yet.
    let page = account.filter_log_events(group, None)?;
    let reports = page.events.iter().filter_map(|event| {
        let writer = writer(group, &event.log_stream_name)?;
        Some((writer, Report::of(&event.message)?))
    });
    Ok(reports.collect())
}

impl Usage {
    fn add(&mut self, version: &Version, report: Report) {
        self.requests += 1;
        // TODO: this is how long the handler ran. What is billed?
        let ms = report.duration_us / 1_000;
        let used = MegabyteMillis(report.memory_mb * ms);
        match version.architectures {
            [Architecture::X86] => self.x86_64 += used,
            [Architecture::Arm] => self.arm64 += used,
        }
        self.tmp += MegabyteMillis(version.ephemeral_storage.size.saturating_sub(FREE_TMP_MB) * ms);
    }
}

/// The lines of the account's bill, each rounded once.
fn bill<'u>(prices: &Prices, used: impl Iterator<Item = &'u Usage> + Clone) -> Costs {
    // TODO: what is free, once for the account.
    let requests: u128 = used.clone().map(|usage| usage.requests).sum();
    // TODO: each line is rounded once, and tiers are filled by all functions together.
    let x86_64 = used.clone().map(|usage| prices.duration(Architecture::X86, usage.x86_64).rounded()).sum();
    let arm64 = used.clone().map(|usage| prices.duration(Architecture::Arm, usage.arm64).rounded()).sum();
    let tmp = used.map(|usage| (prices.tmp * usage.tmp).rounded()).sum();
    Costs { requests: prices.request * requests, x86_64, arm64, tmp, total: Usd::default() }.with_total()
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
    // TODO: the dearest first.
    used.keys().zip(costs).map(|(function, costs)| Row { function: function.clone(), costs }).collect()
}

/// Shares an amount by weights, so that the parts add up to it.
fn share(amount: Usd, weights: &[u128]) -> Vec<Usd> {
    // TODO: what is lost by rounding down, somebody has to pay.
    let sum: u128 = weights.iter().sum();
    weights.iter().map(|weight| Usd(amount.0 * weight / sum.max(1))).collect()
}
