//! The bill of a month, line by line in whole units of 1e-10 USD.
//!
//! Source of the rules: <https://aws.amazon.com/lambda/pricing/>. Prices times MB-milliseconds are whole numbers over
//! 1,024,000, so each line is divided once, at its end, and rounded half up. The free tier comes off the account's sum
//! before tiers are counted.

use course::data;
use serde_json::{Value, json};

use crate::{number, units, variations, vectors};

const MB_MS_PER_GB_S: u128 = 1_024_000;
const BYTES_PER_GB: u128 = 1 << 30;

fn half_up(numerator: u128, denominator: u128) -> u128 {
    numerator / denominator + u128::from(numerator % denominator * 2 >= denominator)
}

/// Walks down from the dearest tier to what is left: `(width, price)`, the last one without end.
fn duration(mb_ms: u128, prices: &Value, architecture: &str) -> u128 {
    let above = prices[format!("{architecture}_gigabyte_second_above")]["value"].as_array().expect("tiers");
    let mut price = units(&prices[format!("{architecture}_gigabyte_second")]["value"]);
    let (mut left, mut begun, mut sum) = (mb_ms, 0, 0);
    for tier in above {
        let begins = u128::from(tier["gigabyte_seconds"].as_u64().expect("GB-seconds")) * MB_MS_PER_GB_S;
        let here = left.min(begins - begun);
        sum += here * price;
        left -= here;
        begun = begins;
        price = units(&tier["usd"]);
    }
    half_up(sum + left * price, MB_MS_PER_GB_S)
}

fn bill(input: &Value) -> Value {
    let prices = data("prices");
    let of = |name: &str| u128::from(number(input, name));
    let free = |name: &str| {
        let free = prices[name]["value"].as_u64().expect("a free amount");
        if input["free_tier"] == true { u128::from(free) } else { 0 }
    };
    let architecture = input["architecture"].as_str().expect("an architecture");
    let requests = of("requests") * of("functions");
    // An invocation at a time: the cold ones are billed for INIT too.
    let warm = of("requests") - of("cold_starts");
    let handler = of("requests") * of("duration_ms");
    let billed = warm * of("duration_ms") + of("cold_starts") * (of("init_ms") + of("duration_ms"));
    let in_account = |ms: u128| {
        let gross = ms * of("memory_mb") * of("functions");
        duration(gross.saturating_sub(free("free_gigabyte_seconds") * MB_MS_PER_GB_S), &prices, architecture)
    };
    let logged = (requests * of("log_bytes")).saturating_sub(free("logs_free_gigabytes") * BYTES_PER_GB);
    let request_line = requests.saturating_sub(free("free_requests")) * units(&prices["request"]["value"]);
    let logs = half_up(logged * units(&prices["logs_gigabyte"]["value"]), BYTES_PER_GB);
    let duration = in_account(billed);
    json!({
        "requests": request_line.to_string(),
        "duration": duration.to_string(),
        "init": (duration - in_account(handler)).to_string(),
        "logs": logs.to_string(),
        "total": (request_line + duration + logs).to_string(),
    })
}

fn base() -> Value {
    json!({
        "architecture": "arm64", "memory_mb": 512, "requests": 10_000_000, "duration_ms": 120, "init_ms": 0,
        "cold_starts": 0, "log_bytes": 0, "functions": 1, "free_tier": true,
    })
}

#[test]
fn the_bill_of_ten_million_requests_is_what_the_price_list_says() {
    // 600,000 GB-s: by hand, with the prices of us-east-1.
    let totals = |changes: Value| bill(&variations(&base(), &[changes])[0])["total"].as_str().map(str::to_owned);
    assert_eq!(totals(json!({})).as_deref(), Some("44666800000"), "2.66668 + 1.80 USD");
    assert_eq!(totals(json!({ "architecture": "x86_64" })).as_deref(), Some("51333400000"), "3.33334 + 1.80 USD");
    assert_eq!(
        totals(json!({ "architecture": "x86_64", "free_tier": false })).as_deref(),
        Some("120000200000"),
        "10.00002 + 2.00 USD"
    );
}

#[test]
fn cost_vectors_are_up_to_date() {
    // 6 billion GB-s of 1,024 MB and 1 s, and what lies just above and below a tier.
    let tier = |requests: u64, architecture: &str| json!({ "architecture": architecture, "requests": requests, "memory_mb": 1024, "duration_ms": 1000, "free_tier": false });
    let changes = [
        json!({}),
        json!({ "architecture": "x86_64" }),
        json!({ "free_tier": false }),
        json!({ "requests": 0 }),
        json!({ "requests": 1, "memory_mb": 128, "duration_ms": 1, "free_tier": false }),
        json!({ "requests": 1_000_000 }),
        json!({ "requests": 1_000_001, "functions": 2 }),
        json!({ "functions": 10, "requests": 300_000, "log_bytes": 1000 }),
        json!({ "init_ms": 150, "cold_starts": 200_000, "log_bytes": 1000 }),
        json!({ "init_ms": 3000, "cold_starts": 10_000_000, "architecture": "x86_64" }),
        json!({ "memory_mb": 1769, "duration_ms": 7, "requests": 123_457, "free_tier": false }),
        json!({ "memory_mb": 129, "duration_ms": 3, "requests": 7, "free_tier": false, "log_bytes": 333 }),
        json!({ "memory_mb": 10_240, "duration_ms": 3000, "requests": 1_000_000_000, "functions": 10, "log_bytes": 8000 }),
        tier(5_999_999_999, "x86_64"),
        tier(6_000_000_000, "x86_64"),
        tier(6_000_000_001, "x86_64"),
        tier(15_000_000_001, "x86_64"),
        tier(7_500_000_001, "arm64"),
        tier(20_000_000_000, "arm64"),
    ];
    vectors("cost", &variations(&base(), &changes), bill);
}
