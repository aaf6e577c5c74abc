//! What chapter 10 prints of costs and alarms: the report of a small account, and who is woken in six incidents.

use std::fmt::Write as _;
use std::fs;

use course::{root, values};
use deployed::alarm::{self, Alarm, Key, Metrics};
use deployed::template::{Settings, deploy};
use serde_json::{Value, json};

use crate::{function, same};

/// Three functions and what they did: name, architecture, invocations, memory in MB, billed milliseconds.
const ACCOUNT: [(&str, &str, usize, u64, u64); 4] = [
    ("albums", "arm64", 7, 333, 41),
    ("board", "arm64", 7, 333, 41),
    ("idle", "arm64", 0, 128, 0),
    ("till", "arm64", 7, 333, 41),
];

fn account() -> Value {
    let (mut versions, mut logs) = (Vec::new(), json!({}));
    for (name, architecture, count, memory, billed) in ACCOUNT {
        let group = format!("/aws/lambda/{name}");
        versions.push(json!({
            "FunctionName": name, "Version": "$LATEST", "Architectures": [architecture],
            "EphemeralStorage": { "Size": 512 }, "LoggingConfig": { "LogGroup": group },
        }));
        let line = |at: usize| {
            json!({
                "eventId": format!("{name}-{at}"), "logStreamName": "2026/11/30/[$LATEST]5f1c9e0b",
                "message": format!("REPORT RequestId: {at}\tDuration: {billed}.00 ms\tBilled Duration: {billed} ms\tMemory Size: {memory} MB\tMax Memory Used: 31 MB\t"),
            })
        };
        if count > 0 {
            logs[group] = json!([{ "events": (0..count).map(line).collect::<Vec<Value>>() }]);
        }
    }
    json!({ "list_functions": [{ "Functions": versions }], "filter_log_events": logs })
}

/// Rows that add up, beside rows that were rounded each for itself.
#[test]
fn rows_of_a_small_account() {
    let mut prices = values("prices");
    prices["free_requests"] = json!(0);
    prices["free_gigabyte_seconds"] = json!(0);
    let rate = 133_334_u64;
    let report = function("ch10_report", "report").invoke(json!({ "prices": prices, "account": account() }));
    let report = report.expect_response();
    let mut table = String::from("| Function | Its row | Rounded by itself |\n|---|---|---|\n");
    let (mut sum, mut alone) = (0, 0);
    for row in report["functions"].as_array().expect("rows") {
        let name = row["function"].as_str().expect("a name");
        let (.., count, memory, billed) = *ACCOUNT.iter().find(|one| one.0 == name).expect("a function");
        let exact = count as u64 * memory * billed * rate;
        let rounded = (exact + 512_000) / 1_024_000;
        let share = row["arm64"].as_u64().expect("a number");
        (sum, alone) = (sum + share, alone + rounded);
        writeln!(table, "| {name} | {share} | {rounded} |").expect("memory");
    }
    assert!(sum == report["lines"]["arm64"] && sum != alone, "the table shows a difference: {sum} and {alone}");
    writeln!(table, "| the line `arm64` | **{sum}** | {alone} |").expect("memory");
    same("ch10", "report.md", table.trim_end());
}

const TILL: [(&str, &str); 2] = [("FunctionName", "till"), ("Resource", "till:live")];

const DAY: u64 = 24 * 60;

/// Ten o'clock on a Monday, in minutes.
const TEN: u64 = DAY + 10 * 60;

/// A Monday from 08:00 on, with sixty orders a minute, of which one fails, to the end of Tuesday, and what else happens
/// from 10:00 to 11:00.
fn monday(incident: impl Fn(&mut Metrics, u64)) -> Metrics {
    let mut metrics = Metrics::new();
    for minute in DAY + 8 * 60..3 * DAY {
        orders(&mut metrics, minute, 60, 1, 400.0);
        if (TEN..TEN + 60).contains(&minute) {
            incident(&mut metrics, minute);
        }
    }
    for night in 0..2 {
        backup(&mut metrics, night);
    }
    metrics
}

/// A backup at ten past two.
fn backup(metrics: &mut Metrics, night: u64) {
    for (name, value) in [("Invocations", 1.0), ("Errors", 0.0)] {
        metrics.put(&Key::new("AWS/Lambda", name, &[("FunctionName", "backup")]), night * DAY + 130, value, 1);
    }
}

