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
    let result = json!({ "StatusCode": 200, "Payload": payload });
    let outcome = function.story("the result does not say which version").invoke(result);
    outcome.expect_json(json!({ "outcome": "answered", "answer": { "cents": cents }, "version": null, "log": null }));
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
    let message = format!("no size {}\nask the order desk", seed.number(20..=99));
    let payload = json!({ "errorType": "UnknownSize", "errorMessage": message }).to_string();
    let parts = [("Payload", json!(payload))];
    let outcome = function.story("a message of two lines").invoke(changed("lambda-invoke/function-error", &parts));
    outcome.expect_json_at("/outcome", "failed").expect_json_at("/message", message);
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
        json!(false),
        json!(format!("{{\"cents\":{}}}", seed.number(1..=9999))),
    ];
    for answer in answers {
        let parts = [("Payload", json!(answer.to_string()))];
        let outcome = function.story("there is no FunctionError").invoke(changed("lambda-invoke/answered", &parts));
        outcome.expect_json_at("/outcome", "answered").expect_json_at("/answer", answer);
    }
    for (story, result) in [
        ("the answer is empty", json!({ "StatusCode": 200, "Payload": "" })),
        ("there is no payload at all", json!({ "StatusCode": 200 })),
    ] {
        let outcome = function.story(story).invoke(result);
        outcome.expect_json_at("/outcome", "answered").expect_json_at("/answer", Value::Null);
    }
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
    let long = "小明 ordered prints\n".repeat(300);
    let (cut, whole) = (tail(&long, 4096), long.len() - 4096);
    let expected = (whole..).find_map(|start| long.get(start..)).unwrap_or_default();
    let outcome = function
        .story(format!("the log has {} bytes, of which the last 4096 came", long.len()))
        .invoke(changed("lambda-invoke/answered", &[("LogResult", json!(cut))]));
    outcome.expect_json_at("/log", expected);
    let outcome = function
        .story("the function logged nothing")
        .invoke(changed("lambda-invoke/answered", &[("LogResult", json!(""))]));
    outcome.expect_json_at("/log", "");
}

#[test]
fn bears_a_log_that_was_cut_inside_a_character() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let name = seed.name();
    for (character, bytes_left, end) in [
        ('ü', 1, format!(" printed for {name}\nEND\n")),
        ('明', 2, format!(" printed for {name}\nEND\n")),
        ('明', 1, format!("小明 printed for {name}\nEND\n")),
        ('🦀', 3, format!("🦀 printed for {name}\nEND\n")),
        ('🦀', 2, format!("? and \u{FFFD} are what a printer made of {name}\nEND\n")),
        ('🦀', 1, format!("é\u{FFFD}{name}\nEND\n")),
    ] {
        let log = format!("{character}{end}");
        let parts = [("LogResult", json!(tail(&log, end.len() + bytes_left)))];
        let story =
            format!("the log was cut, and {bytes_left} of the {} bytes of {character} are left", character.len_utf8());
        let outcome = function.story(story).invoke(changed("lambda-invoke/answered", &parts));
        outcome.expect_json_at("/log", end);
    }
}

#[test]
fn reports_a_call_that_was_refused() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (status, story) in [
        (429, "too many calls at once"),
        (403, "the caller may not"),
        (500, "Lambda itself failed"),
        (302, "a proxy on the way sends the caller elsewhere"),
        (201, "no kind of call has this status"),
        (seed.number(404..=428), "one of the others"),
    ] {
        for (story, result) in [
            (story.to_owned(), json!({ "StatusCode": status, "Payload": "{\"message\":\"no\"}" })),
            (format!("{story}, and the payload is no JSON"), json!({ "StatusCode": status, "Payload": "<html>" })),
            (
                format!("{story}, and the rest looks like a failure"),
                json!({
                    "StatusCode": status,
                    "FunctionError": "Unhandled",
                    "LogResult": tail("END\n", 4096),
                    "Payload": "{\"errorType\":\"E\",\"errorMessage\":\"m\"}",
                }),
            ),
        ] {
            let outcome = function.story(story).invoke(result);
            let error_type = outcome.expect_function_error().error_type.clone();
            outcome.expect_error_saying(&error_type, &status.to_string());
        }
    }
}
