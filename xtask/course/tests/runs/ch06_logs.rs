//! What chapter 6 prints of logs, filters and queries, and of functions that fail: exercises of it, run for real. The
//! filters and queries are those of the template.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::sync::OnceLock;
use std::time::Duration;

use course::{Service, fixture_json, root};
use local_lambda::{LogFormat, Outcome};
use serde_json::{Value, json};

use crate::{builder, function, same};

/// The log lines of the function, with the time and the request id of the page.
fn lines(outcome: &Outcome, id: &str) -> Vec<String> {
    let lines = outcome.function_log().map(|line| {
        let line = line.replace(&outcome.request_id, id);
        // The time differs from run to run.
        match line.split_once("\"timestamp\":\"") {
            Some((before, after)) => {
                let rest = after.split_once('"').map_or(after, |(_, rest)| rest);
                format!("{before}\"timestamp\":\"2026-11-28T11:03:07.512Z\"{rest}")
            }
            None => line,
        }
    });
    lines.collect()
}

#[test]
fn a_layer_says_how_each_invocation_ended() {
    let mut text = String::new();
    for level in ["INFO", "WARN"] {
        let press = builder("ch06_layer", "press").log_format(LogFormat::Json).log_level(level).start();
        let _ = writeln!(text, "AWS_LAMBDA_LOG_LEVEL={level}");
        for event in [json!({ "number": 4711, "sheets": 12 }), json!({ "number": 4712, "sheets": 0 })] {
            for line in lines(&press.invoke(event), "8f3c1e2a") {
                let _ = writeln!(text, "{}", without_durations(&short(&line)));
            }
        }
        text.push('\n');
    }
    same("ch06", "layer.txt", text.trim_end());
}

/// A line without what makes it too wide for a page: the trace, and the list of spans, of which there is one.
fn short(line: &str) -> String {
    let line = line.split_once(",\"spans\":[").map_or(line.to_owned(), |(line, _)| format!("{line}}}"));
    let Some((before, after)) = line.split_once("\"xrayTraceId\":\"") else { return line };
    let rest = after.split_once("\",").map_or(after, |(_, rest)| rest);
    format!("{before}{rest}")
}

/// A duration differs from run to run.
fn without_durations(line: &str) -> String {
    let Some((before, after)) = line.split_once("\"duration_ms\":") else { return line.to_owned() };
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}\"duration_ms\":…{rest}")
}

/// A Saturday of the payment desk: what the bank did for each customer.
const SATURDAY: [&str; 12] =
    ["pays", "pays", "declines", "pays", "is away", "is away", "pays", "is away", "declines", "pays", "pays", "pays"];

/// The log of that Saturday, as JSON and as text.
fn saturday(format: LogFormat) -> Vec<String> {
    let desk = builder("ch06_desk", "payment-desk").log_format(format).start();
    let log = SATURDAY.iter().enumerate().flat_map(|(index, answer)| {
        let request = json!({
            "order": format!("o-{}", 4_711 + index),
            "bank": { "answer": answer, "says": "the card 4111 1111 1111 1111 is over its limit" },
        });
        lines(&desk.invoke(request), &format!("8f3c1e2a-{index:02}"))
    });
    log.collect()
}

#[test]
fn the_log_of_the_desk() {
    let log = saturday(LogFormat::Json);
    let shown: Vec<String> = log.iter().skip(2).take(4).map(|line| without_durations(line)).collect();
    same("ch06", "desk.txt", &shown.join("\n"));
}

/// The template of the payment desk.
fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let path = root().join("exercises/fixtures/deploy/payment-desk/template.yaml");
        fs::read_to_string(path).expect("the template")
    })
}

