//! What the shop expects of its bill. Amounts are in ten-billionths of a US dollar, as all prices are whole numbers of
//! them.

use course::{Seed, values};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// So many make a dollar.
const DOLLAR: u64 = 10_000_000_000;

/// The price list without anything free, so that a test sees what it looks at.
fn without_free_tier() -> Value {
    let mut prices = values("prices");
    prices["free_requests"] = json!(0);
    prices["free_gigabyte_seconds"] = json!(0);
    prices
}

/// A price of the list as a whole number.
fn units(price: &Value) -> u64 {
    let (whole, decimals) = price.as_str().and_then(|text| text.split_once('.')).expect("a price with a point");
    format!("{whole}{decimals:0<10}").parse().expect("at most ten decimals")
}

/// A function of 1,024 MB that ran one second each time, so that its requests are its gigabyte-seconds.
fn gigabyte_seconds(architecture: &str, count: u64) -> Value {
    json!({ "architecture": architecture, "memory_mb": 1024, "invocations": [{ "count": count, "duration_us": 1_000_000 }] })
}

/// The bill of these functions. The price list is long, so the story tells the functions, and what is free.
fn bill(story: impl Into<String>, prices: &Value, functions: &[Value]) -> Outcome {
    let (requests, duration) = (&prices["free_requests"], &prices["free_gigabyte_seconds"]);
    let told = format!("{}; free are {requests} requests and {duration} GB-s", story.into());
    let told = match functions {
        [one] => format!("{told}: {one}"),
        [first, second] => format!("{told}: {first} and {second}"),
        _ => told,
    };
    Function::start(binary!()).story(told).invoke(json!({ "prices": prices, "functions": functions }))
}

#[test]
fn charges_requests_above_a_million() {
    let mut seed = Seed::at_run_time();
    let prices = values("prices");
    let more = seed.number(1..=9_000_000);
    for (count, paid) in [(1_000_000, 0), (1_000_001, 1), (1_000_000 + more, more), (seed.number(1..=999_999), 0)] {
        let small = json!({ "architecture": "arm64", "memory_mb": 128, "invocations": [{ "count": count, "duration_us": 900 }] });
        let outcome = bill(format!("{count} requests of less than a millisecond"), &prices, &[small]);
        outcome.expect_json_at("/requests", paid * units(&prices["request"])).expect_json_at("/duration", 0);
    }
}

#[test]
fn charges_memory_times_time_by_architecture() {
    let mut seed = Seed::at_run_time();
    let prices = values("prices");
    // 10 million times 120 ms with half a GB are 600,000 GB-seconds, of which 400,000 are free.
    for (architecture, duration) in [("x86_64", 33_333_400_000_u64), ("arm64", 26_666_800_000)] {
        let invocations = json!([{ "count": 10_000_000, "duration_us": 120_000 }]);
        let function = json!({ "architecture": architecture, "memory_mb": 512, "invocations": invocations });
        let outcome = bill(format!("ten million thumbnails on {architecture}"), &prices, &[function]);
        outcome.expect_json_at("/duration", duration).expect_json_at("/requests", 9 * DOLLAR / 5);
    }
    let paid = without_free_tier();
    for architecture in ["x86_64", "arm64"] {
        let count = seed.number(1_000..=5_000_000);
        let story = format!("{count} GB-seconds on {architecture}, nothing free");
        let expected = count * units(&paid[format!("{architecture}_gigabyte_second")]);
        bill(story, &paid, &[gigabyte_seconds(architecture, count)]).expect_json_at("/duration", expected);
    }
}

#[test]
fn rounds_each_invocation_up_to_a_millisecond() {
    let mut seed = Seed::at_run_time();
    let prices = without_free_tier();
    for (duration_us, billed_ms) in [(1, 1), (1_000, 1), (1_001, 2), (29_999, 30), (30_000, 30)] {
        // 1,024 MB for 1,000 invocations: each billed millisecond is a gigabyte-second.
        let count = 1_000 * seed.number(1..=50);
        let invocations = json!([{ "count": count, "duration_us": duration_us }]);
        let function = json!({ "architecture": "x86_64", "memory_mb": 1024, "invocations": invocations });
        let outcome = bill(format!("{count} invocations of {duration_us} µs"), &prices, &[function]);
        outcome.expect_json_at("/duration", count / 1_000 * billed_ms * units(&prices["x86_64_gigabyte_second"]));
    }
}

