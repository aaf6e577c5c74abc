//! Answers, the headers that come with an event, and the environment of a function.

use local_lambda::{Event, InvocationType};
use serde_json::{Value, json};

use crate::support::{fates, raw};

#[test]
fn an_event_comes_back_from_an_echo() {
    let function = fates().start();
    let event = json!({ "name": "小明 🦀", "n": [1, 2.5, null] });
    let outcome = function.invoke(&event);
    outcome.expect_json(event).expect_cold().expect_no_violations();
    assert_eq!((outcome.status_code(), outcome.function_error()), (200, None));
    function.invoke(json!({})).expect_warm();
}

#[test]
fn a_context_has_what_the_request_says() {
    let function = fates().name("orders").region("eu-west-1").account("999988887777").start();
    let context = function
        .request()
        .request_id("8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        .trace_header("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1")
        .client_context(json!({ "custom": { "city": "臺北" } }))
        .cognito_identity("id-1", "pool-1")
        .tenant("blue")
        .qualifier("live")
        .invoke(json!({ "fate": "context" }))
        .expect_response();
    assert_eq!(context["request_id"], "8476a536-e9f4-11e8-9739-2dfe598c3fcd");
    assert_eq!(context["invoked_function_arn"], "arn:aws:lambda:eu-west-1:999988887777:function:orders:live");
    assert_eq!(context["xray_trace_id"], "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1");
    assert_eq!(context["client_context"]["custom"]["city"], "臺北");
    assert_eq!(context["identity"]["identityId"], "id-1");
    assert_eq!(context["tenant_id"], "blue");
    assert_eq!(context["env_config"]["function_name"], "orders");
}

#[test]
fn headers_without_a_value_are_absent() {
    let function = raw("headers").start();
    let headers = function.invoke(json!({})).expect_response();
    let names: Vec<&str> =
        headers.as_array().unwrap().iter().map(|line| line.as_str().unwrap().split('=').next().unwrap()).collect();
    for present in [
        "lambda-runtime-aws-request-id",
        "lambda-runtime-deadline-ms",
        "lambda-runtime-invoked-function-arn",
        "lambda-runtime-trace-id",
        "lambda-runtime-invocation-id",
        "content-type",
    ] {
        assert!(names.contains(&present), "{present} is missing in {names:?}");
    }
    for absent in ["client-context", "cognito-identity", "tenant-id"] {
        assert!(!names.iter().any(|name| name.contains(absent)), "{absent} is in {names:?}");
    }
    let asynchronous = function
        .request()
        .invocation_type(InvocationType::Event)
        .client_context(json!({ "custom": {} }))
        .invoke(json!({}))
        .expect_response();
    assert!(!asynchronous.to_string().contains("client-context"), "an asynchronous invocation has no client context");
}

#[test]
fn the_deadline_is_now_and_the_timeout() {
    let function = fates().timeout(std::time::Duration::from_secs(20)).start();
    let before = now_ms();
    let deadline = function.invoke(json!({ "fate": "context" })).expect_response()["deadline"].as_u64().unwrap();
    assert!((before + 20_000..=now_ms() + 20_000).contains(&deadline), "{deadline}");
}

fn now_ms() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64
}

#[test]
fn the_environment_is_that_of_lambda_and_nothing_of_ours() {
    let function = fates().env("TABLE", "orders").memory_mb(512).start();
    let variables = function.invoke(json!({ "fate": "env" })).expect_response();
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "fates");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "512");
    assert_eq!(variables["TABLE"], "orders");
    assert_eq!(variables["TZ"], ":UTC");
    for ours in ["HOME", "CARGO_MANIFEST_DIR", "RUST_BACKTRACE", "CARGO"] {
        assert_eq!(variables[ours], Value::Null, "{ours} leaks");
    }
}

#[test]
fn an_event_that_is_not_json_is_the_functions_to_refuse() {
    let function = fates().start();
    let outcome = function.invoke(Event::named("torn.json", "{\"torn\":"));
    let error = outcome.expect_function_error();
    assert!(error.message.contains("EOF while parsing"), "{error:?}");
}

#[test]
fn too_large_an_event_never_reaches_the_function() {
    let function = fates().start();
    let limit = 6 * 1024 * 1024;
    let sized = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    let outcome = function.invoke(sized(limit + 1));
    assert_eq!((outcome.fate.name(), outcome.status_code(), function.environments()), ("too_large", 413, 0));
    let asynchronous = |bytes| function.request().invocation_type(InvocationType::Event).invoke(sized(bytes));
    assert_eq!(asynchronous(1024 * 1024 + 1).fate.name(), "too_large");
    assert_eq!(raw("").start().invoke(sized(limit)).payload().len(), limit, "what just fits is served");
}

#[test]
fn too_large_a_response_is_an_error_of_the_function() {
    let outcome = raw("too-large").start().invoke(json!({}));
    assert_eq!((outcome.fate.name(), outcome.function_error()), ("too_large", Some("Unhandled")));
    let payload: Value = serde_json::from_slice(&outcome.payload()).unwrap();
    assert_eq!(payload["errorType"], "Function.ResponseSizeTooLarge");
    assert_eq!(
        payload["errorMessage"],
        "Response payload size (6291558 bytes) exceeded maximum allowed payload size (6291556 bytes)."
    );
    outcome.expect_logged("Exceeded maximum allowed payload size (6291556 bytes).");
    assert_eq!(raw("just-fits").start().invoke(json!({})).expect_answer().body.len(), 6_291_556);
}
