//! What chapter 4 prints of buckets, streams, queues and topics: runs of the event sources on their virtual clock.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local_lambda_sources::sqs::MessageAttribute;
use local_lambda_sources::streams::{Change, StreamMappingBuilder};
use local_lambda_sources::{Invocation, Target, What, World};
use serde_json::{Value, json};

use crate::{facts, same};

fn records(call: &Invocation) -> Vec<Value> {
    call.event["Records"].as_array().cloned().unwrap_or_default()
}

/// Where previews go decides how often the function runs for one photo.
#[test]
fn a_preview_in_the_bucket_of_photos() {
    let mut table =
        String::from("| Previews go into | Notifications for | Invocations for one photo |\n|---|---|---|\n");
    let cases = [
        ("another bucket", "previews", "", "every object", ""),
        ("the same bucket, below `previews/`", "photos", "previews/", "the prefix `uploads/`", "uploads/"),
        ("the same bucket, below `previews/`", "photos", "previews/", "every object", ""),
    ];
    for (where_to, bucket, folder, told_for, prefix) in cases {
        let world = World::new();
        let photos = world.bucket("photos").create();
        let target = if bucket == "photos" { photos.clone() } else { world.bucket(bucket).create() };
        let function = world.function(Target::closure("previews", move |call| {
            let key = call.event["Records"][0]["s3"]["object"]["key"].as_str().unwrap_or_default();
            target.put_traced(&format!("{folder}{key}"), "small", &call.trace_header);
            Ok(Value::Null)
        }));
        let function = function.create();
        photos.notify(&function).event("s3:ObjectCreated:*").prefix(prefix).create();
        photos.put("uploads/1.ppm", "large");
        world.run_until_idle();
        let trace = world.trace();
        let stopped = if trace.count(What::LoopStopped) > 0 { ", then Lambda stops the loop" } else { "" };
        let _ = writeln!(table, "| {where_to} | {told_for} | {}{stopped} |", trace.count(What::Invoked));
    }
    same("ch04", "loop.md", &table);
}

/// Ten orders in one batch; the fourth cannot be read, whoever tries.
#[test]
fn a_change_that_cannot_be_read() {
    type Setting = fn(StreamMappingBuilder) -> StreamMappingBuilder;
    let mut table = String::from(
        "| The function | The mapping | The shard stands still for | Good changes that never arrive |\n|---|---|---|---|\n",
    );
    let cases: [(&str, &str, &str, Setting); 5] = [
        ("fails", "as it comes", "fail", |mapping| mapping),
        ("fails", "at most 2 retries", "fail", |mapping| mapping.maximum_retry_attempts(2)),
        ("fails", "at most 2 retries, batches are halved", "fail", |mapping| {
            mapping.maximum_retry_attempts(2).bisect_batch_on_function_error()
        }),
        ("reports the change and stops there", "at most 2 retries, failures are reported", "stop", |mapping| {
            mapping.maximum_retry_attempts(2).report_batch_item_failures()
        }),
        ("reports the change and goes on", "at most 2 retries, failures are reported", "go on", |mapping| {
            mapping.maximum_retry_attempts(2).report_batch_item_failures()
        }),
    ];
    for (what, settings, style, set) in cases {
        let world = World::new();
        let stream = world.table_stream("orders").create();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let board = Arc::clone(&taken);
        let function = world.function(Target::closure("board", move |call| {
            let mut failed = Vec::new();
            for record in records(call) {
                let order = record["dynamodb"]["Keys"]["id"]["S"].as_str().unwrap_or_default().to_owned();
                if order != "4" {
                    board.lock().expect("no test panicked with it").push(order);
                    continue;
                }
                if style == "fail" {
                    return Err("order 4 cannot be read".into());
                }
                failed.push(json!({ "itemIdentifier": record["dynamodb"]["SequenceNumber"] }));
                if style == "stop" {
                    break;
                }
            }
            Ok(json!({ "batchItemFailures": failed }))
        }));
        let _mapping = set(world.map(&stream, &function.create())).create();
        for order in 1..=10 {
            let key = json!({ "id": { "S": order.to_string() } });
            let _ = stream.record(&Change::insert(key.clone(), key));
        }
        // The stream keeps a record for 24 hours.
        world.advance(Duration::from_secs(25 * 3_600));
        let trace = world.trace();
        let passed = trace.of(What::Dropped).chain(trace.of(What::Expired)).next();
        let waits = passed.map_or(Duration::ZERO, |entry| trace.since_start(entry));
        let waits = match waits.as_secs() {
            seconds if seconds >= 3_600 => format!("{} hours", seconds / 3_600),
            seconds => format!("{seconds} seconds"),
        };
        let taken = taken.lock().expect("no test panicked with it");
        let lost = (1..=10).filter(|order| *order != 4 && !taken.contains(&order.to_string())).count();
        let _ = writeln!(table, "| {what} | {settings} | {waits} | {lost} |");
    }
    same("ch04", "shard.md", &table);
}

