//! A batch of messages, second by second: what is invisible, what is received, what is deleted, what is given up.
//!
//! Sources of the rules: visibility and receives
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>,
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>); a failed
//! batch returns whole, a partial answer only what it names
//! (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>).

use serde_json::{Value, json};

use crate::{number, variations, vectors};

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Visible,
    /// Until this second.
    Hidden(u64),
    Deleted,
    DeadLetterQueue,
}

struct Message {
    place: Place,
    receives: u64,
    done: u64,
}

fn queue(input: &Value) -> Value {
    let of = |name: &str| number(input, name);
    let partial = input["partial"] == true;
    let new = |_| Message { place: Place::Visible, receives: 0, done: 0 };
    let mut messages: Vec<Message> = (0..of("messages")).map(new).collect();
    // Second of the deletion, and whose.
    let mut deletions: Vec<(u64, usize)> = Vec::new();
    let mut rounds = Vec::new();
    for second in 0..100_000 {
        for (_, index) in deletions.extract_if(.., |(when, _)| *when <= second) {
            if messages[index].place != Place::DeadLetterQueue {
                messages[index].place = Place::Deleted;
            }
        }
        let mut received = Vec::new();
        for (index, message) in messages.iter_mut().enumerate() {
            if matches!(message.place, Place::Hidden(until) if until <= second) {
                message.place = Place::Visible;
            }
            if message.place == Place::Visible {
                if message.receives == of("max_receives") {
                    message.place = Place::DeadLetterQueue;
                } else {
                    message.receives += 1;
                    message.place = Place::Hidden(second + of("visibility_s"));
                    received.push(index);
                }
            }
        }
        if !received.is_empty() {
            let mut clock = second;
            let (mut done, mut failed) = (Vec::new(), Vec::new());
            for &index in &received {
                clock += of("seconds_each");
                if index as u64 + 1 == of("poison") {
                    failed.push(index);
                    if !partial {
                        break;
                    }
                } else {
                    messages[index].done += 1;
                    done.push(index);
                }
            }
            let returned = if failed.is_empty() || partial { failed } else { received.clone() };
            deletions.extend(received.iter().filter(|index| !returned.contains(index)).map(|&index| (clock, index)));
            let ids = |list: &[usize]| list.iter().map(|index| index + 1).collect::<Vec<_>>();
            rounds.push(json!({
                "at_s": second, "ends_s": clock, "received": ids(&received), "done": ids(&done), "returned": ids(&returned),
            }));
        }
        if messages.iter().all(|message| matches!(message.place, Place::Deleted | Place::DeadLetterQueue)) {
            break;
        }
    }
    let dead = messages.iter().enumerate().filter(|(_, message)| message.place == Place::DeadLetterQueue);
    json!({
        "rounds": rounds,
        "done": messages.iter().map(|message| message.done).collect::<Vec<_>>(),
        "dead": dead.map(|(index, _)| index + 1).collect::<Vec<_>>(),
    })
}

fn base() -> Value {
    json!({
        "messages": 10, "poison": 4, "seconds_each": 3, "visibility_s": 60, "max_receives": 3, "partial": false,
    })
}

#[test]
fn one_poison_message_takes_nine_good_ones_with_it_unless_failures_are_reported() {
    let whole = queue(&base());
    assert_eq!(whole["dead"], json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    assert_eq!(whole["done"], json!([3, 3, 3, 0, 0, 0, 0, 0, 0, 0]));
    let partial = queue(&variations(&base(), &[json!({ "partial": true })])[0]);
    assert_eq!((&partial["dead"], &partial["done"]), (&json!([4]), &json!([1, 1, 1, 0, 1, 1, 1, 1, 1, 1])));
}

#[test]
fn a_visibility_timeout_shorter_than_the_batch_doubles_the_work() {
    let told = queue(&variations(&base(), &[json!({ "poison": 0, "visibility_s": 20 })])[0]);
    assert_eq!(told["done"], json!(vec![2; 10]));
}

#[test]
fn sqs_vectors_are_up_to_date() {
    let changes = [
        json!({}),
        json!({ "partial": true }),
        json!({ "poison": 0 }),
        json!({ "poison": 0, "visibility_s": 20 }),
        json!({ "poison": 0, "visibility_s": 30 }),
        json!({ "poison": 0, "visibility_s": 10, "max_receives": 1 }),
        json!({ "poison": 1, "visibility_s": 5, "seconds_each": 10 }),
        json!({ "poison": 10, "visibility_s": 5, "seconds_each": 10, "max_receives": 5 }),
        json!({ "poison": 10, "partial": true, "visibility_s": 5, "seconds_each": 2 }),
        json!({ "poison": 5, "partial": true, "max_receives": 1 }),
        json!({ "poison": 2, "messages": 3, "visibility_s": 180, "max_receives": 5, "seconds_each": 1 }),
    ];
    vectors("sqs", &variations(&base(), &changes), queue);
}
