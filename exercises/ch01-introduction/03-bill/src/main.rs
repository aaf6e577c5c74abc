//! What a month of Lambda costs, to the ten-billionth of a dollar. The shop found this calculator on the web.

mod money;
mod month;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};

use money::{Exact, MegabyteMillis, Usd};
use month::{Bill, Function, Invocations, Month, Prices};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Month>) -> Result<Bill, Error> {
    Ok(bill(&event.payload))
}

fn bill(month: &Month) -> Bill {
    let prices = &month.prices;
    // TODO: what is free is free once for the account, and not for functions with provisioned concurrency. So neither
    // requests nor duration can be priced function by function: they need the whole month.
    let requests = month.functions.iter().map(|function| requests(function, prices)).fold(Usd(0), |sum, usd| sum + usd);
    // TODO: each line of the bill is rounded once.
    let duration = month.functions.iter().map(|f| duration(f, prices).rounded()).fold(Usd(0), |sum, usd| sum + usd);
    let tmp = month.functions.iter().map(|function| tmp(function, prices)).sum::<Exact>().rounded();
    let provisioned = month.functions.iter().map(|function| kept_ready(function, prices)).sum::<Exact>().rounded();
    Bill { requests, duration, tmp, provisioned, total: requests + duration + tmp + provisioned }
}

fn requests(function: &Function, prices: &Prices) -> Usd {
    let count: u128 = function.invocations.iter().map(|invocations| invocations.count).sum();
    prices.request * count.saturating_sub(prices.free_requests)
}

/// The time that is billed for these invocations, in milliseconds.
fn billed_ms(invocations: &Invocations) -> u128 {
    // TODO: it is each invocation that is rounded, and up.
    invocations.count * (invocations.init_us + invocations.duration_us) / 1_000
}

/// Megabytes, of memory or of `/tmp`, for all the time that is billed.
fn megabytes_while_billed(megabytes: u128, function: &Function) -> MegabyteMillis {
    MegabyteMillis(megabytes * function.invocations.iter().map(billed_ms).sum::<u128>())
}

fn duration(function: &Function, prices: &Prices) -> Exact {
    let used = megabytes_while_billed(function.memory_mb, function);
    let paid = used.less(MegabyteMillis::gigabyte_seconds(prices.free_gigabyte_seconds));
    if function.provisioned.is_some() {
        return prices.on_provisioned(function.architecture) * paid;
    }
    // TODO: tiers are filled by all functions of an architecture together, one tier after the other.
    let tiers = prices.tiers(function.architecture);
    let reached = |from| paid > MegabyteMillis::gigabyte_seconds(from);
    match tiers.iter().rev().find(|tier| reached(tier.from_gigabyte_seconds)) {
        Some(tier) => tier.price * paid,
        None => Exact::default(),
    }
}

fn tmp(function: &Function, prices: &Prices) -> Exact {
    // TODO: the part of `/tmp` that every function has costs nothing; `month::FREE_TMP_MB` says how much that is.
    prices.tmp * megabytes_while_billed(function.tmp_mb, function)
}

fn kept_ready(function: &Function, prices: &Prices) -> Exact {
    let Some(provisioned) = &function.provisioned else { return Exact::default() };
    // TODO: a step that has begun is paid in full.
    let seconds = provisioned.seconds / prices.provisioned_step * prices.provisioned_step;
    let time = MegabyteMillis(provisioned.environments * function.memory_mb * seconds * 1_000);
    prices.provisioned(function.architecture) * time
}