#[test]
fn bills_init_together_with_the_invocation_that_waited_for_it() {
    let mut seed = Seed::at_run_time();
    let prices = without_free_tier();
    for (init_us, duration_us, billed_ms) in [(24_100, 2_300, 27), (24_000, 2_000, 26), (180_400, 600, 181)] {
        let count = 1_000 * seed.number(1..=9);
        let invocations = json!([
            { "count": count, "duration_us": duration_us, "init_us": init_us },
            { "count": count, "duration_us": 1_000 },
        ]);
        let function = json!({ "architecture": "arm64", "memory_mb": 1024, "invocations": invocations });
        let mut ready = function.clone();
        ready["provisioned"] = json!({ "environments": 1, "seconds": 300 });
        let story = format!("{count} cold starts with {init_us} + {duration_us} µs, and as many warm ones of 1 ms");
        let billed = count / 1_000 * (billed_ms + 1);
        let expected = billed * units(&prices["arm64_gigabyte_second"]);
        bill(story.as_str(), &prices, &[function]).expect_json_at("/duration", expected);
        let expected = billed * units(&prices["arm64_gigabyte_second_on_provisioned"]);
        let story = format!("{story}, on provisioned concurrency");
        bill(story, &prices, &[ready]).expect_json_at("/duration", expected);
    }
}

#[test]
fn gives_the_free_tier_once_for_the_whole_account() {
    let mut seed = Seed::at_run_time();
    let prices = values("prices");
    let (x86, arm) = (units(&prices["x86_64_gigabyte_second"]), units(&prices["arm64_gigabyte_second"]));
    let more = seed.number(1..=200_000);
    let functions = [gigabyte_seconds("x86_64", 300_000), gigabyte_seconds("x86_64", 100_000 + more)];
    let outcome = bill("two functions of one architecture use more than is free", &prices, &functions);
    outcome.expect_json_at("/duration", more * x86);
    let functions = [gigabyte_seconds("arm64", 100_000 + more), gigabyte_seconds("x86_64", 300_000)];
    let outcome = bill("x86_64 leaves 100,000 free GB-seconds to arm64", &prices, &functions);
    outcome.expect_json_at("/duration", more * arm);
    let functions = [gigabyte_seconds("arm64", 5), gigabyte_seconds("x86_64", 400_000 + more)];
    let outcome = bill("x86_64 leaves nothing to arm64", &prices, &functions);
    outcome.expect_json_at("/duration", more * x86 + 5 * arm);
    let many = [gigabyte_seconds("arm64", 600_000), gigabyte_seconds("arm64", 600_000)];
    let outcome = bill("two functions with 600,000 requests each", &prices, &many);
    outcome.expect_json_at("/requests", 200_000 * units(&prices["request"]));
}

