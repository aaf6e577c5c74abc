//! Buckets and their notifications.

use std::time::Duration;

use local_lambda::Function;
use local_lambda_sources::s3::{ObjectChange, ObjectEvent};
use local_lambda_sources::{What, World};
use serde_json::{Value, json};

use crate::support::{Recorder, binary, items, logged};

#[test]
fn a_change_is_told_to_whoever_has_a_rule_for_it() {
    let (world, seen) = (World::new(), Recorder::default());
    let bucket = world.bucket("photos").create();
    let (thumbs, removed) = (seen.content(&world, "thumbs"), world.queue("removed").create());
    bucket.notify(&thumbs).prefix("uploads/").suffix(".jpg").create();
    bucket.notify(&removed).event("s3:ObjectRemoved:*").create();
    bucket.put("uploads/a.jpg", "a");
    bucket.put("uploads/a.JPG", "a");
    bucket.put("thumbs/a.jpg", "a");
    bucket.copy("uploads/a.jpg", "uploads/b.jpg");
    bucket.delete("thumbs/a.jpg");
    bucket.delete("never/there.jpg");
    world.run_until_idle();
    let told = |event: &Value| {
        let record = &event["Records"][0];
        format!("{} {}", record["eventName"].as_str().unwrap(), record["s3"]["object"]["key"].as_str().unwrap())
    };
    let got: Vec<String> = seen.events().iter().map(told).collect();
    assert_eq!(got, ["ObjectCreated:Put uploads/a.jpg", "ObjectCreated:Copy uploads/b.jpg"]);
    let removed: Vec<Value> = removed.bodies().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(removed.iter().map(told).collect::<Vec<_>>(), ["ObjectRemoved:Delete thumbs/a.jpg"]);
    assert_eq!(bucket.keys(), ["uploads/a.JPG", "uploads/a.jpg", "uploads/b.jpg"]);
}

#[test]
fn an_event_has_the_encoded_key_and_all_that_aws_tells() {
    let (world, seen) = (World::new(), Recorder::default());
    let bucket = world.bucket("photos").versioning().create();
    bucket.notify(&seen.content(&world, "thumbs")).id("to-print").create();
    let stored = bucket.put("red flower.jpg", "petals");
    world.run_until_idle();
    let record = &seen.events()[0]["Records"][0];
    assert_eq!(record["eventTime"], "2026-01-15T12:00:00.000Z");
    assert_eq!(record["s3"]["configurationId"], "to-print");
    assert_eq!(record["s3"]["bucket"]["arn"], "arn:aws:s3:::photos");
    assert_eq!(
        record["s3"]["object"],
        json!({
            "key": "red+flower.jpg",
            "size": 6,
            "eTag": stored.e_tag,
            "versionId": stored.version_id,
            "sequencer": stored.sequencer,
        })
    );
}

#[test]
fn sequencers_grow_with_every_change() {
    let world = World::new();
    let bucket = world.bucket("photos").create();
    let mut before = String::new();
    for round in 0..50 {
        let stored = bucket.put("a", format!("{round}"));
        assert!(stored.sequencer > before, "{} {before}", stored.sequencer);
        before = stored.sequencer;
        world.advance(Duration::from_millis(round));
    }
}

#[test]
fn a_bucket_with_versions_keeps_what_is_deleted() {
    let (world, seen) = (World::new(), Recorder::default());
    let bucket = world.bucket("photos").versioning().create();
    bucket.notify(&seen.content(&world, "log")).event("s3:ObjectRemoved:*").create();
    bucket.put("a", "1");
    bucket.put("a", "2");
    let marker = bucket.delete("a").unwrap();
    world.run_until_idle();
    assert_eq!((bucket.get("a"), bucket.versions("a").len()), (None, 3));
    let record = &seen.events()[0]["Records"][0];
    assert_eq!(record["eventName"], "ObjectRemoved:DeleteMarkerCreated");
    assert_eq!(record["s3"]["object"]["versionId"].as_str(), marker.version_id.as_deref());
    assert!(record["s3"]["object"].get("size").is_none());
}

#[test]
fn overlapping_notifications_are_refused() {
    let world = World::new();
    let (bucket, queue) = (world.bucket("photos").create(), world.queue("q").create());
    bucket.notify(&queue).suffix(".jpg").create();
    let error = bucket.notify(&queue).prefix("uploads/").suffix("x.jpg").try_create().unwrap_err();
    assert!(error.to_string().starts_with("Configuration is ambiguously defined."), "{error}");
    let error = bucket.notify(&queue).suffix(".png").suffix(".gif").try_create().unwrap_err();
    assert!(error.to_string().starts_with("Cannot specify more than one suffix rule"), "{error}");
    bucket.notify(&queue).suffix(".png").create();
}