fn orders(metrics: &mut Metrics, minute: u64, count: u64, failed: u64, duration: f64) {
    for dimensions in [&TILL[..1], &TILL] {
        let mut put = |name: &str, value: f64, count: u64| {
            metrics.put(&Key::new("AWS/Lambda", name, dimensions), minute, value, count);
        };
        put("Invocations", 1.0, count);
        put("Errors", 1.0, failed);
        put("Errors", 0.0, count - failed);
        put("Duration", duration, count);
    }
}

fn alarms(file: &str) -> Vec<Alarm> {
    let text = fs::read_to_string(root().join("solutions/ch10-operations/07-alarms").join(file)).expect("a template");
    let names = [("Till", "till"), ("Board", "board"), ("Backup", "backup"), ("BrokenJobs", "broken")];
    let settings = names
        .into_iter()
        .fold(Settings::new("alarms", 7), |settings, (name, value)| settings.with_parameter(name, value));
    alarm::of(&deploy(&text, &settings).expect("a stack")).expect("alarms")
}

/// Which alarm goes off first from a minute on, and when; it may have been on before.
fn first(alarms: &[Alarm], metrics: &Metrics, start: u64, end: u64) -> String {
    let ring = |alarm: &Alarm| {
        let rings = alarm.rings(metrics, start - 60..end).expect("it was read before");
        Some((rings.into_iter().find(|minute| *minute >= start)?, alarm.id.clone(), alarm.actions.is_empty()))
    };
    match alarms.iter().filter_map(ring).min() {
        None => "nobody is woken".to_owned(),
        Some((minute, id, is_mute)) => {
            let mute = if is_mute { ", and tells nobody" } else { "" };
            format!("`{id}` at {:02}:{:02}{mute}", minute % DAY / 60, minute % 60)
        }
    }
}

#[test]
fn who_is_woken() {
    let broken = |name: &str| Key::new("AWS/SQS", name, &[("QueueName", "broken")]);
    let unqualified = [("FunctionName", "till"), ("Resource", "till")];
    let cases: [(&str, Metrics, u64); 7] = [
        ("9 of 68 orders a minute fail", monday(|metrics, minute| orders(metrics, minute, 8, 8, 400.0)), TEN + 60),
        (
            "20 orders a minute are throttled",
            monday(|metrics, minute| {
                for dimensions in [&TILL[..1], &TILL] {
                    metrics.put(&Key::new("AWS/Lambda", "Throttles", dimensions), minute, 1.0, 20);
                }
            }),
            TEN + 60,
        ),
        ("2 of 62 orders take 9.5 seconds", monday(|metrics, minute| orders(metrics, minute, 2, 0, 9_500.0)), TEN + 60),
        (
            "a print job is given up",
            monday(|metrics, minute| {
                metrics.put(&broken("ApproximateNumberOfMessagesVisible"), minute, 1.0, 1);
                metrics.put(&broken("NumberOfMessagesSent"), minute, 0.0, 1);
            }),
            TEN + 60,
        ),
        (
            "a record holds the board's stream up",
            monday(|metrics, minute| {
                let age = ((minute - TEN) * 60_000) as f64;
                metrics.put(&Key::new("AWS/Lambda", "IteratorAge", &[("FunctionName", "board")]), minute, age, 1);
            }),
            TEN + 60,
        ),
        ("and Tuesday's backup does not run", monday(|_, _| ()), 3 * DAY + 1),
        (
            "*somebody tests the newest code, and all fails*",
            monday(|metrics, minute| {
                for dimensions in [&unqualified[..1], &unqualified] {
                    metrics.put(&Key::new("AWS/Lambda", "Invocations", dimensions), minute, 1.0, 60);
                    metrics.put(&Key::new("AWS/Lambda", "Errors", dimensions), minute, 1.0, 60);
                }
            }),
            TEN + 60,
        ),
    ];
    let (before, after) = (alarms("starter/template.yaml"), alarms("template.yaml"));
    let mut table =
        String::from("| From 10:00 on | The alarms that were there | Those of exercise 7 |\n|---|---|---|\n");
    for (what, metrics, end) in &cases {
        let (before, after) = (first(&before, metrics, TEN, *end), first(&after, metrics, TEN, *end));
        writeln!(table, "| {what} | {before} | {after} |").expect("memory");
    }
    same("ch10", "woken.md", table.trim_end());
}
