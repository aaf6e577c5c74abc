//! A world bound to real time, as a protocol front uses it.

use std::thread;
use std::time::{Duration, Instant};

use local_lambda_sources::{What, World};

use crate::support::{order, printer, secs};

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
