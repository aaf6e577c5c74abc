//! What has to hold in every world: thousands of them, each from a seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local_lambda::Ids;
use local_lambda_sources::schedule_expression::{FlexibleTimeWindow, ScheduleExpression};
use local_lambda_sources::{DataStream, Target, Timestamp, Trace, What, World};
use serde_json::{Value, json};

use crate::support::{Recorder, items};

const WORLDS: u64 = 1_000;

/// A stream with a mapping of drawn settings, in front of a function that fails by a draw. Gives the trace, the
/// stream, and the sequence numbers of the records whose batch the function accepted, in that order.
fn unreliable_consumer(seed: u64) -> (Trace, DataStream, Vec<String>) {
    let mut draw = Ids::new(seed);
    let world = World::builder().seed(seed).build();
    let stream = world.data_stream("clicks").shards(1 + draw.below(3)).create();
    let accepted = Arc::new(Mutex::new(Vec::new()));
    let (reports, failing) = (draw.below(2) == 0, 1 + draw.below(4));
    let (kept, luck) = (Arc::clone(&accepted), Mutex::new(Ids::new(seed + 1)));
    let consumer = Target::closure("consumer", move |call| {
        let records = call.event["Records"].as_array().unwrap();
        let number = |record: &Value| record["kinesis"]["sequenceNumber"].as_str().unwrap().to_owned();
        let fails = |_: &&Value| luck.lock().unwrap().below(8) < failing;
        let first_failure = records.iter().position(|record| fails(&record)).unwrap_or(records.len());
        if first_failure < records.len() && !reports {
            return Err("bad luck".into());
        }
        kept.lock().unwrap().extend(records[..first_failure].iter().map(number));
        let failures: Vec<Value> =
            records.iter().skip(first_failure).map(|record| json!({ "itemIdentifier": number(record) })).collect();
        Ok(json!({ "batchItemFailures": failures }))
    });
    let consumer = world.function(consumer).takes(Duration::from_secs(draw.below(9) as u64)).create();
    let dlq = world.queue("failed").create();
    let mut mapping = world.map(&stream, &consumer).batch_size(1 + draw.below(5)).on_failure(&dlq);
    mapping = mapping.maximum_retry_attempts(draw.below(4) as u32);
    if reports {
        mapping = mapping.report_batch_item_failures();
    }
    if draw.below(2) == 0 {
        mapping = mapping.bisect_batch_on_function_error();
    }
    if draw.below(3) == 0 {
        mapping = mapping.batching_window(Duration::from_secs(draw.below(30) as u64));
    }
    mapping.create();
    for _ in 0..12 {
        stream.put_record(&format!("key-{}", draw.below(5)), "x");
        world.advance(Duration::from_secs(draw.below(20) as u64));
    }
    world.run_until_idle();
    let accepted = accepted.lock().unwrap().clone();
    (world.trace(), stream, accepted)
}

#[test]
fn a_stream_keeps_its_promises_whatever_its_consumer_does() {
    for seed in 0..WORLDS {
        let (trace, stream, accepted) = unreliable_consumer(seed);
        every_record_is_accepted_or_given_up_and_never_both(seed, &trace, &accepted);
        the_records_of_a_key_are_accepted_in_their_order_and_once(seed, &trace, &stream, &accepted);
        a_shard_waits_for_its_batch(seed, &trace);
    }
}

fn every_record_is_accepted_or_given_up_and_never_both(seed: u64, trace: &Trace, accepted: &[String]) {
    let sent: BTreeSet<String> = items(&trace.at_place("clicks"), What::Sent).into_iter().collect();
    let accepted: BTreeSet<String> = accepted.iter().cloned().collect();
    let dropped: BTreeSet<String> = items(trace, What::Dropped).into_iter().collect();
    assert!(accepted.is_disjoint(&dropped), "seed {seed}\n{trace}");
    assert_eq!(accepted.union(&dropped).cloned().collect::<BTreeSet<_>>(), sent, "seed {seed}\n{trace}");
    let told: BTreeSet<String> = items(trace, What::SentToDestination).into_iter().collect();
    assert_eq!(dropped, told, "seed {seed}: what is given up is told\n{trace}");
}

fn the_records_of_a_key_are_accepted_in_their_order_and_once(
    seed: u64,
    trace: &Trace,
    stream: &DataStream,
    accepted: &[String],
) {
    let key = |record: &Value| record["kinesis"]["partitionKey"].as_str().unwrap().to_owned();
    let records = stream.records().into_iter();
    let keys: BTreeMap<String, String> =
        records.map(|record| (record.sequence_number.clone(), key(&record.event_record))).collect();
    let mut last = BTreeMap::new();
    for number in accepted {
        if let Some(before) = last.insert(&keys[number], number) {
            assert!(before < number, "seed {seed}: {number} came after {before}\n{trace}");
        }
    }
}

/// Between the beginning and the end of an invocation, none begins for the same shard.
fn a_shard_waits_for_its_batch(seed: u64, trace: &Trace) {
    let mut under_way: BTreeSet<String> = BTreeSet::new();
    for entry in trace.entries().iter().filter(|entry| entry.place == "clicks" && entry.function.is_some()) {
        let shard = entry.items[0][..38].to_owned();
        match entry.what {
            What::Invoked => assert!(under_way.insert(shard), "seed {seed}\n{trace}"),
            _ => assert!(under_way.remove(&shard), "seed {seed}\n{trace}"),
        }
    }
    assert!(under_way.is_empty(), "seed {seed}\n{trace}");
}

/// What came into a topic, bus or bucket, and what ended in its queue or dead-letter queue.
struct Way {
    sent: Vec<String>,
    ended: Vec<String>,
}

