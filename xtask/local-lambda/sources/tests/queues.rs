//! First light: a queue, its pollers, its dead-letter queue.

use std::time::Duration;

use local_lambda_sources::{Target, What, World};
use serde_json::json;

#[test]
fn a_poison_message_ends_in_the_dead_letter_queue() {
    let world = World::builder().seed(7).build();
    let dlq = world.queue("jobs-dlq").create();
    let queue = world.queue("jobs").redrive(&dlq, 3).create();
    let printer = world
        .function(Target::closure("printer", |call| match call.event["Records"][0]["body"].as_str() {
            Some("jam") => Err("the paper is stuck".into()),
            _ => Ok(json!(null)),
        }))
        .create();
    world.map(&queue, &printer).batch_size(1).create();
    queue.send("a photo");
    queue.send("jam");
    world.run_until_idle();
    println!("{}\n{}", world.trace(), world.trace().to_json_lines());
    assert_eq!(dlq.bodies(), ["jam"]);
    assert!(queue.bodies().is_empty());
    assert_eq!(world.trace().count(What::Failed), 3);
    assert_eq!(world.now().duration_since(world.trace().started()).unsigned_abs(), Duration::from_secs(90));
}
