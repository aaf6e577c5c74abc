//! What the shop expects of its order board: that it shows what stands in the table. The stream is that of the local
//! service: it delivers batches in order, and again where the function says so, or where the test has it forget that
//! it has delivered one.

use std::collections::BTreeMap;

use course::{Seed, fixture_json};
use local_lambda::{Function, Outcome, binary};
use local_lambda_sources::sqs::Queue;
use local_lambda_sources::streams::{Change, StreamMapping, TableStream};
use local_lambda_sources::{Target, World};
use serde_json::{Value, json};

/// What hangs on the board, or stands in the table, by order: status and total.
type Shown = BTreeMap<String, (String, String)>;

/// The table of orders, its stream, and the function that follows it.
struct Shop {
    world: World,
    stream: TableStream,
    mapping: StreamMapping,
    given_up: Queue,
    table: Shown,
}

impl Shop {
    /// A shop whose changes are numbered from here, and whose board is out of reach so often for these orders.
    fn new(first_number: u64, out_of_reach: &Value) -> Shop {
        let world = World::new();
        let stream = world.table_stream("orders").first_sequence_number(first_number).create();
        let given_up = world.queue("given-up").create();
        let function = Function::builder(binary!()).env("OUT_OF_REACH", out_of_reach.to_string()).start();
        let function = world.function(Target::from(function)).create();
        let mapping = world.map(&stream, &function).batch_size(10).report_batch_item_failures();
        let mapping = mapping.maximum_retry_attempts(4).on_failure(&given_up).create();
        Shop { world, stream, mapping, given_up, table: Shown::new() }
    }

    /// Writes an order into the table, as a new one or over the one that is there.
    fn put(&mut self, order: &str, status: &str, total: &str) {
        let new = (status.to_owned(), total.to_owned());
        let change = match self.table.insert(order.to_owned(), new.clone()) {
            None => Change::insert(key(order), image(order, &new)),
            Some(old) => Change::modify(key(order), image(order, &old), image(order, &new)),
        };
        self.stream.record(&change);
    }

    fn remove(&mut self, order: &str) {
        if let Some(old) = self.table.remove(order) {
            self.stream.record(&Change::remove(key(order), image(order, &old)));
        }
    }

    /// The stream is read to its end; then the board shows the table, and nothing on it ever went back in time.
    #[track_caller]
    fn expect_board_as_table(&self, story: &str) {
        self.world.run_until_idle();
        let lines = self.lines();
        let happened = || {
            format!(
                "what was done to the board\n  {}\n{}",
                lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n  "),
                self.world.trace()
            )
        };
        let board = shown(&lines);
        for order in self.table.keys().chain(board.keys()) {
            let (expected, got) = (self.table.get(order), board.get(order));
            assert!(
                expected == got,
                "{story}\n  the board must show of order {order} what stands in the table\n  expected {expected:?}\n  got      {got:?}\n{}",
                happened()
            );
        }
        let mut last = BTreeMap::new();
        for line in &lines {
            let (order, change) = (line["order"].to_string(), number(line));
            let before = last.insert(order.clone(), change).unwrap_or(0);
            assert!(
                before < change,
                "{story}\n  expected of order {order} nothing older than change {before}\n  got change {change} after it\n{}",
                happened()
            );
        }
    }

    fn lines(&self) -> Vec<Value> {
        self.world.answers().iter().filter_map(|answer| answer.outcome.as_ref()).flat_map(lines).collect()
    }
}

/// What the function did to the board, in the order in which it did it.
fn lines(outcome: &Outcome) -> Vec<Value> {
    let done = |line: &str| serde_json::from_str(line.strip_prefix("board ")?).ok();
    outcome.function_log().filter_map(done).collect()
}

/// What the board shows after all of that.
fn shown(lines: &[Value]) -> Shown {
    let mut board = Shown::new();
    for line in lines {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        if line["gone"] == true {
            board.remove(&text("order"));
        } else {
            board.insert(text("order"), (text("status"), text("total")));
        }
    }
    board
}

