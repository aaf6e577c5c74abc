//! What chapter 4 prints of buckets, streams, queues and topics: runs of the event sources on their virtual clock.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use course::{data, fixture_json};
use local_lambda_sources::sqs::MessageAttribute;
use local_lambda_sources::streams::{Change, StreamMappingBuilder};
use local_lambda_sources::{Invocation, Target, What, World};
use serde_json::{Value, json};

use crate::{builder, grouped, same, unit_and_note};

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

/// A table of facts: what it is, the file, and the name of the fact.
fn limits(rows: &[(&str, &str, &str)]) -> String {
    let mut table = String::from("| Limit | Value | Read on |\n|---|---|---|\n");
    for (what, file, name) in rows {
        let fact = &data(file)[*name];
        let text = |key: &str| fact[key].as_str().unwrap_or_default();
        let value = fact["value"].as_u64().unwrap_or_else(|| panic!("data/{file}.json has no number {name}"));
        let (unit, _) = unit_and_note(text("unit"));
        let value = format!("{} {unit}", grouped(value));
        let _ = writeln!(table, "| {what} | {} | [{}]({}) |", value.trim_end(), text("as_of"), text("source"));
    }
    table
}

#[test]
fn limits_of_queues_and_streams() {
    let queues = limits(&[
        ("A batch, unless told otherwise", "sqs", "default_batch"),
        ("A batch of a standard queue at most (above ten with a batching window)", "sqs", "maximum_batch"),
        ("A batch of a FIFO queue at most", "sqs", "maximum_batch_fifo"),
        ("A received message is hidden, unless told otherwise, for", "sqs", "default_visibility_timeout"),
        (
            "Visibility timeout, in timeouts of the function, at least, as AWS advises",
            "sqs",
            "visibility_timeouts_of_function",
        ),
        ("Receives before the dead-letter queue, at least, as AWS advises", "sqs", "receives_of_redrive"),
        ("`MaximumConcurrency` of a mapping, from", "sqs", "maximum_concurrency_low"),
        ("`MaximumConcurrency` of a mapping, to", "sqs", "maximum_concurrency_high"),
        ("Pollers of the provisioned mode, from", "sqs", "pollers_least"),
        ("Pollers of the provisioned mode, to", "sqs", "pollers_most"),
    ]);
    same("ch04", "queues.md", &queues);
    let streams = limits(&[
        ("A batch, unless told otherwise", "streams", "default_batch"),
        ("A batch at most", "streams", "maximum_batch"),
        ("A change is kept for", "streams", "retention"),
        ("Batches of one shard at once, at most (`ParallelizationFactor`)", "streams", "maximum_parallelization"),
    ]);
    same("ch04", "streams.md", &streams);
}

/// Where the widget's model reports failures, the solution of exercise 8 meets the same end in the local service.
#[test]
fn the_sqs_widget_ends_as_the_solution_does() {
    let vectors = fixture_json("vectors/sqs");
    let cases = vectors["cases"].as_array().expect("cases");
    let mut compared = 0;
    for case in cases.iter().filter(|case| case["input"]["partial"] == true) {
        let of = |name: &str| case["input"][name].as_u64().unwrap_or_default();
        let world = World::new();
        let dead = world.queue("dead-jobs").create();
        let hidden = Duration::from_secs(of("visibility_s"));
        let receives = u32::try_from(of("max_receives")).expect("a small number");
        let jobs = world.queue("jobs").visibility_timeout(hidden).redrive(&dead, receives).create();
        let jams = json!({ of("poison").to_string(): 1_000 }).to_string();
        let printer = builder("ch04_print_queue", "printer").env("JAMS", jams).start();
        let batch = Duration::from_secs(of("messages") * of("seconds_each"));
        let function = world.function(Target::from(printer)).takes(batch).create();
        world.map(&jobs, &function).report_batch_item_failures().create();
        let body = |number: u64| json!({ "job": number.to_string(), "copies": 1 }).to_string();
        for number in 1..=of("messages") {
            jobs.send(body(number));
        }
        world.run_until_idle();
        let expected: Vec<String> =
            case["output"]["dead"].as_array().into_iter().flatten().filter_map(Value::as_u64).map(body).collect();
        assert_eq!(dead.bodies(), expected, "{}\n{}", case["input"], world.trace());
        let log: Vec<String> = world
            .answers()
            .iter()
            .filter_map(|answer| answer.outcome.as_ref())
            .flat_map(|run| run.function_log().map(str::to_owned))
            .collect();
        for (index, times) in case["output"]["done"].as_array().into_iter().flatten().enumerate() {
            // The solution notes what it has printed, so that a message that comes twice is printed once.
            let printed = log.iter().filter(|line| line.starts_with(&format!("printed {} ", index + 1))).count() as u64;
            assert_eq!(printed, times.as_u64().unwrap_or_default().min(1), "{}: message {}", case["input"], index + 1);
        }
        compared += 1;
    }
    assert!(compared >= 3, "the vectors have {compared} cases with reports");
}
