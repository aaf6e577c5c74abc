//! Every way to fail, and what comes back.

use std::time::{Duration, Instant};

use local_lambda::{Exit, Fate, Function, InitError};
use serde_json::{Value, json};

use crate::support::{eventually, example, fates, is_running, raw};

fn payload(outcome: &local_lambda::Outcome) -> Value {
    serde_json::from_slice(&outcome.payload()).expect("an error is JSON")
}

#[test]
fn an_error_of_the_handler_comes_back_as_posted() {
    let function = fates().start();
    let outcome = function.invoke(json!({ "fate": "error" }));
    let error = outcome.expect_error("OrderRefused");
    assert_eq!((error.message.as_str(), error.recorded_type.as_str()), ("no such print", "Runtime.Unknown"));
    assert_eq!((outcome.status_code(), outcome.function_error()), (200, Some("Unhandled")));
    assert_eq!(payload(&outcome), json!({ "errorType": "OrderRefused", "errorMessage": "no such print" }));
    function.invoke(json!({})).expect_warm();
}

#[test]
fn a_panic_of_the_handler_is_an_error_and_the_process_lives() {
    let function = fates().start();
    let outcome = function.invoke(json!({ "fate": "panic" }));
    assert!(outcome.expect_function_error().message.contains("the printer is on fire"));
    outcome.expect_logged("the printer is on fire");
    function.invoke(json!({ "fate": "count" })).expect_warm().expect_json(json!({ "count": 2 }));
}

#[test]
fn an_exit_tells_its_code_and_the_next_start_is_cold() {
    let function = fates().start();
    for (code, message) in
        [(7, "Runtime exited with error: exit status 7"), (0, "Runtime exited without providing a reason")]
    {
        let outcome = function.invoke(json!({ "fate": "exit", "code": code }));
        outcome.expect_exit(Exit::Code(code));
        let payload = payload(&outcome);
        assert_eq!(payload["errorType"], "Runtime.ExitError");
        assert_eq!(payload["errorMessage"], format!("RequestId: {} Error: {message}", outcome.request_id));
        assert!(outcome.report_line().unwrap().ends_with("Status: error\tError Type: Runtime.ExitError"));
    }
    function.invoke(json!({ "fate": "count" })).expect_cold().expect_json(json!({ "count": 1 }));
}

#[test]
fn a_timeout_kills_on_time_whatever_the_function_does() {
    for fate in ["block", "spin", "ignore-sigterm", "fork-and-hang"] {
        let function = fates().timeout(Duration::from_millis(150)).start();
        function.invoke(json!({})).expect_cold();
        let started = Instant::now();
        let outcome = function.story(fate).invoke(json!({ "fate": fate }));
        let took = started.elapsed();
        outcome.expect_timeout();
        assert!(took >= Duration::from_millis(150), "{fate} was killed early, after {took:?}");
        assert!(took < Duration::from_secs(2), "{fate} was killed late, after {took:?}");
        let payload = payload(&outcome);
        assert_eq!(payload["errorType"], "Sandbox.Timedout");
        assert_eq!(
            payload["errorMessage"],
            format!("RequestId: {} Error: Task timed out after 0.15 seconds", outcome.request_id)
        );
        assert_eq!(outcome.report.duration, Duration::from_millis(150));
        assert!(outcome.report_line().unwrap().ends_with("Status: timeout"), "{:?}", outcome.report_line());
        function.invoke(json!({})).expect_cold();
    }
}

#[test]
fn more_memory_than_configured_is_killed_as_on_lambda() {
    let function = fates().memory_mb(128).timeout(Duration::from_secs(20)).start();
    function.invoke(json!({ "fate": "eat-memory", "mb": 40 })).expect_answer();
    let outcome = function.invoke(json!({ "fate": "eat-memory", "mb": 600 }));
    outcome.expect_exit(Exit::Signal(9));
    assert!(matches!(outcome.fate, Fate::Exited { out_of_memory: true, .. }));
    assert_eq!(
        payload(&outcome)["errorMessage"],
        format!("RequestId: {} Error: Runtime exited with error: signal: killed", outcome.request_id)
    );
    assert!(outcome.report_line().unwrap().contains("Max Memory Used: 128 MB"), "{:?}", outcome.report_line());
    function.invoke(json!({})).expect_cold();
}

#[test]
fn memory_that_was_freed_before_anybody_looked_still_counts() {
    // Freed before the answer; the peak tells.
    let function = fates().memory_mb(64).timeout(Duration::from_secs(20)).start();
    function.invoke(json!({ "fate": "eat-memory", "mb": 70 })).expect_exit(Exit::Signal(9));
}

