//! Filter criteria of a queue's mapping.

use local_lambda_sources::{Target, What, World};
use serde_json::{Value, json};

fn ignore_everything(_: &local_lambda_sources::Invocation) -> Result<Value, local_lambda_sources::HandlerError> {
    Ok(json!(null))
}

#[test]
fn a_message_that_no_filter_matches_is_deleted_and_the_function_never_sees_it() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    let printer = world.function(Target::closure("printer", ignore_everything)).create();
    let photos = json!({ "body": { "kind": ["photo"] } });
    world.map(&queue, &printer).filter(photos).filter(r#"{ "body": ["plain photo"] }"#).create();
    for body in [r#"{"kind":"photo"}"#, r#"{"kind":"video"}"#, "plain photo", "plain video"] {
        queue.send(body);
    }
    world.run_until_idle();
    let trace = world.trace();
    assert!(queue.bodies().is_empty());
    let ids = |what: What| trace.of(what).flat_map(|entry| entry.items.clone()).collect::<Vec<_>>();
    let sent = ids(What::Sent);
    assert_eq!(ids(What::Filtered), [sent[1].clone(), sent[3].clone()]);
    assert_eq!(ids(What::Invoked), [sent[0].clone(), sent[2].clone()]);
}

#[test]
#[should_panic(expected = "Invalid filter pattern definition. Empty arrays are not allowed (at /body/kind)")]
fn a_pattern_that_is_none_is_refused_when_the_mapping_is_made() {
    let world = World::new();
    let printer = world.function(Target::closure("printer", ignore_everything)).create();
    world.map(&world.queue("jobs").create(), &printer).filter(r#"{ "body": { "kind": [] } }"#).create();
}
