//! One seed, one world.

use serde_json::{Value, json};

use crate::support::fates;

/// Everything that a function can see of ids.
fn seen(seed: u64) -> Vec<Value> {
    let function = fates().seed(seed).start();
    (0..3)
        .map(|_| {
            let context = function.invoke(json!({ "fate": "context" })).expect_response();
            json!([context["request_id"], context["xray_trace_id"], context["env_config"]["log_stream"]])
        })
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_ids_and_another_seed_others() {
    assert_eq!(seen(1), seen(1));
    assert_ne!(seen(1), seen(2));
}
