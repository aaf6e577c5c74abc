//! A client that nobody here wrote: AWS's own runtime client for Python.
//!
//! It runs with the Python that `LOCAL_LAMBDA_PYTHON` names, or `python3`, if `awslambdaric` is installed there (from
//! PyPI). Where it is not, these tests say so and prove nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use local_lambda::{Function, FunctionBuilder, InitError};
use serde_json::{Value, json};

const HANDLER: &str = r#"
import sys, time

count = 0

def handler(event, context):
    global count
    count += 1
    fate = event.get("fate")
    if fate == "context":
        return {
            "request_id": context.aws_request_id,
            "arn": context.invoked_function_arn,
            "name": context.function_name,
            "memory": context.memory_limit_in_mb,
            "remaining": context.get_remaining_time_in_millis(),
            "identity": context.identity.cognito_identity_id,
            "custom": context.client_context and context.client_context.custom,
            "tenant": context.tenant_id,
        }
    if fate == "raise":
        raise ValueError("no such print: 小明")
    if fate == "exit":
        sys.exit(5)
    if fate == "sleep":
        time.sleep(60)
    if fate == "print":
        print("from python")
    return {"count": count, "event": event}
"#;

/// A Python that has the client.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("LOCAL_LAMBDA_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let mut import = Command::new(&python);
    import.args(["-c", "import awslambdaric, sys; print(sys.executable)"]).stderr(Stdio::null());
    let output = import.output().ok().filter(|output| output.status.success());
    if output.is_none() {
        eprintln!("not run: {} has no awslambdaric, AWS's runtime client for Python", python.display());
    }
    output.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

struct Folder(PathBuf);

impl Folder {
    fn with_handler(test: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("ll-python-{}-{test}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("app.py"), HANDLER).unwrap();
        Folder(folder)
    }

    fn function(&self, python: &Path, handler: &str) -> FunctionBuilder {
        Function::builder(python)
            .args(["-m", "awslambdaric", handler])
            .current_dir(&self.0)
            .name("python")
            .timeout(Duration::from_secs(20))
            .memory_mb(256)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn events_answers_and_state_pass_through() {
    let Some(python) = python() else { return };
    let folder = Folder::with_handler("state");
    let function = folder.function(&python, "app.handler").start();
    let event = json!({ "fate": "print", "name": "小明 🦀" });
    let first = function.invoke(&event);
    first.expect_json(json!({ "count": 1, "event": event })).expect_cold().expect_logged("from python");
    first.expect_no_violations();
    function.invoke(json!({})).expect_json_at("/count", 2).expect_warm();
    let context = function
        .request()
        .client_context(json!({ "custom": { "city": "臺北" } }))
        .cognito_identity("id-1", "pool-1")
        .tenant("blue")
        .invoke(json!({ "fate": "context" }));
    context.expect_json_at("/request_id", context.request_id.as_str());
    context.expect_json_at("/arn", "arn:aws:lambda:us-east-1:123456789012:function:python");
    context.expect_json_at("/memory", "256").expect_json_at("/identity", "id-1").expect_json_at("/tenant", "blue");
    context.expect_json_at("/custom/city", "臺北");
    context.expect_that("the remaining time is at most the timeout", |value| {
        value["remaining"].as_i64().is_some_and(|ms| (10_000..=20_000).contains(&ms))
    });
}

#[test]
fn errors_exits_and_timeouts_are_told_apart() {
    let Some(python) = python() else { return };
    let folder = Folder::with_handler("errors");
    let function = folder.function(&python, "app.handler").start();
    let raised = function.invoke(json!({ "fate": "raise" }));
    assert_eq!(raised.expect_error("ValueError").message, "no such print: 小明");
    let payload: Value = serde_json::from_slice(&raised.payload()).unwrap();
    assert!(payload["stackTrace"].to_string().contains("app.py"), "{payload}");
    function.invoke(json!({})).expect_warm();
    let left = function.invoke(json!({ "fate": "exit" }));
    assert!(left.function_error().is_some(), "{left}");

    let slow = folder.function(&python, "app.handler").start();
    slow.invoke(json!({})).expect_cold();
    let slow = folder.function(&python, "app.handler").timeout(Duration::from_secs(3)).start();
    slow.invoke(json!({ "fate": "sleep" })).expect_timeout();
}

#[test]
fn a_handler_that_is_not_there_is_an_error_with_a_name() {
    let Some(python) = python() else { return };
    let folder = Folder::with_handler("missing");
    let outcome = folder.function(&python, "app.nobody").start().invoke(json!({}));
    let InitError::Reported(error) = outcome.expect_init_error() else { panic!("{outcome}") };
    assert_eq!(error.error_type, "Runtime.HandlerNotFound");
    assert_eq!(error.message, "Handler 'nobody' missing on module 'app'");
}
