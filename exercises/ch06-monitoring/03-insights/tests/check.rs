//! What the shop expects of whoever answers questions about its log.

use course::Seed;
use local_lambda::{Event, Function, Outcome, binary};
use serde_json::{Map, Value, json};

/// Ten in the morning of 30 November 2026.
const TEN: u64 = 1_796_032_800_000;

/// A log with a line each second.
fn log(messages: &[String]) -> Vec<Value> {
    let lines = (TEN..).step_by(1_000).zip(messages);
    lines.map(|(timestamp, message)| json!({ "timestamp": timestamp, "message": message })).collect()
}

/// A line for each of these.
fn objects(objects: &[Value]) -> Vec<Value> {
    log(&objects.iter().map(Value::to_string).collect::<Vec<_>>())
}

fn ask(desk: &Function, story: &str, query: &str, log: &[Value]) -> Outcome {
    desk.story(story).invoke(Event::named(format!("the query {query}"), json!({ "query": query, "log": log })))
}

/// The rows are these, in this order.
#[track_caller]
fn expect(desk: &Function, story: &str, query: &str, log: &[Value], expected: &[Value]) {
    let outcome = ask(desk, story, query, log);
    let rows = rows(&outcome);
    outcome.expect(&format!("{} rows; there are {}", expected.len(), rows.len()), |_| rows.len() == expected.len());
    for (index, (row, expected)) in rows.iter().zip(expected).enumerate() {
        outcome.expect(&format!("row {index} is {expected}, not {row}"), |_| is_same(row, expected));
    }
}

/// The rows are these, in any order.
#[track_caller]
fn expect_all(desk: &Function, story: &str, query: &str, log: &[Value], expected: &[Value]) {
    let outcome = ask(desk, story, query, log);
    let rows = rows(&outcome);
    outcome.expect(&format!("{} rows; there are {}", expected.len(), rows.len()), |_| rows.len() == expected.len());
    for expected in expected {
        let found = rows.iter().filter(|row| is_same(row, expected)).count();
        outcome.expect(&format!("one of the rows is {expected}; the rows are {}", json!(rows)), |_| found == 1);
    }
}

#[track_caller]
fn rows(outcome: &Outcome) -> Vec<Value> {
    outcome.expect_response()["rows"].as_array().cloned().unwrap_or_default()
}

/// Whether two values are the same, where `2` and `2.0` are.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| is_same(value, other)))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
        }
        (a, b) => a == b,
    }
}

#[test]
fn shows_time_and_message_unless_told_otherwise() {
    let mut seed = Seed::at_run_time();
    let desk = Function::start(binary!());
    let lines = [seed.name(), json!({ "who": seed.name() }).to_string(), String::new()];
    let log = log(&lines);
    let expected: Vec<Value> =
        log.iter().map(|line| json!({ "@timestamp": line["timestamp"], "@message": line["message"] })).collect();
    expect(&desk, "any three lines, all of them asked for", "limit 10", &log, &expected);
    expect(&desk, "the first two lines", "limit 2", &log, &expected[..2]);
    expect(&desk, "no line at all", "limit 0", &log, &[]);
    let who: Value = serde_json::from_str(&lines[1]).expect("JSON");
    let story = "a field that one line has";
    expect(&desk, story, "fields who", &log, &[json!({}), json!({ "who": who["who"] }), json!({})]);
    let query = "fields @message | fields who | limit 2";
    let both = [json!({ "@message": lines[0] }), json!({ "@message": lines[1], "who": who["who"] })];
    expect(&desk, "two commands that name fields", query, &log, &both);
    let story = "what is not shown can be asked for";
    expect(&desk, story, "fields @timestamp | filter ispresent(who)", &log, &[json!({ "@timestamp": TEN + 1_000 })]);
}

