//! What the order desk expects of the reading of an Invoke result.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use course::{Seed, fixture, fixture_json};
use local_lambda::{Event, Function, binary};
use serde_json::{Value, json};

/// A recorded result with some parts replaced or added.
fn changed(name: &str, parts: &[(&str, Value)]) -> Event {
    let mut result = fixture_json(name);
    for (part, value) in parts {
        result[*part] = value.clone();
    }
    Event::named(format!("{name}, changed"), result)
}

/// The last bytes of a log as the API gives them.
fn tail(log: &str, bytes: usize) -> String {
    let start = log.len().saturating_sub(bytes);
    BASE64_STANDARD.encode(&log.as_bytes()[start..])
}

#[test]
fn reads_an_answer_and_which_version_gave_it() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let outcome = function.story("the function answered").invoke(fixture("lambda-invoke/answered"));
    let reading = json!({ "outcome": "answered", "answer": { "cents": 300 }, "version": "7", "log": null });
    outcome.expect_json(reading);
    let (cents, version) = (seed.number(1..=9999), seed.number(8..=99).to_string());
    let payload = json!({ "cents": cents }).to_string();
    let parts = [("Payload", json!(payload)), ("ExecutedVersion", json!(version))];
    let outcome = function.story("a newer version answered").invoke(changed("lambda-invoke/answered", &parts));
    outcome.expect_json_at("/answer", json!({ "cents": cents })).expect_json_at("/version", version);
}

#[test]
fn takes_a_function_error_for_a_failure_although_the_status_is_200() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let outcome = function.story("the function returned an error").invoke(fixture("lambda-invoke/function-error"));
    outcome.expect_json_at("/outcome", "failed").expect_json(json!({
        "outcome": "failed",
        "error_type": "PriceListUnavailable",
        "message": "prices cannot be read at the moment, try again later",
        "version": "7",
        "log": null,
    }));
    let outcome = function.story("the function ran out of time").invoke(fixture("lambda-invoke/timed-out"));
    outcome.expect_json_at("/outcome", "failed").expect_json_at("/error_type", "Sandbox.Timedout");
    let error_type = format!("Error{}", seed.name());
    let payload = json!({ "errorType": error_type, "errorMessage": "", "stackTrace": [] }).to_string();
    let parts = [("Payload", json!(payload)), ("FunctionError", json!("Handled"))];
    let outcome = function.story("an error of another sort").invoke(changed("lambda-invoke/function-error", &parts));
    outcome.expect_json_at("/outcome", "failed").expect_json_at("/error_type", error_type);
}

#[test]
fn takes_an_answer_for_an_answer_whatever_it_looks_like() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let answers = [
        json!({ "errorType": seed.name(), "errorMessage": "a report about an error" }),
        json!({ "statusCode": 500, "body": "the function answered an HTTP API" }),
        json!("FunctionError"),
        json!(null),
    ];
    for answer in answers {
        let parts = [("Payload", json!(answer.to_string()))];
        let outcome = function.story("there is no FunctionError").invoke(changed("lambda-invoke/answered", &parts));
        outcome.expect_json_at("/outcome", "answered").expect_json_at("/answer", answer);
    }
    let outcome = function.story("the answer is empty").invoke(json!({ "StatusCode": 200, "Payload": "" }));
    outcome.expect_json_at("/outcome", "answered").expect_json_at("/answer", Value::Null);
}

#[test]
fn reads_no_answer_where_there_is_none_yet() {
    let function = Function::start(binary!());
    let outcome = function.story("an asynchronous call was accepted").invoke(fixture("lambda-invoke/queued"));
    outcome.expect_json(json!({ "outcome": "queued" }));
    let outcome = function.story("an asynchronous call, no payload at all").invoke(json!({ "StatusCode": 202 }));
    outcome.expect_json(json!({ "outcome": "queued" }));
    let outcome = function.story("a dry run").invoke(fixture("lambda-invoke/dry-run"));
    outcome.expect_json(json!({ "outcome": "allowed" }));
}

#[test]
fn reads_the_end_of_the_log() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let id = format!("6f6e9a3c-58cb-4e6d-9b1e-{:012}", seed.number(0..=999_999));
    let log = format!("START RequestId: {id} Version: 7\nwelcome, Zoë 🦀\nEND RequestId: {id}\n");
    let parts = [("LogResult", json!(tail(&log, 4096)))];
    for name in ["lambda-invoke/answered", "lambda-invoke/function-error"] {
        let outcome = function.story("the caller asked for the end of a short log").invoke(changed(name, &parts));
        outcome.expect_json_at("/log", log.clone());
    }
}

#[test]
fn bears_a_log_that_was_cut_inside_a_character() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let end = format!(" printed for {}\nEND\n", seed.name());
    for (character, bytes_left) in [('ü', 1), ('明', 2), ('明', 1), ('🦀', 3), ('🦀', 2), ('🦀', 1)] {
        let log = format!("{character}{end}");
        let parts = [("LogResult", json!(tail(&log, end.len() + bytes_left)))];
        let story =
            format!("the log was cut, and {bytes_left} of the {} bytes of {character} are left", character.len_utf8());
        let outcome = function.story(story).invoke(changed("lambda-invoke/answered", &parts));
        outcome.expect_json_at("/log", end.clone());
    }
}

#[test]
fn reports_a_call_that_was_refused() {
    let function = Function::start(binary!());
    for (status, story) in [(429, "too many calls at once"), (403, "the caller may not"), (500, "Lambda itself failed")]
    {
        let outcome = function.story(story).invoke(json!({ "StatusCode": status, "Payload": "{\"message\":\"no\"}" }));
        let error_type = outcome.expect_function_error().error_type.clone();
        outcome.expect_error_saying(&error_type, &status.to_string());
    }
}
