//! How long it takes: figures, and no assertion on them.

use std::time::Instant;

use local_lambda_sources::{What, World};

use crate::support::{order, printer};

#[test]
fn a_thousand_messages_through_a_real_function() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    world.map(&queue, &printer("")).batch_size(1).create();
    let begun = Instant::now();
    (0..1_000).for_each(|_| _ = queue.send(order("print")));
    world.run_until_idle();
    println!("1,000 messages, one an invocation, through a real function: {:?}", begun.elapsed());
    world.expect_count(What::Succeeded, 1_000);
    queue.expect_empty();
}

#[test]
fn an_hour_of_retries_of_a_hundred_messages() {
    let world = World::new();
    let dlq = world.queue("dlq").create();
    let queue = world.queue("jobs").visibility_timeout(crate::support::secs(720)).redrive(&dlq, 5).create();
    world.map(&queue, &printer("")).create();
    let begun = Instant::now();
    (0..100).for_each(|_| _ = queue.send(order("error")));
    world.run_until_idle();
    println!("an hour of retries of 100 messages through a real function: {:?}", begun.elapsed());
    assert_eq!((dlq.messages().len(), crate::support::elapsed(&world)), (100, 3_600));
}