#[test]
fn finds_the_fields_of_objects() {
    let mut seed = Seed::at_run_time();
    let desk = Function::start(binary!());
    let (name, total) = (seed.name(), seed.number(1..=9_999));
    let order = json!({ "level": "INFO", "order": { "total": total, "by": { "name": name } }, "sizes": ["10x15", [7]], "gift": null, "none": {}, "nobody": [] });
    let log = log(&[
        order.to_string(),
        json!([order]).to_string(),
        format!("order {order}"),
        format!("\"{name}\""),
        format!(" {order} "),
    ]);
    let query = "fields level, order.total, order.by.name, sizes.0, sizes.1.0";
    let found =
        json!({ "level": "INFO", "order.total": total, "order.by.name": name, "sizes.0": "10x15", "sizes.1.0": 7 });
    let story = "an object with objects and lists inside; a list; text with an object in it";
    expect(&desk, story, query, &log, &[found.clone(), json!({}), json!({}), json!({}), found]);
    expect(
        &desk,
        "a field that is null, fields that have fields, and fields that have none",
        "fields gift, order, sizes, order.by, none, nobody",
        &log[..1],
        &[json!({})],
    );
}

#[test]
fn finds_the_fields_of_reports() {
    let mut seed = Seed::at_run_time();
    let desk = Function::start(binary!());
    let ids: Vec<String> = (0..3).map(|_| format!("{}-{}", seed.name().to_lowercase(), seed.number(1..=999))).collect();
    let ms = seed.number(100..=999);
    let log = log(&[
        format!("START RequestId: {} Version: $LATEST", ids[0]),
        json!({ "level": "INFO" }).to_string(),
        format!("END RequestId: {}", ids[0]),
        format!(
            "REPORT RequestId: {}\tDuration: {ms}.25 ms\tBilled Duration: {} ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB\tInit Duration: 40.00 ms\t",
            ids[0],
            ms + 41
        ),
        format!(
            "REPORT RequestId: {}\tDuration: 9.50 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\tMax Memory Used: 32 MB\t",
            ids[1]
        ),
    ]);
    let query = "filter @type = \"REPORT\" | fields @requestId, @duration, @maxMemoryUsed, @initDuration";
    expect(
        &desk,
        "the reports among other lines",
        query,
        &log,
        &[
            json!({ "@requestId": ids[0], "@duration": ms as f64 + 0.25, "@maxMemoryUsed": 31_000_000, "@initDuration": 40 }),
            json!({ "@requestId": ids[1], "@duration": 9.5, "@maxMemoryUsed": 32_000_000 }),
        ],
    );
    let query =
        "filter @type = \"REPORT\" | stats count(*) as all, count(@initDuration) as cold, max(@duration) as slowest";
    let slowest = ms as f64 + 0.25;
    expect(&desk, "how many of them were cold", query, &log, &[json!({ "all": 2, "cold": 1, "slowest": slowest })]);
}

