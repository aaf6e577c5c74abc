//! A queue, driven by hand.

use local_lambda_sources::sqs::{
    BatchError, MessageAttribute, PurgeInProgress, ReceiptError, RedrivePolicy, SendError, md5_of_attributes,
};
use local_lambda_sources::{Queue, What, World};

use crate::support::{elapsed, secs};

#[test]
fn a_received_message_is_hidden_for_the_visibility_timeout() {
    let world = World::new();
    let queue = world.queue("jobs").visibility_timeout(secs(10)).create();
    queue.send("a");
    assert_eq!(queue.receive().now().len(), 1);
    world.advance(secs(9));
    assert!(queue.receive().now().is_empty());
    world.advance(secs(1));
    let again = queue.receive().now();
    assert_eq!(again[0].message.receive_count, 2);
    assert_eq!(again[0].message.first_received_at, Some(world.trace().started()));
}

#[test]
fn a_receive_gives_ten_messages_at_the_most() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    (0..15).for_each(|n| _ = queue.send(n.to_string()));
    assert_eq!(queue.receive().now().len(), 1);
    assert_eq!(queue.receive().max(100).now().len(), 10);
    let counts = queue.counts();
    assert_eq!((counts.visible, counts.in_flight, counts.delayed), (4, 11, 0));
}

#[test]
fn a_changed_visibility_counts_from_the_change() {
    let world = World::new();
    let queue = world.queue("jobs").visibility_timeout(secs(60)).create();
    queue.send("a");
    let receipt = queue.receive().now().remove(0).receipt_handle;
    world.advance(secs(15));
    queue.change_visibility(&receipt, secs(10)).unwrap();
    world.advance(secs(9));
    assert!(queue.receive().now().is_empty());
    world.advance(secs(1));
    let receipt = queue.receive().now().remove(0).receipt_handle;
    queue.change_visibility(&receipt, secs(0)).unwrap();
    assert_eq!(queue.receive().now().len(), 1, "zero makes it visible at once");
    world.expect_count(What::Returned, 1);
}

#[test]
fn a_message_is_hidden_for_twelve_hours_in_all() {
    let world = World::new();
    let queue = world.queue("jobs").visibility_timeout(secs(3_600)).create();
    queue.send("a");
    let receipt = queue.receive().now().remove(0).receipt_handle;
    world.advance(secs(1));
    assert_eq!(queue.change_visibility(&receipt, secs(43_200)), Err(ReceiptError::TooLong));
    assert_eq!(queue.change_visibility(&receipt, secs(43_199)), Ok(()));
}

#[test]
fn only_the_latest_receipt_deletes() {
    let world = World::new();
    let queue = world.queue("jobs").visibility_timeout(secs(1)).create();
    queue.send("a");
    let first = queue.receive().now().remove(0).receipt_handle;
    world.advance(secs(1));
    let second = queue.receive().now().remove(0).receipt_handle;
    assert_ne!(first, second);
    assert_eq!(queue.delete(&first), Ok(()), "AWS answers with success");
    assert_eq!(queue.bodies(), ["a"], "and keeps the message");
    assert_eq!(queue.change_visibility(&first, secs(5)), Err(ReceiptError::NotInFlight));
    queue.delete(&second).unwrap();
    queue.expect_empty();
    assert_eq!(queue.delete(&second), Ok(()), "deleting twice is a success");
}

#[test]
fn a_standard_message_can_be_deleted_after_its_timeout_if_nobody_else_received_it() {
    let world = World::new();
    let queue = world.queue("jobs").visibility_timeout(secs(1)).create();
    queue.send("a");
    let receipt = queue.receive().now().remove(0).receipt_handle;
    world.advance(secs(5));
    queue.delete(&receipt).unwrap();
    queue.expect_empty();
}

