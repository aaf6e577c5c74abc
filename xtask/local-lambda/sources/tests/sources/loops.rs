//! Recursive loops, which Lambda finds by the lineage in the X-Ray trace header.

use local_lambda_sources::{AsyncState, Condition, LambdaFunction, Queue, Target, What, World};
use serde_json::json;
use std::sync::{Arc, Mutex};

use crate::support::{panic_of, secs};

/// A function that sends every message back to the queue that it came from, with an SDK that carries the trace header
/// on or with one that does not.
fn boomerang(queue: &Queue, carries_header: bool) -> Target {
    let queue = queue.clone();
    Target::closure("boomerang", move |call| {
        let message = queue.message("again");
        let message = if carries_header { message.trace_header(&call.trace_header) } else { message };
        message.send().map_err(|error| error.to_string())?;
        Ok(json!(null))
    })
}

#[test]
fn a_message_that_comes_back_for_ever_is_stopped_after_sixteen_invocations() {
    let world = World::new();
    let dlq = world.queue("dlq").create();
    let queue = world.queue("jobs").redrive(&dlq, 2).create();
    world.map(&queue, &world.function(boomerang(&queue, true)).create()).create();
    queue.send("once");
    world.run_until_idle();
    world.expect_count(What::Invoked, 16);
    // The poller gets an error, and the message is received until the redrive policy takes it.
    world.expect_count(What::LoopStopped, 2);
    dlq.expect_bodies(["again"]);
}

#[test]
fn a_loop_is_found_only_if_the_header_is_carried_on() {
    let world = World::builder().invocation_limit(100).build();
    let queue = world.queue("jobs").create();
    world.map(&queue, &world.function(boomerang(&queue, false)).create()).create();
    queue.send("once");
    let told = panic_of(|| world.run_until_idle());
    assert!(told.starts_with("the world does not become idle: "), "{told}");
    world.expect_count(What::LoopStopped, 0);
}

#[test]
fn a_loop_can_be_allowed() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    let (next, left) = (queue.clone(), Mutex::new(40));
    let countdown = Target::closure("countdown", move |call| {
        let mut left = left.lock().unwrap();
        *left -= 1;
        if *left > 0 {
            next.message("again").trace_header(&call.trace_header).send().unwrap();
        }
        Ok(json!(null))
    });
    world.map(&queue, &world.function(countdown).allow_recursion().create()).create();
    queue.send("once");
    world.run_until_idle();
    world.expect_count(What::Invoked, 40);
    world.expect_count(What::LoopStopped, 0);
}

#[test]
fn a_retry_is_not_a_loop() {
    let world = World::new();
    let dlq = world.queue("dlq").create();
    let queue = world.queue("jobs").visibility_timeout(secs(1)).redrive(&dlq, 20).create();
    let failing = Target::closure("failing", |_| Err("no".into()));
    world.map(&queue, &world.function(failing).create()).create();
    queue.message("a").trace_header("Root=1-a-b;Sampled=0").send().unwrap();
    world.run_until_idle();
    world.expect_count(What::Invoked, 20);
    world.expect_count(What::LoopStopped, 0);
}

#[test]
fn functions_that_call_each_other_asynchronously_are_stopped_and_the_event_goes_to_the_destination() {
    let world = World::new();
    let failures = world.queue("failures").create();
    let other: Arc<Mutex<Option<LambdaFunction>>> = Arc::default();
    let partner = Arc::clone(&other);
    let ping = world
        .function(Target::closure("ping", move |call| {
            let pong = partner.lock().unwrap().clone().unwrap();
            pong.request(json!("ping")).trace_header(&call.trace_header).send().unwrap();
            Ok(json!(null))
        }))
        .on_failure(&failures)
        .create();
    let back = ping.clone();
    let pong = Target::closure("pong", move |call| {
        back.request(json!("pong")).trace_header(&call.trace_header).send().unwrap();
        Ok(json!(null))
    });
    *other.lock().unwrap() = Some(world.function(pong).create());
    let first = ping.invoke_async(json!("begin"));
    world.run_until_idle();
    first.expect_state(AsyncState::Succeeded);
    world.expect_count(What::Invoked, 32);
    world.expect_count(What::LoopStopped, 1);
    let record: serde_json::Value = serde_json::from_str(&failures.bodies()[0]).unwrap();
    assert_eq!(record["requestContext"]["condition"], Condition::RecursiveInvocation.word());
    assert_eq!(record["requestPayload"], "pong");
}

#[test]
fn other_triggers_of_the_function_are_not_affected() {
    let world = World::new();
    let dlq = world.queue("dlq").create();
    let queue = world.queue("jobs").redrive(&dlq, 1).create();
    let function = world.function(boomerang(&queue, true)).create();
    world.map(&queue, &function).create();
    queue.send("once");
    world.run_until_idle();
    assert!(function.invoke(json!({})).is_success());
}
