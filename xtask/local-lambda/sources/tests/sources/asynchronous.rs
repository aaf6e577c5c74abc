//! Asynchronous invocation: retries, age, throttles, and where events go in the end.

use local_lambda_sources::{AsyncState, Condition, Target, What, World};
use serde_json::{Value, json};

use crate::support::{elapsed, printer, secs, times};

const FAILED: AsyncState = AsyncState::Failed(Condition::RetriesExhausted);

#[test]
fn a_failure_is_retried_after_one_minute_and_after_two_more() {
    for failure in ["error", "panic", "exit"] {
        let world = World::new();
        let function = world.function(printer("")).create();
        let invocation = function.invoke_async(json!({ "do": failure }));
        invocation.expect_state(AsyncState::Queued);
        world.run_until_idle();
        invocation.expect_state(FAILED);
        assert_eq!(times(&world, What::Invoked), [0, 60, 180], "{failure}");
        let ids: Vec<_> = invocation.attempts().into_iter().map(|attempt| attempt.answer.request_id).collect();
        assert_eq!(ids, [invocation.request_id(); 3], "all attempts have one request id");
    }
}

#[test]
fn a_success_ends_it() {
    let world = World::new();
    let invocation = world.function(printer("")).create().invoke_async(json!({ "do": "print" }));
    world.run_until_idle();
    invocation.expect_state(AsyncState::Succeeded);
    assert_eq!((world.trace().count(What::Invoked), elapsed(&world)), (1, 0));
}

#[test]
fn retries_can_be_fewer() {
    for (retries, expected) in [(0, vec![0]), (1, vec![0, 60])] {
        let world = World::new();
        let function = world.function(printer("")).maximum_retry_attempts(retries).create();
        function.invoke_async(json!({ "do": "error" }));
        world.run_until_idle();
        assert_eq!(times(&world, What::Invoked), expected);
    }
}

#[test]
fn an_event_that_grows_too_old_is_given_up() {
    let world = World::new();
    let function = world.function(printer("")).maximum_event_age(secs(90)).create();
    let invocation = function.invoke_async(json!({ "do": "error" }));
    world.run_until_idle();
    invocation.expect_state(AsyncState::Failed(Condition::EventAgeExceeded));
    assert_eq!((times(&world, What::Invoked), elapsed(&world)), (vec![0, 60], 90));
}

#[test]
fn under_throttles_the_waits_double_and_no_retry_is_used_up() {
    let world = World::new();
    let function = world.function(printer("")).takes(secs(20)).reserved_concurrency(1).create();
    function.invoke_async(json!({ "do": "print" }));
    let second = function.invoke_async(json!({ "do": "error" }));
    world.run_until_idle();
    assert_eq!(times(&world, What::Throttled), [0, 1, 3, 7, 15]);
    // It ran at 31, ended at 51, was retried after 60 and, at 131 ended, after 120 seconds.
    assert_eq!(times(&world, What::Invoked), [0, 31, 111, 251]);
    second.expect_state(FAILED);
}

