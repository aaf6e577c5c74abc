//! FIFO queues: groups, order, deduplication.

use std::sync::{Arc, Mutex};

use local_lambda_sources::sqs::{ReceiptError, SendError};
use local_lambda_sources::{Queue, Target, What, World};
use serde_json::json;

use crate::support::{bodies, secs};

fn send(queue: &Queue, group: &str, body: &str) {
    queue.message(body).group_id(group).deduplication_id(format!("{group}{body}")).send().unwrap();
}

fn receive(queue: &Queue, max: usize) -> Vec<String> {
    queue.receive().max(max).now().into_iter().map(|received| received.message.body).collect()
}

#[test]
fn a_group_waits_while_one_of_its_messages_is_in_flight() {
    let world = World::new();
    let queue = world.queue("orders.fifo").create();
    for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")] {
        send(&queue, group, body);
    }
    assert_eq!(receive(&queue, 1), ["a1"]);
    assert_eq!(receive(&queue, 10), ["b1"]);
    assert!(receive(&queue, 10).is_empty());
    world.advance(secs(30));
    assert_eq!(receive(&queue, 10), ["a1", "a2", "b1", "a3"], "one receive may give several of a group");
}

#[test]
fn a_deduplication_id_counts_for_five_minutes_also_after_deletion() {
    let world = World::new();
    let queue = world.queue("orders.fifo").create();
    let send = |body: &str| queue.message(body).group_id("g").deduplication_id("d").send().unwrap();
    let first = send("one");
    let second = send("two");
    assert!(second.deduplicated && second.message_id == first.message_id);
    let receipt = queue.receive().now().remove(0).receipt_handle;
    queue.delete(&receipt).unwrap();
    world.advance(secs(299));
    assert!(send("three").deduplicated);
    queue.expect_empty();
    world.advance(secs(1));
    assert!(!send("four").deduplicated);
    queue.expect_bodies(["four"]);
    world.expect_count(What::Deduplicated, 2);
}

#[test]
fn content_based_deduplication_takes_the_body_s_sha_256() {
    let world = World::new();
    let queue = world.queue("orders.fifo").content_based_deduplication().create();
    let send = |body: &str| queue.message(body).group_id("g").send().unwrap();
    assert!(!send("a").deduplicated && send("a").deduplicated && !send("b").deduplicated);
    let id = queue.messages().remove(0).deduplication_id;
    assert_eq!(id.as_deref(), Some("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"));
    assert!(queue.message("c").group_id("g").deduplication_id(id.unwrap()).send().unwrap().deduplicated);
}

#[test]
fn a_fifo_queue_refuses_what_aws_refuses() {
    let world = World::new();
    let (queue, standard) = (world.queue("orders.fifo").create(), world.queue("orders").create());
    assert_eq!(queue.message("a").deduplication_id("d").send(), Err(SendError::NoGroupId));
    assert_eq!(queue.message("a").group_id("g").send(), Err(SendError::NoDeduplicationId));
    let delayed = queue.message("a").group_id("g").deduplication_id("d").delay(secs(1));
    assert_eq!(delayed.send(), Err(SendError::DelayOnFifoQueue));
    let with_id = standard.message("a").deduplication_id("d");
    assert_eq!(with_id.send(), Err(SendError::DeduplicationIdOnStandardQueue));
    assert!(standard.message("a").group_id("tenant").send().is_ok(), "fair queues have groups");
}

#[test]
fn an_expired_receipt_does_not_delete() {
    let world = World::new();
    let queue = world.queue("orders.fifo").visibility_timeout(secs(1)).create();
    send(&queue, "g", "a");
    let receipt = queue.receive().now().remove(0).receipt_handle;
    world.advance(secs(1));
    assert_eq!(queue.delete(&receipt), Err(ReceiptError::Expired));
}

#[test]
fn a_failed_group_stops_and_other_groups_go_on() {
    let world = World::new();
    let dlq = world.queue("dlq.fifo").create();
    let queue = world.queue("orders.fifo").redrive(&dlq, 2).create();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let function = Target::closure("orders", move |call| {
        let mut failed = Vec::new();
        // As AWS advises: after the first failure of a group everything of that group is reported.
        for (body, record) in bodies(&call.event).into_iter().zip(call.event["Records"].as_array().unwrap()) {
            let group = record["attributes"]["MessageGroupId"].clone();
            if body == "a2" || failed.iter().any(|(failed, _)| *failed == group) {
                failed.push((group, json!({ "itemIdentifier": record["messageId"] })));
            } else {
                log.lock().unwrap().push(body);
            }
        }
        let failures: Vec<_> = failed.into_iter().map(|(_, failure)| failure).collect();
        Ok(json!({ "batchItemFailures": failures }))
    });
    world.map(&queue, &world.function(function).create()).report_batch_item_failures().create();
    for body in ["a1", "b1", "a2", "a3", "b2"] {
        send(&queue, &body[..1], body);
    }
    world.run_until_idle();
    let seen = seen.lock().unwrap();
    assert_eq!(seen[..3], ["a1", "b1", "b2"]);
    // a3 was received as often as a2, and so went with it.
    dlq.expect_bodies(["a2", "a3"]);
}

#[test]
fn sequence_numbers_grow() {
    let world = World::new();
    let queue = world.queue("orders.fifo").create();
    send(&queue, "g", "a");
    send(&queue, "h", "b");
    let numbers: Vec<_> = queue.messages().into_iter().map(|message| message.sequence_number.unwrap()).collect();
    assert!(numbers[0] < numbers[1] && numbers[0].len() == 20, "{numbers:?}");
}
