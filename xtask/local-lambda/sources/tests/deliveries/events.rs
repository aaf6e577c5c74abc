//! Buses, rules and targets.

use std::time::Duration;

use local_lambda::Function;
use local_lambda_sources::{Bus, Queue, What, World};
use serde_json::{Value, json};

use crate::support::{Recorder, binary, logged};

const SOURCE: &str = "ferris-prints.orders";

/// A rule for everything that the shop sends.
fn all() -> Value {
    json!({ "source": [{ "prefix": "ferris-prints." }] })
}

fn text(queue: &Queue, name: &str) -> Option<String> {
    let message = &queue.messages()[0];
    message.attributes.get(name).map(|attribute| match &attribute.value {
        local_lambda_sources::sqs::AttributeValue::String(text) => text.clone(),
        local_lambda_sources::sqs::AttributeValue::Binary(_) => String::new(),
    })
}

#[test]
fn an_event_goes_to_the_targets_of_all_rules_that_it_matches() {
    let (world, seen) = (World::new(), Recorder::default());
    let bus = world.bus("shop");
    let (large, every) = (world.queue("large").create(), world.queue("every").create());
    let pattern = json!({ "detail": { "total": [{ "numeric": [">", 10] }] } });
    let rule = bus.rule("large").pattern(pattern).create();
    rule.target(&large).create();
    rule.target(&seen.content(&world, "notify")).create();
    bus.rule("every").pattern(all()).create().target(&every).create();
    let id = bus.put(SOURCE, "OrderPlaced", &json!({ "total": 50 }));
    bus.put(SOURCE, "OrderPlaced", &json!({ "total": 5 }));
    bus.put("else", "OrderPlaced", &json!({ "total": 5 }));
    world.run_until_idle();
    assert_eq!((large.bodies().len(), every.bodies().len(), seen.events().len()), (1, 2, 1));
    assert_eq!(
        seen.events()[0],
        json!({
            "version": "0",
            "id": id,
            "detail-type": "OrderPlaced",
            "source": SOURCE,
            "account": "123456789012",
            "time": "2026-01-15T12:00:00Z",
            "region": "us-east-1",
            "resources": [],
            "detail": { "total": 50 },
        })
    );
    assert_eq!(world.trace().count(What::Filtered), 1);
}

#[test]
fn a_bus_is_not_another_one() {
    let world = World::new();
    let queue = world.queue("q").create();
    world.bus("shop").rule("all").pattern(all()).create().target(&queue).create();
    world.default_bus().put(SOURCE, "OrderPlaced", &json!({}));
    world.run_until_idle();
    assert!(queue.bodies().is_empty());
}

#[test]
fn an_entry_that_is_not_an_event_is_refused() {
    let bus = World::new().bus("shop");
    let code = |source: &str, detail_type: &str, detail: &str| {
        bus.event(source, detail_type, detail).put().map(|_| "").unwrap_or_else(|error| error.code)
    };
    assert_eq!(code(SOURCE, "OrderPlaced", "{}"), "");
    assert_eq!(code("", "OrderPlaced", "{}"), "InvalidArgument");
    assert_eq!(code(SOURCE, "", "{}"), "InvalidArgument");
    assert_eq!(code(SOURCE, "OrderPlaced", ""), "InvalidArgument");
    assert_eq!(code(SOURCE, "OrderPlaced", "[]"), "MalformedDetail");
    assert_eq!(code(SOURCE, "OrderPlaced", "{"), "MalformedDetail");
    assert_eq!(code("aws.s3", "Object Created", "{}"), "NotAuthorizedForSource");
    let large = json!({ "text": "x".repeat(1024 * 1024) }).to_string();
    assert_eq!(code(SOURCE, "OrderPlaced", &large), "InvalidArgument");
}