#[test]
fn keeps_the_lines_for_which_a_condition_holds() {
    let mut seed = Seed::at_run_time();
    let desk = Function::start(binary!());
    let name = seed.name();
    let limit = seed.number(10..=99);
    let lines = [
        json!({ "n": 0, "level": "ERROR", "who": name, "ms": limit }),
        json!({ "n": 1, "level": "ERROR", "who": format!("{name} & co"), "ms": limit + 1 }),
        json!({ "n": 2, "level": "error", "ms": limit * 10 }),
        json!({ "n": 3, "who": name.to_lowercase(), "ms": "9" }),
        json!({ "n": 4, "level": "INFO", "ms": format!("{}", limit + 1) }),
        json!({ "n": 5, "ms": null, "user": { "who": name } }),
    ];
    let log = objects(&lines);
    for (condition, expected) in [
        ("level = \"ERROR\"".to_owned(), vec![0, 1]),
        ("level != 'ERROR'".to_owned(), vec![2, 4]),
        (format!("who = \"{name}\""), vec![0]),
        (format!("who like \"{name}\""), vec![0, 1]),
        (format!("not who like \"{name}\""), vec![2, 3, 4, 5]),
        (format!("@message like \"{name}\""), vec![0, 1, 5]),
        (format!("user.who = \"{name}\""), vec![5]),
        (format!("ms > {limit}"), vec![1, 2, 4]),
        (format!("ms >= {limit}"), vec![0, 1, 2, 4]),
        (format!("ms < {limit}"), vec![3]),
        (format!("ms <= {limit}.0"), vec![0, 3]),
        (format!("ms = {}", limit + 1), vec![1, 4]),
        (format!("ms != {limit}"), vec![1, 2, 3, 4]),
        ("ms > -1".to_owned(), vec![0, 1, 2, 3, 4]),
        (format!("ms > \"{limit}\""), vec![1, 2, 4]),
        (format!("ms = '{limit}.0'"), vec![0]),
        ("ms > 'nine'".to_owned(), vec![]),
        ("n like \"3\"".to_owned(), vec![3]),
        ("ispresent(level)".to_owned(), vec![0, 1, 2, 4]),
        ("not ispresent(ms)".to_owned(), vec![5]),
        (format!("level = \"ERROR\" and ms > {limit}"), vec![1]),
        (format!("level = \"INFO\" or who = \"{name}\" and ms = {limit}"), vec![0, 4]),
        (format!("(level = \"INFO\" or level = \"ERROR\") and not (ms = {limit})"), vec![1, 4]),
    ] {
        let expected: Vec<Value> = expected.into_iter().map(|n: u64| json!({ "n": n })).collect();
        let query = format!("fields n | filter {condition}");
        expect(&desk, "six lines, of which some are asked for", &query, &log, &expected);
    }
    let query = format!("filter ms > {limit} | filter level = \"ERROR\" | fields n");
    expect(&desk, "two filters, one after the other", &query, &log, &[json!({ "n": 1 })]);
}

#[test]
fn takes_text_apart_at_asterisks() {
    let mut seed = Seed::at_run_time();
    let desk = Function::start(binary!());
    let (a, b) = (seed.name(), seed.name());
    let ms = seed.number(100..=999);
    let log = log(&[
        format!("paid by {a}, took {ms} ms, to {b}"),
        format!("[12:01] paid by {b}, took 7 ms, to {a}, to nobody"),
        format!("paid by {a}"),
        json!({ "message": format!("paid by {b}, took 70 ms, to {a}"), "n": 3 }).to_string(),
    ]);
    let query = "parse @message \"paid by *, took * ms, to *\" as who, took, to | limit 3 | fields who, took, to";
    expect(
        &desk,
        "two lines that fit, and one that does not",
        query,
        &log,
        &[
            json!({ "who": a, "took": ms.to_string(), "to": b }),
            json!({ "who": b, "took": "7", "to": format!("{a}, to nobody") }),
            json!({}),
        ],
    );
    let query = "fields who | parse message \"by *, \" as who | filter ispresent(who)";
    expect(&desk, "a field of an object is taken apart", query, &log, &[json!({ "who": b })]);
    let query = "parse @message \"took * ms\" as took | filter took > 70 | fields took";
    expect(
        &desk,
        "what was taken out is a number, if it reads as one",
        query,
        &log,
        &[json!({ "took": ms.to_string() })],
    );
    let nothing = objects(&[json!({ "at": "paid by , took  ms, to ", "ms": ms }), json!({ "ms": format!("{ms}0") })]);
    let query = "fields who, took, to | parse at \"paid by *, took * ms, to *\" as who, took, to";
    let empty = json!({ "who": "", "took": "", "to": "" });
    expect(&desk, "asterisks that take nothing, and a row without the field", query, &nothing, &[empty, json!({})]);
    let query =
        "fields who, took | parse at \"by *, took * ms\" as who, took | parse at \"of *, took *s\" as who, took";
    let kept = [json!({ "who": "", "took": "" }), json!({})];
    expect(&desk, "what does not fit the second time stays as it was", query, &nothing, &kept);
    let first = ms / 100;
    let query = format!("fields rest | parse ms \"{first}*\" as rest");
    let rest = &ms.to_string()[1..];
    let rests = [json!({ "rest": rest }), json!({ "rest": format!("{rest}0") })];
    expect(&desk, "a number is taken apart as its text", &query, &nothing, &rests);
    let query = "parse @message \"* by *,\" as before, who | filter who = before or ispresent(n) | fields n, who";
    let refused = ask(&desk, "a field is compared with a field, which is not part of this language", query, &log);
    refused.expect_error("InvalidQuery");
    let query = "parse @message \"[*] paid\" as time | stats count(time) as with, count(*) as all";
    expect(&desk, "how many lines have a time", query, &log, &[json!({ "with": 1, "all": 4 })]);
}