#[test]
fn an_initialization_that_fails_is_tried_again_inside_the_invocation() {
    for (init, exit) in [("error", Exit::Code(1)), ("panic", Exit::Code(101)), ("exit", Exit::Code(9))] {
        let outcome = fates().env("INIT", init).start().story(init).invoke(json!({}));
        assert_eq!(*outcome.expect_init_error(), InitError::Exited(exit));
        assert_eq!(payload(&outcome)["errorType"], "Runtime.ExitError");
        let log: Vec<&str> = outcome.log.iter().map(|line| line.text.as_str()).collect();
        let phases: Vec<&&str> = log.iter().filter(|line| line.starts_with("INIT_REPORT")).collect();
        assert_eq!(phases.len(), 2, "{log:#?}");
        assert!(phases[0].ends_with("Phase: init\tStatus: error\tError Type: Runtime.ExitError"), "{phases:?}");
        assert!(phases[1].contains("Phase: invoke"), "{phases:?}");
        assert_eq!(outcome.function_log().filter(|line| *line == "initializing").count(), 2);
    }
}

#[test]
fn an_initialization_that_works_the_second_time_serves_the_event() {
    let outcome = fates().env("INIT", "once").start().invoke(json!({ "n": 1 }));
    outcome.expect_json(json!({ "n": 1 })).expect_cold();
    assert_eq!(outcome.report.init_duration, None, "a suppressed init is part of the duration");
}

#[test]
fn a_posted_init_error_is_what_the_caller_gets() {
    let outcome = raw("init-error").start().invoke(json!({}));
    let InitError::Reported(error) = outcome.expect_init_error() else { panic!("{:?}", outcome.fate) };
    assert_eq!((error.error_type.as_str(), error.recorded_type.as_str()), ("Config", "Runtime.ConfigInvalid"));
    assert_eq!(payload(&outcome)["errorMessage"], "TABLE is not set");
}

#[test]
fn an_initialization_that_never_ends_costs_its_limit_and_the_timeout() {
    for function in [
        fates().env("INIT", "hang").init_timeout(Duration::from_millis(80)).timeout(Duration::from_millis(80)).start(),
        raw("never-next").init_timeout(Duration::from_millis(80)).timeout(Duration::from_millis(80)).start(),
        raw("closes-before-next").init_timeout(Duration::from_millis(80)).timeout(Duration::from_millis(80)).start(),
        raw("not-http").init_timeout(Duration::from_millis(80)).timeout(Duration::from_millis(80)).start(),
    ] {
        let started = Instant::now();
        let outcome = function.invoke(json!({}));
        assert_eq!(*outcome.expect_init_error(), InitError::TimedOut { after: Duration::from_millis(80) });
        assert!((Duration::from_millis(160)..Duration::from_secs(2)).contains(&started.elapsed()));
        assert_eq!(payload(&outcome)["errorType"], "Sandbox.Timedout");
    }
}

#[test]
fn a_program_that_cannot_be_started_says_why() {
    let missing = Function::start("/no/such/program").invoke(json!({}));
    let InitError::NotStarted { reason } = missing.expect_init_error() else { panic!("{:?}", missing.fate) };
    assert!(reason.contains("/no/such/program") && reason.contains("No such file"), "{reason}");
    assert_eq!(payload(&missing)["errorType"], "Runtime.InvalidEntrypoint");

    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let not_executable = Function::start(source).invoke(json!({}));
    let InitError::NotStarted { reason } = not_executable.expect_init_error() else { panic!() };
    assert!(reason.contains("Permission denied"), "{reason}");
}

#[test]
fn an_answer_counts_however_the_process_ends_after_it() {
    for mode in ["answers-and-exits", "answers-without-reading-and-exits"] {
        let function = raw(mode).start();
        for _ in 0..5 {
            let outcome = function.invoke(json!({}));
            outcome.expect_json(1);
            assert!(outcome.report_line().unwrap().contains("Runtime.ExitError"), "{mode}: {outcome}");
        }
    }
}

#[test]
fn work_after_the_answer_runs_into_the_timeout_too() {
    let function = raw("answers-and-hangs").timeout(Duration::from_millis(100)).start();
    let outcome = function.invoke(json!({}));
    outcome.expect_json(1);
    assert_eq!(outcome.report.duration, Duration::from_millis(100));
    assert!(outcome.report_line().unwrap().ends_with("Status: timeout"));
    function.invoke(json!({})).expect_cold();
}

#[test]
fn a_function_that_hangs_up_costs_its_timeout_and_no_more() {
    for mode in ["closes-its-socket", "breaks-off-its-body"] {
        let function = raw(mode).timeout(Duration::from_millis(100)).start();
        let started = Instant::now();
        let outcome = function.invoke(json!({}));
        assert!(started.elapsed() < Duration::from_secs(2), "{mode} took {:?}", started.elapsed());
        assert!(outcome.function_error().is_some(), "{mode}: {outcome}");
    }
}

#[test]
fn what_a_function_forked_dies_with_it() {
    let function = fates().start();
    let child = function.invoke(json!({ "fate": "fork" })).expect_response()["child"].as_u64().unwrap();
    assert!(is_running(child));
    drop(function);
    assert!(eventually(|| !is_running(child)), "the child {child} outlives its function");

    let function = Function::builder(example("fates")).start();
    let child = function.invoke(json!({ "fate": "fork" })).expect_response()["child"].as_u64().unwrap();
    function.invoke(json!({ "fate": "exit", "code": 1 })).expect_exit(Exit::Code(1));
    assert!(eventually(|| !is_running(child)), "the child {child} outlives the crash");
}