#[test]
fn a_rule_has_a_valid_pattern_and_up_to_five_targets() {
    let world = World::new();
    let bus = world.bus("shop");
    let error = bus.rule("bad").pattern(json!({ "source": "text" })).try_create().unwrap_err();
    assert_eq!(error.reason(), r#""source" must be an object or an array"#);
    let queue = world.queue("q").create();
    let rule = bus.rule("all").pattern(all()).create();
    (0..5).for_each(|_| drop(rule.target(&queue).create()));
    assert_eq!(rule.arn(), "arn:aws:events:us-east-1:123456789012:rule/shop/all");
    assert_eq!(rule.targets().len(), 5);
    // The same name again is the same rule.
    bus.rule("all").pattern(json!({ "source": ["else"] })).create();
    assert_eq!((bus.rules().len(), rule.targets().len()), (1, 5));
    bus.put(SOURCE, "OrderPlaced", &json!({}));
    world.run_until_idle();
    assert!(queue.bodies().is_empty());
}

#[test]
#[should_panic(expected = "has 5 targets already")]
fn a_sixth_target_is_refused() {
    let world = World::new();
    let queue = world.queue("q").create();
    let rule = world.bus("shop").rule("all").pattern(all()).create();
    (0..6).for_each(|_| drop(rule.target(&queue).create()));
}

#[test]
fn a_disabled_rule_misses_what_comes_meanwhile() {
    let world = World::new();
    let (bus, queue) = (world.bus("shop"), world.queue("q").create());
    let rule = bus.rule("all").pattern(all()).create();
    rule.target(&queue).create();
    rule.set_enabled(false);
    bus.put(SOURCE, "Missed", &json!({}));
    rule.set_enabled(true);
    bus.put(SOURCE, "Seen", &json!({}));
    world.run_until_idle();
    assert_eq!(queue.bodies().len(), 1);
    rule.delete();
    bus.put(SOURCE, "Gone", &json!({}));
    world.run_until_idle();
    assert_eq!(queue.bodies().len(), 1);
}

#[test]
fn a_target_gets_the_event_a_part_a_constant_or_a_template() {
    let world = World::new();
    let (bus, queue) = (world.bus("shop"), world.queue("q").create());
    let rule = bus.rule("all").pattern(all()).create();
    rule.target(&queue).input_path("$.detail").create();
    rule.target(&queue).input(json!({ "wake": "up" })).create();
    let template = r#"{"text": "order <id> by <aws.events.rule-name>", "sizes": <sizes>, "none": <none>}"#;
    let paths = [("id", "$.detail.id"), ("sizes", "$.detail.sizes"), ("none", "$.detail.none")];
    rule.target(&queue).input_transformer(paths, template).create();
    bus.put(SOURCE, "OrderPlaced", &json!({ "id": "o-1", "sizes": [1, 2] }));
    world.run_until_idle();
    let bodies: Vec<Value> = queue.bodies().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(
        bodies,
        [
            json!({ "id": "o-1", "sizes": [1, 2] }),
            json!({ "wake": "up" }),
            json!({ "text": "order o-1 by all", "sizes": [1, 2], "none": null }),
        ]
    );
    assert!(rule.target(&queue).input_path("detail").try_create().is_err());
}

#[test]
fn what_cannot_be_delivered_goes_to_the_dead_letter_queue_with_the_reason() {
    let world = World::new();
    let (dlq, queue) = (world.queue("dlq").create(), world.queue("q").create());
    let bus = world.bus("shop");
    let rule = bus.rule("all").pattern(all()).create();
    let target = rule.target(&queue).input(json!("constant")).maximum_retry_attempts(2).dead_letter_queue(&dlq);
    let target = target.create();
    target.fail_next(3);
    bus.put(SOURCE, "OrderPlaced", &json!({ "total": 1 }));
    world.run_until_idle();
    assert_eq!(world.now().to_string(), "2026-01-15T12:00:03Z");
    let event: Value = serde_json::from_str(&dlq.bodies()[0]).unwrap();
    assert_eq!(event["detail"], json!({ "total": 1 }), "the event, not what the target would have got");
    assert_eq!(text(&dlq, "RULE_ARN").as_deref(), Some(rule.arn()));
    assert_eq!(text(&dlq, "TARGET_ARN").as_deref(), Some(queue.arn()));
    assert_eq!(text(&dlq, "RETRY_ATTEMPTS").as_deref(), Some("2"));
    assert_eq!(text(&dlq, "EXHAUSTED_RETRY_CONDITION").as_deref(), Some("MaximumRetryAttempts"));
}

#[test]
fn retries_end_with_the_age_of_the_event() {
    let world = World::new();
    let (dlq, queue) = (world.queue("dlq").create(), world.queue("q").create());
    let bus = world.bus("shop");
    let rule = bus.rule("all").pattern(all()).create();
    let target = rule.target(&queue).maximum_event_age(Duration::from_secs(60)).dead_letter_queue(&dlq).create();
    target.fail_next(100);
    bus.put(SOURCE, "OrderPlaced", &json!({}));
    world.run_until_idle();
    assert_eq!(world.now().to_string(), "2026-01-15T12:01:00Z");
    assert_eq!(text(&dlq, "EXHAUSTED_RETRY_CONDITION").as_deref(), Some("MaximumEventAgeInSeconds"));
}

#[test]
fn a_target_that_is_gone_is_not_tried_again() {
    let world = World::new();
    let (dlq, queue) = (world.queue("dlq").create(), world.queue("q").create());
    let bus = world.bus("shop");
    bus.rule("all").pattern(all()).create().target(&queue).dead_letter_queue(&dlq).create();
    queue.delete_queue();
    bus.put(SOURCE, "OrderPlaced", &json!({}));
    world.run_until_idle();
    assert_eq!(text(&dlq, "ERROR_CODE").as_deref(), Some("NO_RESOURCE"));
    assert_eq!((text(&dlq, "RETRY_ATTEMPTS").as_deref(), text(&dlq, "EXHAUSTED_RETRY_CONDITION")), (Some("0"), None));
    assert_eq!(world.trace().count(What::RetryPlanned), 0);
}

#[test]
fn an_event_goes_on_to_another_bus_and_to_a_topic() {
    let world = World::new();
    let (here, there) = (world.bus("here"), world.bus("there"));
    let (queue, topic) = (world.queue("q").create(), world.topic("t").create());
    here.rule("all").pattern(all()).create().target(&there).create();
    there.rule("all").pattern(all()).create().target(&topic).create();
    topic.subscribe(&queue).raw_message_delivery().create();
    here.put(SOURCE, "OrderPlaced", &json!({ "total": 1 }));
    world.run_until_idle();
    let event: Value = serde_json::from_str(&queue.bodies()[0]).unwrap();
    assert_eq!((&event["source"], &event["detail"]), (&json!(SOURCE), &json!({ "total": 1 })));
}

#[test]
fn the_record_of_an_asynchronous_invocation_becomes_an_event() {
    let (world, seen) = (World::new(), Recorder::default());
    let bus = world.bus("shop");
    let queue = world.queue("q").create();
    bus.rule("failed").pattern(json!({ "source": ["lambda"] })).create().target(&queue).create();
    let broken = local_lambda_sources::Target::closure("broken", |_| Err("broken".into()));
    let broken = world.function(broken).maximum_retry_attempts(0).on_failure(&bus).create();
    broken.invoke_async(json!({ "order": 1 }));
    world.run_until_idle();
    let event: Value = serde_json::from_str(&queue.bodies()[0]).unwrap();
    assert_eq!(event["detail-type"], "Lambda Function Invocation Result - Failure");
    assert_eq!(event["detail"]["requestPayload"], json!({ "order": 1 }));
    assert!(seen.events().is_empty());
}

#[test]
fn a_real_function_reads_what_event_bridge_sends() {
    let world = World::new();
    let function = world.function(Function::builder(binary()).name("printer").start()).create();
    let bus = world.bus("shop");
    let target = bus.rule("all").pattern(all()).create().target(&function).create();
    target.duplicate_next(1);
    let id = bus.put(SOURCE, "OrderPlaced", &json!({ "order": 7 }));
    world.run_until_idle();
    let trace = world.trace();
    assert_eq!(trace.count(What::Succeeded), 2, "{trace}");
    assert_eq!(logged(&world), [format!("saw {id} {{\"order\":7}}"), format!("saw {id} {{\"order\":7}}")]);
}

#[test]
fn a_call_has_one_to_ten_entries_and_each_has_its_own_fate() {
    let bus = World::new().bus("shop");
    let entry = |detail: &str| bus.event(SOURCE, "OrderPlaced", detail);
    let fates = Bus::put_events(vec![entry("{}"), entry("[]"), entry("{}")]).unwrap();
    assert_eq!(fates.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(Bus::put_events(vec![]).unwrap_err().code, "ValidationException");
    assert_eq!(Bus::put_events(vec![entry("{}"); 11]).unwrap_err().code, "ValidationException");
    let half = json!({ "text": "x".repeat(600_000) }).to_string();
    assert_eq!(Bus::put_events(vec![entry(&half), entry(&half)]).unwrap_err().code, "ValidationException");
}
