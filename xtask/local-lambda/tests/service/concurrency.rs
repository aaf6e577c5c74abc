//! Several environments, several slots, throttles.

use std::collections::HashSet;
use std::time::Duration;

use local_lambda::{Fate, Outcome, ThrottleReason};
use serde_json::json;

use crate::support::{fates, fates_in, violations};

#[test]
fn every_concurrent_request_has_an_environment_of_its_own() {
    let function = fates().start();
    let pending: Vec<_> = (0..4).map(|_| function.request().send(json!({ "fate": "sleep", "ms": 150 }))).collect();
    let environments: HashSet<_> = pending.into_iter().map(|pending| pending.wait().environment.unwrap()).collect();
    assert_eq!(environments.len(), 4);
    assert_eq!(function.environments(), 4);
    assert_eq!(function.invoke(json!({})).environment, Some(0), "the first free one takes the next event");
}

#[test]
fn beyond_the_reserved_concurrency_requests_are_throttled() {
    let function = fates().reserved_concurrency(2).start();
    let pending: Vec<_> = (0..3).map(|_| function.request().send(json!({ "fate": "sleep", "ms": 200 }))).collect();
    let outcomes: Vec<Outcome> = pending.into_iter().map(|pending| pending.wait()).collect();
    outcomes[2].expect_throttled();
    assert!(matches!(outcomes[2].fate, Fate::Throttled(ThrottleReason::ReservedConcurrency { reserved: 2 })));
    assert_eq!(outcomes[2].status_code(), 429);
    assert!(
        String::from_utf8_lossy(&outcomes[2].payload()).contains("ReservedFunctionConcurrentInvocationLimitExceeded")
    );
    function.invoke(json!({})).expect_warm();
    fates().reserved_concurrency(0).start().invoke(json!({})).expect_throttled();
}

#[test]
fn several_slots_share_one_process() {
    let function = fates_in("concurrent").max_concurrency(4).start();
    let pending: Vec<_> = (0..4).map(|n| function.request().send(json!({ "ms": 100, "n": n }))).collect();
    let outcomes: Vec<Outcome> = pending.into_iter().map(|pending| pending.wait()).collect();
    let pids: HashSet<u64> =
        outcomes.iter().map(|outcome| outcome.expect_response()["pid"].as_u64().unwrap()).collect();
    assert_eq!((pids.len(), function.environments()), (1, 1));
    for (n, outcome) in outcomes.iter().enumerate() {
        outcome.expect_json_at("/echo/n", n as u64).expect_no_violations();
    }
    let overflow: Vec<_> = (0..5).map(|_| function.request().send(json!({ "ms": 100 }))).collect();
    let environments: HashSet<_> = overflow.into_iter().map(|pending| pending.wait().environment).collect();
    assert_eq!(environments.len(), 2, "the fifth needs another environment");
}

#[test]
fn with_several_slots_a_timeout_is_told_and_not_enforced() {
    let function = fates_in("concurrent").max_concurrency(2).timeout(Duration::from_millis(60)).start();
    function.invoke(json!({ "ms": 150 })).expect_timeout();
    std::thread::sleep(Duration::from_millis(150));
    let next = function.invoke(json!({ "ms": 1 }));
    next.expect_warm();
    assert_eq!(violations(&next), [("answer_after_timeout", 410)]);
}

#[test]
fn a_function_can_be_used_from_many_threads() {
    let function = fates().start();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let function = function.clone();
            scope.spawn(move || {
                for _ in 0..5 {
                    function.invoke(json!({ "n": n })).expect_json(json!({ "n": n }));
                }
            });
        }
    });
    assert!((1..=8).contains(&function.environments()));
}

#[test]
fn an_environment_at_work_ends_when_it_is_done() {
    let function = fates().start();
    let pending = function.request().send(json!({ "fate": "sleep", "ms": 100 }));
    assert!(crate::support::eventually(|| function.environments() == 1));
    function.force_cold();
    pending.wait().expect_answer();
    assert!(crate::support::eventually(|| function.environments() == 0));
    function.invoke(json!({})).expect_cold();
}