#[test]
fn changes_the_price_where_a_tier_begins() {
    let mut seed = Seed::at_run_time();
    let prices = without_free_tier();
    for architecture in ["x86_64", "arm64"] {
        let first = units(&prices[format!("{architecture}_gigabyte_second")]);
        let above = &prices[format!("{architecture}_gigabyte_second_above")];
        let begins = |tier: usize| above[tier]["gigabyte_seconds"].as_u64().expect("where a tier begins");
        let price = |tier: usize| units(&above[tier]["usd"]);
        let (second, third) = (begins(0), begins(1));
        let more = seed.number(2..=9_000_000_000);
        for (count, expected) in [
            (second, second * first),
            (second + 1, second * first + price(0)),
            (third, second * first + (third - second) * price(0)),
            (third + more, second * first + (third - second) * price(0) + more * price(1)),
        ] {
            let outcome = bill(
                format!("{count} GB-seconds on {architecture}"),
                &prices,
                &[gigabyte_seconds(architecture, count)],
            );
            outcome.expect_json_at("/duration", expected);
        }
        let halves = [gigabyte_seconds(architecture, second - 1), gigabyte_seconds(architecture, 2)];
        let outcome = bill("two functions reach the second tier together", &prices, &halves);
        outcome.expect_json_at("/duration", second * first + price(0));
    }
    let account = values("prices");
    let free = account["free_gigabyte_seconds"].as_u64().expect("what is free");
    for architecture in ["x86_64", "arm64"] {
        let first = units(&account[format!("{architecture}_gigabyte_second")]);
        let above = &account[format!("{architecture}_gigabyte_second_above")][0];
        let second = above["gigabyte_seconds"].as_u64().expect("where a tier begins");
        for (more, expected) in [(0, second * first), (1, second * first + units(&above["usd"]))] {
            let count = second + free + more;
            let story = format!("what is free comes off {count} GB-seconds on {architecture} before the tiers");
            bill(story, &account, &[gigabyte_seconds(architecture, count)]).expect_json_at("/duration", expected);
        }
    }
    let both = [gigabyte_seconds("x86_64", 5_000_000_000), gigabyte_seconds("arm64", 5_000_000_000)];
    let outcome = bill("each architecture has tiers of its own", &prices, &both);
    let sum = units(&prices["x86_64_gigabyte_second"]) + units(&prices["arm64_gigabyte_second"]);
    outcome.expect_json_at("/duration", 5_000_000_000 * sum);
}

#[test]
fn charges_tmp_above_512_mb_while_the_function_runs() {
    let mut seed = Seed::at_run_time();
    let prices = values("prices");
    for (tmp_mb, above_mb) in [(512, 0), (1_536, 1_024), (10_240, 9_728)] {
        let count = 1_000 * seed.number(1..=300);
        let invocations = json!([{ "count": count, "duration_us": 1_999_001 }]);
        let function =
            json!({ "architecture": "arm64", "memory_mb": 128, "tmp_mb": tmp_mb, "invocations": invocations });
        let mut ready = function.clone();
        ready["provisioned"] = json!({ "environments": 1, "seconds": 300 });
        let expected = above_mb * count * 2_000 * units(&prices["ephemeral_storage_gigabyte_second"]) / 1_024_000;
        let outcome = bill(format!("{count} invocations of two seconds with {tmp_mb} MB"), &prices, &[function]);
        outcome.expect_json_at("/tmp", expected);
        let outcome = bill("the same with provisioned concurrency", &prices, &[ready]);
        outcome.expect_json_at("/tmp", expected);
    }
}

#[test]
fn charges_environments_that_are_kept_ready_used_or_not() {
    let mut seed = Seed::at_run_time();
    let prices = values("prices");
    for architecture in ["x86_64", "arm64"] {
        let ready = units(&prices[format!("{architecture}_provisioned_gigabyte_second")]);
        let environments = seed.number(1..=100);
        for (seconds, paid) in [(3_600, 3_600), (3_601, 3_900), (1, 300)] {
            let function = json!({
                "architecture": architecture, "memory_mb": 2048,
                "provisioned": { "environments": environments, "seconds": seconds },
            });
            let outcome = bill(format!("{environments} ready for {seconds} s, and nobody came"), &prices, &[function]);
            let expected = 2 * environments * paid * ready;
            outcome.expect_json(json!({
                "requests": 0, "duration": 0, "tmp": 0, "provisioned": expected, "total": expected,
            }));
        }
    }
}

#[test]
fn gives_nothing_free_to_functions_with_provisioned_concurrency() {
    let mut seed = Seed::at_run_time();
    let prices = values("prices");
    for architecture in ["x86_64", "arm64"] {
        let count = seed.number(1_000..=900_000);
        let mut ready = gigabyte_seconds(architecture, count);
        ready["provisioned"] = json!({ "environments": 1, "seconds": 300 });
        let other = gigabyte_seconds(architecture, 400_000);
        let outcome = bill("one function ready, and one on demand within the free tier", &prices, &[ready, other]);
        outcome.expect_json_at("/requests", count * units(&prices["request"]));
        let on_provisioned = units(&prices[format!("{architecture}_gigabyte_second_on_provisioned")]);
        outcome.expect_json_at("/duration", count * on_provisioned);
    }
}

