//! What holds in every world, tried on thousands of them, each drawn from its number.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use local_lambda::Ids;
use local_lambda_sources::{HandlerError, Invocation, Queue, Target, Timestamp, Trace, What, World};
use serde_json::{Value, json};

use crate::support::secs;

const WORLDS: u64 = 2_000;

/// A world that was drawn, run to its end, and what is known of it.
struct Run {
    seed: u64,
    trace: Trace,
    queue: Queue,
    dlq: Queue,
    /// Message id to its group and its place in it.
    sent: BTreeMap<String, (String, usize)>,
    visibility: Duration,
    window: Duration,
    fifo: bool,
}

impl Run {
    fn new(seed: u64) -> Run {
        let mut draws = Ids::new(seed);
        let mut below = |bound: usize| draws.below(bound);
        let world = World::builder().seed(seed).build();
        let fifo = below(2) == 0;
        let name = |name: &str| if fifo { format!("{name}.fifo") } else { name.to_owned() };
        let (visibility, window) = (secs(10 + below(60) as u64), secs(if fifo { 0 } else { below(3) as u64 * 3 }));
        let dlq = world.queue(name("dlq")).create();
        let delay = secs(below(2) as u64 * 5);
        let queue = world
            .queue(name("jobs"))
            .visibility_timeout(visibility)
            .delay(delay)
            .redrive(&dlq, 1 + below(4) as u32)
            .create();
        queue.reorder(below(2) == 0);
        let takes = secs([0, 1, 9][below(3)]);
        let mut function = world.function(Target::closure("jobs", moody)).takes(takes);
        if below(3) == 0 {
            function = function.reserved_concurrency(1 + below(3));
        }
        let mut mapping = world.map(&queue, &function.create()).batch_size(1 + below(10)).batching_window(window);
        if below(2) == 0 {
            mapping = mapping.report_batch_item_failures();
        }
        if below(3) == 0 {
            mapping = mapping.maximum_concurrency(2 + below(3));
        }
        mapping.create();
        let mut sent = BTreeMap::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for n in 0..1 + below(25) {
            let group = format!("g{}", below(3));
            let message = queue.message(format!("{seed} {n}")).group_id(&group);
            let message = if fifo { message.deduplication_id(n.to_string()) } else { message };
            let place = places.entry(group.clone()).or_default();
            sent.insert(message.send().unwrap().message_id, (group, *place));
            *place += 1;
            if below(3) == 0 {
                world.advance(secs(below(40) as u64));
            }
        }
        world.run_until_idle();
        Run { seed, trace: world.trace(), queue, dlq, sent, visibility, window, fifo }
    }

    #[track_caller]
    fn fail(&self, why: &str) -> ! {
        panic!("world {}: {why}\n{}", self.seed, self.trace);
    }
}

/// Succeeds, fails, or reports some messages, by a draw from what it is given.
fn moody(call: &Invocation) -> Result<Value, HandlerError> {
    let records = call.event["Records"].as_array().unwrap();
    let text: String = records.iter().map(|record| format!("{}{}", record["body"], record["attributes"])).collect();
    let hash = text.bytes().fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut draws = Ids::new(hash);
    match draws.below(4) {
        0 => Err("a bad day".into()),
        1 | 2 => {
            let failed = records.iter().filter(|_| draws.below(3) == 0);
            let failed: Vec<Value> = failed.map(|record| json!({ "itemIdentifier": record["messageId"] })).collect();
            Ok(json!({ "batchItemFailures": failed }))
        }
        _ => Ok(json!({})),
    }
}

#[test]
fn in_thousands_of_worlds_the_rules_of_queues_hold() {
    for seed in 0..WORLDS {
        let run = Run::new(seed);
        everything_ends(&run);
        nothing_is_delivered_after_it_was_deleted(&run);
        nobody_receives_what_another_one_has(&run);
        if run.fifo {
            groups_keep_their_order(&run);
        }
    }
}

/// Each message was deleted by the consumer or lies in the dead-letter queue: nothing is lost, nothing is in both.
fn everything_ends(run: &Run) {
    if !run.queue.messages().is_empty() {
        run.fail("the queue is not empty");
    }
    let trace = &run.trace;
    let deleted: BTreeSet<&String> = trace.of(What::Deleted).flat_map(|entry| &entry.items).collect();
    let buried = run.dlq.messages();
    let buried: BTreeSet<&String> = buried.iter().map(|message| &message.id).collect();
    if let Some(both) = deleted.intersection(&buried).next() {
        run.fail(&format!("{both} was deleted and is in the dead-letter queue"));
    }
    if let Some(lost) = run.sent.keys().find(|id| !deleted.contains(id) && !buried.contains(id)) {
        run.fail(&format!("{lost} is lost"));
    }
}

fn nothing_is_delivered_after_it_was_deleted(run: &Run) {
    let mut deleted = BTreeSet::new();
    for entry in run.trace.entries() {
        match entry.what {
            What::Deleted => deleted.extend(entry.items.clone()),
            What::Invoked => {
                if let Some(id) = entry.items.iter().find(|id| deleted.contains(*id)) {
                    run.fail(&format!("{id} was delivered after it was deleted"));
                }
            }
            _ => {}
        }
    }
}

/// Between two deliveries of a message its visibility timeout passes, less what it waited in the window or under
/// throttles before the first.
fn nobody_receives_what_another_one_has(run: &Run) {
    let mut delivered: BTreeMap<&String, Timestamp> = BTreeMap::new();
    let trace = &run.trace;
    let throttles = trace.count(What::Throttled) > 0;
    for entry in trace.of(What::Invoked) {
        for id in &entry.items {
            let Some(before) = delivered.insert(id, entry.at) else { continue };
            let apart = entry.at.duration_since(before).unsigned_abs();
            let slack = if throttles { run.visibility } else { run.window };
            if apart + slack < run.visibility {
                run.fail(&format!("{id} was delivered again after {apart:?}"));
            }
        }
    }
}

/// A message of a group is delivered when those before it have ended, or are before it in the same batch.
fn groups_keep_their_order(run: &Run) {
    let mut ended: BTreeSet<String> = BTreeSet::new();
    let is_before = |a: &(String, usize), b: &(String, usize)| a.0 == b.0 && a.1 < b.1;
    for entry in run.trace.entries() {
        match entry.what {
            What::Deleted | What::DeadLettered => ended.extend(entry.items.clone()),
            What::Invoked => {
                for (index, id) in entry.items.iter().enumerate() {
                    let place = &run.sent[id];
                    let waiting = run.sent.iter().filter(|(other, at)| is_before(at, place) && !ended.contains(*other));
                    for (other, _) in waiting {
                        if !entry.items[..index].contains(other) {
                            run.fail(&format!("{id} was delivered before {other}"));
                        }
                    }
                }
            }
            _ => {}
        }
    }
}
