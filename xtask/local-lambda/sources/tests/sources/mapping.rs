//! How Lambda polls a queue.

use std::sync::{Arc, Mutex};

use local_lambda_sources::{Target, What, World};
use serde_json::json;

use crate::support::{bodies, elapsed, order, panic_of, printer, secs, sizes, times};

#[test]
fn a_batch_has_no_more_messages_than_its_size() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    world.map(&queue, &printer("")).batch_size(5).create();
    (0..12).for_each(|_| _ = queue.send(order("print")));
    world.run_until_idle();
    assert_eq!(sizes(&world, What::Invoked), [5, 5, 2]);
    queue.expect_empty();
    assert_eq!(elapsed(&world), 0);
}

#[test]
fn messages_are_gathered_for_as_long_as_the_window_says() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    world.map(&queue, &printer("")).batch_size(100).batching_window(secs(20)).create();
    (0..3).for_each(|_| _ = queue.send(order("print")));
    world.advance(secs(15));
    world.expect_count(What::Invoked, 0);
    queue.send(order("print"));
    world.run_until_idle();
    assert_eq!((sizes(&world, What::Invoked), times(&world, What::Invoked)), (vec![4], vec![20]));
}

#[test]
fn a_full_batch_does_not_wait_for_the_end_of_the_window() {
    let world = World::new();
    let queue = world.queue("jobs").visibility_timeout(secs(400)).create();
    world.map(&queue, &printer("")).batch_size(3).batching_window(secs(300)).create();
    (0..4).for_each(|_| _ = queue.send(order("print")));
    world.run_until_idle();
    assert_eq!((sizes(&world, What::Invoked), times(&world, What::Invoked)), (vec![3, 1], vec![0, 300]));
}

#[test]
fn a_batch_is_no_larger_than_an_event_may_be() {
    let world = World::new();
    let queue = world.queue("scans").create();
    let archive = world.function(Target::closure("archive", |_| Ok(json!(null)))).create();
    world.map(&queue, &archive).batch_size(100).batching_window(secs(1)).create();
    (0..8).for_each(|_| _ = queue.send("x".repeat(1_000_000)));
    world.run_until_idle();
    assert_eq!(sizes(&world, What::Invoked), [6, 2]);
    queue.expect_empty();
}

#[test]
fn a_message_that_is_sent_with_a_delay_comes_when_it_has_passed() {
    let world = World::new();
    let queue = world.queue("jobs").delay(secs(5)).create();
    world.map(&queue, &printer("")).batch_size(1).create();
    queue.send(order("print"));
    queue.message(order("print")).delay(secs(900)).send().unwrap();
    world.run_until_idle();
    assert_eq!(times(&world, What::Invoked), [5, 900]);
}

#[test]
fn what_a_filter_does_not_match_is_gone() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    world.map(&queue, &printer("")).filter(json!({ "body": { "kind": ["photo"] } })).create();
    for body in [r#"{"kind":"photo"}"#, r#"{"kind":"invoice"}"#, r#"{"kind":"photo"}"#] {
        queue.send(body);
    }
    world.run_until_idle();
    assert_eq!(sizes(&world, What::Invoked), [2]);
    assert_eq!(sizes(&world, What::Filtered), [1]);
    queue.expect_empty();
}

/// How many invocations were under way at once, at the most.
fn peak(world: &World) -> usize {
    let (mut now, mut peak) = (0_usize, 0);
    for entry in world.trace().entries() {
        match entry.what {
            What::Invoked => now += 1,
            What::Succeeded | What::Failed => now -= 1,
            _ => {}
        }
        peak = peak.max(now);
    }
    peak
}

#[test]
fn a_maximum_concurrency_limits_how_many_invocations_there_are_at_once() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    let slow = world.function(printer("")).takes(secs(10)).create();
    world.map(&queue, &slow).batch_size(1).maximum_concurrency(2).create();
    (0..6).for_each(|_| _ = queue.send(order("print")));
    world.run_until_idle();
    assert_eq!((peak(&world), elapsed(&world)), (2, 30));
    world.expect_count(What::Throttled, 0);
    let counts: Vec<_> = world.trace().of(What::Invoked).map(|entry| entry.attempt).collect();
    assert_eq!(counts, [Some(1); 6], "what waits has not been received");
}

#[test]
fn polling_begins_with_five_batches_and_grows_by_the_minute() {
    let world = World::new();
    let queue = world.queue("jobs").visibility_timeout(secs(3_600)).create();
    let slow = world.function(Target::closure("slow", |_| Ok(json!(null)))).takes(secs(90)).create();
    world.map(&queue, &slow).batch_size(1).create();
    (0..20).for_each(|_| _ = queue.send(order("print")));
    world.advance(secs(30));
    assert_eq!(peak(&world), 5);
    world.advance(secs(31));
    assert_eq!(peak(&world), 20);
    world.run_until_idle();
    queue.expect_empty();
}