#[test]
fn divides_once_at_the_end() {
    let mut seed = Seed::at_run_time();
    let prices = without_free_tier();
    let rate = units(&prices["x86_64_gigabyte_second"]);
    for _ in 0..4 {
        let (parts, memory_mb, ms) = (seed.number(20..=60), seed.number(129..=3_000), seed.number(1..=900));
        let part = |count: u64| {
            let invocations = json!([{ "count": count, "duration_us": ms * 1_000 }]);
            json!({ "architecture": "x86_64", "memory_mb": memory_mb, "invocations": invocations })
        };
        let expected = (parts * memory_mb * ms * rate + 512_000) / 1_024_000;
        let apart: Vec<Value> = (0..parts).map(|_| part(1)).collect();
        let story = format!("{parts} functions that ran once, {ms} ms with {memory_mb} MB");
        bill(story, &prices, &apart).expect_json_at("/duration", expected);
        bill("one function that did all of it", &prices, &[part(parts)]).expect_json_at("/duration", expected);
    }
}

/// So much of an exact price, a number of ten-billionths times megabytes times milliseconds, is one ten-billionth.
const DIVISOR: u64 = 1_024_000;

fn rounded(exact: u64) -> u64 {
    (exact + DIVISOR / 2) / DIVISOR
}

/// Draws until the exact price leaves between a third and a half of a ten-billionth, which rounding drops. Two of them
/// together make one, so it shows whether they were rounded together or apart.
fn with_a_rest<T>(mut draw: impl FnMut() -> (T, u64)) -> (T, u64) {
    loop {
        let (drawn, exact) = draw();
        if (DIVISOR / 3 + 1..DIVISOR / 2).contains(&(exact % DIVISOR)) {
            return (drawn, exact);
        }
    }
}

#[test]
fn rounds_each_line_once() {
    let mut seed = Seed::at_run_time();
    let prices = without_free_tier();
    let price = |name: &str| units(&prices[name]);
    // A function that ran once, and the exact price of its memory, or of its /tmp.
    let mut once = |architecture: &str, tmp_mb: u64, on: &str, rate: u64| {
        with_a_rest(|| {
            let (memory_mb, ms) = (seed.number(129..=3_000), seed.number(1..=900));
            let mut function = json!({
                "architecture": architecture, "memory_mb": memory_mb, "tmp_mb": 512 + tmp_mb * memory_mb,
                "invocations": [{ "count": 1, "duration_us": ms * 1_000 }],
            });
            if on == "provisioned" {
                function["provisioned"] = json!({ "environments": 1, "seconds": 300 });
            }
            (function, memory_mb * ms * rate)
        })
    };
    let x86 = once("x86_64", 0, "demand", price("x86_64_gigabyte_second"));
    let arm = once("arm64", 0, "demand", price("arm64_gigabyte_second"));
    let ready = once("x86_64", 0, "provisioned", price("x86_64_gigabyte_second_on_provisioned"));
    for (story, first, second) in [
        ("duration on two architectures", &x86, &arm),
        ("duration on demand and on provisioned concurrency", &arm, &ready),
    ] {
        let outcome = bill(story, &prices, &[first.0.clone(), second.0.clone()]);
        outcome.expect_json_at("/duration", rounded(first.1 + second.1));
    }
    let tmp = price("ephemeral_storage_gigabyte_second");
    let (first, second) = (once("x86_64", 1, "demand", tmp), once("arm64", 1, "provisioned", tmp));
    let outcome = bill("two functions with a larger /tmp", &prices, &[first.0, second.0]);
    outcome.expect_json_at("/tmp", rounded(first.1 + second.1));

    let mut kept = |architecture: &str| {
        let rate = price(&format!("{architecture}_provisioned_gigabyte_second"));
        with_a_rest(|| {
            let (memory_mb, steps) = (seed.number(129..=3_000), seed.number(1..=90));
            let provisioned = json!({ "environments": 1, "seconds": 300 * steps });
            let function = json!({ "architecture": architecture, "memory_mb": memory_mb, "provisioned": provisioned });
            (function, memory_mb * 300 * steps * 1_000 * rate)
        })
    };
    let (first, second) = (kept("x86_64"), kept("arm64"));
    let outcome = bill("two functions that are kept ready", &prices, &[first.0, second.0]);
    outcome.expect_json_at("/provisioned", rounded(first.1 + second.1));
}

