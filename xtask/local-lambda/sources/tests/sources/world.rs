//! A world and what it owns.

use std::sync::{Arc, Weak};

use local_lambda_sources::{Target, World};
use serde_json::json;

use crate::support::{order, panic_of, printer, secs};

#[test]
fn what_a_world_owns_ends_with_its_last_clone_whatever_is_still_to_happen() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    let (kept, next) = (Arc::new(()), queue.clone());
    let weak = Arc::downgrade(&kept);
    let closure = Target::closure("relay", move |_| {
        let _kept = &kept;
        next.send("again");
        Ok(json!(null))
    });
    world.map(&queue, &world.function(closure).takes(secs(60)).create()).create();
    queue.send("a");
    world.advance(secs(1));
    let clone = world.clone();
    drop(world);
    assert!(Weak::upgrade(&weak).is_some());
    drop(clone);
    assert!(Weak::upgrade(&weak).is_none(), "an invocation under way and a handle in a closure kept it alive");
    queue.send("nobody polls any more");
}

#[test]
fn a_real_function_ends_with_its_world() {
    let world = World::new();
    let function = printer("");
    let queue = world.queue("jobs").create();
    world.map(&queue, &function).create();
    queue.send(order("print"));
    world.run_until_idle();
    assert_eq!(function.environments(), 1);
    drop((function, world));
    queue.expect_empty();
}

#[test]
fn a_local_lambda_function_is_one_function_of_the_world_however_often_it_is_named() {
    let world = World::new();
    let function = printer("");
    let (jobs, orders) = (world.queue("jobs").create(), world.queue("orders").create());
    world.map(&jobs, &function).create();
    world.map(&orders, &function).create();
    assert_eq!(world.find_function("printer").unwrap().arn(), function.arn(None));
}

#[test]
fn a_function_cannot_make_time_pass() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    let inner = queue.clone();
    // Waiting is no waiting within an invocation.
    let patient = Target::closure("patient", move |_| Ok(json!(inner.receive().wait(secs(20)).now().len())));
    let answer = world.function(patient).create();
    answer.invoke_async("{}");
    world.run_until_idle();
    assert_eq!(world.answers()[0].json(), Some(json!(0)));
    assert_eq!(world.now(), world.trace().started());
}

#[test]
fn a_world_says_what_is_wrong_with_its_time() {
    let told = panic_of(|| _ = World::builder().at("yesterday").build());
    assert!(told.starts_with("\"yesterday\" is not a time such as 2026-01-15T12:00:00Z: "), "{told}");
}
