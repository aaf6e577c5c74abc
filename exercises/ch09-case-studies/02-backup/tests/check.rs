//! What the shop expects of its backup: every item as it is, whatever interrupts the work; and of the way back: all or
//! nothing. Tables and bucket are those of the local services.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use course::Seed;
use local_aws::{Bucket, LocalAws, OnLocalAws, Service};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const TIMEOUT: Duration = Duration::from_secs(60);

/// Two tables, a bucket, and the two functions.
struct Shop {
    aws: LocalAws,
    bucket: Bucket,
    backup: Function,
    restore: Function,
    page: usize,
}

impl Shop {
    /// With time enough for everything.
    fn new() -> Shop {
        Shop::with_reserve(Duration::from_secs(1))
    }

    /// A shop whose backup begins no page when less than this is left.
    fn with_reserve(reserve: Duration) -> Shop {
        let aws = LocalAws::start();
        let bucket = aws.bucket("ferris-prints-backups");
        aws.table("orders", "id");
        aws.table("restored", "id");
        let function = |handler: &str| {
            let function =
                Function::builder(binary!()).name(handler).env("_HANDLER", handler).timeout(TIMEOUT).on(&aws);
            let function = function.env("BACKUPS_BUCKET", bucket.name());
            function.env("RESERVE_MS", reserve.as_millis().to_string()).start()
        };
        let (backup, restore) = (function("backup"), function("restore"));
        Shop { aws, bucket, backup, restore, page: usize::MAX }
    }

    /// Fills the table of orders with so many, and serves so many of them in a page.
    fn with_orders(mut self, seed: &mut Seed, orders: u64, page: usize) -> Shop {
        for number in 0..orders {
            self.put("orders", &order(seed, number));
        }
        self.page = page;
        self.forget();
        self
    }

    /// Forgets all calls and faults, but that of the pages.
    fn forget(&self) {
        self.aws.forget();
        self.aws.fault("Scan").always().page_size(self.page);
    }

    fn put(&self, table: &str, item: &Value) {
        let put = self.aws.call(Service::DynamoDb, "PutItem", json!({ "TableName": table, "Item": item }));
        put.expect("the item can be put");
    }

    /// All items of a table as DynamoDB writes them, in the order of their keys.
    fn items(&self, table: &str) -> Vec<Value> {
        let scanned = self.aws.call(Service::DynamoDb, "Scan", json!({ "TableName": table, "ConsistentRead": true }));
        let mut items = scanned.expect("the table can be read")["Items"].as_array().cloned().unwrap_or_default();
        items.iter_mut().for_each(sort_sets);
        items.sort_by_key(|item| item["id"]["S"].to_string());
        items
    }

    fn save(&self, story: &str, at: &str) -> Outcome {
        self.backup.story(story).invoke(json!({ "table": "orders", "at": at }))
    }

    fn put_back(&self, story: &str, at: &str) -> Outcome {
        self.restore.story(story).invoke(json!({ "table": "orders", "at": at, "into": "restored" }))
    }

    fn document(&self, at: &str, name: &str) -> Option<Value> {
        serde_json::from_slice(&self.bucket.get(&format!("orders/{at}/{name}"))?).ok()
    }

    /// The backup is complete: a manifest, and in its parts every item of the table once.
    #[track_caller]
    fn expect_backup(&self, story: &str, at: &str, page: usize) {
        let Some(manifest) = self.document(at, "manifest.json") else {
            panic!(
                "{story}\n  expected orders/{at}/manifest.json\n  got {:?}\n{}",
                self.bucket.keys(),
                self.aws.calls()
            )
        };
        let expected = self.items("orders");
        let mut found = Vec::new();
        let parts = manifest["parts"].as_array().cloned().unwrap_or_default();
        for (number, part) in parts.iter().enumerate() {
            let key = format!("orders/{at}/part-{number:05}.ndjson");
            let bytes = self.bucket.get(&key).unwrap_or_default();
            let lines: Vec<Value> =
                bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
            let told = json!({ "key": key, "items": lines.len(), "sha256": sha256(&bytes) });
            assert!(
                *part == told,
                "{story}\n  expected the manifest to say of part {number} what lies under {key}: {told}\n  got {part}"
            );
            assert!(
                !lines.is_empty() && lines.len() <= page,
                "{story}\n  expected each part to have the items of one page, 1 to {page}\n  got {} in {key}",
                lines.len()
            );
            found.extend(lines.into_iter().map(|line| line["Item"].clone()));
        }
        found.iter_mut().for_each(sort_sets);
        found.sort_by_key(|item| item["id"]["S"].to_string());
        if let Some((one, other)) = expected.iter().zip(&found).find(|(one, other)| one != other) {
            panic!("{story}\n  expected every item once, as DynamoDB has it: {one}\n  got {other}");
        }
        assert!(
            found.len() == expected.len(),
            "{story}\n  expected {} items in the parts\n  got {}",
            expected.len(),
            found.len()
        );
        let told = json!({ "table": "orders", "at": at, "items": expected.len(), "parts": parts });
        assert!(manifest == told, "{story}\n  expected the manifest {told}\n  got {manifest}");
    }

