//! Topics and their subscriptions.

use std::time::Duration;

use local_lambda::Function;
use local_lambda_sources::filter_policy::FilterPolicyScope;
use local_lambda_sources::sns::PublishError;
use local_lambda_sources::sqs::{AttributeValue, MessageAttribute};
use local_lambda_sources::{Destination, What, World};
use serde_json::{Value, json};

use crate::support::{Recorder, binary, items, logged};

#[test]
fn a_function_gets_one_record_with_the_message_in_it() {
    let (world, seen) = (World::new(), Recorder::default());
    let topic = world.topic("notices").create();
    let subscription = topic.subscribe(&seen.content(&world, "printer")).create();
    let printer = MessageAttribute::number(3);
    let published = topic.message("paper is low").subject("Paper").attribute("printer", printer).publish().unwrap();
    topic.publish("paper is out");
    world.run_until_idle();
    let events = seen.events();
    assert_eq!(events.len(), 2);
    let record = &events[0]["Records"][0];
    assert_eq!(record["EventSource"], "aws:sns");
    assert_eq!(record["EventSubscriptionArn"], subscription.arn());
    let sns = &record["Sns"];
    assert_eq!(sns["MessageId"], published.message_id);
    assert_eq!((&sns["Message"], &sns["Subject"]), (&json!("paper is low"), &json!("Paper")));
    assert_eq!(sns["MessageAttributes"], json!({ "printer": { "Type": "Number", "Value": "3" } }));
    assert!(sns["SigningCertUrl"].is_string() && sns["UnsubscribeUrl"].is_string());
    let without = &events[1]["Records"][0]["Sns"];
    assert_eq!((&without["Subject"], &without["MessageAttributes"]), (&Value::Null, &json!({})));
}

