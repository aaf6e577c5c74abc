//! What the shop expects of its tuner.

use course::{Seed, values};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// What a GB-second costs on arm64, in 1e-10 USD.
fn price() -> u64 {
    let prices = values("prices");
    let text = prices["arm64_gigabyte_second"].as_str().expect("a price");
    text.strip_prefix("0.").filter(|digits| digits.len() == 10).expect("ten decimals").parse().expect("digits")
}

/// A function with `cpu_us` of work for one whole CPU, and `wait_us` of waiting. It has one thread, so that beyond 1,769 MB
/// more memory is of no use.
fn duration(memory_mb: u64, cpu_us: u64, wait_us: u64) -> u64 {
    wait_us + (cpu_us * 1_769).div_ceil(memory_mb.min(1_769))
}

fn good(duration_us: u64) -> Value {
    json!({ "duration_us": duration_us })
}

/// A task for a function that has 512 MB, and does with each of these sizes what is said of it.
fn task(runs: &[(u64, Vec<Value>)], strategy: Value) -> Value {
    let count = runs.iter().map(|(_, runs)| runs.len()).max();
    let sizes: Vec<u64> = runs.iter().map(|(memory_mb, _)| *memory_mb).collect();
    let does: Value = runs
        .iter()
        .map(|(memory_mb, runs)| (memory_mb.to_string(), json!(runs)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json!({
        "sizes": sizes, "runs": count, "trim_percent": 0, "price": price(), "strategy": strategy,
        "platform": { "memory_mb": 512, "runs": does },
    })
}

/// One good run with each size.
fn simple(runs: &[(u64, u64)], strategy: Value) -> Value {
    let runs: Vec<_> = runs.iter().map(|(memory_mb, duration_us)| (*memory_mb, vec![good(*duration_us)])).collect();
    task(&runs, strategy)
}

/// What the answer should say of one size.
fn size(memory_mb: u64, mean_us: u64) -> Value {
    size_at(price(), memory_mb, mean_us)
}

fn size_at(price: u64, memory_mb: u64, mean_us: u64) -> Value {
    let exact = u128::from(memory_mb) * u128::from(mean_us.div_ceil(1_000)) * u128::from(price) * 1_000_000;
    let halves = exact * 2 / 1_024_000;
    json!({ "memory_mb": memory_mb, "mean_us": mean_us, "cost": (halves.div_ceil(2)) as u64 })
}

/// What the tuner did, call by call.
fn calls(outcome: &Outcome) -> Vec<&str> {
    let calls = outcome.function_log().filter(|line| line.starts_with("memory is ") || line.starts_with("run with "));
    calls.map(|line| line.split_once(':').map_or(line, |(call, _)| call)).collect()
}

#[test]
fn finds_the_fastest_and_the_cheapest() {
    let mut seed = Seed::at_run_time();
    let tuner = Function::start(binary!());
    let (cpu, wait) = (seed.number(200_000..=400_000), seed.number(100_000..=200_000));
    let runs = [3_008, 128, 1_769, 512].map(|memory_mb| (memory_mb, duration(memory_mb, cpu, wait)));
    let story = "half a second of waiting and computing: more than 1,769 MB make it no faster";
    let outcome = tuner.story(story).invoke(simple(&runs, json!("speed")));
    outcome.expect_json_at("/chosen_mb", 1_769);
    let outcome = tuner.story("the same, and cost is what counts").invoke(simple(&runs, json!("cost")));
    outcome.expect_json_at("/chosen_mb", 128);
    outcome.expect_json_at("/sizes", json!(runs.map(|(memory_mb, mean)| size(memory_mb, mean))));
}

#[test]
fn leaves_cold_starts_and_failures_out() {
    let mut seed = Seed::at_run_time();
    let tuner = Function::start(binary!());
    // Their mean ends in a half.
    let (one, other) = (seed.number(25_000..=45_000) * 2, seed.number(25_000..=45_000) * 2 + 1);
    let cold = json!({ "duration_us": seed.number(500_000..=900_000), "cold": true });
    let failed = json!({ "duration_us": seed.number(100..=900), "failed": true });
    let mut broken = cold.clone();
    broken["failed"] = json!(true);
    let runs = [
        (256, vec![cold.clone(), good(one), failed.clone(), good(other)]),
        (1_024, vec![cold.clone(), good(one), good(one), good(one)]),
        (2_048, vec![broken, failed.clone(), failed.clone(), failed]),
    ];
    let story = "the first run with each size is a cold start; with 2,048 MB the function fails each time, and quickly";
    let outcome = tuner.story(story).invoke(task(&runs, json!("speed")));
    outcome.expect_json_at("/sizes", json!([size(256, (one + other) / 2), size(1_024, one)]));
    let nothing = [(512, vec![cold.clone(), cold])];
    let outcome = tuner.story("two runs, and both are cold starts").invoke(task(&nothing, json!("cost")));
    outcome.expect_error("NothingMeasured");
}

#[test]
fn leaves_out_both_ends() {
    let mut seed = Seed::at_run_time();
    let tuner = Function::start(binary!());
    let aside = ["cold", "failed", "failed"].map(|how| json!({ "duration_us": 700, how: true }));
    for (count, trim_percent, cut) in
        [(10_usize, 20, 2_usize), (9, 20, 1), (4, 20, 0), (1, 20, 0), (5, 50, 2), (4, 50, 2), (4, 75, 3), (3, 100, 3)]
    {
        let mut durations: Vec<u64> = (0..count).map(|_| seed.number(1_000..=90_000)).collect();
        let runs = aside.iter().cloned().chain(durations.iter().copied().map(good)).collect();
        let mut event = task(&[(512, runs)], json!("cost"));
        event["trim_percent"] = json!(trim_percent);
        durations.sort_unstable();
        let kept = durations.get(cut..count - cut).unwrap_or_default();
        let story =
            format!("a cold start, two failures, and {count} runs that count: {trim_percent} % of {count} are {cut}");
        let outcome = tuner.story(story).invoke(event);
        if kept.is_empty() {
            outcome.expect_error("NothingMeasured");
            continue;
        }
        outcome.expect_json_at("/sizes", json!([size(512, kept.iter().sum::<u64>() / kept.len() as u64)]));
    }
}

#[test]
fn bills_whole_milliseconds() {
    let mut seed = Seed::at_run_time();
    let tuner = Function::start(binary!());
    let bill = |story: String, price: u64, memory_mb: u64, mean_us: u64| {
        let mut event = simple(&[(memory_mb, mean_us)], json!("cost"));
        event["price"] = json!(price);
        tuner.story(story).invoke(event).expect_json_at("/sizes", json!([size_at(price, memory_mb, mean_us)]));
    };
    for memory_mb in [128, 1_769, seed.number(129..=10_240)] {
        for mean_us in [1_000, 1_001, seed.number(2..=900_000)] {
            // On arm64, on x86, and some other.
            for price in [price(), 166_667, seed.number(10_000..=300_000)] {
                bill(format!("{mean_us} microseconds at a price of {price}"), price, memory_mb, mean_us);
            }
        }
    }
    bill("32 ms whose cost ends in exactly a half".to_owned(), 133_334, 1_769, 32_000);
}

#[test]
fn decides_between_equal_ones() {
    let tuner = Function::start(binary!());
    let whole = Seed::at_run_time().number(2..=9) * 8_000;
    let runs = [(512, whole), (256, 2 * whole), (1_024, whole / 2)];
    let outcome = tuner.story("three sizes cost the same: the fastest is better").invoke(simple(&runs, json!("cost")));
    outcome.expect_json_at("/chosen_mb", 1_024);
    let runs = [(1_024, whole), (512, whole), (2_048, whole)];
    let outcome = tuner.story("three sizes are as fast: the cheapest is better").invoke(simple(&runs, json!("speed")));
    outcome.expect_json_at("/chosen_mb", 512);
    let runs = [(128, whole), (10_240, whole - 1)];
    let outcome =
        tuner.story("a microsecond for eighty times the price, if speed is all").invoke(simple(&runs, json!("speed")));
    outcome.expect_json_at("/chosen_mb", 10_240);
    // Billed as one millisecond less, at a size that is as much larger.
    let runs = [(512, whole), (256, 2 * whole - 1_000), (128, 4 * whole)];
    let outcome = tuner.story("the cheapest is not the smallest").invoke(simple(&runs, json!("cost")));
    outcome.expect_json_at("/chosen_mb", 256);
}

#[test]
fn weighs_cost_against_speed() {
    let mut seed = Seed::at_run_time();
    let tuner = Function::start(binary!());
    for round in 0..6 {
        let (cpu, wait) = (seed.number(50_000..=900_000), seed.number(1_000..=300_000));
        let sizes = [128, 256, 512, 1_024, 1_769, 3_008, 10_240];
        let runs = sizes.map(|memory_mb| (memory_mb, duration(memory_mb, cpu, wait)));
        let weight = [50, 0, 100, seed.number(1..=99), seed.number(1..=99), seed.number(1..=99)][round];
        let costs = runs.map(|(memory_mb, mean)| u128::from(size(memory_mb, mean)["cost"].as_u64().expect("a cost")));
        let (dearest, slowest) =
            (costs.into_iter().max().expect("sizes"), u128::from(runs.iter().map(|it| it.1).max().expect("sizes")));
        let score = |at: usize| {
            u128::from(weight) * costs[at] * slowest + u128::from(100 - weight) * u128::from(runs[at].1) * dearest
        };
        let best = (0..runs.len()).min_by_key(|at| (score(*at), costs[*at])).expect("sizes");
        let story = format!("{cpu} µs of computing, {wait} of waiting; cost counts {weight} %, speed the rest");
        let outcome = tuner.story(story).invoke(simple(&runs, json!({ "balanced": weight })));
        expect_smallest_sum(&outcome, runs[best].0);
    }
}

/// `balanced` chose this size. The whole answer is shown where it did not: it has what the sums are made of.
#[track_caller]
fn expect_smallest_sum(outcome: &Outcome, memory_mb: u64) {
    let rule = format!("`chosen_mb` is {memory_mb}, whose sum is the smallest (`sizes` has costs and means)");
    outcome.expect_that(&rule, |answer| answer["chosen_mb"] == memory_mb);
}

#[test]
fn weighs_exactly() {
    let tuner = Function::start(binary!());
    // The price makes a cost of 1,000 for each megabyte and millisecond.
    let price = 1_024;
    let close = [(520, 1_990_000), (512, 2_000_000), (128, 10_000_000), (10_240, 1_000_000)];
    let equal = [(4_000, 1_000_000), (1_000, 2_000_000), (128, 10_000_000), (10_000, 2_000_000)];
    let cases = [
        (close, 50, 512, "the sum of 512 MB is 15.000 %, that of 520 MB 15.003 %"),
        (close, 40, 520, "the sum of 520 MB is 15.982 %, that of 512 MB 16.000 %"),
        (equal, 50, 1_000, "4,000 MB and 1,000 MB have the sum 15 %: the cheaper is better"),
    ];
    for (runs, weight, best, story) in cases {
        let mut event = simple(&runs, json!({ "balanced": weight }));
        event["price"] = json!(price);
        expect_smallest_sum(&tuner.story(story).invoke(event), best);
    }
}

#[test]
fn names_the_sizes_that_no_other_beats() {
    let mut seed = Seed::at_run_time();
    let tuner = Function::start(binary!());
    let (cpu, wait) = (seed.number(300_000..=900_000), seed.number(100_000..=300_000));
    let runs = [10_240, 1_769, 3_008, 512, 128].map(|memory_mb| (memory_mb, duration(memory_mb, cpu, wait)));
    let outcome = tuner
        .story("beyond 1,769 MB it is no faster and costs more; below, each size is cheaper and slower")
        .invoke(simple(&runs, json!("cost")));
    outcome.expect_json_at("/front_mb", json!([128, 512, 1_769]));
    let whole = seed.number(2..=9) * 8_000;
    let runs = [(1_024, whole), (512, whole), (256, 3 * whole), (2_048, whole / 4)];
    let outcome =
        tuner.story("the largest is the fastest, and as cheap as the cheapest").invoke(simple(&runs, json!("cost")));
    outcome.expect_json_at("/front_mb", json!([2_048]));
    let outcome = tuner.story("one size").invoke(simple(&[(777, whole)], json!("speed")));
    outcome.expect_json_at("/front_mb", json!([777]));
}

#[test]
fn runs_every_size_as_often_as_it_is_told() {
    let tuner = Function::start(binary!());
    let mut seed = Seed::at_run_time();
    for (sizes, runs) in [([128, 256], 3), ([1_024, seed.number(300..=400)], 2)] {
        let runs: Vec<_> = sizes.iter().map(|size| (*size, vec![good(seed.number(1_000..=9_000)); runs])).collect();
        let before = seed.number(129..=10_240);
        let mut event = task(&runs, json!("cost"));
        event["platform"]["memory_mb"] = json!(before);
        let story = format!("two sizes, one after the other; the function had {before} MB before");
        let outcome = tuner.story(story).invoke(event);
        let mut expected = Vec::new();
        for (memory_mb, runs) in &runs {
            expected.push(format!("memory is {memory_mb}"));
            expected.extend(runs.iter().map(|_| format!("run with {memory_mb}")));
        }
        expected.push(format!("memory is {before}"));
        assert_eq!(calls(&outcome), expected, "the calls of the tuner; the function had {before} MB before");
    }
}

#[test]
fn puts_the_memory_back_when_a_call_fails() {
    let mut seed = Seed::at_run_time();
    let tuner = Function::start(binary!());
    let runs: Vec<_> = [128, 1_024].iter().map(|size| (*size, vec![good(5_000), good(6_000)])).collect();
    for fails_at in [2, 4, seed.number(5..=6)] {
        let mut event = task(&runs, json!("cost"));
        let before = seed.number(129..=1_000);
        event["platform"]["fails_at"] = json!(fails_at);
        event["platform"]["memory_mb"] = json!(before);
        let story = format!("Lambda refuses call {fails_at}; the function had {before} MB before");
        let outcome = tuner.story(story).invoke(event);
        outcome.expect_error("Refused");
        outcome.expect(&format!("the last change of the memory puts it back to {before}"), |outcome| {
            let last = calls(outcome).into_iter().rfind(|line| line.starts_with("memory is "));
            last == Some(format!("memory is {before}").as_str())
        });
    }
    let mut event = task(&runs, json!("cost"));
    event["platform"]["fails_at"] = json!(7);
    tuner.story("Lambda refuses call 7, which puts the memory back").invoke(event).expect_error("Refused");
    let nothing = [(128, vec![json!({ "duration_us": seed.number(1..=9), "failed": true })])];
    let outcome = tuner.story("no run was good; the function had 512 MB before").invoke(task(&nothing, json!("cost")));
    outcome.expect_error("NothingMeasured");
    outcome.expect("the last change of the memory puts it back to 512", |outcome| {
        calls(outcome).last() == Some(&"memory is 512")
    });
}