    #[track_caller]
    fn expect_calls(&self, story: &str, operation: &str, expected: usize) {
        let calls = self.aws.calls().of(operation).count();
        assert!(
            calls == expected,
            "{story}\n  expected {operation} {expected} times\n  got {calls}\n{}",
            self.aws.calls()
        );
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn order(seed: &mut Seed, number: u64) -> Value {
    json!({
        "id": { "S": format!("order-{number:03}") },
        "customer": { "S": seed.name() },
        "total": { "N": seed.number(1..=9_999).to_string() },
    })
}

/// The order of what is in a set says nothing.
fn sort_sets(value: &mut Value) {
    let Value::Object(members) = value else {
        if let Value::Array(list) = value {
            list.iter_mut().for_each(sort_sets);
        }
        return;
    };
    for (kind, inner) in members {
        match inner {
            Value::Array(set) if ["SS", "NS", "BS"].contains(&kind.as_str()) => set.sort_by_key(Value::to_string),
            inner => sort_sets(inner),
        }
    }
}

fn digits(seed: &mut Seed, count: usize) -> String {
    (0..count).map(|place| char::from(b'0' + seed.number(u64::from(place == 0)..=9) as u8)).collect()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
}

#[test]
fn saves_every_item_of_the_table() {
    let mut seed = Seed::at_run_time();
    // The last page may be full, and then an empty one follows.
    for (orders, page) in [(seed.number(7..=11), 3), (8, 4), (1, 5), (0, 5)] {
        let shop = Shop::new().with_orders(&mut seed, orders, page);
        let at = format!("2026-11-30T01:{:02}:00Z", seed.number(0..=59));
        let story = format!("a table with {orders} orders is saved, {page} in a page");
        let parts = (orders as usize).div_ceil(page);
        shop.save(&story, &at).expect_json(json!({ "state": "done", "items": orders, "parts": parts }));
        shop.expect_backup(&story, &at, page);
    }
}

#[test]
fn keeps_every_value_as_it_is() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for number in 0..4 {
        let (long, short) = (digits(&mut seed, 38), digits(&mut seed, 17));
        shop.put("orders", &json!({
            "id": { "S": format!("{} {number} \u{1f980} \"花\"\n", seed.name()) },
            "long": { "N": long },
            "small": { "N": format!("-0.{}{}", "0".repeat(30), short) },
            "huge": { "N": format!("{}{}", short, "0".repeat(80)) },
            "price": { "N": "19.99" },
            "zero": { "N": "0" },
            "bytes": { "B": "AP/+/w==" },
            "empty": { "S": "" },
            "yes": { "BOOL": true },
            "no": { "BOOL": false },
            "nothing": { "NULL": true },
            "texts": { "SS": ["b", "a", "花"] },
            "numbers": { "NS": [digits(&mut seed, 38), "1", "-2.5"] },
            "byte-sets": { "BS": ["AAE=", "/w=="] },
            "list": { "L": [{ "N": digits(&mut seed, 20) }, { "L": [] }, { "M": {} }, { "SS": ["x"] }] },
            "map": { "M": { "S": { "S": "a name like a kind" }, "deep": { "M": { "n": { "N": digits(&mut seed, 38) } } } } },
        }));
    }
    let at = format!("{}", seed.number(1..=9));
    let story = "items have values of all ten kinds, and numbers of 38 digits";
    shop.save(story, &at).expect_json(json!({ "state": "done", "items": 4, "parts": 1 }));
    shop.expect_backup(story, &at, 4);
    shop.put_back(story, &at).expect_json(json!({ "restored": 4 }));
    let (expected, found) = (shop.items("orders"), shop.items("restored"));
    let differing = expected.iter().zip(&found).find(|(one, other)| one != other);
    assert!(
        differing.is_none() && expected.len() == found.len(),
        "{story}\n  expected the restored table to have the same {} items; the first that differs: {differing:?}\n  got {} items",
        expected.len(),
        found.len()
    );
}

#[test]
fn reads_on_after_an_empty_page() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new().with_orders(&mut seed, 9, 3);
    for at in ["1", "2"] {
        let after = seed.number(1..=2) as usize;
        shop.aws.fault("Scan").after(after).times(2).empty_page();
        let story = "two pages in the middle have no item, and a key after which the next begins";
        shop.save(story, at).expect_json(json!({ "state": "done", "items": 9, "parts": 3 }));
        shop.expect_backup(story, at, 3);
    }
}