/// What stands in the template between the marks of this name.
fn query(name: &str) -> String {
    let (_, after) = template().split_once(&format!("# ANCHOR: {name}\n")).expect("the beginning of a query");
    let (query, _) = after.split_once("# ANCHOR_END").expect("the end of a query");
    query.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_filters_count_on_a_saturday() {
    let pattern = template().lines().find_map(|line| line.trim().strip_prefix("FilterPattern: ")).expect("a pattern");
    let pattern = pattern.trim_matches('\'').to_owned();
    let counter = function("ch06_filter", "counter");
    let logs = [saturday(LogFormat::Text), saturday(LogFormat::Json)];
    let failures = SATURDAY.iter().filter(|answer| **answer == "is away").count();
    let mut table = format!(
        "| Pattern | Text: {} lines | JSON: {} lines | The bank was away |\n|---|---|---|---|\n",
        logs[0].len(),
        logs[1].len()
    );
    for pattern in [
        "[level, id, what, rest]",
        "[level = ERROR, id, what, rest]",
        "{ $.level = \"error\" }",
        "{ $.level = \"ERROR\" }",
        pattern.as_str(),
    ] {
        let counts = logs.each_ref().map(|log| {
            let question = json!({ "pattern": pattern, "value": "1", "lines": log });
            counter.invoke(question).expect_response()["matches"].as_array().map_or(0, Vec::len)
        });
        let _ = writeln!(table, "| `{pattern}` | {} | {} | {failures} times |", counts[0], counts[1]);
    }
    same("ch06", "filters.md", &table);
}

/// The rows of an answer as a table, with these columns.
fn as_table(answer: &Value, columns: &[&str]) -> String {
    let mut table = format!("| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
    for row in answer["rows"].as_array().into_iter().flatten() {
        let cells = columns.iter().map(|name| match &row[name] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            number => number.as_f64().map_or_else(|| number.to_string(), |number| format!("{number}")),
        });
        let _ = writeln!(table, "| {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    table
}

fn at(index: usize, message: &str) -> Value {
    json!({ "timestamp": 1_795_863_780_000_u64 + 1_000 * index as u64, "message": message })
}

#[test]
fn what_a_query_finds_on_a_saturday() {
    let log: Vec<Value> = saturday(LogFormat::Json).iter().enumerate().map(|(index, line)| at(index, line)).collect();
    let desk = function("ch06_insights", "insights");
    let answer = desk.invoke(json!({ "query": query("kinds"), "log": log })).expect_response();
    same("ch06", "kinds.md", &as_table(&answer, &["level", "message", "lines", "orders"]));
}

#[test]
fn what_a_query_finds_in_reports() {
    let reports = &fixture_json("logs/thumbnails-by-memory")["lines"];
    let lines = reports.as_array().into_iter().flatten().filter_map(Value::as_str);
    let log: Vec<Value> = lines.enumerate().map(|(index, line)| at(index, line)).collect();
    let desk = function("ch06_insights", "insights");
    let answer = desk.invoke(json!({ "query": query("reports"), "log": log })).expect_response();
    same("ch06", "slow.md", &as_table(&answer, &["@memorySize", "runs", "p95", "peak"]));
}

/// A service that answers a line, and hangs up or does not.
fn service(answer: &'static str, hangs_up: bool) -> Service {
    Service::start(move |mut stream| {
        let mut reader = BufReader::new(stream);
        let _ = reader.read_line(&mut String::new());
        let _ = stream.write_all(answer.as_bytes());
        if !hangs_up {
            let _ = reader.read_to_end(&mut Vec::new());
        }
    })
}

#[test]
fn a_desk_that_waits_for_the_end_of_the_line() {
    let services = [service("B-12\n", true), service("FERRIS-1\n", false), service("thank you\n", true)];
    let desk = builder("ch06_parcels", "parcel-desk")
        .env("STOCK", services[0].address())
        .env("COURIER", services[1].address())
        .env("MAIL", services[2].address())
        .timeout(Duration::from_secs(1))
        .start();
    let outcome = desk.invoke(json!({ "id": "p-1042" }));
    let mut text = String::new();
    for line in &outcome.log {
        let line = line.text.trim_end().replace(&outcome.request_id, "8f3c1e2a");
        // The time before the message differs from run to run.
        let line =
            line.split_once("Z 8f3c1e2a Task").map_or(line.clone(), |(_, rest)| format!("… 8f3c1e2a Task{rest}"));
        let _ = writeln!(text, "{line}");
    }
    same("ch06", "silent.txt", text.trim_end());
}

#[test]
fn memory_that_grows_from_photo_to_photo() {
    let framer = builder("ch06_framer", "framer").memory_mb(128).start();
    let mut text = String::new();
    for number in 1..=8 {
        let frame = format!("frames/oak.png?expires=1796032800&signature={number}");
        let outcome = framer.invoke(json!({ "photo": "a.jpg", "frame": frame }));
        let said: Vec<&str> = outcome.function_log().collect();
        let _ = writeln!(
            text,
            "photo {number}   {}   Max Memory Used: {} MB",
            said.join(", "),
            outcome.report.max_memory_mb()
        );
    }
    same("ch06", "memory.txt", text.trim_end());
}