/// A topic, a bus and a bucket, each with a queue behind it and trouble on the way.
fn troubled_ways(seed: u64) -> (World, [Way; 3]) {
    let mut draw = Ids::new(seed);
    let world = World::builder().seed(seed).build();
    let queue = |name: &str| world.queue(name).create();
    let (topic, bus, bucket) = (world.topic("topic").create(), world.bus("bus"), world.bucket("bucket").create());
    let (a, b, c) = (queue("a"), queue("b"), queue("c"));
    let subscription = topic.subscribe(&a).raw_message_delivery().redrive(&queue("a-dlq")).create();
    let rule = bus.rule("all").pattern(json!({ "source": ["s"] })).create();
    let target = rule.target(&b).maximum_retry_attempts(draw.below(4) as u32).dead_letter_queue(&queue("b-dlq"));
    let target = target.create();
    let notification = bucket.notify(&c).create();
    let mut sent = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..10 {
        let (late, twice, fails) = (Duration::from_secs(draw.below(40) as u64), draw.below(3), draw.below(4));
        subscription.late_by_up_to(late);
        subscription.duplicate_next(twice);
        subscription.fail_next(fails);
        target.late_by_up_to(late);
        target.duplicate_next(twice);
        target.fail_next(fails);
        notification.late_by_up_to(late);
        notification.duplicate_next(twice);
        notification.fail_next(fails);
        sent[0].push(topic.publish(format!("{round}")).message_id);
        sent[1].push(bus.put("s", "t", &json!({ "round": round })));
        sent[2].push(bucket.put(&format!("{}", draw.below(3)), "x").sequencer);
        world.advance(Duration::from_secs(draw.below(10) as u64));
    }
    world.run_until_idle();
    let trace = world.trace();
    let way = |sent, place| {
        let at = trace.at_place(place);
        Way { sent, ended: [items(&at, What::Delivered), items(&at, What::DeadLettered)].concat() }
    };
    let [topics, events, objects] = sent;
    let ways = [way(topics, "topic"), way(events, "bus"), way(objects, "bucket")];
    (world, ways)
}

#[test]
fn whatever_goes_wrong_on_the_way_everything_arrives_or_is_a_dead_letter() {
    for seed in 0..WORLDS {
        let (world, ways) = troubled_ways(seed);
        for Way { sent, ended } in ways {
            let ended: BTreeSet<String> = ended.into_iter().collect();
            assert_eq!(ended, sent.into_iter().collect(), "seed {seed}\n{}", world.trace());
        }
        let arrived: usize =
            ["a", "a-dlq", "b", "b-dlq", "c"].iter().map(|name| world.find_queue(name).unwrap().bodies().len()).sum();
        let trace = world.trace();
        let told = trace.count(What::Delivered) + trace.count(What::DeadLettered);
        assert_eq!(arrived, told, "seed {seed}: the queues have what the trace tells\n{trace}");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace_byte_for_byte() {
    for seed in 0..50 {
        let lines = |(world, _): (World, [Way; 3])| world.trace().to_json_lines();
        assert_eq!(lines(troubled_ways(seed)), lines(troubled_ways(seed)), "seed {seed}");
        let (one, other) = (unreliable_consumer(seed).0, unreliable_consumer(seed).0);
        assert_eq!(one.to_json_lines(), other.to_json_lines(), "seed {seed}");
        assert_ne!(one.to_json_lines(), unreliable_consumer(seed + 1).0.to_json_lines(), "seed {seed}");
    }
}

#[test]
fn a_schedule_is_delivered_once_for_each_time_within_its_window() {
    for seed in 0..200 {
        let mut draw = Ids::new(seed);
        let zone = ["UTC", "Asia/Taipei", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"][draw.below(5)];
        let expression = match draw.below(3) {
            0 => format!("cron({} {}/3 * * ? *)", draw.below(60), draw.below(3)),
            1 => format!("rate({} hours)", 1 + draw.below(5)),
            _ => format!("cron(30 2 ? * {} *)", 1 + draw.below(7)),
        };
        let begin = ["2026-03-06T10:00:00Z", "2026-10-24T10:00:00Z", "2026-04-03T10:00:00Z"][draw.below(3)];
        let minutes = 1 + draw.below(60) as u32;
        let (world, seen) = (World::builder().seed(seed).at(begin).build(), Recorder::default());
        let tick = seen.content(&world, "tick");
        let schedule = world.schedule("tick", &*expression).time_zone(zone);
        schedule.flexible_time_window(FlexibleTimeWindow::minutes(minutes).unwrap()).target(&tick).create();
        let week = Duration::from_secs(9 * 24 * 3_600);
        world.advance(week + Duration::from_secs(3_600));
        let end = Timestamp::from_second(world.trace().started().as_second() + 9 * 24 * 3_600).unwrap();
        let expected: Vec<String> = ScheduleExpression::parse(&expression, zone)
            .unwrap()
            .times(world.trace().started())
            .take_while(|due| *due < end)
            .map(|due| due.to_string())
            .collect();
        let mut got: Vec<String> =
            seen.events().iter().map(|event| event["time"].as_str().unwrap().to_owned()).collect();
        got.sort();
        got.retain(|time| time.parse::<Timestamp>().unwrap() < end);
        assert_eq!(got, expected, "seed {seed}: {expression} {zone}");
        let dues: BTreeSet<Timestamp> =
            seen.events().iter().map(|event| event["time"].as_str().unwrap().parse().unwrap()).collect();
        for entry in world.trace().of(What::Invoked) {
            let due = *dues.range(..=entry.at).next_back().unwrap();
            let late = entry.at.duration_since(due).as_secs();
            assert!(late < i64::from(minutes) * 60, "seed {seed}: {late} s late, the window has {minutes} minutes");
        }
    }
}
