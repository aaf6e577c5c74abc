//! The Runtime API to the status code, with clients that break it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{fates, raw, violations};

#[test]
fn a_second_answer_is_refused_and_stands_in_the_record() {
    let function = raw("answers-twice").start();
    let outcome = function.invoke(json!({}));
    outcome.expect_json(1);
    assert_eq!(violations(&outcome), [("second_answer", 403)]);
    outcome.expect_logged(
        r#""errorMessage":"State transition from RuntimeResponseSentState to InvocationResponse failed for runtime."#,
    );
}

#[test]
fn an_answer_to_an_earlier_request_is_refused() {
    let function = raw("answers-later-again").start();
    function.invoke(json!({})).expect_json(1);
    std::thread::sleep(Duration::from_millis(60));
    let outcome = function.invoke(json!({}));
    outcome.expect_json(1).expect_logged("400 {\"errorMessage\":\"Invalid request ID\"");
    assert_eq!(violations(&outcome), [("second_answer", 400)]);
}

#[test]
fn a_wrong_id_is_refused_and_the_right_one_still_counts() {
    let outcome = raw("wrong-id").start().invoke(json!({}));
    outcome.expect_json(2).expect_logged(r#"400 {"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}"#);
    assert_eq!(violations(&outcome), [("wrong_request_id", 400)]);
}

#[test]
fn the_invocation_id_of_another_invocation_is_refused() {
    let outcome = raw("stale-invocation-id").start().invoke(json!({}));
    outcome.expect_json(2).expect_logged(r#"410 {"errorMessage":"Invoke timeout","errorType":"InvokeTimeout"}"#);
    assert_eq!(violations(&outcome), [("stale_invocation_id", 410)]);
}

#[test]
fn next_before_an_answer_gives_the_same_event_again() {
    let outcome = raw("next-twice").start().invoke(json!({}));
    outcome.expect_json(true);
    assert_eq!(violations(&outcome), [("next_before_answer", 200)]);
}

#[test]
fn an_init_error_after_initialization_is_refused() {
    let outcome = raw("late-init-error").start().invoke(json!({}));
    outcome.expect_json(1);
    assert_eq!(violations(&outcome), [("wrong_state", 403)]);
}

#[test]
fn unknown_calls_are_told_apart_and_ping_answers() {
    let outcome = raw("unknown-calls").start().invoke(json!({}));
    outcome.expect_json("pong");
    assert_eq!(violations(&outcome), [("unknown_call", 405), ("unknown_call", 404)]);
}

#[test]
fn a_response_mode_that_does_not_exist_fails_the_invocation() {
    let outcome = raw("bad-mode").timeout(Duration::from_millis(200)).start().invoke(json!({}));
    assert_eq!(outcome.expect_function_error().recorded_type, "Runtime.InvalidResponseModeHeader");
    assert_eq!(violations(&outcome)[0], ("invalid_response_mode", 400));
    outcome.expect_logged("InvalidFunctionResponseMode");
}

#[test]
fn an_error_with_a_cause_reaches_the_caller_without_it() {
    let outcome = raw("error-with-cause").start().invoke(json!({}));
    assert_eq!(outcome.expect_error("t").recorded_type, "Function.Refused");
    let payload: Value = serde_json::from_slice(&outcome.payload()).unwrap();
    assert_eq!(payload, json!({ "errorMessage": "m", "errorType": "t", "stackTrace": ["s"] }));
}

#[test]
fn the_transcript_tells_the_calls_in_order() {
    let outcome = fates().start().invoke(json!({}));
    let steps: Vec<Value> = outcome.transcript.iter().map(|step| step.to_json()).collect();
    let told: Vec<String> = steps
        .iter()
        .map(|step| match step["path"].as_str() {
            Some(path) => format!("{} {}", path.rsplit('/').next().unwrap(), step["status"]),
            None => step["what"].as_str().unwrap().to_owned(),
        })
        .collect();
    assert_eq!(told, ["process_started", "init_done", "event_sent", "next 200", "response 202"]);
    let lines = local_lambda::to_json_lines(&outcome.transcript);
    assert_eq!(lines.lines().count(), 5);
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).unwrap()["version"] == 1));
}

/// The address of the Runtime API of a running function.
fn address(function: &local_lambda::Function) -> String {
    let variables = function.invoke(json!({ "fate": "env" })).expect_response();
    variables["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap().to_owned()
}

#[test]
fn arbitrary_bytes_neither_stop_nor_fill_the_service() {
    let function = fates().start();
    let address = address(&function);
    let mut state = 42_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let starts: [&[u8]; 6] = [
        b"",
        // Not `next` itself: whoever gets that right takes the event.
        b"GET /2018-06-01/runtime/invocation/nex HTTP/1.1\r\n",
        b"POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /2020-01-01/extension/register HTTP/1.1\r\nHost: x\r\nLambda-Extension-Name: x\r\nContent-Length: 5\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"\x16\x03\x01",
    ];
    for round in 0..300 {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        let mut bytes = starts[round % starts.len()].to_vec();
        bytes.extend((0..random() % 2_000).map(|_| (random() & 0xff) as u8));
        // A reset by the service is an answer too.
        let _ = stream.write_all(&bytes);
        let _ = stream.read(&mut [0; 256]);
    }
    function.invoke(json!({ "after": "the storm" })).expect_json(json!({ "after": "the storm" })).expect_warm();
}

#[test]
fn a_thousand_open_connections_are_borne() {
    let function = fates().start();
    let address = address(&function);
    let connections: Vec<_> = (0..400).filter_map(|_| TcpStream::connect(&address).ok()).collect();
    assert!(connections.len() > 300);
    function.invoke(json!({})).expect_warm().expect_json(json!({}));
}