#[test]
fn a_throttled_event_is_given_up_when_it_is_six_hours_old() {
    let world = World::new();
    let function = world.function(printer("")).takes(secs(7 * 3_600)).reserved_concurrency(1).create();
    function.invoke_async(json!({}));
    let second = function.invoke_async(json!({}));
    world.advance(secs(6 * 3_600));
    second.expect_state(AsyncState::Failed(Condition::EventAgeExceeded));
    let throttled = times(&world, What::Throttled);
    let waits: Vec<_> = throttled.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits[..10], [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
    assert!(waits[10..].iter().all(|wait| *wait == 300));
}

#[test]
fn a_dead_letter_is_the_event_with_attributes() {
    let world = World::new();
    let dlq = world.queue("dlq").create();
    let function = world.function(printer("")).maximum_retry_attempts(0).dead_letter_queue(&dlq).create();
    let invocation = function.invoke_async(json!({ "do": "error" }));
    world.run_until_idle();
    dlq.expect_bodies([r#"{"do":"error"}"#]);
    let attributes = dlq.messages().remove(0).attributes;
    let text = |name: &str| match &attributes[name].value {
        local_lambda_sources::sqs::AttributeValue::String(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(text("RequestID"), invocation.request_id());
    assert_eq!((text("ErrorCode").as_str(), attributes["ErrorCode"].data_type.as_str()), ("200", "Number"));
    assert_eq!(text("ErrorMessage"), "the printer is jammed");
}

fn only_record(queue: &local_lambda_sources::Queue) -> Value {
    let bodies = queue.bodies();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    serde_json::from_str(&bodies[0]).unwrap()
}

#[test]
fn destinations_get_the_record_that_aws_documents() {
    let world = World::builder().seed(1).build();
    let (failures, successes) = (world.queue("failures").create(), world.queue("successes").create());
    let function = world.function(printer("")).on_failure(&failures).on_success(&successes).create();
    let failed = function.invoke_async(json!({ "do": "error" }));
    let succeeded = function.invoke_async(json!({ "do": "print" }));
    world.run_until_idle();
    let failure = only_record(&failures);
    let error_type = failure["responsePayload"]["errorType"].clone();
    assert_eq!(
        failure,
        json!({
            "version": "1.0",
            "timestamp": "2026-01-15T12:03:00.000Z",
            "requestContext": {
                "requestId": failed.request_id(),
                "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:printer:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": { "do": "error" },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "responsePayload": { "errorType": error_type, "errorMessage": "the printer is jammed" },
        })
    );
    let success = only_record(&successes);
    assert_eq!(success["requestContext"]["requestId"], succeeded.request_id());
    assert_eq!(success["requestContext"]["condition"], "Success");
    assert_eq!(success["responseContext"], json!({ "statusCode": 200, "executedVersion": "$LATEST" }));
    assert_eq!(success["responsePayload"]["version"], "$LATEST");
    assert_eq!(success["timestamp"], "2026-01-15T12:00:00.000Z");
}

#[test]
fn a_function_as_destination_is_invoked_with_the_record() {
    let world = World::new();
    let mourner = world.function(Target::closure("mourner", |call| Ok(call.event.clone()))).create();
    let function = world.function(printer("")).maximum_retry_attempts(0).on_failure(&mourner).create();
    function.invoke_async(json!({ "do": "error" }));
    world.run_until_idle();
    let record = world.answers().last().unwrap().json().unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
}

#[test]
fn a_fifo_queue_as_destination_gets_nothing() {
    let world = World::new();
    let fifo = world.queue("failures.fifo").content_based_deduplication().create();
    let function = world.function(printer("")).maximum_retry_attempts(0).on_failure(&fifo).create();
    function.invoke_async(json!({ "do": "error" }));
    world.run_until_idle();
    fifo.expect_empty();
    let trace = world.trace();
    let told: Vec<_> = trace.of(What::Dropped).map(|entry| entry.detail.as_str()).collect();
    assert_eq!(told, ["RetriesExhausted", "not delivered to failures.fifo: a FIFO queue is not supported"]);
}

#[test]
fn a_reserved_concurrency_of_zero_sends_events_away_without_an_attempt() {
    let world = World::new();
    let (dlq, failures) = (world.queue("dlq").create(), world.queue("failures").create());
    let function = world.function(printer("")).dead_letter_queue(&dlq).on_failure(&failures).create();
    function.set_reserved_concurrency(Some(0));
    let invocation = function.invoke_async(json!({ "do": "print" }));
    world.run_until_idle();
    invocation.expect_state(AsyncState::Failed(Condition::ZeroReservedConcurrency));
    assert_eq!((world.trace().count(What::Invoked), elapsed(&world)), (0, 0));
    dlq.expect_bodies([r#"{"do":"print"}"#]);
    let record = only_record(&failures);
    assert_eq!(record["requestContext"]["condition"], "ZeroReservedConcurrency");
    assert_eq!((&record["responseContext"], &record["responsePayload"]), (&Value::Null, &Value::Null));
    function.set_reserved_concurrency(None);
    function.invoke_async(json!({})).expect_state(AsyncState::Queued);
    world.run_until_idle();
    world.expect_count(What::Succeeded, 1);
}

#[test]
fn an_event_can_be_delivered_twice_on_request() {
    let world = World::new();
    let function = world.function(printer("")).create();
    function.duplicate_next(1);
    let twice = function.invoke_async(json!({ "do": "print" }));
    function.invoke_async(json!({ "do": "print" }));
    world.run_until_idle();
    world.expect_count(What::Invoked, 3);
    assert_eq!(twice.attempts().len(), 2);
}

#[test]
fn an_event_of_more_than_a_megabyte_is_refused() {
    let world = World::new();
    let function = world.function(printer("")).create();
    let event = |bytes: usize| json!("x".repeat(bytes - 2));
    let refused = function.request(event(1_048_577)).send().unwrap_err();
    assert_eq!((refused.bytes, refused.limit), (1_048_577, 1_048_576));
    assert!(function.request(event(1_048_576)).send().is_ok());
}
