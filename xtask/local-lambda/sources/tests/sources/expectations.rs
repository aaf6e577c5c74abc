//! What a failed expectation tells.

use local_lambda_sources::{AsyncState, What, World};
use serde_json::json;

use crate::support::{order, panic_of, printer};

#[test]
fn a_failed_expectation_shows_what_happened_in_the_world() {
    let world = World::builder().seed(7).build();
    let dlq = world.queue("jobs-dlq").create();
    let queue = world.queue("jobs").redrive(&dlq, 1).create();
    world.map(&queue, &printer("")).create();
    queue.send(order("error"));
    world.run_until_idle();
    let message = panic_of(|| _ = dlq.expect_empty());
    let id = &dlq.messages()[0].id[..8];
    let expected = format!(
        "\
jobs-dlq is empty
  expected  []
  got       [\"{{\\\"do\\\":\\\"error\\\"}}\"]
  what happened
    | the world began at 2026-01-15T12:00:00.000Z
    | after  what           where  which     function
    |   0 s  sent           jobs   {id}            {{\"do\":\"error\"}}
    |   0 s  invoked        jobs   {id}  printer   attempt 1, environment 0
    |   0 s  failed         jobs   {id}  printer   attempt 1, the printer is jammed ("
    );
    assert!(message.starts_with(&expected), "{message}\n\n{expected}");
    let last = format!("  30 s  dead lettered  jobs   {id}            to jobs-dlq after 1 receives");
    assert!(message.ends_with(&last), "{message}\n\n{last}");
}

#[test]
fn each_expectation_names_what_it_wanted_and_got() {
    let world = World::new();
    let function = world.function(printer("")).create();
    let invocation = function.invoke_async(json!({}));
    let message = panic_of(|| _ = invocation.expect_state(AsyncState::Succeeded));
    assert!(message.contains("expected  Succeeded\n  got       Queued"), "{message}");
    let message = panic_of(|| _ = world.expect_count(What::Invoked, 2));
    assert!(message.starts_with("\"invoked\" happens 2 times\n  expected  2\n  got       0"), "{message}");
    let message = panic_of(|| _ = world.expect("the printer is idle", |_| false));
    assert!(message.starts_with("the printer is idle\n"), "{message}");
}