fn number(line: &Value) -> u64 {
    line["change"].as_str().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn key(order: &str) -> Value {
    json!({ "order_id": { "S": order } })
}

fn image(order: &str, (status, total): &(String, String)) -> Value {
    json!({ "order_id": { "S": order }, "status": { "S": status }, "total": { "N": total } })
}

const STATUS: [&str; 4] = ["placed", "printed", "packed", "collected"];

fn total(seed: &mut Seed) -> String {
    format!("{}.{:02}", seed.number(1..=999), seed.number(0..=99))
}

#[test]
fn shows_what_stands_in_the_table() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::new(100, &json!({}));
    for order in ["1041", "1042", "1043"] {
        let total = total(&mut seed);
        shop.put(order, "placed", &total);
        let status = *seed.pick(&STATUS[1..]);
        shop.put(order, status, &total);
    }
    shop.remove("1042");
    shop.expect_board_as_table("three orders are placed and worked on, and one of them is removed");
}

#[test]
fn reads_numbers_as_aws_writes_them() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let mut event = fixture_json("dynamodb/order-changed");
    let total = total(&mut seed);
    event["Records"][1]["dynamodb"]["NewImage"]["total"] = json!({ "N": total });
    // As long as they may be; the second has one digit more than the first.
    let digits = seed.number(1_000_000..=9_999_999);
    event["Records"][0]["dynamodb"]["SequenceNumber"] = json!(format!("99999999999999999999999999999999{digits}"));
    event["Records"][1]["dynamodb"]["SequenceNumber"] = json!(format!("100000000000000000000000000000000{digits}"));
    let outcome = function.story("an order is placed, and then printed, as DynamoDB tells it").invoke(&event);
    let expected = Shown::from([("1042".to_owned(), ("printed".to_owned(), total))]);
    outcome.expect(&format!("the log says that the board shows {expected:?}"), |outcome| {
        shown(&lines(outcome)) == expected
    });
    let outcome = function.story("the same batch comes again").invoke(&event);
    outcome.expect("the board is left as it is", |outcome| {
        lines(outcome).is_empty() && outcome.function_error().is_none()
    });
}

#[test]
fn shows_amounts_digit_by_digit() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::new(100, &json!({}));
    let long = format!("12345678901234567890123456789012345.{:03}", seed.number(101..=999));
    for (order, total) in [("1", "25.90"), ("2", "0.10"), ("3", "1000000000000000000000.01"), ("4", &long), ("5", "7")]
    {
        shop.put(order, "placed", total);
    }
    shop.expect_board_as_table("amounts with zeros at their end, and with more digits than a float has");
}

#[test]
fn takes_the_changes_of_an_order_one_after_the_other() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::new(100, &json!({}));
    let orders = ["1041", "1042", "1043"];
    for order in orders {
        shop.put(order, "placed", &total(&mut seed));
    }
    let again = *seed.pick(&orders);
    shop.remove(again);
    shop.put(again, "placed", &total(&mut seed));
    shop.expect_board_as_table("in one batch an order is removed, and another one is placed under its number");
}

#[test]
fn says_from_which_change_on_it_has_to_come_again() {
    let mut seed = Seed::at_run_time();
    for times in [1, 2] {
        let orders: Vec<String> = (1041..=1046).map(|order| order.to_string()).collect();
        let stuck = seed.pick(&orders[1..5]).clone();
        let mut shop = Shop::new(100, &json!({ &*stuck: times }));
        for order in &orders {
            shop.put(order, "placed", &total(&mut seed));
        }
        let story = format!("of six orders the board is out of reach for {stuck}, {times} times");
        shop.expect_board_as_table(&story);
        let first = shop.world.answers()[0].json().unwrap_or_default();
        let failed = (100 + orders.iter().position(|order| *order == stuck).unwrap_or(0)).to_string();
        let told: Vec<&Value> = first["batchItemFailures"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|failure| &failure["itemIdentifier"])
            .collect();
        let lowest = told.iter().filter_map(|id| id.as_str()?.parse::<u64>().ok()).min();
        assert!(
            lowest.map(|number| number.to_string()) == Some(failed.clone()),
            "{story}\n  expected the first answer to name the change {failed}, and none before it\n  got {first}"
        );
    }
}

