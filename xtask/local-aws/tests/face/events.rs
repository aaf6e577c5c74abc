//! Buses of the world, as the SDK's clients reach them.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use local_aws::LocalAws;
use serde_json::Value;

use crate::support::{config, wait};

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
