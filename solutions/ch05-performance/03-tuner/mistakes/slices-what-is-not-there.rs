//! caught-by: leaves_out_both_ends
//!
//! Takes a slice without asking whether there is one: above 50 percent its beginning is behind its end, and that panics.
#![allow(unused)]

#[path = "../src/platform.rs"]
mod platform;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use platform::{Platform, Refused, Run};

#[derive(Deserialize)]
struct Task {
    /// The sizes to try, in MB.
    sizes: Vec<u64>,
    /// How often to run the function with each size.
    runs: usize,
    /// How many percent of the good runs to leave out at either end.
    trim_percent: usize,
    /// What a GB-second costs, in 1e-10 USD.
    price: u128,
    strategy: Strategy,
    platform: Platform,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Strategy {
    Cost,
    Speed,
    /// The weight of cost in percent; the rest is that of speed.
    Balanced(u128),
}

#[derive(Serialize)]
struct Advice {
    chosen_mb: u64,
    front_mb: Vec<u64>,
    sizes: Vec<Size>,
}

/// What running with one size came to.
#[derive(Clone, Copy, Serialize)]
struct Size {
    memory_mb: u64,
    mean_us: u64,
    /// For the duration of a million invocations, in 1e-10 USD.
    cost: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(advise)).await
}

async fn advise(event: LambdaEvent<Task>) -> Result<Advice, Diagnostic> {
    let mut task = event.payload;
    let before = task.platform.memory_mb();
    let measured = measure(&mut task).await;
    // Before anybody leaves, whatever came of it.
    task.platform.set_memory(before).await?;
    let sizes = measured?;
    let chosen = choose(&sizes, task.strategy).ok_or_else(nothing_measured)?;
    Ok(Advice { chosen_mb: chosen.memory_mb, front_mb: front(&sizes), sizes })
}

fn nothing_measured() -> Diagnostic {
    Diagnostic { error_type: "NothingMeasured".to_owned(), error_message: "no size had a good run".to_owned() }
}

/// Runs the function with every size. A size without a good run is left out.
async fn measure(task: &mut Task) -> Result<Vec<Size>, Refused> {
    let mut sizes = Vec::new();
    for &memory_mb in &task.sizes {
        task.platform.set_memory(memory_mb).await?;
        let mut durations = Vec::new();
        for _ in 0..task.runs {
            let Run { duration_us, cold, failed } = task.platform.invoke().await?;
            if !cold && !failed {
                durations.push(duration_us);
            }
        }
        if let Some(mean_us) = trimmed_mean(durations, task.trim_percent) {
            sizes.push(Size { memory_mb, mean_us, cost: cost(memory_mb, mean_us, task.price) });
        }
    }
    Ok(sizes)
}

/// The mean without so many percent of the values at either end, rounded down; none where nothing is left.
fn trimmed_mean(mut values: Vec<u64>, trim_percent: usize) -> Option<u64> {
    values.sort_unstable();
    let cut = values.len() * trim_percent / 100;
    let kept = &values[cut..values.len() - cut];
    kept.iter().sum::<u64>().checked_div(kept.len() as u64)
}

/// For the duration of a million invocations, in 1e-10 USD, halves rounded up. Each is billed in whole milliseconds.
fn cost(memory_mb: u64, mean_us: u64, price: u128) -> u64 {
    let million = 1_000_000 * u128::from(memory_mb) * u128::from(mean_us.div_ceil(1_000)) * price;
    ((million + 512_000) / 1_024_000) as u64
}

/// The best size, if there is any. Of equal ones the cheaper, then the faster, then the smaller.
fn choose(sizes: &[Size], strategy: Strategy) -> Option<Size> {
    let dearest = u128::from(sizes.iter().map(|size| size.cost).max()?);
    let slowest = u128::from(sizes.iter().map(|size| size.mean_us).max()?);
    let weight = match strategy {
        Strategy::Cost => 100,
        Strategy::Speed => 0,
        Strategy::Balanced(weight) => weight,
    };
    // Both as parts of their largest value, over one denominator.
    let score =
        |size: &Size| weight * u128::from(size.cost) * slowest + (100 - weight) * u128::from(size.mean_us) * dearest;
    sizes.iter().copied().min_by_key(|size| (score(size), size.cost, size.mean_us, size.memory_mb))
}

/// The sizes that no other beats: none is at least as good in cost and time, and better in one of them. Smallest first.
fn front(sizes: &[Size]) -> Vec<u64> {
    let beats =
        |a: &Size, b: &Size| a.cost <= b.cost && a.mean_us <= b.mean_us && (a.cost, a.mean_us) != (b.cost, b.mean_us);
    let mut front: Vec<u64> =
        sizes.iter().filter(|size| !sizes.iter().any(|other| beats(other, size))).map(|size| size.memory_mb).collect();
    front.sort_unstable();
    front
}
