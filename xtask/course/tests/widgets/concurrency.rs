//! What a steady load needs, and what a limit lets through, asked of every candidate number instead of a formula.
//!
//! Sources of the rules: Little's law; ten requests a second for each unit of concurrency
//! (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>); the scaling rate
//! (<https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html>).

use course::data;
use serde_json::{Value, json};

use crate::{number, variations, vectors};

fn load(input: &Value) -> Value {
    let facts = data("concurrency");
    let fact = |name: &str| facts[name]["value"].as_u64().expect("a number");
    let (rate, duration, account) = (number(input, "rate"), number(input, "duration_ms"), number(input, "account"));
    let reserved = input["reserved"].as_u64();
    if let Some(reserved) = reserved
        && reserved + fact("unreserved_concurrency") > account
    {
        return json!({
            "accepted": false, "most_reservable": account.saturating_sub(fact("unreserved_concurrency")),
        });
    }
    let limit = reserved.unwrap_or(account);

    // In a second, an environment is busy for 1,000 ms at most, and takes ten requests at most.
    let carries_time = |environments: u64, requests: u64| requests * duration <= environments * 1_000;
    let carries_count = |environments: u64, requests: u64| requests <= environments * fact("requests_per_environment");
    let least =
        |carries: &dyn Fn(u64, u64) -> bool| (0..).find(|&environments| carries(environments, rate)).expect("enough");
    let answered = |environments: u64| {
        let fits = |requests: &u64| carries_time(environments, *requests) && carries_count(environments, *requests);
        (0..=rate).rev().find(fits).expect("none at all fits always")
    };
    let by_duration = least(&carries_time);
    let by_rate = least(&carries_count);

    let mut allowed = 0;
    let mut seconds = Vec::new();
    for second in 0..30 {
        if second % fact("scaling_interval") == 0 {
            allowed += fact("scaling_environments");
        }
        seconds.push(answered(allowed.min(limit)));
    }
    json!({
        "accepted": true, "limit": limit, "by_duration": by_duration, "by_rate": by_rate,
        "needed": by_duration.max(by_rate), "answered": answered(limit), "throttled": rate - answered(limit),
        "seconds": seconds,
    })
}

fn base() -> Value {
    json!({ "rate": 20_000, "duration_ms": 50, "account": 1000, "reserved": null })
}

#[test]
fn a_quick_function_needs_twice_what_littles_law_says() {
    let told = load(&base());
    assert_eq!((&told["by_duration"], &told["by_rate"]), (&json!(1000), &json!(2000)));
    assert_eq!((&told["answered"], &told["throttled"]), (&json!(10_000), &json!(10_000)));
}

#[test]
fn concurrency_vectors_are_up_to_date() {
    let changes = [
        json!({}),
        json!({ "duration_ms": 100 }),
        json!({ "duration_ms": 101 }),
        json!({ "duration_ms": 3000, "rate": 1000, "account": 10_000 }),
        json!({ "duration_ms": 1, "rate": 10 }),
        json!({ "duration_ms": 333, "rate": 10 }),
        json!({ "account": 2000 }),
        json!({ "account": 5000, "rate": 50_000 }),
        json!({ "account": 2000, "reserved": 1900 }),
        json!({ "account": 2000, "reserved": 1901 }),
        json!({ "account": 100, "reserved": 1 }),
        json!({ "account": 1000, "reserved": 0, "rate": 100 }),
        json!({ "account": 1000, "reserved": 10, "rate": 100, "duration_ms": 200 }),
    ];
    vectors("concurrency", &variations(&base(), &changes), load);
}