#[test]
fn gives_up_only_what_cannot_be_read() {
    let mut seed = Seed::at_run_time();
    let images = [
        json!({ "order_id": { "S": "9" }, "status": { "S": "placed" } }),
        json!({ "order_id": { "S": "9" }, "status": { "S": "placed" }, "total": { "S": "25.90" } }),
        json!({ "order_id": { "S": "9" }, "total": { "N": "1" } }),
        json!({}),
    ];
    for broken in images {
        let mut shop = Shop::new(100, &json!({}));
        let before = seed.number(1..=4);
        for order in 0..8 {
            if order == before {
                shop.stream.record(&Change::insert(key("9"), broken.clone()));
            }
            shop.put(&order.to_string(), "placed", &total(&mut seed));
        }
        let story = format!("among eight orders the table has one that reads {broken}");
        shop.expect_board_as_table(&story);
        let (given_up, number) = (shop.given_up.bodies(), (100 + before).to_string());
        let from_there = |body: &String| {
            let record: Value = serde_json::from_str(body).unwrap_or_default();
            let batch = &record["DDBStreamBatchInfo"];
            batch["startSequenceNumber"] == number
        };
        assert!(
            given_up.len() == 1 && given_up.iter().all(from_there),
            "{story}\n  expected one batch to be given up, from the change {number} on\n  got {given_up:?}\n{}",
            shop.world.trace()
        );
    }
}

#[test]
fn shows_an_order_again_once_it_was_mended() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::new(100, &json!({}));
    let broken = json!({ "order_id": { "S": "9" }, "status": { "S": "placed" } });
    shop.stream.record(&Change::insert(key("9"), broken));
    for order in ["8", "9", "10"] {
        shop.put(order, "placed", &total(&mut seed));
    }
    let story = "an order without a total is put right by a later change of the same batch";
    shop.expect_board_as_table(story);
    let given_up = shop.given_up.bodies();
    assert!(
        given_up.is_empty(),
        "{story}\n  expected the older change to be passed over when it comes again\n  got it given up: {given_up:?}\n{}",
        shop.world.trace()
    );
}

#[test]
fn takes_an_order_off_by_its_key() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let mut event = fixture_json("dynamodb/order-changed");
    event["Records"].as_array_mut().expect("records").truncate(1);
    let order = seed.number(1000..=9999).to_string();
    event["Records"][0]["eventName"] = json!("REMOVE");
    let change = event["Records"][0]["dynamodb"].as_object_mut().expect("a change");
    change.retain(|name, _| !name.ends_with("Image"));
    change.insert(String::from("Keys"), key(&order));
    let story = format!("order {order} is removed, and the stream has no old images");
    function.story(story).invoke(event).expect(&format!("the log says that order {order} is gone"), |outcome| {
        let gone = |line: &Value| line["order"] == *order && line["gone"] == true;
        matches!(&lines(outcome)[..], [line] if gone(line))
    });
}

#[test]
fn never_shows_an_older_state_again() {
    let mut seed = Seed::at_run_time();
    // Numbers with one digit more than the ones before: less as text, more as numbers.
    for first in [8, 98, 998] {
        let mut shop = Shop::new(first, &json!({}));
        shop.mapping.repeat_next(3);
        for status in STATUS {
            shop.put("1042", status, &total(&mut seed));
        }
        shop.remove("1042");
        shop.put("1043", "placed", &total(&mut seed));
        shop.expect_board_as_table("a batch that was done is delivered again");
    }
}

#[test]
fn ends_as_the_table_whatever_happens() {
    let mut seed = Seed::at_run_time();
    for _ in 0..5 {
        let orders = ["1041", "1042", "1043", "1044"];
        let stuck = *seed.pick(&orders);
        let mut shop = Shop::new(seed.number(80..=99), &json!({ stuck: seed.number(1..=3) }));
        shop.mapping.repeat_next(seed.number(0..=2) as usize);
        for _ in 0..30 {
            let order = *seed.pick(&orders);
            if seed.number(1..=4) == 1 {
                shop.remove(order);
            } else {
                let status = *seed.pick(&STATUS);
                shop.put(order, status, &total(&mut seed));
            }
        }
        shop.expect_board_as_table("thirty changes of four orders, some out of reach at first, some delivered again");
    }
}