#[test]
fn a_receipt_of_another_queue_is_invalid() {
    let world = World::new();
    let (jobs, other) = (world.queue("jobs").create(), world.queue("other").create());
    jobs.send("a");
    let receipt = jobs.receive().now().remove(0).receipt_handle;
    for wrong in [receipt.as_str(), "", "nonsense", "am9icy94L3k="] {
        assert_eq!(other.delete(wrong), Err(ReceiptError::Invalid), "{wrong:?}");
    }
}

#[test]
fn a_message_received_too_often_moves_instead_of_being_received_once_more() {
    let world = World::new();
    let dlq = world.queue("dlq").create();
    let queue = world.queue("jobs").visibility_timeout(secs(1)).redrive(&dlq, 2).create();
    let id = queue.send("a").message_id;
    for _ in 0..2 {
        assert_eq!(queue.receive().now().len(), 1);
        world.advance(secs(1));
    }
    assert!(queue.receive().now().is_empty());
    queue.expect_empty();
    let buried = dlq.messages().remove(0);
    assert_eq!((buried.id, buried.dead_letter_source_arn.as_deref()), (id, Some(queue.arn())));
}

#[test]
fn dead_letters_can_be_moved_back_as_new_messages() {
    let world = World::new();
    let dlq = world.queue("dlq").create();
    let queue = world.queue("jobs").visibility_timeout(secs(0)).redrive(&dlq, 1).create();
    let id = queue.send("a").message_id;
    dlq.send("sent here by somebody");
    for _ in 0..2 {
        _ = queue.receive().now();
    }
    world.advance(secs(60));
    assert_eq!(dlq.redrive(), 1);
    dlq.expect_bodies(["sent here by somebody"]);
    let message = queue.messages().remove(0);
    assert_ne!(message.id, id);
    assert_eq!((message.body.as_str(), message.receive_count, message.sent_at), ("a", 0, world.now()));
}

#[test]
fn a_dead_letter_keeps_the_age_that_it_had() {
    let world = World::new();
    let dlq = world.queue("dlq").retention(secs(3_600)).create();
    let queue = world.queue("jobs").visibility_timeout(secs(0)).redrive(&dlq, 1).create();
    queue.send("a");
    world.advance(secs(3_000));
    _ = queue.receive().now();
    _ = queue.receive().now();
    dlq.expect_bodies(["a"]);
    world.advance(secs(600));
    dlq.expect_empty();
    world.expect_count(What::Expired, 1);
}

#[test]
fn a_message_is_kept_for_as_long_as_the_retention_says() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    queue.send("a");
    world.run_until_idle();
    assert_eq!(elapsed(&world), 0, "the end of retention is not waited for");
    world.advance(secs(4 * 86_400 - 1));
    queue.expect_bodies(["a"]);
    world.advance(secs(1));
    queue.expect_empty();
    world.expect_count(What::Expired, 1);
}

#[test]
fn a_shorter_retention_counts_for_messages_that_are_there() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    queue.send("a");
    let mut settings = queue.settings();
    settings.retention = secs(60);
    queue.set_settings(settings).unwrap();
    world.advance(secs(60));
    queue.expect_empty();
}

#[test]
fn a_purge_takes_everything_and_can_be_repeated_after_a_minute() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    queue.send("visible");
    queue.send("in flight");
    let receipt = queue.receive().now().remove(0).receipt_handle;
    queue.purge().unwrap();
    queue.expect_empty();
    assert_eq!(queue.delete(&receipt), Ok(()));
    assert_eq!(queue.purge(), Err(PurgeInProgress));
    world.advance(secs(60));
    queue.purge().unwrap();
}

#[test]
fn a_message_has_a_largest_size_with_its_attributes() {
    let world = World::new();
    let queue = world.queue("jobs").maximum_message_size(1_024).create();
    let message = |bytes: usize| queue.message("x".repeat(bytes)).attribute("ab", MessageAttribute::string("cd"));
    // Name, type and value of the attribute have ten bytes.
    message(1_014).send().unwrap();
    assert_eq!(message(1_015).send(), Err(SendError::TooLarge { bytes: 1_025, limit: 1_024 }));
    assert_eq!(queue.message("").send(), Err(SendError::Empty));
    assert_eq!(queue.message("a").delay(secs(901)).send(), Err(SendError::DelayTooLong));
}