#[test]
fn stops_in_time_and_goes_on_where_it_was() {
    let mut seed = Seed::at_run_time();
    // As much as the timeout: so there is never enough time left for a second page.
    let shop = Shop::with_reserve(TIMEOUT);
    let page = seed.number(3..=5) as usize;
    let orders = page as u64 * 3 - seed.number(1..=2);
    let shop = shop.with_orders(&mut seed, orders, page);
    for at in ["1", "2"] {
        shop.forget();
        for pages in 1..=2_usize {
            let story = format!("invocation {pages}, and each has time for one page of {page}");
            let items = pages * page;
            shop.save(&story, at).expect_json(json!({ "state": "unfinished", "items": items, "parts": pages }));
            let cursor = shop.document(at, "cursor.json").unwrap_or_default();
            assert!(
                cursor["until"] == 0 && cursor["parts"].as_array().is_some_and(|parts| parts.len() == pages),
                "{story}\n  expected a cursor with {pages} parts at which nobody works (until 0)\n  got {cursor}"
            );
            let manifest = shop.document(at, "manifest.json");
            assert!(manifest.is_none(), "{story}\n  expected no manifest of what is not complete\n  got {manifest:?}");
        }
        let story = "the last page";
        shop.save(story, at).expect_json(json!({ "state": "done", "items": orders, "parts": 3 }));
        shop.expect_backup(story, at, page);
        shop.expect_calls("three pages in three invocations", "Scan", 3);
    }
}

#[test]
fn does_nothing_for_a_backup_that_is_complete() {
    let mut seed = Seed::at_run_time();
    let orders = seed.number(4..=6);
    let shop = Shop::new().with_orders(&mut seed, orders, 3);
    for at in ["2026-11-30T01:00:00Z", "2026-12-01T01:00:00Z"] {
        shop.forget();
        let done = json!({ "state": "done", "items": orders, "parts": 2 });
        shop.save("the schedule starts a backup", at).expect_json(done.clone());
        let calls = ["Scan", "PutObject"].map(|operation| shop.aws.calls().of(operation).count());
        let story = "the schedule starts the same backup once more, and an order has come in since";
        let late = order(&mut seed, 900);
        shop.put("orders", &late);
        shop.save(story, at).expect_json(done);
        for (operation, calls) in ["Scan", "PutObject"].into_iter().zip(calls) {
            shop.expect_calls(story, operation, calls);
        }
        let key = json!({ "TableName": "orders", "Key": { "id": late["id"] } });
        shop.aws.call(Service::DynamoDb, "DeleteItem", key).expect("the late order can be deleted");
        shop.expect_backup(story, at, 3);
    }
}