/// Three messages, of which the second fails; what the mapping makes of each answer.
#[test]
fn what_an_answer_says_about_a_batch() {
    type Answer = fn(&str) -> Value;
    let mut table = String::from("| The answer | Deleted | Comes again |\n|---|---|---|\n");
    let answers: [(&str, Answer); 7] = [
        (
            r#"`{"batchItemFailures": [{"itemIdentifier": "<id of 2>"}]}`"#,
            |id| json!({ "batchItemFailures": [{ "itemIdentifier": id }] }),
        ),
        (r#"`{"batchItemFailures": []}`, or `null`"#, |_| Value::Null),
        (r#"`{"statusCode": 500}`"#, |_| json!({ "statusCode": 500 })),
        (
            r#"`{"batchItemFailures": [{"messageId": "<id of 2>"}]}`"#,
            |id| json!({ "batchItemFailures": [{ "messageId": id }] }),
        ),
        (
            r#"`{"batchItemFailures": [{"itemIdentifier": ""}]}`"#,
            |_| json!({ "batchItemFailures": [{ "itemIdentifier": "" }] }),
        ),
        (
            r#"`{"batchItemFailures": [{"itemIdentifier": "2"}]}`"#,
            |_| json!({ "batchItemFailures": [{ "itemIdentifier": "2" }] }),
        ),
        ("an error", |_| json!("error")),
    ];
    for (answer, answers) in answers {
        let world = World::new();
        let queue = world.queue("jobs").create();
        let function = world.function(Target::closure("printer", move |call| {
            let second = records(call).iter().find(|record| record["body"] == "2").cloned().unwrap_or_default();
            let answer = answers(second["messageId"].as_str().unwrap_or_default());
            if answer == "error" { Err("2 jams".into()) } else { Ok(answer) }
        }));
        world.map(&queue, &function.create()).report_batch_item_failures().create();
        for body in ["1", "2", "3"] {
            queue.send(body);
        }
        world.advance(Duration::from_secs(5));
        let left = queue.bodies();
        let list = |bodies: Vec<&str>| if bodies.is_empty() { "none".to_owned() } else { bodies.join(", ") };
        let deleted = ["1", "2", "3"].into_iter().filter(|body| !left.iter().any(|other| other == body)).collect();
        let _ =
            writeln!(table, "| {answer} | {} | {} |", list(deleted), list(left.iter().map(String::as_str).collect()));
    }
    same("ch04", "answers.md", &table);
}

/// One notice, as it arrives in three ways; what is of no importance here is left out.
#[test]
fn one_notice_in_three_envelopes() {
    let world = World::new();
    let topic = world.topic("shop-notices").create();
    let (wrapped, raw) = (world.queue("notices").create(), world.queue("raw-notices").create());
    let function = world.function(Target::closure("board", |_| Ok(Value::Null))).create();
    topic.subscribe(&function).create();
    topic.subscribe(&wrapped).create();
    topic.subscribe(&raw).raw_message_delivery().create();
    for queue in [&wrapped, &raw] {
        world.map(queue, &function).create();
    }
    let notice = topic.message("40 sheets are left").attribute("kind", MessageAttribute::string("paper-low"));
    notice.publish().expect("the topic takes it");
    world.run_until_idle();
    let mut text = String::new();
    for answer in world.answers() {
        let event: Value = serde_json::from_slice(&answer.event).expect("an event");
        let record = &event["Records"][0];
        let shown = if record["EventSource"] == "aws:sns" {
            let sns = &record["Sns"];
            json!({
                "EventSource": "aws:sns",
                "Sns": { "Type": sns["Type"], "Message": sns["Message"], "MessageAttributes": sns["MessageAttributes"] },
            })
        } else {
            let attributes: serde_json::Map<String, Value> = record["messageAttributes"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| {
                    (name.clone(), json!({ "stringValue": value["stringValue"], "dataType": value["dataType"] }))
                })
                .collect();
            let body = record["body"].as_str().unwrap_or_default();
            let body = match serde_json::from_str::<Value>(body) {
                Ok(envelope) => json!({
                    "Type": envelope["Type"],
                    "Message": envelope["Message"],
                    "MessageAttributes": envelope["MessageAttributes"],
                })
                .to_string(),
                Err(_) => body.to_owned(),
            };
            json!({ "eventSource": "aws:sqs", "body": body, "messageAttributes": attributes })
        };
        let source = record["eventSourceARN"].as_str().unwrap_or_default();
        let way = match source.rsplit(':').next() {
            Some("notices") => "through a queue",
            Some("raw-notices") => "through a queue, with raw delivery",
            _ => "by SNS itself",
        };
        let _ = writeln!(text, "{way}\n{}\n", serde_json::to_string_pretty(&shown).expect("JSON"));
    }
    same("ch04", "envelopes.txt", &format!("{}\n", text.trim_end()));
}

#[test]
fn limits_of_queues_and_streams() {
    let queues = facts(&[
        ("sqs", "default_batch", "messages of a batch, unless told otherwise"),
        ("sqs", "maximum_batch", "messages of a batch at most"),
        ("sqs", "maximum_batch_fifo", "the same of a FIFO queue"),
        ("sqs", "default_visibility_timeout", "how long a received message is hidden"),
        ("sqs", "visibility_timeouts_of_function", "the visibility timeout should be"),
        ("sqs", "receives_of_redrive", "receives before the dead-letter queue should be"),
        ("sqs", "maximum_concurrency_low", "`MaximumConcurrency` of a mapping, from"),
        ("sqs", "maximum_concurrency_high", "to"),
        ("sqs", "pollers_least", "provisioned mode, from"),
        ("sqs", "pollers_most", "to"),
    ]);
    same("ch04", "queues.md", &queues);
    let streams = facts(&[
        ("streams", "default_batch", "records of a batch, unless told otherwise"),
        ("streams", "maximum_batch", "records of a batch at most"),
        ("streams", "retention", "how long a change is kept"),
        ("streams", "maximum_parallelization", "`ParallelizationFactor` at most"),
    ]);
    same("ch04", "streams.md", &streams);
}
