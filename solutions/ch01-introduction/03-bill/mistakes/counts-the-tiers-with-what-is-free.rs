//! caught-by: changes_the_price_where_a_tier_begins
//!
//! Counts the tiers from the first gigabyte-second, the free ones too. What is free comes off before the tiers.
#![allow(unused)]

#[path = "../src/money.rs"]
mod money;
#[path = "../src/month.rs"]
mod month;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};

use money::{Exact, MegabyteMillis};
use month::{Architecture, Bill, FREE_TMP_MB, Function, Invocations, Month, Prices, Provisioned};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Month>) -> Result<Bill, Error> {
    Ok(bill(&event.payload))
}

fn bill(month: &Month) -> Bill {
    let prices = &month.prices;
    let (ready, on_demand): (Vec<&Function>, Vec<&Function>) =
        month.functions.iter().partition(|function| function.provisioned.is_some());

    let billed_requests = requests(&on_demand).saturating_sub(prices.free_requests) + requests(&ready);
    let requests = prices.request * billed_requests;
    let duration = (on_demand_duration(&on_demand, prices) + ready_duration(&ready, prices)).rounded();
    let tmp = month.functions.iter().map(|function| prices.tmp * tmp_above_free(function)).sum::<Exact>().rounded();
    let provisioned = ready.iter().map(|function| kept_ready(function, prices)).sum::<Exact>().rounded();
    Bill { requests, duration, tmp, provisioned, total: requests + duration + tmp + provisioned }
}

fn requests(functions: &[&Function]) -> u128 {
    functions.iter().flat_map(|function| &function.invocations).map(|invocations| invocations.count).sum()
}

/// INIT and handler together, each invocation rounded up to a whole millisecond.
fn billed_ms(invocations: &Invocations) -> u128 {
    invocations.count * (invocations.init_us + invocations.duration_us).div_ceil(1_000)
}

/// Megabytes, of memory or of `/tmp`, for all the time that is billed.
fn megabytes_while_billed(megabytes: u128, function: &Function) -> MegabyteMillis {
    MegabyteMillis(megabytes * function.invocations.iter().map(billed_ms).sum::<u128>())
}

fn used(function: &Function) -> MegabyteMillis {
    megabytes_while_billed(function.memory_mb, function)
}

/// The free gigabyte-seconds are those of the account: what x86_64 leaves of them, arm64 gets.
fn on_demand_duration(functions: &[&Function], prices: &Prices) -> Exact {
    let mut free = MegabyteMillis::gigabyte_seconds(prices.free_gigabyte_seconds);
    let mut duration = Exact::default();
    for architecture in [Architecture::X86, Architecture::Arm] {
        let used = functions.iter().filter(|function| function.architecture == architecture).map(|f| used(f)).sum();
        duration = duration + by_tier(used, free, architecture, prices);
        free = free.less(used);
    }
    duration
}

fn by_tier(used: MegabyteMillis, free: MegabyteMillis, architecture: Architecture, prices: &Prices) -> Exact {
    let mut left = used.less(free);
    let free = used.less(left);
    let mut sum = Exact::default();
    for tier in prices.tiers(architecture).iter().rev() {
        let in_tier = left.less(MegabyteMillis::gigabyte_seconds(tier.from_gigabyte_seconds).less(free));
        sum = sum + tier.price * in_tier;
        left = left.less(in_tier);
    }
    sum
}

/// Neither free nor in tiers.
fn ready_duration(functions: &[&Function], prices: &Prices) -> Exact {
    functions.iter().map(|function| prices.on_provisioned(function.architecture) * used(function)).sum()
}

fn tmp_above_free(function: &Function) -> MegabyteMillis {
    megabytes_while_billed(function.tmp_mb.saturating_sub(FREE_TMP_MB), function)
}

fn kept_ready(function: &Function, prices: &Prices) -> Exact {
    let time = |provisioned: &Provisioned| {
        let seconds = provisioned.seconds.next_multiple_of(prices.provisioned_step);
        MegabyteMillis(provisioned.environments * function.memory_mb * seconds * 1_000)
    };
    prices.provisioned(function.architecture) * function.provisioned.as_ref().map(time).unwrap_or_default()
}