#[test]
fn computes_a_table() {
    let mut seed = Seed::at_run_time();
    let desk = Function::start(binary!());
    let numbers: Vec<u64> = (0..20).map(|_| seed.number(0..=5_000)).collect();
    let mut lines: Vec<Value> = numbers.iter().map(|ms| json!({ "ms": ms })).collect();
    lines.extend([json!({ "ms": "many" }), json!({ "else": 1 }), json!({ "ms": null })]);
    // Nor do these read as numbers.
    lines.extend(["90000 ", "NaN", "inf"].map(|ms| json!({ "ms": ms })));
    lines.push(json!({ "ms": true }));
    let log = objects(&lines);
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    let sum: u64 = numbers.iter().sum();
    let query =
        "stats count(*) as all, count(ms) as with, sum(ms) as sum, avg(ms) as avg, min(ms) as min, max(ms) as max";
    let expected =
        json!({ "all": 27, "with": 25, "sum": sum, "avg": sum as f64 / 20.0, "min": sorted[0], "max": sorted[19] });
    expect(&desk, "twenty numbers, five that are none, and two lines without", query, &log, &[expected]);
    let query =
        "stats pct(ms, 50) as p50, pct(ms, 95) as p95, pct(ms, 96) as p96, pct(ms, 100) as p100, pct(ms, 0) as p0";
    let expected =
        json!({ "p50": sorted[9], "p95": sorted[18], "p96": sorted[19], "p100": sorted[19], "p0": sorted[0] });
    expect(&desk, "percentiles of twenty numbers, by the nearest rank", query, &log, &[expected]);
    let hundreds: Vec<Value> = (1..=300).map(|ms| json!({ "ms": ms })).collect();
    let query = "stats pct(ms, 99) as p99, pct(ms, 100) as p100";
    expect(&desk, "the numbers from 1 to 300", query, &objects(&hundreds), &[json!({ "p99": 297, "p100": 300 })]);
    let hundred: Vec<Value> = (1..=100).rev().map(|ms| json!({ "ms": ms })).collect();
    let query = "stats pct(ms, 7) as p7, pct(ms, 55) as p55, pct(ms, 1) as p1";
    let expected = json!({ "p7": 7, "p55": 55, "p1": 1 });
    expect(&desk, "the numbers from 100 to 1", query, &objects(&hundred), &[expected]);
    let query = "stats sum(nothing) as sum, avg(nothing), max(nothing), pct(nothing, 50), count(nothing), min(ms)";
    let expected = json!({ "count(nothing)": 0, "min(ms)": sorted[0] });
    expect(&desk, "a field that no line has, and columns without a name", query, &log, &[expected]);
    let query = "fields ms | filter ms < 0 | stats count(*) as n by ms";
    expect(&desk, "no line is left", query, &log, &[]);
    let query = "filter ms < 0 | stats count(*) as n, sum(ms) as sum";
    expect(&desk, "no line is left, and there is nothing to group by", query, &log, &[]);
}