#[test]
fn a_throttled_batch_is_tried_again_while_its_messages_are_hidden() {
    let world = World::new();
    let queue = world.queue("jobs").visibility_timeout(secs(60)).create();
    let busy = world.function(printer("")).takes(secs(10)).reserved_concurrency(1).create();
    world.map(&queue, &busy).batch_size(1).create();
    (0..2).for_each(|_| _ = queue.send(order("print")));
    world.run_until_idle();
    // Tried after 1, 2, 4 and 8 seconds, each counted from the try before.
    assert_eq!(times(&world, What::Throttled), [0, 1, 3, 7]);
    assert_eq!(times(&world, What::Invoked), [0, 15]);
    queue.expect_empty();
}

#[test]
fn throttling_alone_can_send_messages_to_the_dead_letter_queue() {
    let world = World::new();
    let dlq = world.queue("jobs-dlq").create();
    let queue = world.queue("jobs").redrive(&dlq, 2).create();
    let stopped = world.function(printer("")).reserved_concurrency(0).create();
    world.map(&queue, &stopped).create();
    queue.send("a photo");
    world.run_until_idle();
    world.expect_count(What::Invoked, 0);
    dlq.expect_bodies(["a photo"]);
    assert_eq!(elapsed(&world), 60);
}

#[test]
fn an_invocation_longer_than_the_visibility_timeout_meets_its_message_again() {
    let world = World::new();
    let queue = world.queue("jobs").visibility_timeout(secs(30)).create();
    let slow = world.function(printer("")).takes(secs(45)).create();
    world.map(&queue, &slow).create();
    queue.send("a photo");
    world.advance(secs(80));
    assert_eq!(times(&world, What::Invoked), [0, 30, 60]);
    // Each time it is done, somebody else has received it meanwhile, so it is not deleted: this goes on for ever.
    assert_eq!(times(&world, What::DeleteMissed), [45, 75]);
    queue.expect_bodies(["a photo"]);
}

#[test]
fn a_window_longer_than_the_visibility_timeout_gathers_a_message_twice() {
    let world = World::new();
    let queue = world.queue("jobs").visibility_timeout(secs(10)).create();
    world.map(&queue, &printer("")).batch_size(5).batching_window(secs(15)).create();
    let id = queue.send(order("print")).message_id;
    world.run_until_idle();
    let trace = world.trace();
    assert_eq!(trace.of(What::Invoked).next().unwrap().items, [id.clone(), id]);
}

#[test]
fn a_disabled_mapping_does_not_poll() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    let mapping = world.map(&queue, &printer("")).create();
    mapping.set_enabled(false);
    queue.send(order("print"));
    world.run_until_idle();
    world.expect_count(What::Invoked, 0);
    mapping.set_enabled(true);
    world.run_until_idle();
    queue.expect_empty();
}

#[test]
fn settings_that_aws_refuses_are_refused() {
    let refused = |make: &dyn Fn(&World)| panic_of(|| make(&World::new()));
    let f = || printer("");
    let told = refused(&|world| _ = world.map(&world.queue("q").create(), &f()).batch_size(11).create());
    assert_eq!(told, "a batch size of more than 10 needs a batching window of at least one second");
    let told = refused(&|world| _ = world.map(&world.queue("q.fifo").create(), &f()).batch_size(11).create());
    assert_eq!(told, "a batch size of 11 is not between 1 and 10");
    let told = refused(&|world| _ = world.map(&world.queue("q").create(), &f()).maximum_concurrency(1).create());
    assert_eq!(told, "a maximum concurrency of 1 is not between 2 and 1,000");
    let told = refused(&|world| _ = world.map(&world.queue("q.fifo").create(), &f()).batching_window(secs(1)).create());
    assert_eq!(told, "a mapping of a FIFO queue has no batching window");
}

#[test]
fn what_a_function_sends_while_it_runs_comes_after_it() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (next, log) = (queue.clone(), Arc::clone(&seen));
    let relay = Target::closure("relay", move |call| {
        for body in bodies(&call.event) {
            if let Some(rest) = body.strip_prefix("then ") {
                next.send(rest);
            }
            log.lock().unwrap().push(body);
        }
        Ok(json!(null))
    });
    world.map(&queue, &world.function(relay).create()).create();
    queue.send("then then done");
    world.run_until_idle();
    assert_eq!(*seen.lock().unwrap(), ["then then done", "then done", "done"]);
}
