//! What chapter 6 prints of spans, metrics and alarms: solutions of its exercises, run one after the other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use course::{Service, fixture_json};
use local_lambda::LogFormat;
use serde_json::{Value, json};

use crate::{builder, function, same};

#[test]
fn what_instrument_writes_of_its_own_accord() {
    let desk = builder("ch06_instrument", "booking").log_format(LogFormat::Json).start();
    let outcome =
        desk.invoke(json!({ "number": "o-1042", "customer": "Ada Lovelace", "iban": "GB33BUKB20201555555555" }));
    let mut text = String::new();
    for line in outcome.function_log() {
        let mut line: Value = serde_json::from_str(line).expect("a line of JSON");
        // Lambda's own span, and the time, differ from run to run.
        let fields = line.as_object_mut().expect("an object");
        fields.remove("timestamp");
        fields.remove("spans");
        let span = fields.remove("span").unwrap_or_default();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let _ = writeln!(text, "message     {}", word(&fields["fields"]["message"]));
        let _ = writeln!(text, "span.name   {}", word(&span["name"]));
        let _ = writeln!(text, "span.order  {}\n", word(&span["order"]));
    }
    same("ch06", "instrument.txt", text.trim_end());
}

#[test]
fn a_report_of_a_press_as_one_line() {
    let event = json!({
        "at_ms": 1_764_500_000_000_u64,
        "labels": [
            { "name": "press", "value": "north", "of": ["north", "south", "west"] },
            { "name": "order", "value": "o-1042" },
        ],
        "readings": [
            { "metric": "SheetTime", "unit": "Milliseconds", "value": "412.5" },
            { "metric": "Sheets", "unit": "Count", "value": "1" },
            { "metric": "SheetTime", "unit": "Milliseconds", "value": "398" },
        ],
    });
    let outcome = function("ch06_emf", "press").invoke(event);
    let line = outcome.function_log().next().expect("a line").to_owned();
    let document: Value = serde_json::from_str(&line).expect("a document");
    let members = document.as_object().expect("an object").iter();
    // A member a line, and more of them where a line is wider than a page.
    let lines: Vec<String> = members.map(|(name, value)| format!("  {name:?}: {value}")).collect();
    let mut text = format!("{{\n{}\n}}", lines.join(",\n"));
    for (wide, broken) in [
        (r#"{"CloudWatchMetrics":[{"#, "{\n    \"CloudWatchMetrics\":[{"),
        (r#","Metrics":["#, ",\n      \"Metrics\":[\n        "),
        (r#"},{"Name""#, "},\n        {\"Name\""),
        (r#"],"Namespace""#, "],\n      \"Namespace\""),
        (r#"}],"Timestamp""#, "}],\n    \"Timestamp\""),
    ] {
        text = text.replace(wide, broken);
    }
    same("ch06", "emf.json", &text);
}

/// One row of the table of alarms: a name and a cell for each hour.
fn row(name: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|cell| format!("{cell:>5}")).collect();
    format!("{name:<31}{cells}\n")
}

#[test]
fn five_alarms_over_twelve_hours() {
    // A night with an order an hour at most, then a day, and a fault in its tenth hour.
    let errors = json!([0, 1, null, null, 0, 0, 1, 2, 1, 40, 55, 3]);
    let invocations = json!([1, 1, null, null, 1, 90, 800, 950, 900, 870, 910, 880]);
    let rate = json!({ "errors": errors, "invocations": invocations });
    let sum = json!({ "values": errors });
    let alarm = |operator: &str, threshold: u64, (datapoints, periods): (u64, u64), missing: &str| {
        json!({
            "ComparisonOperator": operator, "Threshold": threshold, "EvaluationPeriods": periods,
            "DatapointsToAlarm": datapoints, "TreatMissingData": missing,
        })
    };
    let points = |values: &Value| {
        let points = values.as_array().cloned().unwrap_or_default();
        points.into_iter().map(|point| if point.is_null() { "-".to_owned() } else { point.to_string() })
    };
    let mut text = row("hour", (0..12).map(|hour| hour.to_string()));
    text += &row("errors", points(&errors));
    text += &row("invocations", points(&invocations));
    text += "\n";
    for (name, alarm, metric) in [
        ("errors > 1, missing", alarm("GreaterThanThreshold", 1, (1, 1), "missing"), &sum),
        ("errors >= 1, notBreaching", alarm("GreaterThanOrEqualToThreshold", 1, (1, 1), "notBreaching"), &sum),
        ("rate > 3 %, notBreaching", alarm("GreaterThanThreshold", 3, (1, 1), "notBreaching"), &rate),
        ("rate, 2 of 3, notBreaching", alarm("GreaterThanThreshold", 3, (2, 3), "notBreaching"), &rate),
        ("rate, 2 of 3, breaching", alarm("GreaterThanThreshold", 3, (2, 3), "breaching"), &rate),
    ] {
        let event = json!({ "alarm": alarm, "range": 5, "metric": metric });
        let outcome = function("ch06_alarm", "rehearsal").invoke(event);
        let states = outcome.expect_response()["states"].as_array().cloned().unwrap_or_default();
        let sign = |state: Value| match state.as_str() {
            Some("OK") => ".".to_owned(),
            Some("ALARM") => "A".to_owned(),
            _ => "?".to_owned(),
        };
        text += &row(name, states.into_iter().map(sign));
    }
    same("ch06", "alarms.txt", text.trim_end());
}

/// What came to a service that is played, with the names of headers in small letters.
type Got = Arc<Mutex<Vec<(BTreeMap<String, String>, Value)>>>;

/// A service that takes everything.
fn taker() -> (Service, Got) {
    let got = Got::default();
    let noted = Arc::clone(&got);
    let service = Service::start(move |stream: &TcpStream| {
        let mut reader = BufReader::new(stream);
        let mut headers = BTreeMap::new();
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
            if let Some((name, value)) = line.trim().split_once(": ") {
                headers.insert(name.to_ascii_lowercase(), value.to_owned());
            }
            line.clear();
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_ok() {
            noted.lock().expect("no panic").push((headers, serde_json::from_slice(&body).unwrap_or_default()));
        }
        let _ = { stream }.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
    (service, got)
}

#[test]
fn one_trace_through_three_functions() {
    let ((next, sent), (collector, exported)) = (taker(), taker());
    let function = |name: &str| {
        builder("ch06_trace", name)
            .env("NEXT", format!("http://{}", next.address()))
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", collector.address()))
            .start()
    };
    let last = || sent.lock().expect("no panic").pop().expect("an order that was passed on").1;
    let job = |to: &str| json!({ "order": "o-1042", "customer": "Ada Lovelace", "to": to }).to_string();

    let mut request = fixture_json("apigateway/http-api-quote");
    request["headers"]["traceparent"] = json!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    request["body"] = json!(job("queue"));
    function("order-desk").invoke(request).expect_response();

    let message = last();
    let mut batch = fixture_json("sqs/print-jobs");
    batch["Records"].as_array_mut().expect("records").truncate(1);
    batch["Records"][0]["body"] = json!(job("workflow"));
    batch["Records"][0]["attributes"]["AWSTraceHeader"] =
        message["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"].clone();
    batch["Records"][0]["messageAttributes"] = json!({});
    function("print-queue").invoke(batch).expect_response();

    let execution = last();
    let header = execution["traceHeader"].as_str().unwrap_or_default().to_owned();
    let task: Value = serde_json::from_str(&job("http")).expect("a job");
    function("album-task").request().trace_header(header).invoke(task).expect_response();

    let names = ["order-desk", "print-queue", "album-task"];
    let mut spans = Vec::new();
    for (name, (_, export)) in names.into_iter().zip(exported.lock().expect("no panic").iter()) {
        let list = export.pointer("/resourceSpans/0/scopeSpans/0/spans").and_then(Value::as_array).cloned();
        spans.extend(list.unwrap_or_default().into_iter().map(|span| (name, span)));
    }
    let kinds = ["", "", "server", "client", "producer", "consumer"];
    let mut parent = "00f067aa0ba902b7".to_owned();
    let mut text = String::from("trace 4bf92f3577b34da6a3ce929d0e0e4736\nweb shop      span of the browser\n");
    for depth in 1.. {
        let Some((name, span)) = spans.iter().find(|(_, span)| span["parentSpanId"] == parent.as_str()) else { break };
        assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736", "one trace");
        let kind = kinds[span["kind"].as_u64().unwrap_or_default() as usize];
        let _ = writeln!(
            text,
            "{name:<13} {}└ {} ({kind})",
            "  ".repeat(depth - 1),
            span["name"].as_str().unwrap_or_default()
        );
        parent = span["spanId"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(spans.len(), 6, "two spans of each function");
    same("ch06", "trace.txt", text.trim_end());
}