#[test]
fn computes_with_the_prices_that_it_is_given() {
    let mut seed = Seed::at_run_time();
    for region in ["another Region", "next year"] {
        let mut prices = values("prices");
        let (rate, request, free) = (seed.number(140_000..=199_999), seed.number(1_500..=2_500), seed.number(0..=9));
        prices["arm64_gigabyte_second"] = json!(format!("0.0000{rate}"));
        prices["request"] = json!(format!("0.000000{request}"));
        let (tmp, ready, step) = (seed.number(100..=999), seed.number(10_000..=99_999), seed.number(301..=900));
        prices["ephemeral_storage_gigabyte_second"] = json!(format!("0.0000000{tmp}"));
        prices["x86_64_provisioned_gigabyte_second"] = json!(format!("0.00000{ready}"));
        prices["provisioned_step"] = json!(step);
        prices["free_requests"] = json!(free);
        prices["free_gigabyte_seconds"] = json!(free);
        let count = seed.number(10..=1_000_000);
        let mut demand = gigabyte_seconds("arm64", count);
        demand["tmp_mb"] = json!(512 + 1_024);
        let provisioned = json!({ "environments": 1, "seconds": step + 1 });
        let kept = json!({ "architecture": "x86_64", "memory_mb": 1_024, "provisioned": provisioned });
        let story = format!(
            "the prices of {region}: a request costs {request}, a GB-second on arm64 {rate}, one of /tmp {tmp}, one that \
             is kept ready on x86_64 {ready} in steps of {step} s"
        );
        bill(story, &prices, &[demand, kept])
            .expect_json_at("/duration", (count - free) * rate)
            .expect_json_at("/requests", (count - free) * request)
            .expect_json_at("/tmp", count * tmp)
            .expect_json_at("/provisioned", 2 * step * ready);
    }
}

#[test]
fn adds_the_lines_up() {
    let mut seed = Seed::at_run_time();
    let prices = values("prices");
    for _ in 0..2 {
        let mut large = gigabyte_seconds("x86_64", 500_000 + seed.number(1..=900_000));
        large["tmp_mb"] = json!(seed.number(600..=10_240));
        let mut ready = gigabyte_seconds("arm64", seed.number(1..=900_000));
        ready["provisioned"] = json!({ "environments": 3, "seconds": seed.number(1..=90_000) });
        let outcome = bill("a month with something of everything", &prices, &[large, ready]);
        let bill = outcome.expect_response();
        let line = |name: &str| bill[name].as_u64().unwrap_or_default();
        let sum = line("requests") + line("duration") + line("tmp") + line("provisioned");
        outcome.expect_that("every line costs something", |bill| {
            ["requests", "duration", "tmp", "provisioned"].iter().all(|line| bill[line].as_u64() > Some(0))
        });
        outcome.expect_json_at("/total", sum);
    }
    let prices = without_free_tier();
    let rest = |exact: u64| exact % DIVISOR;
    let (mut by_duration, mut by_tmp, mut function) = (0, 0, json!({}));
    // Each of the two lines drops a rest, and the sum of both rests would be rounded up.
    while !(DIVISOR / 4..DIVISOR / 2).contains(&rest(by_duration))
        || !(DIVISOR / 4 + 1..DIVISOR / 2).contains(&rest(by_tmp))
    {
        let (memory_mb, tmp_mb, ms) = (seed.number(129..=3_000), seed.number(1..=9_000), seed.number(1..=900));
        by_duration = memory_mb * ms * units(&prices["arm64_gigabyte_second"]);
        by_tmp = tmp_mb * ms * units(&prices["ephemeral_storage_gigabyte_second"]);
        function = json!({
            "architecture": "arm64", "memory_mb": memory_mb, "tmp_mb": 512 + tmp_mb,
            "invocations": [{ "count": 1, "duration_us": ms * 1_000 }],
        });
    }
    let outcome = bill("the sum of the lines, which are rounded", &prices, &[function]);
    let lines = units(&prices["request"]) + rounded(by_duration) + rounded(by_tmp);
    outcome.expect_json_at("/total", lines);
}
