//! Streams of tables and of Kinesis, and their mappings.

use std::time::Duration;

use local_lambda::Function;
use local_lambda_sources::streams::{Change, IteratorType, StartingPosition, StreamError, StreamViewType};
use local_lambda_sources::{DataStream, HandlerError, Invocation, TableStream, What, World};
use serde_json::{Value, json};

use crate::support::{Recorder, binary, items};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Records a new order; gives its sequence number.
fn order(stream: &TableStream, id: &str, says: &str) -> String {
    let keys = json!({ "id": { "S": id } });
    let new = json!({ "id": { "S": id }, "do": { "S": says } });
    stream.record(&Change::insert(keys, new)).unwrap().sequence_number
}

/// The partition keys of the batches that a function got.
fn batches(recorder: &Recorder) -> Vec<Vec<String>> {
    let key = |record: &Value| match record["kinesis"]["partitionKey"].as_str() {
        Some(key) => key.to_owned(),
        None => record["dynamodb"]["Keys"]["id"]["S"].as_str().unwrap().to_owned(),
    };
    let keys = |event: &Value| event["Records"].as_array().unwrap().iter().map(key).collect();
    recorder.events().iter().map(keys).collect()
}

/// Fails for the whole batch when one record has this key.
fn fails_at(key: &'static str) -> impl Fn(&Invocation) -> Result<Value, HandlerError> + Send + Sync + 'static {
    move |call| {
        let poison = |record: &Value| record["kinesis"]["partitionKey"] == key;
        match call.event["Records"].as_array().unwrap().iter().any(poison) {
            true => Err("poison".into()),
            false => Ok(json!(null)),
        }
    }
}

/// Reports the record with this key as failed.
fn reports(key: &'static str) -> impl Fn(&Invocation) -> Result<Value, HandlerError> + Send + Sync + 'static {
    move |call| {
        let records = call.event["Records"].as_array().unwrap();
        let failed = records.iter().filter(|record| record["kinesis"]["partitionKey"] == key);
        let failed: Vec<Value> =
            failed.map(|record| json!({ "itemIdentifier": record["kinesis"]["sequenceNumber"] })).collect();
        Ok(json!({ "batchItemFailures": failed }))
    }
}

fn put(stream: &DataStream, keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| stream.put_record(key, format!("{key}!")).sequence_number).collect()
}

#[test]
fn records_come_in_order_in_batches() {
    let (world, seen) = (World::new(), Recorder::default());
    let stream = world.data_stream("clicks").create();
    let function = seen.content(&world, "counter");
    put(&stream, &["a", "b", "c", "d", "e"]);
    world.map(&stream, &function).batch_size(2).create();
    world.run_until_idle();
    assert_eq!(batches(&seen), [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
}

#[test]
fn a_mapping_begins_where_it_is_told() {
    for (position, expected) in [
        (StartingPosition::TrimHorizon, vec!["old", "middle", "new"]),
        (StartingPosition::AtTimestamp("2026-01-15T12:00:30Z".parse().unwrap()), vec!["middle", "new"]),
        (StartingPosition::Latest, vec!["new"]),
    ] {
        let (world, seen) = (World::new(), Recorder::default());
        let stream = world.data_stream("clicks").create();
        let function = seen.content(&world, "counter");
        put(&stream, &["old"]);
        world.advance(MINUTE);
        put(&stream, &["middle"]);
        world.map(&stream, &function).starting_position(position).create();
        put(&stream, &["new"]);
        world.run_until_idle();
        assert_eq!(batches(&seen).concat(), expected, "{position:?}");
    }
}

#[test]
#[should_panic(expected = "AT_TIMESTAMP is for Kinesis only")]
fn a_tables_stream_has_no_start_by_time() {
    let world = World::new();
    let function = Recorder::default().content(&world, "view");
    let position = StartingPosition::AtTimestamp(world.now());
    world.map(&world.table_stream("orders").create(), &function).starting_position(position).create();
}

#[test]
fn a_window_gathers_until_it_ends_or_the_batch_is_full() {
    let (world, seen) = (World::new(), Recorder::default());
    let stream = world.data_stream("clicks").create();
    let function = seen.content(&world, "counter");
    world.map(&stream, &function).batch_size(3).batching_window(10 * SECOND).create();
    put(&stream, &["a"]);
    world.advance(4 * SECOND);
    put(&stream, &["b"]);
    world.advance(5 * SECOND);
    assert!(seen.events().is_empty());
    world.advance(SECOND);
    assert_eq!(batches(&seen), [["a", "b"]]);
    put(&stream, &["c", "d", "e"]);
    world.advance(Duration::ZERO);
    assert_eq!(batches(&seen)[1], ["c", "d", "e"]);
}

#[test]
fn a_poison_record_stops_its_shard_until_the_stream_forgets_it() {
    let (world, seen) = (World::new(), Recorder::default());
    let stream = world.data_stream("clicks").create();
    let function = seen.function(&world, "counter", fails_at("poison"));
    let mapping = world.map(&stream, &function).batch_size(1).create();
    let numbers = put(&stream, &["a", "poison", "b"]);
    world.advance(23 * 60 * MINUTE);
    assert_eq!(mapping.backlog(), numbers[1..]);
    assert!(!batches(&seen).contains(&vec!["b".to_owned()]));
    put(&stream, &["c"]);
    world.advance(2 * 60 * MINUTE);
    // "b" was as old as the poison: it is lost too, unseen. That is why a mapping has a maximum record age.
    assert_eq!(batches(&seen).last().unwrap(), &["c"]);
    assert_eq!(items(&world.trace(), What::Dropped), numbers[1..2]);
    assert_eq!(items(&world.trace(), What::Expired), numbers);
    assert!(mapping.backlog().is_empty());
}

#[test]
fn a_batch_is_given_up_after_its_retries_and_its_place_is_told() {
    let (world, seen) = (World::new(), Recorder::default());
    let failed = world.queue("failed").create();
    let stream = world.data_stream("clicks").create();
    let function = seen.function(&world, "counter", fails_at("poison"));
    let mapping = world.map(&stream, &function).maximum_retry_attempts(2).on_failure(&failed);
    mapping.create();
    let numbers = put(&stream, &["a", "poison"]);
    world.advance(Duration::from_millis(500));
    world.run_until_idle();
    assert_eq!(batches(&seen), [["a", "poison"], ["a", "poison"], ["a", "poison"]]);
    let record: Value = serde_json::from_str(&failed.bodies()[0]).unwrap();
    let invoked = world.trace().of(What::Invoked).last().unwrap().request_id.clone();
    assert_eq!(
        record,
        json!({
            "requestContext": {
                "requestId": invoked,
                "functionArn": function.arn(),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 3,
            },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "version": "1.0",
            "timestamp": "2026-01-15T12:00:03.000Z",
            "KinesisBatchInfo": {
                "shardId": "shardId-000000000000",
                "startSequenceNumber": numbers[0],
                "endSequenceNumber": numbers[1],
                "approximateArrivalOfFirstRecord": "2026-01-15T12:00:00.000Z",
                "approximateArrivalOfLastRecord": "2026-01-15T12:00:00.000Z",
                "batchSize": 2,
                "streamArn": stream.arn(),
            },
        })
    );
}

#[test]
fn bisecting_isolates_the_poison_without_using_up_retries() {
    let (world, seen) = (World::new(), Recorder::default());
    let failed = world.queue("failed").create();
    let stream = world.data_stream("clicks").create();
    let function = seen.function(&world, "counter", fails_at("poison"));
    let mapping = world.map(&stream, &function).bisect_batch_on_function_error().maximum_retry_attempts(1);
    mapping.on_failure(&failed).create();
    let numbers = put(&stream, &["a", "b", "poison", "c"]);
    world.run_until_idle();
    let expected: [&[&str]; 7] =
        [&["a", "b", "poison", "c"], &["a", "b"], &["poison", "c"], &["poison"], &["poison"], &["c"], &[]];
    assert_eq!(batches(&seen), expected[..6]);
    assert_eq!(items(&world.trace(), What::Dropped), [numbers[2].clone()]);
    let record: Value = serde_json::from_str(&failed.bodies()[0]).unwrap();
    assert_eq!(record["KinesisBatchInfo"]["batchSize"], 1);
}

#[test]
fn the_lowest_reported_number_is_the_checkpoint() {
    let (world, seen) = (World::new(), Recorder::default());
    let stream = world.data_stream("clicks").create();
    let function = seen.function(&world, "counter", reports("c"));
    let mapping = world.map(&stream, &function).report_batch_item_failures().maximum_retry_attempts(1);
    mapping.create();
    let numbers = put(&stream, &["a", "b", "c", "d"]);
    world.run_until_idle();
    assert_eq!(batches(&seen), [vec!["a", "b", "c", "d"], vec!["c", "d"]]);
    // What the function said nothing of is given up with it.
    assert_eq!(items(&world.trace(), What::Dropped), numbers[2..]);
}

#[test]
fn an_answer_that_cannot_be_read_fails_the_whole_batch() {
    for (answer, fails) in [
        (json!(null), false),
        (json!({}), false),
        (json!({ "batchItemFailures": [] }), false),
        (json!({ "batchItemFailures": null }), false),
        (json!({ "batchItemFailures": [{ "itemIdentifier": "" }] }), true),
        (json!({ "batchItemFailures": [{ "itemIdentifier": null }] }), true),
        (json!({ "batchItemFailures": [{ "sequenceNumber": "1" }] }), true),
        (json!({ "batchItemFailures": [{ "itemIdentifier": "unknown" }] }), true),
    ] {
        let (world, seen) = (World::new(), Recorder::default());
        let stream = world.data_stream("clicks").create();
        let given = answer.clone();
        let function = seen.function(&world, "counter", move |_| Ok(given.clone()));
        world.map(&stream, &function).report_batch_item_failures().maximum_retry_attempts(0).create();
        put(&stream, &["a", "b"]);
        world.run_until_idle();
        assert_eq!(world.trace().count(What::Dropped) > 0, fails, "{answer}");
    }
}

#[test]
fn without_reporting_the_answer_does_not_matter() {
    let (world, seen) = (World::new(), Recorder::default());
    let stream = world.data_stream("clicks").create();
    let function = seen.function(&world, "counter", reports("a"));
    world.map(&stream, &function).create();
    put(&stream, &["a"]);
    world.run_until_idle();
    assert_eq!(batches(&seen), [["a"]]);
}

#[test]
fn records_that_are_too_old_are_given_up_without_those_behind_them() {
    let (world, seen) = (World::new(), Recorder::default());
    let failed = world.queue("failed").create();
    let stream = world.table_stream("orders").create();
    let function = seen.function(&world, "view", |call| {
        let first = &call.event["Records"][0]["dynamodb"]["Keys"]["id"]["S"];
        if first == "old" { Err("broken".into()) } else { Ok(json!(null)) }
    });
    world.map(&stream, &function).maximum_record_age(MINUTE).on_failure(&failed).create();
    let old = order(&stream, "old", "");
    world.advance(30 * SECOND);
    order(&stream, "young", "");
    world.run_until_idle();
    assert_eq!(batches(&seen).last().unwrap(), &["young"]);
    let record: Value = serde_json::from_str(&failed.bodies()[0]).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(record["DDBStreamBatchInfo"]["startSequenceNumber"], old);
    assert_eq!(record["DDBStreamBatchInfo"]["endSequenceNumber"], old);
    assert_eq!(record["DDBStreamBatchInfo"]["approximateArrivalOfFirstRecord"], "2026-01-15T12:00:00Z");
}

#[test]
fn throttles_do_not_count_as_retries() {
    let (world, seen) = (World::new(), Recorder::default());
    let stream = world.data_stream("clicks").create();
    let function = seen.content(&world, "counter");
    function.set_reserved_concurrency(Some(0));
    world.map(&stream, &function).maximum_retry_attempts(0).create();
    put(&stream, &["a"]);
    world.advance(10 * MINUTE);
    assert!(world.trace().count(What::Throttled) > 5 && seen.events().is_empty());
    function.set_reserved_concurrency(None);
    world.run_until_idle();
    assert_eq!(batches(&seen), [["a"]]);
}

#[test]
fn what_a_filter_leaves_out_is_passed_over() {
    let (world, seen) = (World::new(), Recorder::default());
    let stream = world.table_stream("orders").create();
    let function = seen.content(&world, "view");
    let placed = json!({ "dynamodb": { "NewImage": { "do": { "S": ["print"] } } } });
    let mapping = world.map(&stream, &function).filter(placed).create();
    order(&stream, "1", "print");
    let skipped = order(&stream, "2", "wait");
    order(&stream, "3", "print");
    let last = order(&stream, "4", "wait");
    world.run_until_idle();
    assert_eq!(batches(&seen), [["1", "3"]]);
    assert_eq!(items(&world.trace(), What::Filtered), [skipped, last]);
    assert!(mapping.backlog().is_empty());
}

#[test]
fn a_disabled_mapping_goes_on_where_it_stopped() {
    let (world, seen) = (World::new(), Recorder::default());
    let stream = world.data_stream("clicks").create();
    let mapping = world.map(&stream, &seen.content(&world, "counter")).create();
    mapping.set_enabled(false);
    put(&stream, &["a"]);
    world.run_until_idle();
    assert!(seen.events().is_empty());
    mapping.set_enabled(true);
    world.run_until_idle();
    assert_eq!(batches(&seen), [["a"]]);
    mapping.delete();
    put(&stream, &["b"]);
    world.run_until_idle();
    assert_eq!(seen.events().len(), 1);
}

#[test]
fn a_batch_is_delivered_again_on_request() {
    let (world, seen) = (World::new(), Recorder::default());
    let stream = world.data_stream("clicks").create();
    let mapping = world.map(&stream, &seen.content(&world, "counter")).batch_size(2).create();
    mapping.repeat_next(1);
    put(&stream, &["a", "b", "c"]);
    world.run_until_idle();
    assert_eq!(batches(&seen), [vec!["a", "b"], vec!["a", "b"], vec!["c"]]);
}

#[test]
fn the_iterator_age_tells_how_far_a_function_is_behind() {
    let (world, seen) = (World::new(), Recorder::default());
    let stream = world.data_stream("clicks").create();
    let function = seen.content(&world, "counter");
    put(&stream, &["a"]);
    world.advance(MINUTE);
    put(&stream, &["b"]);
    let mapping = world.map(&stream, &function).batch_size(1).create();
    world.run_until_idle();
    assert_eq!(mapping.iterator_ages(), [MINUTE, Duration::ZERO]);
}

#[test]
fn a_change_is_told_as_the_view_says() {
    let (keys, old, new) = (json!({ "id": { "S": "1" } }), json!({ "n": { "N": "1" } }), json!({ "n": { "N": "2" } }));
    for (view, has_new, has_old) in [
        (StreamViewType::KeysOnly, false, false),
        (StreamViewType::NewImage, true, false),
        (StreamViewType::OldImage, false, true),
        (StreamViewType::NewAndOldImages, true, true),
    ] {
        let stream = World::new().table_stream("orders").view_type(view).create();
        let record = stream.record(&Change::modify(keys.clone(), old.clone(), new.clone())).unwrap().event_record;
        assert_eq!(record["eventName"], "MODIFY");
        assert_eq!(record["dynamodb"].get("NewImage").is_some(), has_new, "{view:?}");
        assert_eq!(record["dynamodb"].get("OldImage").is_some(), has_old, "{view:?}");
    }
    let stream = World::new().table_stream("orders").create();
    assert_eq!(stream.record(&Change::modify(keys.clone(), old.clone(), old.clone())), None);
    let expired = stream.record(&Change::expire(keys, old)).unwrap().event_record;
    assert_eq!(expired["eventName"], "REMOVE");
    assert_eq!(expired["userIdentity"]["principalId"], "dynamodb.amazonaws.com");
}

#[test]
fn sequence_numbers_are_numbers_not_text() {
    let stream = World::new().table_stream("orders").first_sequence_number(9).create();
    assert_eq!([order(&stream, "1", ""), order(&stream, "2", "")], ["9", "10"]);
}

#[test]
fn a_stream_can_be_read_without_a_mapping() {
    let world = World::new();
    let stream = world.data_stream("clicks").create();
    let numbers = put(&stream, &["a", "b", "c"]);
    let shard = &stream.shards()[0].id;
    let read = |from: &IteratorType, limit| {
        let iterator = stream.shard_iterator(shard, from)?;
        let read = stream.get_records(&iterator, limit)?;
        Ok::<_, StreamError>(read.records.into_iter().map(|record| record.sequence_number).collect::<Vec<_>>())
    };
    assert_eq!(read(&IteratorType::TrimHorizon, None).unwrap(), numbers);
    assert_eq!(read(&IteratorType::AtSequenceNumber(numbers[1].clone()), Some(1)).unwrap(), numbers[1..2]);
    assert_eq!(read(&IteratorType::AfterSequenceNumber(numbers[1].clone()), None).unwrap(), numbers[2..]);
    assert!(read(&IteratorType::Latest, None).unwrap().is_empty());
    assert_eq!(read(&IteratorType::TrimHorizon, Some(0)), Err(StreamError::InvalidArgument));
    assert_eq!(stream.shard_iterator("shardId-9", &IteratorType::Latest), Err(StreamError::ResourceNotFound));
    let first = stream.shard_iterator(shard, &IteratorType::TrimHorizon).unwrap();
    let next = stream.get_records(&first, Some(2)).unwrap().next_iterator;
    assert_eq!(stream.get_records(&next, None).unwrap().records[0].sequence_number, numbers[2]);
    world.advance(5 * MINUTE);
    assert_eq!(stream.get_records(&first, None), Err(StreamError::ExpiredIterator));
    world.advance(24 * 60 * MINUTE);
    assert!(stream.records().is_empty() && read(&IteratorType::TrimHorizon, None).unwrap().is_empty());
}

#[test]
fn a_real_function_reads_both_kinds_of_streams() {
    let world = World::builder().seed(3).build();
    let function = Function::builder(binary()).name("view").env("ANSWER", "report").start();
    let (orders, clicks) = (world.table_stream("orders").create(), world.data_stream("clicks").create());
    for mapping in [world.map(&orders, &function), world.map(&clicks, &function)] {
        mapping.report_batch_item_failures().maximum_retry_attempts(1).create();
    }
    let (good, bad) = (order(&orders, "1", "print"), order(&orders, "2", "fail"));
    let click = clicks.put_record("k", json!({ "do": "fail" }).to_string()).sequence_number;
    world.run_until_idle();
    let trace = world.trace();
    assert_eq!(items(&trace.at_place("orders"), What::Invoked), [good, bad.clone(), bad.clone()]);
    let mut dropped = items(&trace, What::Dropped);
    dropped.sort();
    let mut expected = [bad, click];
    expected.sort();
    assert_eq!(dropped, expected);
}
