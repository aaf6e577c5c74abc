//! External extensions: a second process that registers, hears of invocations and of the end.

use std::time::{Duration, Instant};

use local_lambda::{Exit, FunctionBuilder, InitError, LogLine, LogSource, Outcome, Status, What, limits};
use serde_json::json;

use crate::support::{example, fates, fates_in};

/// Shorter than any extension of these tests works, and than the runtime's share of the shutdown window.
const SHORT: Duration = Duration::from_millis(200);

/// A copy of the raw example under a name that makes it an extension.
struct Extension {
    folder: std::path::PathBuf,
}

impl Extension {
    fn new(test: &str) -> Extension {
        let folder = std::env::temp_dir().join(format!("ll-extension-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(example("raw"), folder.join("extension-flusher")).unwrap();
        Extension { folder }
    }

    fn beside(&self, function: FunctionBuilder) -> FunctionBuilder {
        function.extension(self.folder.join("extension-flusher"))
    }
}

impl Drop for Extension {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[track_caller]
fn expect_heard(log: &[LogLine], what: &str) {
    let heard = log.iter().any(|line| line.source == LogSource::Extension && line.text.contains(what));
    assert!(heard, "the extension has not heard {what}: {log:#?}");
}

/// How the extension ended: the function's end stands before it.
#[track_caller]
fn last_exit(outcome: &Outcome) -> Exit {
    let mut exits = outcome.transcript.iter().filter_map(|step| match step.what {
        What::Exited(exit) => Some(exit),
        _ => None,
    });
    exits.next_back().expect("both processes have ended")
}

#[test]
fn an_extension_hears_of_every_invocation_and_of_the_shutdown() {
    let extension = Extension::new("hears");
    let function = extension.beside(fates()).start();
    let outcome = function.invoke(json!({}));
    outcome.expect_json(json!({})).expect_no_violations();
    expect_heard(&outcome.log, &format!("\"requestId\":\"{}\"", outcome.request_id));
    let shutdowns = function.shut_down();
    expect_heard(&shutdowns[0].log, "\"shutdownReason\":\"spindown\"");
}

#[test]
fn an_extension_hears_why_an_invocation_failed_and_starts_anew_with_the_function() {
    let hang = json!({ "fate": "sleep", "ms": 600_000 });
    for (event, reason) in [(hang, "timeout"), (json!({ "fate": "exit", "code": 7 }), "failure")] {
        let extension = Extension::new(reason);
        let function = extension.beside(fates().timeout(Duration::from_secs(1))).start();
        function.invoke(json!({})).expect_json(json!({}));
        let outcome = function.invoke(event);
        if reason == "timeout" {
            outcome.expect_timeout()
        } else {
            outcome.expect_exit(Exit::Code(7))
        };
        expect_heard(&outcome.log, &format!("\"shutdownReason\":\"{reason}\""));
        assert_eq!(last_exit(&outcome), Exit::Code(0), "the extension ends by itself");
        let again = function.invoke(json!({}));
        again.expect_json(json!({})).expect_cold().expect_no_violations();
        expect_heard(&again.log, "INVOKE");
    }
}

#[test]
fn an_extension_that_is_at_work_hears_of_the_end_when_it_asks() {
    let extension = Extension::new("busy");
    let function = extension.beside(fates().timeout(SHORT).env("EXTENSION", "busy")).start();
    let outcome = function.invoke(json!({ "fate": "sleep", "ms": 600_000 }));
    expect_heard(&outcome.log, "\"shutdownReason\":\"timeout\"");
    assert_eq!(last_exit(&outcome), Exit::Code(0), "the extension ends by itself");
}

#[test]
fn an_extension_that_stays_is_killed_when_the_window_is_over() {
    let extension = Extension::new("stays");
    let function = extension.beside(fates().timeout(SHORT).env("EXTENSION", "stays")).start();
    let began = Instant::now();
    let outcome = function.invoke(json!({ "fate": "sleep", "ms": 600_000 }));
    let took = began.elapsed();
    outcome.expect_timeout();
    assert!(took >= SHORT + limits::SHUTDOWN_WINDOW_EXTERNAL, "{took:?}");
    assert_eq!(last_exit(&outcome), Exit::Signal(9));
}

#[test]
fn an_extension_that_ends_ends_the_invocation() {
    for (fate, error_type, what) in [
        ("crash", "Extension.Crash", "exit code 3"),
        ("exit-error", "Extension.NoPaper", "an extension reported that it failed"),
    ] {
        let extension = Extension::new(fate);
        let function = extension.beside(fates().timeout(Duration::from_secs(600)).env("EXTENSION", fate)).start();
        let outcome = function.invoke(json!({ "fate": "sleep", "ms": 600_000 }));
        let error = outcome.expect_error(error_type);
        assert_eq!(error.message, format!("RequestId: {} Error: {what}", outcome.request_id));
        let told: Vec<&str> = outcome.log.iter().map(|line| line.text.as_str()).collect();
        assert!(told.contains(&error.message.as_str()) && told.contains(&error_type), "{told:#?}");
        assert_eq!((outcome.report.status, error.recorded_type.as_str()), (Status::Error, error_type));
    }
}

#[test]
fn a_function_that_registers_an_extension_of_its_own_may_clean_up_after_a_timeout() {
    let function = fates_in("graceful").timeout(SHORT).start();
    let outcome = function.invoke(json!({ "fate": "sleep", "ms": 600_000 }));
    outcome.expect_timeout();
    outcome.expect_logged("cleaned up");
}

#[test]
fn an_extension_that_fails_fails_the_initialization() {
    for (fate, error_type) in [("exit", "Extension.Crash"), ("init-error", "Extension.NoLicence")] {
        let extension = Extension::new(fate);
        let outcome = extension.beside(fates().env("EXTENSION", fate)).start().invoke(json!({}));
        let InitError::Reported(error) = outcome.expect_init_error() else { panic!("{:?}", outcome.fate) };
        assert_eq!(error.recorded_type, error_type);
    }
}

#[test]
fn a_function_that_is_ready_before_its_extension_is_not_frozen_with_it() {
    let extension = Extension::new("late");
    let function = extension.beside(fates().env("EXTENSION", "late")).freeze(true).start();
    function.invoke(json!({})).expect_json(json!({})).expect_no_violations();
}
