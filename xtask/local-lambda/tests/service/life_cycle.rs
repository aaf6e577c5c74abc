//! Cold and warm, frozen and thawed, shut down, seeded.

use std::process::Command;
use std::time::Duration;

use local_lambda::{Exit, What};
use serde_json::json;

use crate::support::{eventually, fates, fates_in, is_running, raw};

#[test]
fn state_survives_between_invocations_and_not_a_cold_start() {
    let function = fates().start();
    for count in 1..=3 {
        function.invoke(json!({ "fate": "count" })).expect_json(json!({ "count": count }));
    }
    function.force_cold();
    assert_eq!(function.environments(), 0);
    function.invoke(json!({ "fate": "count" })).expect_cold().expect_json(json!({ "count": 1 }));
}

#[test]
fn a_frozen_timer_rings_only_in_the_next_invocation() {
    let function = fates().freeze(true).start();
    function.invoke(json!({ "fate": "background" })).expect_not_logged("the timer rang");
    std::thread::sleep(Duration::from_millis(150));
    let next = function.invoke(json!({ "fate": "sleep", "ms": 20 }));
    next.expect_warm().expect_logged("the timer rang");
    let frozen: Vec<bool> = next
        .transcript
        .iter()
        .filter_map(|step| match step.what {
            What::Frozen => Some(true),
            What::Thawed => Some(false),
            _ => None,
        })
        .collect();
    assert_eq!(frozen, [false, true], "thawed for this event, frozen after it");
}

#[test]
fn without_freezing_a_timer_rings_in_between() {
    let function = fates().start();
    function.invoke(json!({ "fate": "background" }));
    std::thread::sleep(Duration::from_millis(150));
    function.invoke(json!({})).expect_logged("the timer rang");
}

#[test]
fn a_frozen_function_can_be_killed_and_shut_down() {
    let function = fates().freeze(true).start();
    function.invoke(json!({}));
    assert_eq!(function.shut_down()[0].exit, Some(Exit::Signal(9)));
    function.invoke(json!({})).expect_cold();
}

#[test]
fn tmp_outlives_a_crash_but_not_the_environment() {
    let function = fates().start();
    let files = |function: &local_lambda::Function| {
        function.invoke(json!({ "fate": "tmp" })).expect_response()["before"].as_u64().unwrap()
    };
    assert_eq!((files(&function), files(&function)), (0, 1));
    function.invoke(json!({ "fate": "exit", "code": 1 })).expect_exit(Exit::Code(1));
    assert_eq!(files(&function), 2, "Lambda resets the process and keeps /tmp");
    function.force_cold();
    assert_eq!(files(&function), 0);
}

#[test]
fn an_idle_environment_is_killed_at_once_without_extensions() {
    let function = fates().start();
    function.invoke(json!({}));
    let shutdowns = function.shut_down();
    assert_eq!(shutdowns.len(), 1);
    assert_eq!(shutdowns[0].exit, Some(Exit::Signal(9)));
    assert!(!shutdowns[0].transcript.iter().any(|step| matches!(step.what, What::ShutdownSent { .. })));
}

#[test]
fn a_graceful_shutdown_handler_gets_its_window() {
    for freeze in [false, true] {
        let function = fates_in("graceful").freeze(freeze).start();
        function.invoke(json!({})).expect_answer();
        let shutdowns = function.shut_down();
        assert_eq!(shutdowns[0].exit, Some(Exit::Code(0)), "{shutdowns:#?}");
        let log: Vec<&str> = shutdowns[0].log.iter().map(|line| line.text.as_str()).collect();
        assert!(log.contains(&"cleaned up"), "{log:?}");
    }
}

#[test]
fn init_is_billed_on_a_cold_start_and_only_there() {
    let function = fates().start();
    let cold = function.invoke(json!({})).report;
    let init = cold.init_duration.expect("a cold start has an init duration");
    assert_eq!(
        cold.billed_duration,
        Duration::from_millis((init + cold.duration).as_nanos().div_ceil(1_000_000) as u64)
    );
    let warm = function.invoke(json!({})).report;
    assert_eq!(warm.init_duration, None);
    assert_eq!(warm.billed_duration, Duration::from_millis(warm.duration.as_nanos().div_ceil(1_000_000) as u64));
}

#[test]
fn memory_is_what_the_process_used_and_not_what_the_test_does() {
    let ballast = vec![1_u8; 200 * 1024 * 1024];
    let outcome = raw("").start().invoke(json!({}));
    assert!((500..60_000).contains(&outcome.report.max_memory_kib), "{} KiB", outcome.report.max_memory_kib);
    assert_eq!(ballast[ballast.len() - 1], 1);
}

#[test]
fn the_process_that_ended_between_two_invocations_is_replaced() {
    let function = fates().start();
    let pid = function.invoke(json!({ "fate": "pid" })).expect_response()["pid"].as_u64().unwrap();
    // As a kernel that is short of memory would do it.
    assert!(Command::new("/bin/kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
    // Its sockets are closed with its last thread, and its entry goes when the service has seen its end.
    assert!(eventually(|| !std::path::Path::new(&format!("/proc/{pid}/stat")).exists() && !is_running(pid)));
    function.invoke(json!({ "fate": "count" })).expect_cold().expect_json(json!({ "count": 1 }));
}