#[test]
fn batch_calls_have_at_most_ten_entries_with_ids_of_their_own() {
    let ids: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    let check = |ids: &[String], size| Queue::check_batch(ids.iter().map(|id| (id.as_str(), size)));
    assert_eq!(check(&ids[..10], 100_000), Ok(()));
    assert_eq!(check(&ids[..10], 110_000), Err(BatchError::TooLong));
    assert_eq!(check(&ids, 1), Err(BatchError::TooManyEntries));
    assert_eq!(check(&[], 1), Err(BatchError::Empty));
    assert_eq!(check(&["a".to_owned(), "a".to_owned()], 1), Err(BatchError::IdsNotDistinct));
}

#[test]
fn a_duplicate_on_request_is_received_while_the_first_is_hidden() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    queue.duplicate_next(1);
    let id = queue.send("twice").message_id;
    queue.send("once");
    let received = queue.receive().max(10).now();
    let ids: Vec<_> = received.iter().map(|received| &received.message.id).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!((ids[0], ids[1]), (&id, &id));
}

#[test]
fn reordering_on_request_is_drawn_from_the_seed() {
    let order = |seed: u64| -> Vec<String> {
        let world = World::builder().seed(seed).build();
        let queue = world.queue("jobs").create();
        queue.reorder(true);
        (0..10).for_each(|n| _ = queue.send(n.to_string()));
        queue.receive().max(10).now().into_iter().map(|received| received.message.body).collect()
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
    let mut sorted = order(1);
    assert_ne!(sorted, (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
    sorted.sort();
    assert_eq!(sorted, (0..10).map(|n| n.to_string()).collect::<Vec<_>>(), "nothing is lost");
}

#[test]
fn waiting_makes_virtual_time_pass_until_there_is_a_message() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    queue.message("a").delay(secs(5)).send().unwrap();
    assert_eq!(queue.receive().wait(secs(20)).now().len(), 1);
    assert_eq!(elapsed(&world), 5);
    assert!(queue.receive().wait(secs(20)).now().is_empty());
    assert_eq!(elapsed(&world), 25);
}

#[test]
fn a_redrive_policy_needs_a_queue_of_the_same_kind() {
    let world = World::new();
    let (queue, fifo) = (world.queue("jobs").create(), world.queue("dlq.fifo").create());
    let with = |arn: &str, max_receive_count| {
        let mut settings = queue.settings();
        settings.redrive = Some(RedrivePolicy { dead_letter_target_arn: arn.to_owned(), max_receive_count });
        queue.set_settings(settings)
    };
    assert!(with(fifo.arn(), 3).unwrap_err().contains("FIFO"));
    assert!(with("arn:aws:sqs:us-east-1:123456789012:nowhere", 3).unwrap_err().contains("nowhere"));
    assert!(with(queue.arn(), 0).unwrap_err().contains("maxReceiveCount"));
}

/// The digest was computed by SQS: it stands in the tests of moto
/// (<https://github.com/getmoto/moto/blob/master/tests/test_sqs/test_sqs.py>).
#[test]
fn the_digest_of_attributes_is_that_of_sqs() {
    let attributes = [("timestamp".to_owned(), MessageAttribute::number("1493147359900"))].into();
    assert_eq!(md5_of_attributes(&attributes).as_deref(), Some("235c5c510d26fb653d073faed50ae77c"));
}

#[test]
fn queues_are_found_by_their_names_until_they_are_deleted() {
    let world = World::new();
    let queue = world.queue("jobs").create();
    world.queue("orders").create();
    let names: Vec<_> = world.queues().iter().map(|queue| queue.name().to_owned()).collect();
    assert_eq!(names, ["jobs", "orders"]);
    queue.delete_queue();
    assert!(world.find_queue("jobs").is_none() && world.find_queue("orders").is_some());
}