#[test]
fn leaves_a_backup_to_whoever_works_at_it() {
    let mut seed = Seed::at_run_time();
    let orders = seed.number(4..=6);
    let shop = Shop::new().with_orders(&mut seed, orders, 3);
    let of_another = |until: u64| json!({ "owner": "another", "until": until, "start": null, "parts": [] }).to_string();
    let is_cursor = |params: &Value| params["Key"].as_str().is_some_and(|key| key.ends_with("/cursor.json"));
    let expect_untouched = |story: &str, at: &str, cursor: &str| {
        let keys: Vec<String> = shop.bucket.keys().into_iter().filter(|key| key.contains(at)).collect();
        let found = shop.bucket.get(&format!("orders/{at}/cursor.json")).unwrap_or_default();
        assert!(
            keys.len() == 1 && found == cursor.as_bytes(),
            "{story}\n  expected nothing but the cursor of the other one: {cursor}\n  got {keys:?}, and {}",
            String::from_utf8_lossy(&found)
        );
        shop.expect_calls(story, "Scan", 0);
    };

    let cursor = of_another(now() + 600_000);
    shop.bucket.put("orders/now/cursor.json", cursor.clone());
    let story = "another invocation works at this backup, and has ten minutes left";
    shop.save(story, "now").expect_json(json!({ "state": "busy" }));
    expect_untouched(story, "now", &cursor);

    let (bucket, theirs) = (shop.bucket.clone(), cursor.clone());
    for known in [false, true] {
        let at = format!("race-{known}");
        let key = format!("orders/{at}/cursor.json");
        if known {
            shop.bucket.put(&key, of_another(now() - 1_000));
        }
        let (bucket, theirs) = (bucket.clone(), theirs.clone());
        shop.aws.fault("PutObject").only(is_cursor).do_first(move |_| bucket.put(&key, theirs.clone()));
        let story =
            format!("two invocations begin at once, and the other is quicker; a cursor was there before: {known}");
        shop.save(&story, &at).expect_json(json!({ "state": "busy" }));
        expect_untouched(&story, &at, &cursor);
    }

    shop.bucket.put("orders/late/cursor.json", of_another(now() - 1_000));
    let story = "another invocation worked at this backup until its deadline, a second ago";
    shop.save(story, "late").expect_json(json!({ "state": "done", "items": orders, "parts": 2 }));
    shop.expect_backup(story, "late", 3);

    shop.aws.fault("PutObject").only(is_cursor).fail_after_acting();
    let story = "the cursor is written, and S3's answer is lost";
    shop.save(story, "lost").expect_json(json!({ "state": "done", "items": orders, "parts": 2 }));
    shop.expect_backup(story, "lost", 3);
}

#[test]
fn says_who_works_at_it_and_until_when() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new().with_orders(&mut seed, 6, 3);
    for _ in 0..2 {
        let at = seed.name();
        let seen = Arc::new(Mutex::new(Vec::new()));
        for page in 0..2 {
            let (bucket, seen, key) = (shop.bucket.clone(), Arc::clone(&seen), format!("orders/{at}/cursor.json"));
            let look = move |_: &LocalAws| seen.lock().expect("a list").push(bucket.get(&key).unwrap_or_default());
            shop.aws.fault("Scan").after(page).do_first(look);
        }
        let story = "while each page is read, somebody looks into the cursor";
        let began = now();
        let outcome = shop.save(story, &at);
        outcome.expect_json(json!({ "state": "done", "items": 6, "parts": 2 }));
        let timeout = TIMEOUT.as_millis() as u64;
        let deadline = began + timeout..=now() + timeout;
        for (page, cursor) in seen.lock().expect("a list").iter().enumerate() {
            let cursor: Value = serde_json::from_slice(cursor).unwrap_or_default();
            let until = cursor["until"].as_u64().unwrap_or_default();
            let parts = cursor["parts"].as_array().map_or(0, Vec::len);
            assert!(
                cursor["owner"] == *outcome.request_id && deadline.contains(&until) && parts == page,
                "{story}\n  expected at page {page} the owner {}, until the deadline (within {deadline:?}), and {page} parts\n  got {cursor}",
                outcome.request_id
            );
        }
    }
}

