//! Finds out how much memory a function should have, by running it with several sizes.

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
    println!("tunes a function of {} MB", task.platform.memory_mb());
    // TODO: whatever comes of it, the function gets its own memory back.
    let sizes = measure(&mut task).await?;
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
            // TODO: some runs say nothing about the function at work.
            let Run { duration_us, .. } = task.platform.invoke().await?;
            durations.push(duration_us);
        }
        if let Some(mean_us) = trimmed_mean(durations, task.trim_percent) {
            sizes.push(Size { memory_mb, mean_us, cost: cost(memory_mb, mean_us, task.price) });
        }
    }
    Ok(sizes)
}

/// The mean without so many percent of the values at either end, rounded down; none where nothing is left.
fn trimmed_mean(mut values: Vec<u64>, trim_percent: usize) -> Option<u64> {
    // TODO: leave out both ends.
    let _ = trim_percent;
    values.sort_unstable();
    let sum: u64 = values.iter().sum();
    sum.checked_div(values.len() as u64)
}

/// For the duration of a million invocations, in 1e-10 USD, halves rounded up. Each is billed in whole milliseconds.
fn cost(memory_mb: u64, mean_us: u64, price: u128) -> u64 {
    // TODO: billed are whole milliseconds, and halves are rounded up.
    (u128::from(memory_mb) * u128::from(mean_us) * price / 1_024) as u64
}

/// The best size, if there is any. Of equal ones the cheaper, then the faster, then the smaller.
fn choose(sizes: &[Size], strategy: Strategy) -> Option<Size> {
    // TODO: cost, speed, or both, and an order between equal ones.
    let weight = match strategy {
        Strategy::Cost => 100,
        Strategy::Speed => 0,
        Strategy::Balanced(weight) => weight,
    };
    let _ = weight;
    sizes.iter().copied().min_by_key(|size| size.cost)
}

/// The sizes that no other beats: none is at least as good in cost and time, and better in one of them. Smallest first.
fn front(sizes: &[Size]) -> Vec<u64> {
    // TODO: leave out what another size beats.
    sizes.iter().map(|size| size.memory_mb).collect()
}
