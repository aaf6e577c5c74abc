//! Topics and buses of the world, as the SDK's clients reach them.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sns::types::PublishBatchRequestEntry;
use local_aws::LocalAws;
use serde_json::Value;

use crate::support::{config, wait};

/// <https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html>
#[test]
fn a_batch_is_published_and_has_at_most_ten_entries() {
    let aws = LocalAws::start();
    let topic = aws.world().topic("printed").create();
    let notices = aws.world().queue("notices").create();
    topic.subscribe(&notices).raw_message_delivery().create();
    let client = aws_sdk_sns::Client::new(&config(&aws));
    let publish = |count: usize| {
        let entry =
            |n: usize| PublishBatchRequestEntry::builder().id(format!("e{n}")).message(format!("<{n}>")).build();
        let entries = (0..count).map(|n| entry(n).unwrap()).collect();
        let publish = client.publish_batch().topic_arn(topic.arn()).set_publish_batch_request_entries(Some(entries));
        wait(publish.send()).map_err(|error| Box::new(error.into_service_error()))
    };
    assert_eq!(publish(3).unwrap().successful().len(), 3);
    aws.world().run_until_idle();
    let mut bodies = notices.bodies();
    bodies.sort();
    assert_eq!(bodies, ["<0>", "<1>", "<2>"]);
    assert!(publish(11).unwrap_err().is_too_many_entries_in_batch_request_exception());
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>: NotFound
#[test]
fn a_topic_that_does_not_exist_is_a_typed_error() {
    let aws = LocalAws::start();
    let client = aws_sdk_sns::Client::new(&config(&aws));
    let publish = client.publish().topic_arn("arn:aws:sns:us-east-1:123456789012:nothing").message("x");
    assert!(wait(publish.send()).unwrap_err().into_service_error().is_not_found_exception());
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
#[test]
fn events_reach_the_targets_of_their_rules_and_bad_entries_fail_alone() {
    let aws = LocalAws::start();
    let orders = aws.world().queue("orders").create();
    let bus = aws.world().bus("shop");
    bus.rule("placed").pattern(r#"{ "detail-type": ["OrderPlaced"] }"#).create().target(&orders).create();
    let client = aws_sdk_eventbridge::Client::new(&config(&aws));
    let entry = |kind: &str, detail: &str| {
        PutEventsRequestEntry::builder().event_bus_name("shop").source("shop").detail_type(kind).detail(detail).build()
    };
    let put = client.put_events().entries(entry("OrderPlaced", r#"{"id":"o-1"}"#)).entries(entry("OrderPlaced", "{"));
    let answer = wait(put.entries(entry("OrderLost", "{}")).send()).unwrap();
    assert_eq!(answer.failed_entry_count(), 1);
    assert_eq!(answer.entries()[1].error_code(), Some("MalformedDetail"));
    aws.world().run_until_idle();
    let bodies: Vec<Value> = orders.bodies().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(bodies.len(), 1);
    assert_eq!((&bodies[0]["detail"]["id"], &bodies[0]["source"]), (&"o-1".into(), &"shop".into()));
}

#[test]
fn chosen_events_of_a_batch_fail() {
    let aws = LocalAws::start();
    aws.fault("PutEvents").fail_entries(|entry| entry["Detail"] == "{}");
    let client = aws_sdk_eventbridge::Client::new(&config(&aws));
    let entry = PutEventsRequestEntry::builder().source("shop").detail_type("OrderPlaced").detail("{}").build();
    let answer = wait(client.put_events().entries(entry).send()).unwrap();
    assert_eq!((answer.failed_entry_count(), answer.entries()[0].error_code()), (1, Some("InternalFailure")));
}