#[test]
fn is_taken_away_from_when_another_takes_over() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new().with_orders(&mut seed, 9, 3);
    for after in [1, 2] {
        let at = format!("{}-{after}", seed.name());
        let key = format!("orders/{at}/cursor.json");
        let theirs = json!({ "owner": "another", "until": now() + 600_000, "start": null, "parts": [] }).to_string();
        let (bucket, cursor) = (shop.bucket.clone(), theirs.clone());
        let is_cursor = |params: &Value| params["Key"].as_str().is_some_and(|key| key.ends_with("/cursor.json"));
        let hook = move |_: &LocalAws| bucket.put(&key, cursor.clone());
        shop.aws.fault("PutObject").only(is_cursor).after(after).do_first(hook);
        let story = format!("after page {after} the cursor is another's");
        shop.save(&story, &at).expect_json(json!({ "state": "busy" }));
        let (found, manifest) = (shop.document(&at, "cursor.json"), shop.document(&at, "manifest.json"));
        assert!(
            found.as_ref().map(Value::to_string) == serde_json::from_str(&theirs).ok().map(|it: Value| it.to_string())
                && manifest.is_none(),
            "{story}\n  expected the other's cursor to stay, and no manifest\n  got {found:?} and {manifest:?}"
        );
    }
}

#[test]
fn survives_a_failure_at_every_step() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new().with_orders(&mut seed, 8, 3);
    let mut ends = BTreeSet::new();
    for step in 0..9 {
        let at = format!("{}-{step}", seed.name());
        let event = json!({ "table": "orders", "at": at });
        shop.forget();
        shop.aws.fault("PutObject").after(step).error("AccessDenied", 403, "not today");
        let story = format!("S3 takes {step} objects and refuses the next");
        let first = shop.backup.story(&story).invoke(event.clone());
        if first.function_error().is_none() {
            // There were not so many: the fault is still to come, and goes with the next object.
            ends.insert(step);
            break;
        }
        first.expect_error("BackupFailed");
        let manifest = shop.document(&at, "manifest.json");
        assert!(manifest.is_none(), "{story}\n  expected no manifest of what is not complete\n  got {manifest:?}");
        let story = format!("{story}; Lambda tries the event again, under the same request id");
        let again = shop.backup.request().request_id(first.request_id.clone()).story(&story).invoke(event);
        again.expect_json(json!({ "state": "done", "items": 8, "parts": 3 }));
        shop.expect_backup(&story, &at, 3);
        let scans = shop.aws.calls().of("Scan").count();
        assert!(
            scans <= 4,
            "{story}\n  expected the three pages to be read once, and at most one of them again\n  got {scans} calls of Scan\n{}",
            shop.aws.calls()
        );
    }
    assert!(!ends.is_empty(), "expected a backup of three pages to write at most 8 objects");
}

#[test]
fn puts_back_what_was_saved() {
    let mut seed = Seed::at_run_time();
    for (orders, page) in [(seed.number(55..=70), 40), (5, 2)] {
        let shop = Shop::new().with_orders(&mut seed, orders, page);
        shop.save("a backup", "1").expect_response();
        shop.forget();
        let unlucky =
            |entry: &Value| entry["PutRequest"]["Item"]["id"]["S"].as_str().is_some_and(|id| id.ends_with('3'));
        shop.aws.fault("BatchWriteItem").times(3).fail_entries(unlucky);
        for time in ["for the first time", "once more"] {
            let story =
                format!("{orders} orders are put back {time}; some of them are taken only when they are sent again");
            shop.put_back(&story, "1").expect_json(json!({ "restored": orders }));
            let (expected, found) = (shop.items("orders"), shop.items("restored"));
            assert!(
                expected == found,
                "{story}\n  expected the restored table to have the same {} items\n  got {}",
                expected.len(),
                found.len()
            );
        }
        for call in shop.aws.calls().of("BatchWriteItem").iter() {
            let entries = call.params["RequestItems"]["restored"].as_array().map_or(0, Vec::len);
            assert!(
                (1..=25).contains(&entries),
                "expected 1 to 25 items in each BatchWriteItem\n  got {entries}\n{}",
                shop.aws.calls()
            );
        }
    }
}

