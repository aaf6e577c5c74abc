//! Log lines: whose they are, in which order, how many.

use local_lambda::{LogFormat, LogSource};
use serde_json::{Value, json};

use crate::support::{fates, fates_in};

#[test]
fn both_outputs_are_kept_in_order_between_start_and_end() {
    let function = fates().start();
    let outcome = function.invoke(json!({ "fate": "log" }));
    let id = &outcome.request_id;
    let log: Vec<&str> = outcome.log.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(log[0], "INIT_START Runtime Version: provided:al2023.local");
    assert_eq!(log[1], "initializing");
    assert_eq!(log[2], format!("START RequestId: {id} Version: $LATEST"));
    assert_eq!(log[3..6], ["to standard output", "to standard error", "without an end"]);
    assert_eq!(log[6], format!("END RequestId: {id}"));
    assert!(log[7].starts_with(&format!("REPORT RequestId: {id}\tDuration: ")), "{}", log[7]);
    assert_eq!(log.len(), 8);
    assert!(function.invoke(json!({})).function_log().next().is_none(), "lines belong to one invocation");
}

#[test]
fn json_logs_have_the_platform_events_of_lambda() {
    let outcome = fates().log_format(LogFormat::Json).start().invoke(json!({ "fate": "log" }));
    let kinds: Vec<String> = outcome
        .log
        .iter()
        .filter(|line| line.source == LogSource::Platform)
        .map(|line| serde_json::from_str::<Value>(&line.text).unwrap()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["platform.initStart", "platform.start", "platform.report"]);
    let report: Value = serde_json::from_str(outcome.report_line().unwrap()).unwrap();
    assert_eq!(report["record"]["requestId"], json!(outcome.request_id));
    assert_eq!(report["record"]["metrics"]["memorySizeMB"], 128);
    assert_eq!(report["record"]["status"], "success");
}

#[test]
fn a_flood_neither_blocks_the_function_nor_fills_the_memory() {
    let outcome =
        fates().timeout(std::time::Duration::from_secs(30)).start().invoke(json!({ "fate": "flood", "lines": 60_000 }));
    outcome.expect_answer();
    let kept: usize = outcome.function_log().map(str::len).sum();
    assert!(kept <= local_lambda::limits::LOG_BYTES_KEPT, "{kept}");
    assert!(outcome.log_bytes_dropped > 4_000_000, "{}", outcome.log_bytes_dropped);
}

#[test]
fn what_a_timed_out_function_wrote_is_there() {
    let function = fates_in("plain").timeout(std::time::Duration::from_millis(100)).start();
    let outcome = function.invoke(json!({ "fate": "block" }));
    let lines: Vec<&str> = outcome.log.iter().map(|line| line.text.as_str()).collect();
    let told = format!("{} Task timed out after 0.10 seconds", outcome.request_id);
    assert!(lines.iter().any(|line| line.ends_with(&told)), "{lines:#?}");
}
