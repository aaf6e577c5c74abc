//! Duration and price of the same work at ten sizes of memory.
//!
//! Source of the rule: power in proportion to memory, one vCPU at 1,769 MB
//! (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>). A thread uses one vCPU at most.

use course::data;
use serde_json::{Value, json};

use crate::{number, units, variations, vectors};

const SIZES: [u64; 10] = [128, 256, 512, 1024, 1769, 2048, 3538, 5307, 7076, 10_240];

fn plot(input: &Value) -> Value {
    let one_vcpu = data("compute")["one_vcpu_memory"]["value"].as_u64().expect("MB");
    let price =
        units(&data("prices")[format!("{}_gigabyte_second", input["architecture"].as_str().expect("a text"))]["value"]);
    let of = |name: &str| number(input, name);
    let mut sizes: Vec<(u64, u64, u128)> = Vec::new();
    for memory in SIZES {
        // In a millisecond, so many 1,769ths of a vCPU's millisecond are computed.
        let per_ms = memory.min(one_vcpu * of("threads"));
        let work = of("cpu_ms") * one_vcpu;
        let done = |ms: &u64| ms.saturating_sub(of("wait_ms")) * per_ms >= work && *ms >= of("wait_ms");
        let billed = (1..).find(done).expect("every work ends");
        // A million requests: MB x ms x price x 1,000,000 / 1,024,000, halves up.
        let numerator = u128::from(memory) * u128::from(billed) * price * 1000;
        sizes.push((memory, billed, (numerator + 512) / 1024));
    }
    let cheapest = sizes.iter().min_by_key(|(_, ms, cost)| (*cost, *ms)).expect("a size").0;
    let fastest = sizes.iter().min_by_key(|(_, ms, cost)| (*ms, *cost)).expect("a size").0;
    let told = |(memory, ms, cost): &(u64, u64, u128)| json!({ "memory_mb": memory, "billed_ms": ms, "cost": cost.to_string() });
    json!({ "sizes": sizes.iter().map(told).collect::<Vec<_>>(), "cheapest": cheapest, "fastest": fastest })
}

fn base() -> Value {
    json!({ "architecture": "arm64", "cpu_ms": 300, "wait_ms": 20, "threads": 1 })
}

#[test]
fn a_function_that_computes_is_thirteen_times_as_fast_for_almost_the_same_money() {
    let told = plot(&base());
    let (small, vcpu) = (&told["sizes"][0], &told["sizes"][4]);
    assert_eq!((&small["billed_ms"], &vcpu["billed_ms"]), (&json!(4167), &json!(320)));
    let cost = |size: &Value| size["cost"].as_str().and_then(|text| text.parse::<f64>().ok()).expect("a number");
    assert!(cost(vcpu) / cost(small) < 1.07);
}

#[test]
fn memory_vectors_are_up_to_date() {
    let changes = [
        json!({}),
        json!({ "architecture": "x86_64" }),
        json!({ "cpu_ms": 0, "wait_ms": 0 }),
        json!({ "cpu_ms": 0, "wait_ms": 200 }),
        json!({ "cpu_ms": 1, "wait_ms": 0 }),
        json!({ "cpu_ms": 3000, "wait_ms": 0, "threads": 6 }),
        json!({ "cpu_ms": 1000, "threads": 2 }),
        json!({ "cpu_ms": 20, "wait_ms": 1000 }),
        json!({ "cpu_ms": 5, "wait_ms": 5, "threads": 3, "architecture": "x86_64" }),
    ];
    vectors("memory", &variations(&base(), &changes), plot);
}
