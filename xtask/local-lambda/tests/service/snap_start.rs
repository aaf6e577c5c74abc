//! SnapStart: the snapshot, the restore and its hooks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use local_lambda::{InitError, What};
use serde_json::json;

use crate::support::{fates_in, raw};

#[test]
fn hooks_run_around_the_snapshot_before_the_first_event() {
    let function = fates_in("snap-start").snap_start(true).start();
    let outcome = function.invoke(json!({ "fate": "env" }));
    outcome.expect_json_at("/AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start");
    let log: Vec<&str> = outcome.log.iter().map(|line| line.text.as_str()).collect();
    let restored = log.iter().position(|line| line.starts_with("RESTORE_START")).expect("a restore is logged");
    assert_eq!(log[restored - 1], "before the snapshot");
    assert_eq!(log[restored + 1], "after the restore");
    assert!(outcome.report_line().unwrap().contains("Restore Duration: "), "{:?}", outcome.report_line());
    assert!(outcome.report.init_duration.is_none(), "it is not part of the invocation");
    let whats: Vec<&What> = outcome.transcript.iter().map(|step| &step.what).collect();
    assert!(whats.contains(&&What::SnapshotTaken) && whats.contains(&&What::Restored));
    function.invoke(json!({})).expect_warm().expect_not_logged("restore");
}

#[test]
fn a_hook_that_fails_after_the_restore_fails_the_initialization() {
    let function = fates_in("snap-start").snap_start(true).env("RESTORE", "no route to the database").start();
    let outcome = function.invoke(json!({}));
    let InitError::Reported(error) = outcome.expect_init_error() else { panic!("{:?}", outcome.fate) };
    assert!(error.message.contains("no route to the database"), "{error:?}");
    assert_eq!(error.recorded_type, "Runtime.AfterRestoreError");
}

#[test]
fn credentials_come_from_an_endpoint_that_wants_a_token() {
    let outcome = raw("credentials").snap_start(true).start().invoke(json!({}));
    outcome.expect_json_at("/0", 404).expect_json_at("/1/AccessKeyId", "AKIAIOSFODNN7EXAMPLE");
}

#[test]
fn a_function_without_snap_start_has_no_restore_calls() {
    let outcome = fates_in("snap-start").start().invoke(json!({}));
    outcome.expect_answer();
    outcome.expect_not_logged("before the snapshot");
}

#[test]
fn what_a_test_lets_happen_happens_between_the_snapshot_and_the_restore_of_each_environment() {
    const LIES: Duration = Duration::from_millis(30);
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let happens = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        thread::sleep(LIES);
    };
    let function = fates_in("snap-start").snap_start(true).at_snapshot(happens.clone()).start();
    for environments in 1..=2 {
        let outcome = function.invoke(json!({}));
        outcome.expect_answer();
        let at = |what: What| outcome.transcript.iter().find(|step| step.what == what).expect("a restore").at;
        let lay = at(What::Restored) - at(What::SnapshotTaken);
        assert!(lay >= LIES, "the restore waits until it has happened: {lay:?}");
        function.invoke(json!({})).expect_warm();
        assert_eq!(count.load(Ordering::Relaxed), environments);
        function.force_cold();
    }
    fates_in("snap-start").at_snapshot(happens).start().invoke(json!({})).expect_answer();
    assert_eq!(count.load(Ordering::Relaxed), 2, "without SnapStart there is no snapshot");
}