#[test]
fn the_default_bus_gets_the_key_as_it_is() {
    let (world, seen) = (World::new(), Recorder::default());
    let bucket = world.bucket("photos").event_bridge().create();
    let created = json!({ "source": ["aws.s3"], "detail-type": ["Object Created"] });
    world.default_bus().rule("uploads").pattern(created).create().target(&seen.content(&world, "thumbs")).create();
    bucket.put("red flower.jpg", "petals");
    bucket.delete("red flower.jpg");
    world.run_until_idle();
    let events = seen.events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["detail"]["object"]["key"], "red flower.jpg");
    assert_eq!(events[0]["detail"]["reason"], "PutObject");
    assert_eq!(events[0]["resources"], json!(["arn:aws:s3:::photos"]));
}

#[test]
fn an_object_that_is_kept_elsewhere_is_told_of_too() {
    let (world, seen) = (World::new(), Recorder::default());
    let bucket = world.bucket("photos").create();
    bucket.notify(&seen.content(&world, "thumbs")).create();
    bucket.tell(&ObjectChange {
        event: ObjectEvent::CreatedCompleteMultipartUpload,
        key: "video.mp4".to_owned(),
        size: Some(73_400_320),
        e_tag: Some("9b2cf535f27731c974343645a3985328-14".to_owned()),
        version_id: None,
        trace_header: None,
    });
    world.run_until_idle();
    assert_eq!(seen.events()[0]["Records"][0]["s3"]["object"]["size"], 73_400_320);
}

#[test]
fn notifications_come_twice_late_and_out_of_order_on_request() {
    let (world, seen) = (World::builder().seed(5).build(), Recorder::default());
    let bucket = world.bucket("photos").create();
    let notification = bucket.notify(&seen.content(&world, "thumbs")).create();
    notification.duplicate_next(1);
    notification.late_by_up_to(Duration::from_secs(60));
    let sequencers: Vec<String> = (0..20).map(|n| bucket.put("a", n.to_string()).sequencer).collect();
    world.run_until_idle();
    let got: Vec<String> = seen
        .events()
        .iter()
        .map(|event| event["Records"][0]["s3"]["object"]["sequencer"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(got.iter().filter(|sequencer| **sequencer == sequencers[0]).count(), 2);
    assert_ne!(got.iter().max(), got.last(), "the newest came last: nothing was out of order");
    let mut distinct = got.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct, sequencers);
}

#[test]
fn a_function_that_writes_where_it_reads_is_stopped_as_a_loop() {
    let (world, seen) = (World::new(), Recorder::default());
    let bucket = world.bucket("photos").create();
    let written = bucket.clone();
    let thumbs = seen.function(&world, "thumbs", move |call| {
        let key = call.event["Records"][0]["s3"]["object"]["key"].as_str().unwrap();
        written.put_traced(&format!("{key}.thumb"), "small", &call.trace_header);
        Ok(json!(null))
    });
    bucket.notify(&thumbs).create();
    bucket.put("a", "large");
    world.run_until_idle();
    assert_eq!(seen.events().len(), 16);
    assert_eq!(world.trace().count(What::LoopStopped), 1);
}

#[test]
fn a_real_function_reads_what_s3_sends() {
    let world = World::new();
    let function = Function::builder(binary()).name("thumbs").start();
    let bucket = world.bucket("photos").versioning().create();
    bucket.notify(&world.function(&function).create()).create();
    let stored = bucket.put("a b.jpg", "petals");
    world.run_until_idle();
    let trace = world.trace();
    assert_eq!(items(&trace, What::Delivered), std::slice::from_ref(&stored.sequencer));
    assert_eq!(trace.count(What::Succeeded), 1, "{trace}");
    let saw = format!("saw {} ", stored.sequencer);
    assert!(logged(&world).iter().any(|line| line.starts_with(&saw) && line.contains("a+b.jpg")), "{trace}");
}

#[test]
fn a_topic_passes_on_what_a_bucket_tells() {
    let world = World::new();
    let (topic, queue) = (world.topic("uploads").create(), world.queue("q").create());
    topic.subscribe(&queue).create();
    let bucket = world.bucket("photos").create();
    bucket.notify(&topic).create();
    bucket.put("a b.jpg", "petals");
    world.run_until_idle();
    let envelope: Value = serde_json::from_str(&queue.bodies()[0]).unwrap();
    let event: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
    assert_eq!(event["Records"][0]["s3"]["object"]["key"], "a+b.jpg");
}
