//! A world bound to real time, as a protocol front uses it.

use std::thread;
use std::time::{Duration, Instant};

use local_lambda_sources::{Target, What, World};

use crate::support::{order, panic_of, printer, secs};

/// Waits until something is so; the limit is for a machine that is very busy.
fn eventually(holds: impl Fn() -> bool) {
    let limit = Instant::now() + secs(30);
    while !holds() {
        assert!(Instant::now() < limit, "it does not become so");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_consumer_that_waits_gets_what_another_thread_sends() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    let _clock = world.follow_real_time(1.0);
    let consumer = queue.clone();
    let waiting = thread::spawn(move || consumer.receive().wait(secs(20)).now());
    queue.send("a");
    let received = waiting.join().unwrap();
    assert_eq!(received[0].message.body, "a");
}

#[test]
fn many_threads_may_call_a_world_while_it_runs() {
    let world = World::new();
    let dlq = world.queue("dlq").create();
    let queue = world.queue("jobs").visibility_timeout(secs(1)).redrive(&dlq, 3).create();
    let by_hand = world.queue("by-hand").visibility_timeout(secs(3_600)).create();
    let function = world.function(printer("")).create();
    world.map(&queue, &function).create();
    let clock = world.follow_real_time(100.0);
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (queue, by_hand, function) = (queue.clone(), by_hand.clone(), function.clone());
            thread::spawn(move || {
                for n in 0..25 {
                    queue.send(order(if (client + n) % 5 == 0 { "error" } else { "print" }));
                    by_hand.send("a");
                    for received in by_hand.receive().max(3).now() {
                        by_hand.change_visibility(&received.receipt_handle, secs(60)).unwrap();
                        by_hand.delete(&received.receipt_handle).unwrap();
                    }
                    assert!(queue.counts().visible + queue.messages().len() < 1_000);
                    function.invoke_async(order("print"));
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    drop(clock);
    world.run_until_idle();
    queue.expect_empty();
    let deleted: usize = world.trace().at_place("jobs").of(What::Deleted).map(|entry| entry.items.len()).sum();
    assert_eq!(deleted + dlq.messages().len(), 100);
}

#[test]
fn what_a_closure_panics_with_comes_out_when_the_guard_is_dropped() {
    let world = World::new();
    let function = world.function(Target::closure("broken", |_| panic!("a bug of the test"))).create();
    let clock = world.follow_real_time(1.0);
    function.invoke_async("{}");
    eventually(|| world.trace().count(What::Invoked) == 1);
    assert_eq!(panic_of(|| drop(clock)), "a bug of the test");
}

#[test]
fn visibility_ends_by_itself() {
    let world = World::new();
    let queue = world.queue("jobs").visibility_timeout(secs(30)).create();
    let _clock = world.follow_real_time(1_000.0);
    queue.send("a");
    assert_eq!(queue.receive().now().len(), 1);
    let again = queue.receive().wait(secs(20)).now();
    let again = if again.is_empty() { queue.receive().wait(secs(20)).now() } else { again };
    assert_eq!(again[0].message.receive_count, 2);
}

#[test]
fn functions_are_invoked_by_themselves_and_nothing_goes_on_when_the_guard_is_dropped() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    world.map(&queue, &printer("")).create();
    let clock = world.follow_real_time(1.0);
    queue.send(order("print"));
    eventually(|| world.trace().count(What::Deleted) == 1);
    drop(clock);
    let now = world.now();
    queue.send(order("print"));
    assert_eq!(world.now(), now);
    world.expect_count(What::Invoked, 1);
    world.run_until_idle();
    world.expect_count(What::Invoked, 2);
}
