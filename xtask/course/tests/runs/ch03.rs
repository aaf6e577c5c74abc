//! What chapter 3 prints.

use std::fmt::Write as _;
use std::time::Duration;

use course::{data, fixture};
use local_lambda::{Fate, What};
use serde_json::{Value, json};

use crate::{facts, function, same, told, units, usd};

#[test]
fn a_typed_handler_answers_cold_and_warm() {
    let function = function("ch03_quote", "quote");
    let mut text = String::new();
    for event in [r#"{"size":"10x15","copies":3}"#, r#"{"size":"13x18","copies":2,"gift":true}"#] {
        let outcome = function.invoke(event);
        let _ = writeln!(text, "{}", told(event, &outcome));
    }
    same("ch03", "quote.txt", &text);
}

#[test]
fn the_runtime_api_call_by_call() {
    let function = function("ch03_quote", "quote");
    let mut text = String::new();
    let good = function.invoke(r#"{"size":"10x15","copies":3}"#);
    let bad = function.invoke(r#"{"size":"10x15"}"#);
    for (outcome, what) in [(&good, "a good event"), (&bad, "an event without `copies`")] {
        let _ = writeln!(text, "{what}");
        for step in &outcome.transcript {
            let line = match &step.what {
                What::ProcessStarted { .. } => "process started".to_owned(),
                What::InitDone => "initialization done".to_owned(),
                What::EventSent { bytes } => format!("event handed out, {bytes} bytes"),
                What::Call { method, path, status, .. } => {
                    let path = path.replace(&outcome.request_id, "{request-id}");
                    format!("{status}  {method} {path}")
                }
                _ => continue,
            };
            let _ = writeln!(text, "  {line}");
        }
    }
    same("ch03", "runtime-api.txt", &text);
    let runs = [("A good event", &good), ("An event without copies", &bad)];
    same(
        "ch03",
        "runtime-api.svg",
        &crate::picture::sequence("ch03-runtime-api", "What the process and Lambda said", &runs),
    );
}

#[test]
fn what_the_caller_sees_of_each_failure() {
    let function = function("ch03_failures", "failures");
    let mut table = String::from(
        "| The handler | The caller reads `errorType` and `errorMessage` | The process |\n|---|---|---|\n",
    );
    for (what, event) in [
        ("`Err(\"no paper\".into())`", json!({ "copies": 3, "how": "text" })),
        ("a boxed `Error`", json!({ "copies": 3, "how": "boxed" })),
        ("`Diagnostic { … }`", json!({ "copies": 3, "how": "typed" })),
        ("`panic!`", json!({ "copies": 3, "how": "panic" })),
        ("is not called: `copies` is missing", json!({ "how": "" })),
        ("ends the process", json!({ "copies": 3, "how": "exit" })),
    ] {
        let outcome = function.invoke(event);
        let error: Value = serde_json::from_slice(&outcome.payload()).expect("an error is JSON");
        let text = |key: &str| {
            let text = error[key].as_str().unwrap_or_default().replace(&outcome.request_id, "…").replace('|', "\\|");
            text.trim().to_owned()
        };
        let process = match outcome.fate {
            Fate::Exited { .. } => "is gone",
            _ => "stays warm",
        };
        // The name of a Rust type is long, and may be broken at its colons.
        let name = text("errorType").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let name = name.replace("::", "::<wbr>");
        let _ = writeln!(table, "| {what} | <code>{name}</code><br>{} | {process} |", text("errorMessage"));
    }
    same("ch03", "failures.md", &table);
}

#[test]
fn what_the_context_knows() {
    let function = function("ch03_context", "look");
    let outcome = function.request().qualifier("live").invoke("{}");
    let text = serde_json::to_string_pretty(&outcome.expect_response()).expect("JSON");
    same("ch03", "context.json", &format!("{text}\n"));
}

#[test]
fn a_guard_cleans_up_also_after_an_error() {
    let function = function("ch03_receipt", "receipt");
    let mut text = String::new();
    for event in [r#"{"order":1042}"#, r#"{"orders":[]}"#] {
        let outcome = function.invoke(event);
        let _ = writeln!(text, "event   {event}\nanswer  {}", String::from_utf8_lossy(&outcome.payload()));
        for line in outcome.function_log() {
            let _ = writeln!(text, "log     {line}");
        }
    }
    text.push_str("the environment ends\n");
    for line in function.shut_down().iter().flat_map(|end| &end.log) {
        let _ = writeln!(text, "log     {}", line.text);
    }
    same("ch03", "receipt.txt", &text);
}

#[test]
fn what_is_wrong_with_samples_from_blogs() {
    let mut text = String::new();
    let outcome = function("ch03_quote", "quote").invoke("{ \"size\": \"10x15\", // ten by fifteen\n  \"copies\": 3 }");
    let error: Value = serde_json::from_slice(&outcome.payload()).expect("an error is JSON");
    let message = error["errorMessage"].as_str().unwrap_or_default().trim();
    let _ = writeln!(text, "JSON with a comment in it, as `Order`:\n  {message}");
    let sample = fixture("s3/truncated-sample");
    let error = serde_json::from_slice::<aws_lambda_events::s3::S3Event>(sample.body()).expect_err("it is truncated");
    let _ = writeln!(text, "s3/truncated-sample.json as `S3Event`:\n  {error}");
    let sample = fixture("apigateway/truncated-sample");
    let error = serde_json::from_slice::<aws_lambda_events::apigw::ApiGatewayProxyRequest>(sample.body())
        .expect_err("it is truncated");
    let _ = writeln!(text, "apigateway/truncated-sample.json as `ApiGatewayProxyRequest`:\n  {error}");
    same("ch03", "samples.txt", &text);
}

#[test]
fn the_limits_of_an_invocation() {
    let table = facts(&[
        ("invoke-limits", "synchronous_event", "event of a synchronous call"),
        ("invoke-limits", "asynchronous_event", "event of an asynchronous call"),
        ("invoke-limits", "asynchronous_retries", "retries of an asynchronous call"),
        ("invoke-limits", "asynchronous_event_age", "age at which an event in the queue is given up"),
        ("invoke-limits", "default_timeout", "timeout unless set"),
        ("invoke-limits", "maximum_timeout", "longest timeout"),
        ("invoke-limits", "log_result", "end of the log in a result"),
    ]);
    same("ch03", "limits.md", &table);
}

/// Prices are whole multiples of 1e-10 USD, so the sum is exact.
#[test]
fn what_a_million_greetings_cost() {
    let prices = data("prices");
    let units = |name: &str| units(&prices[name]["value"]);
    let (calls, billed) = (1_000_000, Duration::from_millis(2));
    let requests = calls * units("request");
    // 128 MB are an eighth of a GB.
    let duration = calls * billed.as_millis() * units("arm64_gigabyte_second") / 8 / 1_000;
    let date = prices["request"]["as_of"].as_str().unwrap_or_default();
    let source = prices["request"]["source"].as_str().unwrap_or_default();
    let table = format!(
        "| A million greetings of 2 ms, 128 MB, arm64, us-east-1 | USD |\n|---|---|\n| requests | {} |\n\
         | duration: 250 GB-seconds | {} |\n| together, before the free tier | {} |\n\n\
         Prices of [{date}]({source}).\n",
        usd(requests),
        usd(duration),
        usd(requests + duration)
    );
    same("ch03", "cost.md", &table);
}
