//! A burst on a function without environments, told by what every environment is doing at every request's arrival.
//!
//! Source of the rules: an environment takes one request at a time; where all are busy, another is started
//! (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html>). INIT is billed
//! (<https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/>), what comes before it is
//! not.

use serde_json::{Value, json};

use crate::{number, variations, vectors};

/// All times in milliseconds.
struct Environment {
    idle_from: u64,
}

fn burst(input: &Value) -> Value {
    let of = |name: &str| number(input, name);
    let in_main = match input["setup_in"].as_str() {
        Some("main") => true,
        Some("handler") => false,
        other => panic!("set-up is in main or in the handler, not in {other:?}"),
    };
    let (mut init, mut handler) = (of("init_ms"), of("handler_ms"));
    *(if in_main { &mut init } else { &mut handler }) += of("setup_ms");

    let mut environments: Vec<Environment> = Vec::new();
    let mut requests = Vec::new();
    let (mut billed, mut billed_init) = (0, 0);
    let mut arrives = 0;
    for _ in 0..of("requests") {
        let idle = environments.iter_mut().enumerate().find(|(_, environment)| environment.idle_from <= arrives);
        let (number, begins, cold) = match idle {
            Some((index, _)) => (index + 1, arrives, false),
            None => {
                environments.push(Environment { idle_from: 0 });
                (environments.len(), arrives + of("before_ms") + init, true)
            }
        };
        let answered = begins + handler;
        environments[number - 1].idle_from = answered;
        let bill = if cold { init + handler } else { handler };
        billed += bill;
        billed_init += if cold { init } else { 0 };
        requests.push(json!({
            "environment": number, "cold": cold, "arrives_ms": arrives, "begins_ms": begins, "answered_ms": answered,
            "billed_ms": bill,
        }));
        arrives += of("interval_ms");
    }
    json!({ "environments": environments.len(), "billed_ms": billed, "init_ms": billed_init, "requests": requests })
}

fn base() -> Value {
    json!({
        "requests": 8, "interval_ms": 50, "before_ms": 80, "init_ms": 20, "setup_ms": 120, "setup_in": "main",
        "handler_ms": 20,
    })
}

#[test]
fn a_burst_starts_more_environments_than_its_load_needs() {
    // The first is ready after 220 ms and answers after 240; by then five requests are there.
    let told = burst(&base());
    assert_eq!(told["environments"], 5);
    assert_eq!(told["requests"][0]["answered_ms"], 240);
    assert_eq!(
        told["requests"][5],
        json!({
            "environment": 1, "cold": false, "arrives_ms": 250, "begins_ms": 250, "answered_ms": 270, "billed_ms": 20,
        })
    );
}

#[test]
fn cold_start_vectors_are_up_to_date() {
    let changes = [
        json!({}),
        json!({ "setup_in": "handler" }),
        json!({ "requests": 1 }),
        json!({ "requests": 12, "interval_ms": 0 }),
        json!({ "requests": 12, "interval_ms": 5, "before_ms": 0, "init_ms": 0, "setup_ms": 0 }),
        // Idle again in the millisecond of the next arrival.
        json!({ "requests": 4, "interval_ms": 100, "before_ms": 0, "init_ms": 60, "setup_ms": 20, "handler_ms": 20 }),
        json!({ "requests": 6, "interval_ms": 100, "before_ms": 20, "init_ms": 60, "setup_ms": 20, "handler_ms": 1 }),
        json!({ "requests": 10, "interval_ms": 20, "handler_ms": 50, "setup_ms": 1000 }),
        json!({ "requests": 12, "interval_ms": 500, "setup_in": "handler", "setup_ms": 900, "handler_ms": 200 }),
    ];
    vectors("cold-start", &variations(&base(), &changes), burst);
}