#[test]
fn a_queue_gets_an_envelope_or_the_message_itself() {
    let world = World::new();
    let topic = world.topic("notices").create();
    let (wrapped, raw) = (world.queue("wrapped").create(), world.queue("raw").create());
    topic.subscribe(&wrapped).create();
    topic.subscribe(&raw).raw_message_delivery().create();
    let kind = MessageAttribute::string("order");
    let published = topic.message(r#"{"order":1}"#).attribute("kind", kind.clone()).publish().unwrap();
    world.run_until_idle();
    let envelope: Value = serde_json::from_str(&wrapped.bodies()[0]).unwrap();
    assert_eq!(envelope["Type"], "Notification");
    assert_eq!(envelope["MessageId"], published.message_id);
    assert_eq!(envelope["Message"], r#"{"order":1}"#);
    assert_eq!(envelope["MessageAttributes"], json!({ "kind": { "Type": "String", "Value": "order" } }));
    assert!(envelope["SigningCertURL"].is_string() && envelope.get("Subject").is_none());
    assert!(wrapped.messages()[0].attributes.is_empty());
    let message = &raw.messages()[0];
    assert_eq!((message.body.as_str(), message.attributes.get("kind")), (r#"{"order":1}"#, Some(&kind)));
}

#[test]
fn a_filter_policy_keeps_messages_back() {
    let world = World::new();
    let topic = world.topic("orders").create();
    let (by_kind, by_total) = (world.queue("kind").create(), world.queue("total").create());
    topic.subscribe(&by_kind).raw_message_delivery().filter_policy(json!({ "kind": ["print"] })).create();
    let large = json!({ "total": [{ "numeric": [">", 10] }] });
    let subscription = topic.subscribe(&by_total).raw_message_delivery();
    let subscription = subscription.filter_policy(large).filter_policy_scope(FilterPolicyScope::MessageBody).create();
    let print = || MessageAttribute::string("print");
    topic.message(r#"{"total":5}"#).attribute("kind", print()).publish().unwrap();
    topic.message(r#"{"total":50}"#).publish().unwrap();
    topic.message("plain").attribute("kind", print()).publish().unwrap();
    world.run_until_idle();
    assert_eq!(by_kind.bodies(), [r#"{"total":5}"#, "plain"]);
    assert_eq!(by_total.bodies(), [r#"{"total":50}"#]);
    assert_eq!(world.trace().count(What::Filtered), 3);
    let error = subscription.set_filter_policy(FilterPolicyScope::MessageBody, Some(r#"{"a":[]}"#)).unwrap_err();
    assert_eq!(error.to_string(), "Invalid parameter: FilterPolicy: Empty arrays are not allowed");
    subscription.set_filter_policy(FilterPolicyScope::MessageBody, None).unwrap();
    topic.publish("all");
    world.run_until_idle();
    assert_eq!(by_total.bodies().last().unwrap(), "all");
}

#[test]
fn a_message_can_say_something_else_to_each_protocol() {
    let (world, seen) = (World::new(), Recorder::default());
    let (topic, queue) = (world.topic("notices").create(), world.queue("q").create());
    topic.subscribe(&queue).raw_message_delivery().create();
    topic.subscribe(&seen.content(&world, "printer")).create();
    topic.message(r#"{"default":"hello","sqs":"hello, queue"}"#).by_protocol().publish().unwrap();
    world.run_until_idle();
    assert_eq!(queue.bodies(), ["hello, queue"]);
    assert_eq!(seen.events()[0]["Records"][0]["Sns"]["Message"], "hello");
    let error = topic.message(r#"{"sqs":"x"}"#).by_protocol().publish().unwrap_err();
    let expected = "Invalid parameter: Message Structure - No default entry in JSON message body";
    assert_eq!(error, PublishError::InvalidParameter(expected.to_owned()));
}

#[test]
fn what_sns_does_not_take_is_refused() {
    let world = World::new();
    let topic = world.topic("notices").create();
    let large = world.topic("large").maximum_message_size(1_048_576).create();
    let text = "x".repeat(300 * 1024);
    let refused = |publish: Result<_, PublishError>| publish.map(|_| ()).unwrap_err().to_string();
    assert_eq!(refused(topic.message(text.as_str()).publish()), "Invalid parameter: Message too long");
    assert!(large.message(text).publish().is_ok());
    assert_eq!(refused(topic.message("").publish()), "Invalid parameter: Empty message");
    assert_eq!(refused(topic.message("x").subject("two\nlines").publish()), "Invalid parameter: Subject");
    let entry = |id: &str| (id.to_owned(), topic.message("x"));
    assert_eq!(topic.publish_batch(vec![]), Err(PublishError::EmptyBatchRequest));
    assert_eq!(topic.publish_batch(vec![entry("a"), entry("a")]), Err(PublishError::BatchEntryIdsNotDistinct));
    let eleven = (0..11).map(|n| entry(&n.to_string())).collect();
    assert_eq!(topic.publish_batch(eleven), Err(PublishError::TooManyEntriesInBatchRequest));
    let half = || topic.message("x".repeat(150 * 1024));
    let two = vec![("a".to_owned(), half()), ("b".to_owned(), half())];
    assert_eq!(topic.publish_batch(two), Err(PublishError::BatchRequestTooLong));
    let mixed = topic.publish_batch(vec![entry("a"), ("b".to_owned(), topic.message(""))]).unwrap();
    assert_eq!(
        mixed.iter().map(|(id, result)| (id.as_str(), result.is_ok())).collect::<Vec<_>>(),
        [("a", true), ("b", false)]
    );
}

#[test]
fn delivery_is_tried_again_and_a_queue_that_is_gone_is_given_up_at_once() {
    let world = World::new();
    let (dlq, queue) = (world.queue("dlq").create(), world.queue("q").create());
    let topic = world.topic("notices").create();
    let subscription = topic.subscribe(&queue).raw_message_delivery().redrive(&dlq).create();
    subscription.fail_next(6);
    topic.publish("hello");
    world.run_until_idle();
    assert_eq!(queue.bodies(), ["hello"]);
    // Three retries at once, two a second apart, then they become rarer.
    assert_eq!(world.now().to_string(), "2026-01-15T12:00:03Z");
    queue.delete_queue();
    topic.publish("nobody is there");
    world.run_until_idle();
    assert_eq!(dlq.bodies(), ["nobody is there"]);
    subscription.set_redrive(None::<Destination>);
    topic.publish("lost");
    world.run_until_idle();
    assert_eq!(world.trace().of(What::Dropped).count(), 2);
    subscription.unsubscribe();
    assert!(topic.subscriptions().is_empty());
}

#[test]
fn raw_delivery_of_more_than_ten_attributes_fails() {
    let world = World::new();
    let (topic, queue) = (world.topic("notices").create(), world.queue("q").create());
    topic.subscribe(&queue).raw_message_delivery().create();
    let add = |message: local_lambda_sources::sns::Publish<'static>, n: usize| {
        message.attribute(format!("a{n}"), MessageAttribute::string("x"))
    };
    let topic: &'static _ = Box::leak(Box::new(topic));
    (0..11).fold(topic.message("many"), add).publish().unwrap();
    (0..10).fold(topic.message("few"), add).publish().unwrap();
    world.run_until_idle();
    assert_eq!(queue.bodies(), ["few"]);
}

#[test]
fn messages_come_twice_late_and_out_of_order_on_request() {
    let world = World::builder().seed(2).build();
    let (topic, queue) = (world.topic("notices").create(), world.queue("q").create());
    let subscription = topic.subscribe(&queue).raw_message_delivery().create();
    subscription.duplicate_next(1);
    subscription.late_by_up_to(Duration::from_secs(30));
    let sent: Vec<String> = (0..20).map(|n| format!("{n:02}")).collect();
    sent.iter().for_each(|text| drop(topic.publish(text)));
    world.run_until_idle();
    let mut got = queue.bodies();
    assert_eq!(got.len(), 21);
    assert!(!got.is_sorted());
    got.sort();
    got.dedup();
    assert_eq!(got, sent);
}

#[test]
fn a_loop_through_a_topic_is_found() {
    let (world, seen) = (World::new(), Recorder::default());
    let topic = world.topic("notices").create();
    let again = topic.clone();
    let echo = seen.function(&world, "echo", move |call| {
        again.message("again").trace_header(&call.trace_header).publish().unwrap();
        Ok(json!(null))
    });
    topic.subscribe(&echo).create();
    topic.publish("once");
    world.run_until_idle();
    assert_eq!((seen.events().len(), world.trace().count(What::LoopStopped)), (16, 1));
}

#[test]
fn a_real_function_reads_what_sns_sends_directly_and_through_queues() {
    let world = World::new();
    let function = world.function(Function::builder(binary()).name("printer").start()).create();
    let topic = world.topic("notices").create();
    let (wrapped, raw) = (world.queue("wrapped").create(), world.queue("raw").create());
    topic.subscribe(&function).create();
    topic.subscribe(&wrapped).create();
    topic.subscribe(&raw).raw_message_delivery().create();
    world.map(&wrapped, &function).create();
    world.map(&raw, &function).create();
    let binary = MessageAttribute { data_type: "Binary".to_owned(), value: AttributeValue::Binary(vec![1].into()) };
    topic.message(r#"{"order":7}"#).attribute("seal", binary).publish().unwrap();
    world.run_until_idle();
    let trace = world.trace();
    assert_eq!((trace.count(What::Succeeded), trace.count(What::Failed)), (3, 0), "{trace}");
    assert_eq!(logged(&world).iter().filter(|line| line.ends_with(r#"{"order":7}"#)).count(), 2, "{trace}");
    assert_eq!(items(&trace, What::Delivered).len(), 3);
}