#[test]
fn groups_by_fields_and_by_time() {
    let mut seed = Seed::at_run_time();
    let desk = Function::start(binary!());
    let levels = [seed.name(), seed.name() + "x", "INFO".to_owned()];
    let drawn: Vec<(String, u64, u64)> =
        (0..60).map(|_| (seed.pick(&levels).clone(), seed.number(0..=1), seed.number(1..=500))).collect();
    let lines: Vec<Value> =
        drawn.iter().map(|(level, cold, ms)| json!({ "level": level, "cold": cold, "ms": ms })).collect();
    let log_of_lines = objects(&lines);
    let mut expected = Vec::new();
    for level in &levels {
        for cold in [0, 1] {
            let ms = || drawn.iter().filter(|line| line.0 == *level && line.1 == cold).map(|line| line.2);
            if ms().count() > 0 {
                expected.push(json!({ "level": level, "cold": cold, "n": ms().count(), "max(ms)": ms().max() }));
            }
        }
    }
    let query = "stats count(*) as n, max(ms) by level, cold";
    expect_all(&desk, "sixty lines by two fields", query, &log_of_lines, &expected);

    let mixed = objects(&[
        json!({ "who": "a" }),
        json!({}),
        json!({ "who": "b" }),
        json!({ "who": null }),
        json!({ "who": "a" }),
    ]);
    let groups = [json!({ "who": "a", "n": 2 }), json!({ "who": "b", "n": 1 }), json!({ "n": 2 })];
    expect_all(&desk, "lines without the field are a group, too", "stats count(*) as n by who", &mixed, &groups);

    let minute = seed.number(1..=50) * 60_000;
    let at = [0, 59_999, 60_000, 299_999, 300_000, 360_000]
        .map(|later| json!({ "timestamp": TEN + minute * 5 + later, "message": "{\"x\":1}" }));
    let start = TEN + minute * 5;
    let query = "stats count(*) as n, sum(x) as x by bin(5m)";
    let groups = [json!({ "bin(5m)": start, "n": 4, "x": 4 }), json!({ "bin(5m)": start + 300_000, "n": 2, "x": 2 })];
    expect_all(&desk, "six lines in ten minutes, by five minutes", query, &at, &groups);
    let groups = [(0, 2), (60_000, 1), (240_000, 1), (300_000, 1), (360_000, 1)]
        .map(|(later, n)| json!({ "bin(60s)": start + later, "n": n }));
    expect_all(&desk, "the same by the minute", "stats count(*) as n by bin(60s)", &at, &groups);
}

#[test]
fn sorts_numbers_as_numbers_and_text_as_text() {
    let mut seed = Seed::at_run_time();
    let desk = Function::start(binary!());
    let mut numbers: Vec<u64> = (0..30).map(|_| seed.number(0..=2_000)).collect();
    let lines: Vec<Value> = numbers.iter().map(|ms| json!({ "ms": ms })).collect();
    numbers.sort_unstable();
    let rows = |numbers: &[u64]| numbers.iter().map(|ms| json!({ "ms": ms })).collect::<Vec<_>>();
    let log = objects(&lines);
    expect(&desk, "thirty numbers", "fields ms | sort ms", &log, &rows(&numbers));
    expect(&desk, "thirty numbers, said aloud", "fields ms | sort ms asc", &log, &rows(&numbers));
    numbers.reverse();
    expect(&desk, "the largest first", "fields ms | sort ms desc | limit 3", &log, &rows(&numbers[..3]));
    let names = ["Bela", "Ada", "bela", "10x15", "9x13"].map(|name| json!({ "name": name }));
    let in_order = ["10x15", "9x13", "Ada", "Bela", "bela"].map(|name| json!({ "name": name }));
    expect(&desk, "text by its letters", "fields name | sort name", &objects(&names), &in_order);
    let lines = [("none", None), ("x", Some("2")), ("y", Some("1")), ("z", Some("2")), ("w", Some("1")), ("nor", None)]
        .map(|(name, ms)| json!({ "name": name, "ms": ms }));
    for (query, names) in [
        ("fields name | sort ms", ["y", "w", "x", "z", "none", "nor"]),
        ("fields name | sort ms desc", ["x", "z", "y", "w", "none", "nor"]),
        ("fields name | sort @timestamp desc", ["nor", "w", "z", "y", "x", "none"]),
    ] {
        let rows = names.map(|name| json!({ "name": name }));
        expect(
            &desk,
            "equal rows stay in their order, and those without the field come last",
            query,
            &objects(&lines),
            &rows,
        );
    }
}