#[test]
fn refuses_a_broken_backup_before_it_writes_anything() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new().with_orders(&mut seed, 9, 3);
    for damage in [
        "a digit is another",
        "a line is missing",
        "it is gone",
        "it is not what the manifest counts",
        "a line is no item",
    ] {
        let at = seed.name();
        shop.save("a backup", &at).expect_response();
        let number = seed.number(0..=2) as usize;
        let key = format!("orders/{at}/part-{number:05}.ndjson");
        let text = String::from_utf8(shop.bucket.get(&key).unwrap_or_default()).unwrap_or_default();
        let mut manifest = shop.document(&at, "manifest.json").unwrap_or_default();
        let (first, rest) = text.split_once('\n').unwrap_or_default();
        match damage {
            "a digit is another" => shop.bucket.put(&key, text.replacen("order-", "order+", 1)),
            "a line is missing" => shop.bucket.put(&key, rest.to_owned()),
            "it is gone" => shop.bucket.delete(&key),
            "it is not what the manifest counts" => {
                let other = (number + 1) % 3;
                manifest["parts"][number]["items"] = json!(4);
                manifest["parts"][other]["items"] = json!(2);
                shop.bucket.put(&format!("orders/{at}/manifest.json"), manifest.to_string());
            }
            _ => {
                let text = format!("{first}\n{{\"Item\":7}}\n{}", rest.split_once('\n').unwrap_or_default().1);
                manifest["parts"][number]["sha256"] = json!(sha256(text.as_bytes()));
                shop.bucket.put(&key, text);
                shop.bucket.put(&format!("orders/{at}/manifest.json"), manifest.to_string());
            }
        }
        shop.forget();
        let story = format!("of part {number} of three, {damage}");
        let outcome = shop.put_back(&story, &at);
        // Where two parts are not what they are counted for, the first of them is told.
        let told = match damage {
            "it is not what the manifest counts" => format!("orders/{at}/part-{:05}", number.min((number + 1) % 3)),
            _ => key,
        };
        outcome.expect_error_saying("BrokenBackup", &told);
        expect_nothing_written(&shop, &story);
    }
    let at = seed.name();
    shop.save("a backup", &at).expect_response();
    let key = format!("orders/{at}/manifest.json");
    let mut manifest = shop.document(&at, "manifest.json").unwrap_or_default();
    manifest["items"] = json!(10);
    shop.bucket.put(&key, manifest.to_string());
    let story = "the manifest says ten items, and its parts have nine";
    shop.put_back(story, &at).expect_error_saying("BrokenBackup", &key);
    expect_nothing_written(&shop, story);
}

#[track_caller]
fn expect_nothing_written(shop: &Shop, story: &str) {
    let calls = shop.aws.calls();
    let writes =
        calls.of("BatchWriteItem").count() + calls.of("PutItem").count() + calls.of("TransactWriteItems").count();
    let found = shop.items("restored").len();
    assert!(
        writes == 0 && found == 0,
        "{story}\n  expected no write to the table\n  got {writes}, and {found} items\n{calls}"
    );
}

#[test]
fn tells_no_backup_from_one_that_cannot_be_read() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::with_reserve(TIMEOUT).with_orders(&mut seed, 9, 3);
    shop.save("one page of three is saved", "half").expect_response();
    for (at, story) in [("half", "a backup has begun, and is not complete"), ("none", "there is no such backup")] {
        shop.put_back(story, at).expect_error_saying("NoBackup", &format!("orders/{at}/manifest.json"));
        expect_nothing_written(&shop, story);
    }
    let shop = Shop::new().with_orders(&mut seed, 4, 2);
    shop.save("a backup", "1").expect_response();
    for (operation, after) in [("GetObject", 0), ("GetObject", seed.number(1..=2)), ("BatchWriteItem", 0)] {
        shop.aws.fault(operation).after(after as usize).error("AccessDenied", 403, "not today");
        let story = format!("there is a backup, and {operation} is refused behind {after} that are not");
        shop.put_back(&story, "1").expect_error("RestoreFailed");
    }
}

#[test]
fn proves_what_it_has_put_back() {
    let mut seed = Seed::at_run_time();
    let orders = seed.number(5..=8);
    let shop = Shop::new().with_orders(&mut seed, orders, 2);
    for at in ["1", "2"] {
        shop.save("a backup", at).expect_response();
        shop.put_back("into an empty table", at).expect_json(json!({ "restored": orders }));
        let stranger = json!({ "id": { "S": format!("stranger-{}", seed.name()) } });
        shop.put("restored", &stranger);
        let story = "there is an item in the table already that is not in the backup";
        let outcome = shop.put_back(story, at);
        outcome.expect_error_saying("CountMismatch", &(orders + 1).to_string());
        let key = json!({ "TableName": "restored", "Key": stranger });
        shop.aws.call(Service::DynamoDb, "DeleteItem", key).expect("the stranger can be deleted");
    }
}
