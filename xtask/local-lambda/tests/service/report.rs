//! The report file that a front end renders its view from.

use std::process::{Command, Stdio};

use local_lambda::Event;
use serde_json::{Value, json};

use crate::support::fates;

/// Runs one of the two tests below in a process of its own with a report file; gives the lines of the report.
fn report_of(test: &str) -> Vec<Value> {
    let file = std::env::temp_dir().join(format!("report-{}-{test}.jsonl", std::process::id()));
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("report::{test}")])
        .env("REPORT_SUBJECT", "1")
        .env("LOCAL_LAMBDA_REPORT", &file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(status.success(), test == "a_subject_that_passes");
    text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

fn is_subject() -> bool {
    std::env::var_os("REPORT_SUBJECT").is_some()
}

#[test]
fn a_subject_that_passes() {
    if is_subject() {
        // What the function prints must not be taken for a step.
        let event = json!({ "fate": "log" });
        fates().start().story("one order").invoke(&event).expect_json(event.clone()).expect_cold();
    }
}

#[test]
fn a_subject_that_fails() {
    if is_subject() {
        let function = fates().start();
        let outcome = function.story("one order").invoke(Event::named("orders/one", json!({ "fate": "log", "id": 7 })));
        outcome.expect_json(json!({ "fate": "log", "id": 8 }));
    }
}

#[test]
fn every_invocation_and_expectation_is_a_line() {
    let lines = report_of("a_subject_that_passes");
    let steps: Vec<&str> = lines.iter().map(|line| line["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["invoked", "held", "held"]);
    assert!(lines.iter().all(|line| line["version"] == 1 && line["test"] == "report::a_subject_that_passes"));
    let outcome = &lines[0]["outcome"];
    assert_eq!(
        (&lines[0]["story"], &outcome["fate"], &outcome["cold"]),
        (&json!("one order"), &json!("response"), &json!(true))
    );
    assert_eq!(outcome["logs"], json!(["initializing", "to standard output", "to standard error", "without an end"]));
    assert!(outcome["report"].as_str().unwrap().starts_with("REPORT RequestId: "));
    assert_eq!(lines[1]["expectation"], "the response is");
}

#[test]
fn a_failure_is_a_line_with_all_that_a_front_end_needs() {
    let lines = report_of("a_subject_that_fails");
    let failure = lines.last().unwrap();
    assert_eq!(failure["step"], "failed");
    assert_eq!(failure["event"]["name"], "orders/one");
    assert_eq!(failure["expected"], r#"{"fate":"log","id":8}"#);
    assert_eq!(failure["got"], r#"{"fate":"log","id":7}"#);
    assert_eq!((&failure["path"], &failure["difference"]), (&json!("/id"), &json!("expected 8, got 7")));
    assert!(failure["file"].as_str().unwrap().ends_with("report.rs"));
    assert!(failure["line"].is_u64());
    assert!(failure["report"]["billed_ms"].is_u64() && failure["report"]["cold"] == true, "{failure}");
}
