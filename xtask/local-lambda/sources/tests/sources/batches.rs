//! What becomes of a batch, by what the function does.

use local_lambda_sources::{Target, What, World};
use serde_json::{Value, json};

use crate::support::{elapsed, order, printer, secs, times};

#[test]
fn a_failure_brings_the_whole_batch_back_until_it_goes_to_the_dead_letter_queue() {
    for failure in ["error", "panic", "exit"] {
        let world = World::new();
        let dlq = world.queue("jobs-dlq").create();
        let queue = world.queue("jobs").redrive(&dlq, 3).create();
        world.map(&queue, &printer("")).create();
        queue.send(order("print"));
        queue.send(order(failure));
        world.run_until_idle();
        dlq.expect_bodies([order("print"), order(failure)]);
        assert_eq!(times(&world, What::Invoked), [0, 30, 60], "{failure}");
        assert_eq!(elapsed(&world), 90);
    }
}

#[test]
fn only_the_messages_that_are_reported_come_back() {
    let world = World::new();
    let dlq = world.queue("jobs-dlq").create();
    let queue = world.queue("jobs").redrive(&dlq, 3).create();
    world.map(&queue, &printer("report")).report_batch_item_failures().create();
    let messages = ["print", "fail", "print"].map(|what| queue.send(order(what)).message_id);
    world.run_until_idle();
    dlq.expect_bodies([order("fail")]);
    let invoked: Vec<_> = world.trace().of(What::Invoked).map(|entry| entry.items.clone()).collect();
    assert_eq!(invoked, [messages.to_vec(), vec![messages[1].clone()], vec![messages[1].clone()]]);
}

#[test]
fn without_report_batch_item_failures_an_answer_is_a_success_whatever_it_says() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    world.map(&queue, &printer("report")).create();
    queue.send(order("fail"));
    world.run_until_idle();
    queue.expect_empty();
    world.expect_count(What::Invoked, 1);
}

/// The function gives this answer to a batch of two; says whether both are deleted.
fn all_deleted(answer: &str) -> bool {
    let world = World::new();
    let queue = world.queue("jobs").create();
    world.map(&queue, &printer(&format!("raw:{answer}"))).report_batch_item_failures().create();
    queue.send(order("print"));
    queue.send(order("print"));
    world.advance(secs(1));
    let left = queue.messages().len();
    assert!(left == 0 || left == 2, "{left} are left after the answer {answer}\n{}", world.trace());
    left == 0
}

#[test]
fn answers_that_say_that_nothing_failed_delete_the_batch() {
    for answer in ["null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
        assert!(all_deleted(answer), "{answer}");
    }
}

#[test]
fn answers_that_cannot_be_trusted_fail_the_whole_batch() {
    let answers = [
        r#""done""#,
        r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
        r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
        r#"{"batchItemFailures":[{"itemId":"m-1"}]}"#,
        r#"{"batchItemFailures":[{"itemIdentifier":"of another batch"}]}"#,
    ];
    for answer in answers {
        assert!(!all_deleted(answer), "{answer}");
    }
}

#[test]
fn one_identifier_that_is_unknown_fails_what_succeeded_too() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    let confused = Target::closure("confused", |call| {
        let id = &call.event["Records"][0]["messageId"];
        Ok(json!({ "batchItemFailures": [{ "itemIdentifier": id }, { "itemIdentifier": "m-9" }] }))
    });
    world.map(&queue, &world.function(confused).create()).report_batch_item_failures().create();
    queue.send("a");
    queue.send("b");
    world.advance(secs(1));
    assert_eq!(queue.bodies(), ["a", "b"]);
    let failed: Vec<_> = world.trace().of(What::Failed).map(|entry| entry.detail.clone()).collect();
    assert_eq!(failed, ["the whole batch: an `itemIdentifier` is none of the batch"]);
}

#[test]
fn events_are_what_aws_documents() {
    let world = World::builder().seed(3).build();
    let dlq = world.queue("orders-dlq").create();
    let queue = world.queue("orders").redrive(&dlq, 1).create();
    let echo = Target::closure("echo", |call| Ok(call.event.clone()));
    world.map(&queue, &world.function(echo).create()).create();
    let attribute = local_lambda_sources::sqs::MessageAttribute::number(7);
    queue.message("hello").attribute("priority", attribute).trace_header("Root=1-a-b").send().unwrap();
    world.run_until_idle();
    let event: Value = world.answers()[0].json().unwrap();
    let parsed: aws_lambda_events::event::sqs::SqsEvent = serde_json::from_value(event.clone()).unwrap();
    let record = &parsed.records[0];
    assert_eq!(record.body.as_deref(), Some("hello"));
    assert_eq!(record.md5_of_body.as_deref(), Some("5d41402abc4b2a76b9719d911017c592"));
    assert_eq!(record.event_source_arn.as_deref(), Some("arn:aws:sqs:us-east-1:123456789012:orders"));
    assert_eq!((record.event_source.as_deref(), record.aws_region.as_deref()), (Some("aws:sqs"), Some("us-east-1")));
    assert_eq!(record.message_attributes["priority"].string_value.as_deref(), Some("7"));
    assert_eq!(record.message_attributes["priority"].data_type.as_deref(), Some("Number"));
    assert_eq!(record.attributes["ApproximateReceiveCount"], "1");
    assert_eq!(record.attributes["SentTimestamp"], "1768478400000");
    assert_eq!(record.attributes["ApproximateFirstReceiveTimestamp"], "1768478400000");
    assert_eq!(record.attributes["AWSTraceHeader"], "Root=1-a-b");
    assert!(record.receipt_handle.is_some() && record.md5_of_message_attributes.is_some());
}
