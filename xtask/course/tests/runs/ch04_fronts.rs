//! What chapter 4 prints of web APIs, schedules and patterns: read from fixtures and facts, or answered by solutions.

use std::fmt::Write as _;

use course::{data, fixture_json};
use serde_json::{Value, json};

use crate::{function, grouped, same, unit_and_note};

/// Where the same things stand in the two formats. The fixtures have them there.
#[test]
fn where_things_stand_in_the_events_of_web_apis() {
    let new = ["apigateway/http-api-quote", "apigateway/function-url-prices"].map(fixture_json);
    let old = fixture_json("apigateway/rest-api-order");
    let mut table = String::from("| | Payload 2.0 | Payload 1.0 |\n|---|---|---|\n");
    for (what, in_new, in_old) in [
        ("method", "requestContext.http.method", "httpMethod"),
        ("path", "rawPath", "path"),
        ("stage", "requestContext.stage", "requestContext.stage"),
        ("query", "rawQueryString", "multiValueQueryStringParameters"),
        ("client", "requestContext.http.sourceIp", "requestContext.identity.sourceIp"),
        ("time", "requestContext.timeEpoch", "requestContext.requestTimeEpoch"),
    ] {
        let has = |event: &Value, place: &str| event.pointer(&format!("/{}", place.replace('.', "/"))).is_some();
        assert!(new.iter().all(|event| has(event, in_new)) && has(&old, in_old), "{what} stands somewhere else");
        let _ = writeln!(table, "| {what} | `{in_new}` | `{in_old}` |");
    }
    same("ch04", "doors.md", &table);
}

#[test]
fn limits_of_web_apis() {
    let facts = data("http");
    let mut table = String::from("| | Limit | |\n|---|---|---|\n");
    for (name, words) in [
        ("http_api_timeout", "An HTTP API waits for the function"),
        ("rest_api_timeout", "A REST API waits for the function"),
        ("http_api_payload", "A request or answer of either API"),
        ("http_api_headers", "Request line and headers of an HTTP API"),
        ("http_api_authorizer_timeout", "An HTTP API waits for its authorizer"),
        ("authorizer_cache", "A REST API keeps an authorizer's answer, unless told otherwise"),
        ("authorizer_cache_maximum", "The longest that it can be told to"),
    ] {
        let fact = &facts[name];
        let value = grouped(fact["value"].as_u64().expect("a whole number"));
        let (unit, note) = unit_and_note(fact["unit"].as_str().unwrap_or_default());
        let _ = writeln!(table, "| {words} | {value} {unit} | {note} |");
    }
    same("ch04", "http-limits.md", &table);
}

/// One expression in two zones, and the two strange nights of New York.
#[test]
fn when_schedules_are_due() {
    let clerk = function("ch04_schedule", "clerk");
    let due = |cron: &str, zone: &str, after: &str, count: usize| -> Vec<String> {
        let question = json!({ "cron": cron, "zone": zone, "after": after, "count": count });
        let answer = clerk.invoke(question).expect_response();
        let times = answer["due"].as_array().expect("times").iter();
        times.map(|time| time.as_str().unwrap_or_default().replace('T', " ").replace(":00Z", "")).collect()
    };
    let mut table =
        String::from("| `cron(0 8 * * ? *)` in UTC | in `Asia/Taipei` | in `America/New_York` |\n|---|---|---|\n");
    let eight = |zone: &str| due("0 8 * * ? *", zone, "2026-10-30T00:00:00Z", 5);
    for ((utc, taipei), new_york) in eight("UTC").iter().zip(eight("Asia/Taipei")).zip(eight("America/New_York")) {
        let _ = writeln!(table, "| {utc} | {taipei} | {new_york} |");
    }
    same("ch04", "eight.md", &table);
    let mut table = String::from("| Due in New York | Change of the clock | Due, in UTC |\n|---|---|---|\n");
    for (cron, words, change, after) in [
        ("30 2 * * ? *", "daily at 2:30", "8 March 2026, 2:00 to 3:00", "2026-03-07T00:00:00Z"),
        ("30 1 * * ? *", "daily at 1:30", "1 November 2026, 2:00 to 1:00", "2026-10-31T00:00:00Z"),
    ] {
        let _ = writeln!(table, "| {words} | {change} | {} |", due(cron, "America/New_York", after, 3).join(", "));
    }
    same("ch04", "clocks.md", &table);
}

#[test]
fn what_patterns_pass_on() {
    let office = function("ch04_patterns", "office");
    let mut table = String::from("| Pattern | Event | |\n|---|---|---|\n");
    for (pattern, events) in [
        (json!({ "state": ["printed"] }), vec![json!({ "state": "printed" }), json!({ "state": ["lost", "printed"] })]),
        (json!({ "coupon": [null] }), vec![json!({ "coupon": null }), json!({})]),
        (json!({ "coupon": [{ "exists": false }] }), vec![json!({}), json!({ "coupon": null })]),
        (json!({ "tags": [{ "anything-but": "gift" }] }), vec![json!({ "tags": ["gift", "rush"] }), json!({})]),
        (json!({ "cents": [{ "numeric": [">", 500] }] }), vec![json!({ "cents": 501 }), json!({ "cents": "501" })]),
    ] {
        let answer = office.invoke(json!({ "pattern": pattern, "events": events })).expect_response();
        for (index, event) in events.iter().enumerate() {
            let words = if answer["matches"][index] == Value::Bool(true) { "passes" } else { "does not pass" };
            let _ = writeln!(table, "| `{pattern}` | `{event}` | {words} |");
        }
    }
    same("ch04", "patterns.md", &table);
}