#[test]
fn sorts_numbers_before_other_text() {
    let mut seed = Seed::at_run_time();
    let desk = Function::start(binary!());
    for turn in 0..2 {
        let mut rows: Vec<(Option<u64>, String, Value)> = Vec::new();
        for _ in 0..60 {
            let number = seed.number(1..=300);
            rows.push(match seed.number(0..=2) {
                0 => (Some(number), String::new(), json!({ "size": number })),
                1 => (Some(number), String::new(), json!({ "size": number.to_string() })),
                _ => (None, format!("{number}x{turn}"), json!({ "size": format!("{number}x{turn}") })),
            });
        }
        let lines = objects(&rows.iter().map(|row| row.2.clone()).collect::<Vec<_>>());
        // Whether it is a word, then its size, then its letters; equal ones stay as they were.
        let key = |row: &(Option<u64>, String, Value)| (row.0.is_none(), row.0, row.1.clone());
        rows.sort_by_key(key);
        let sizes: Vec<Value> = rows.iter().map(|row| row.2.clone()).collect();
        let story = "sixty sizes: numbers, numbers as text, and text that is none";
        expect(&desk, story, "fields size | sort size", &lines, &sizes);
    }
    let lines = ["9x13", "10", "x", "9"].map(|size| json!({ "size": size }));
    let turned = ["x", "9x13", "10", "9"].map(|size| json!({ "size": size }));
    expect(&desk, "the same turned round", "fields size | sort size desc", &objects(&lines), &turned);
}

#[test]
fn does_one_command_after_the_other() {
    let mut seed = Seed::at_run_time();
    let desk = Function::start(binary!());
    let many = seed.number(4..=9);
    let mut lines: Vec<Value> = (0..many).map(|n| json!({ "error": "BankAway", "ms": n })).collect();
    lines.extend([
        json!({ "error": "Declined", "ms": 70 }),
        json!({ "error": "Declined", "ms": 50 }),
        json!({ "ok": true, "ms": 9 }),
    ]);
    let log = objects(&lines);
    let query = "filter ispresent(error) | stats count(*) as n, max(ms) as worst by error | sort n desc | limit 1";
    let most = json!({ "error": "BankAway", "n": many, "worst": many - 1 });
    expect(&desk, "the error that came most often", query, &log, &[most]);
    let query = "stats count(*) as n by error | filter n = 2 | fields error";
    expect(&desk, "a filter on what was counted", query, &log, &[json!({ "error": "Declined", "n": 2 })]);
    let query = "stats count(*) as n by error | stats max(n) as most, count(*) as kinds";
    expect(&desk, "a table of a table", query, &log, &[json!({ "most": many, "kinds": 3 })]);
    let query = "stats count(*) as n by error | stats count(*) as kinds by bin(5m)";
    let story = "a table has no time, so there is one group, without it";
    expect(&desk, story, query, &log, &[json!({ "kinds": 3 })]);
    let query = "limit 2 | stats count(*) as n, count(ok) as ok";
    expect(&desk, "a limit before the counting", query, &log, &[json!({ "n": 2, "ok": 0 })]);
    let query = "sort ms desc | limit 2 | filter ms < 60 | fields ms";
    expect(&desk, "a filter after the limit", query, &log, &[json!({ "ms": 50 })]);
    let query = "stats count(*) as n by error | sort ms desc | filter not ispresent(ms) and n > 1 | sort n desc";
    let rest = [json!({ "error": "BankAway", "n": many }), json!({ "error": "Declined", "n": 2 })];
    expect(&desk, "after the counting, what was counted is gone", query, &log, &rest);
}

#[test]
fn refuses_what_is_no_query() {
    let mut seed = Seed::at_run_time();
    let desk = Function::start(binary!());
    let log = [json!({ "timestamp": TEN, "message": seed.name() })];
    for query in [format!("find {}", seed.name()), "fields a |".to_owned(), "parse @message \"* *\" as a".to_owned()] {
        ask(&desk, "a query that cannot be read", &query, &log).expect_error("InvalidQuery");
    }
    let map: Map<String, Value> = Map::new();
    expect(&desk, "the next one can", "fields nothing", &log, &[Value::Object(map)]);
}
