//! What chapter 9 prints of windows: one stream of orders, counted in three ways.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use course::root;
use local_lambda_sources::streams::Change;
use local_lambda_sources::{Target, World};
use serde_json::{Value, json};

use crate::{function, same};

/// When an order was placed and when the table got it, in seconds after noon, and its cents. A counter without a network
/// sends its four orders when it has one again.
const ORDERS: [(i64, i64, i64); 12] = [
    (20, 21, 1_250),
    (75, 76, 2_590),
    (80, 330, 900),
    (130, 131, 4_000),
    (140, 331, 1_700),
    (210, 332, 2_590),
    (260, 261, 640),
    (290, 333, 3_150),
    (299, 301, 1_000),
    (350, 352, 2_200),
    (420, 421, 780),
    (590, 592, 1_990),
];

/// Cents by window: the beginnings of the windows in seconds after noon.
type Sums = BTreeMap<i64, i64>;

/// The same orders: by when they came, by when they were placed, and each change once.
#[test]
fn one_stream_counted_in_three_ways() {
    let world = World::new();
    let noon = world.now().as_second();
    let stream = world.table_stream("orders").create();
    let counted: Arc<Mutex<[Sums; 3]>> = Arc::default();
    let (sums, seen) = (Arc::clone(&counted), Mutex::new(BTreeSet::new()));
    let function = world.function(Target::closure("count", move |call| {
        for record in call.event["Records"].as_array().into_iter().flatten() {
            let change = &record["dynamodb"];
            let number = |name: &str| -> i64 {
                change["NewImage"][name]["N"].as_str().and_then(|digits| digits.parse().ok()).unwrap_or_default()
            };
            let came = change["ApproximateCreationDateTime"].as_i64().unwrap_or_default();
            let window = |second: i64| (second - noon) / 300 * 300;
            let mut sums = sums.lock().expect("no test panicked with it");
            *sums[0].entry(window(came)).or_default() += number("cents");
            *sums[1].entry(window(number("placed_at"))).or_default() += number("cents");
            if seen.lock().expect("no test panicked with it").insert(record["eventID"].to_string()) {
                *sums[2].entry(window(number("placed_at"))).or_default() += number("cents");
            }
        }
        Ok(Value::Null)
    }));
    let mapping = world.map(&stream, &function.create()).batch_size(3).create();
    let mut orders = ORDERS;
    orders.sort_by_key(|order| order.1);
    for (id, (placed, came, cents)) in orders.into_iter().enumerate() {
        let at = noon + came;
        world.advance(Duration::from_secs((at - world.now().as_second()) as u64));
        if id == 4 {
            mapping.repeat_next(1);
        }
        let number = |number: i64| json!({ "N": number.to_string() });
        let item = json!({ "placed_at": number(noon + placed), "cents": number(cents) });
        let _ = stream.record(&Change::insert(json!({ "order_id": number(id as i64) }), item));
    }
    world.run_until_idle();
    let mut truth = Sums::new();
    for (placed, _, cents) in ORDERS {
        *truth.entry(placed / 300 * 300).or_default() += cents;
    }
    let counted = counted.lock().expect("no test panicked with it");
    assert_eq!(counted[2], truth, "each change once is what is in the tills");
    let mut table = String::from("| Counted | 12:00 to 12:05 | 12:05 to 12:10 |\n|---|---|---|\n");
    let euros = |sums: &Sums, window: i64| {
        let cents = sums.get(&window).copied().unwrap_or_default();
        format!("{}.{:02}", cents / 100, cents % 100)
    };
    let ways = [
        ("by the time of arrival, all that comes", &counted[0]),
        ("by the time of the order, all that comes", &counted[1]),
        ("by the time of the order, each change once", &counted[2]),
        ("in the tills", &truth),
    ];
    for (way, sums) in ways {
        let _ = writeln!(table, "| {way} | {} | {} |", euros(sums, 0), euros(sums, 300));
    }
    same("ch09", "windows.md", &table);
}

/// The filter of the template in `exercises/fixtures/deploy/figures`: what the time to live removes is no cancellation.
#[test]
fn a_filter_keeps_expired_orders_away() {
    let world = World::new();
    let stream = world.table_stream("orders").create();
    let got = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&got);
    let function = world.function(Target::closure("aggregate", move |call| {
        let records = call.event["Records"].as_array().into_iter().flatten();
        let names = records.map(|record| record["eventName"].as_str().unwrap_or_default().to_owned());
        notes.lock().expect("no test panicked with it").extend(names);
        Ok(json!({ "batchItemFailures": [] }))
    }));
    let template = fs::read_to_string(root().join("exercises/fixtures/deploy/figures/template.yaml"));
    let template = template.expect("the template can be read");
    let patterns = template.lines().filter_map(|line| line.trim().strip_prefix("- Pattern: '")?.strip_suffix('\''));
    let mapping = patterns.fold(world.map(&stream, &function.create()), |mapping, pattern| mapping.filter(pattern));
    let _mapping = mapping.create();
    let (key, old, new) = (json!({ "id": { "S": "1" } }), json!({ "n": { "N": "1" } }), json!({ "n": { "N": "2" } }));
    let changes = [
        Change::insert(key.clone(), old.clone()),
        Change::expire(key.clone(), old.clone()),
        Change::modify(key.clone(), old.clone(), new),
        Change::remove(key, old),
    ];
    for change in &changes {
        let _ = stream.record(change);
    }
    world.run_until_idle();
    assert_eq!(*got.lock().expect("no test panicked with it"), ["INSERT", "MODIFY", "REMOVE"]);
}

#[test]
fn a_table_that_loses_an_answer() {
    let outcome = function("ch09_port", "port").invoke("{}");
    let lines: Vec<&str> = outcome.function_log().map(str::trim_end).collect();
    same("ch09", "port.txt", &lines.join("\n"));
}
