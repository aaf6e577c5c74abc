//! What the shop expects of its figures. The stream, the schedule's ticks and the retries are those of the local
//! service; the table and the topic lie in a folder, and do there what this check wants of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fs, process, thread};

use course::{Seed, fixture_json};
use jiff::Timestamp;
use local_lambda::{Function, binary};
use local_lambda_sources::sqs::Queue;
use local_lambda_sources::streams::{Change, StreamMapping, TableStream};
use local_lambda_sources::{LambdaFunction, Target, World};
use serde_json::{Value, json};

/// Noon of some day, where a window begins.
const NOON: i64 = 1_795_348_800;

/// The figures of a window by branch: orders and cents.
type Rows = BTreeMap<String, (i64, i64)>;

/// What a change adds: window, branch, orders, cents.
type Addition = (i64, String, i64, i64);

/// An order as it counts.
#[derive(Clone)]
struct Order {
    branch: String,
    placed_at: i64,
    cents: i64,
}

/// What the table of orders told, and what has to become of it.
struct Told {
    id: String,
    story: String,
    record: Value,
    number: String,
    adds: Vec<Addition>,
    unreadable: bool,
    /// One of its windows was closed when it came, if the ticks before did what they had to.
    late: bool,
    /// One of its windows may have been closed when it came.
    may_be_late: bool,
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("windows-{}-{number}", process::id()));
        fs::create_dir_all(&folder).expect("a folder of this test");
        Folder(folder)
    }

    /// How the effects from now on go.
    fn set_fates(&self, fates: &Value) {
        for file in ["steps", "waiting", "go"] {
            let _ = fs::remove_file(self.0.join(file));
        }
        fs::write(self.0.join("fates.json"), fates.to_string()).expect("a file of this test");
    }

    /// The lines of a file that the functions write.
    fn lines(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.0.join(name)).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The table of orders with its stream, the two functions, and what the check knows of it all.
struct Shop {
    world: World,
    stream: TableStream,
    mapping: StreamMapping,
    aggregate: LambdaFunction,
    publish: LambdaFunction,
    /// The two behind them, which may run at once; a world runs one after the other.
    programs: [Function; 2],
    given_up: Queue,
    folder: Folder,
    orders: BTreeMap<String, Order>,
    told: Vec<Told>,
    ticked: i64,
}

impl Shop {
    fn new() -> Shop {
        Shop::with(262_144, &json!({}))
    }

    /// A shop whose topic takes messages of so many bytes, and where things go wrong like this.
    fn with(largest: usize, fates: &Value) -> Shop {
        let folder = Folder::new();
        folder.set_fates(fates);
        let world = World::builder().at(time(NOON)).build();
        let function = |handler: &str| {
            let builder = Function::builder(binary!()).name(handler).env("_HANDLER", handler);
            let builder = builder.env("SHOP", folder.0.to_string_lossy()).env("LARGEST_MESSAGE", largest.to_string());
            builder.start()
        };
        let programs = ["aggregate", "publish"].map(function);
        let [aggregate, publish] = [0, 1].map(|index| world.function(Target::from(programs[index].clone())).create());
        let stream = world.table_stream("orders").first_sequence_number(98).create();
        let given_up = world.queue("given-up").create();
        let mapping = world.map(&stream, &aggregate).report_batch_item_failures();
        let mapping = mapping.maximum_retry_attempts(40).on_failure(&given_up).create();
        let (orders, told) = (BTreeMap::new(), Vec::new());
        Shop { world, stream, mapping, aggregate, publish, programs, given_up, folder, orders, told, ticked: i64::MIN }
    }

    fn place(&mut self, id: &str, branch: &str, placed_at: i64, cents: i64) {
        let order = Order { branch: branch.to_owned(), placed_at, cents };
        let new = order.image(id, "placed");
        let change = match self.orders.insert(id.to_owned(), order.clone()) {
            None => (Change::insert(key(id), new), vec![order.addition(1)]),
            Some(old) => {
                let change = Change::modify(key(id), old.image(id, "before"), new);
                // What takes away and brings the same changes nothing.
                let same = (&old.branch, old.placed_at, old.cents) == (&order.branch, order.placed_at, order.cents);
                (change, if same { Vec::new() } else { vec![old.addition(-1), order.addition(1)] })
            }
        };
        self.tell(&change.0, change.1, false);
    }

    fn cancel(&mut self, id: &str) {
        let old = self.orders.remove(id).expect("an order that was placed");
        self.tell(&Change::remove(key(id), old.image(id, "placed")), vec![old.addition(-1)], false);
    }

    /// The table's time to live takes an order away.
    fn expire(&mut self, id: &str) {
        let old = self.orders.remove(id).expect("an order that was placed");
        self.tell(&Change::expire(key(id), old.image(id, "collected")), Vec::new(), false);
    }

    /// A change that nobody can read.
    fn break_with(&mut self, change: &Change) {
        self.tell(change, Vec::new(), true);
    }

    fn tell(&mut self, change: &Change, adds: Vec<Addition>, unreadable: bool) {
        let record = self.stream.record(change).expect("a change that changes something");
        let is_closed = |window: i64| {
            let counted = |told: &Told| !told.late && told.adds.iter().any(|addition| addition.0 == window);
            window + 420 <= self.ticked && self.told.iter().any(counted)
        };
        let late = adds.iter().any(|addition| is_closed(addition.0));
        let may_be_late = adds.iter().any(|addition| addition.0 + 420 <= self.ticked);
        let (id, name) = (text(&record.event_record["eventID"]), text(&record.event_record["eventName"]));
        let (number, record) = (record.sequence_number, record.event_record);
        let story = format!("{name} {}", change_story(&record));
        self.told.push(Told { id, story, record, number, adds, unreadable, late, may_be_late });
    }

    /// The stream is read to its end, and then the schedule sends its tick.
    fn tick(&mut self, at: i64) {
        self.world.run_until_idle();
        self.world.advance_to(Timestamp::from_second(at).expect("a time"));
        self.publish.invoke_async(json!({ "scheduled_time": time(at) }));
        self.world.run_until_idle();
        self.ticked = self.ticked.max(at);
    }

    /// Lets one function begin and wait at its effect of this number, runs the other one, and lets the first go on.
    fn run_between(&self, step: usize, first: (&Function, &Value), other: (&Function, &Value)) {
        self.folder.set_fates(&json!({ "steps": { step.to_string(): "waits" } }));
        thread::scope(|scope| {
            let waits = scope.spawn(|| first.0.invoke(first.1));
            while !waits.is_finished() && !self.folder.0.join("waiting").exists() {
                thread::sleep(Duration::from_millis(1));
            }
            other.0.invoke(other.1);
            fs::write(self.folder.0.join("go"), "").expect("a file of this test");
        });
        self.folder.set_fates(&json!({}));
    }

    fn items(&self) -> BTreeMap<String, Value> {
        let mut items = BTreeMap::new();
        for line in self.folder.lines("table.jsonl") {
            items.extend(line.as_object().cloned().unwrap_or_default());
        }
        items
    }

    /// What was put aside, by the id of its event.
    fn quarantine(&self) -> BTreeMap<String, Value> {
        let items = self.items().into_iter();
        items.filter_map(|(key, item)| Some((key.strip_prefix("quarantine/")?.to_owned(), item))).collect()
    }

    fn published(&self) -> Vec<String> {
        self.folder.lines("topic.jsonl").iter().map(text).collect()
    }

    /// What the functions wrote and what became of their invocations: for a failure.
    fn happened(&self) -> String {
        let mut lines = Vec::new();
        for answer in self.world.answers() {
            let Some(outcome) = &answer.outcome else { continue };
            lines.extend(outcome.function_log().map(|line| format!("log: {line}")));
            lines.extend(answer.error().map(|error| format!("function error: {error}")));
        }
        let more = lines.len().saturating_sub(15);
        let told = self.told.iter().map(|told| format!("  {} {}", told.number, told.story));
        let told: Vec<String> = told.take(20).collect();
        let cut = if more > 0 { format!("  ({more} lines before)\n") } else { String::new() };
        format!("the stream told\n{}\nthe functions said\n{cut}  {}", told.join("\n"), lines[more..].join("\n  "))
    }

    #[track_caller]
    fn expect<T: PartialEq + Debug>(&self, story: &str, what: &str, expected: &T, got: &T) {
        assert!(expected == got, "{story}\n  {what}\n  expected {expected:?}\n  got      {got:?}\n{}", self.happened());
    }

    /// After a quiet day: what is late is known to the second, and each message was published once.
    #[track_caller]
    fn expect_figures(&mut self, story: &str) {
        let far = self.ticked.max(NOON) + 1_000_000;
        self.tick(far);
        self.tick(far + 60);
        let late: BTreeSet<&str> = self.told.iter().filter(|told| told.late).map(|told| &*told.id).collect();
        let quarantine = self.quarantine();
        let put_aside = quarantine.iter().filter(|(_, item)| item["reason"] == "late").map(|(id, _)| &**id).collect();
        self.expect(story, "the events that were put aside as late", &late, &put_aside);
        self.expect_nothing_lost(story);
        let published = self.published();
        let ids: BTreeSet<String> = published.iter().map(|message| text(&parse(message)["id"])).collect();
        self.expect(story, "how many messages were published, of so many ids", &ids.len(), &published.len());
    }

    /// Whatever went wrong: every change is in the published figures once, or was put aside for a reason.
    #[track_caller]
    fn expect_nothing_lost(&self, story: &str) {
        self.expect(story, "what Lambda has given up of the stream", &Vec::<String>::new(), &self.given_up.bodies());
        let quarantine = self.quarantine();
        for (id, item) in &quarantine {
            let told = self.told.iter().find(|told| told.id == *id);
            let reason = told.and_then(|told| match (told.unreadable, told.adds.is_empty()) {
                (true, _) => Some("unreadable"),
                (false, false) => Some("late"),
                (false, true) => None,
            });
            let what = format!("why the event {id} was put aside ({})", told.map_or("unknown", |told| &told.story));
            self.expect(story, &what, &reason, &item["reason"].as_str());
            let changed = told.map(|told| what_changed(&told.record));
            let what = format!("the change that is kept in quarantine/{id}, as `record`");
            self.expect(story, &what, &changed, &Some(what_changed(&item["record"])));
        }
        let mut expected: BTreeMap<i64, Rows> = BTreeMap::new();
        for told in &self.told {
            let what = format!("whether the event {} is in quarantine ({})", told.id, told.story);
            if told.unreadable {
                self.expect(story, &what, &true, &quarantine.contains_key(&told.id));
            }
            if quarantine.contains_key(&told.id) {
                self.expect(story, &what, &true, &(told.unreadable || told.may_be_late));
                continue;
            }
            for (window, branch, orders, cents) in &told.adds {
                let row = expected.entry(*window).or_default().entry(branch.clone()).or_default();
                *row = (row.0 + orders, row.1 + cents);
            }
        }
        expected.values_mut().for_each(|rows| rows.retain(|_, row| *row != (0, 0)));
        expected.retain(|_, rows| !rows.is_empty());
        let mut figures: BTreeMap<i64, Rows> = BTreeMap::new();
        for (window, messages) in self.messages(story) {
            for message in messages {
                for row in message["rows"].as_array().into_iter().flatten() {
                    let numbers = (row["orders"].as_i64().unwrap_or(-1), row["cents"].as_i64().unwrap_or(-1));
                    let before = figures.entry(window).or_default().insert(text(&row["branch"]), numbers);
                    self.expect(story, &format!("an earlier row of the branch in {row}"), &None, &before);
                }
            }
        }
        self.expect(story, "the windows of the figures", &keys(&expected), &keys(&figures));
        for (window, rows) in &expected {
            let got = &figures[window];
            for branch in rows.keys().chain(got.keys()) {
                let what = format!("orders and cents of {branch} in the window {window}");
                self.expect(story, &what, &rows.get(branch), &got.get(branch));
            }
        }
    }

    /// The messages of each window in order, each once; they are what the page asks for, whatever stands in their rows.
    #[track_caller]
    fn messages(&self, story: &str) -> BTreeMap<i64, Vec<Value>> {
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        let mut windows: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
        for message in self.published() {
            let value = parse(&message);
            let id = text(&value["id"]);
            match texts.insert(id.clone(), message.clone()) {
                None => windows.entry(value["window"].as_i64().unwrap_or(-1)).or_default().push(value),
                Some(before) => {
                    self.expect(story, &format!("the message {id}, when it is published again"), &before, &message);
                }
            }
        }
        for (window, messages) in &mut windows {
            messages.sort_by_key(|message| {
                let number = text(&message["id"]).rsplit('-').next().and_then(|number| number.parse::<usize>().ok());
                number.unwrap_or(usize::MAX)
            });
            let count = messages.len();
            let ids: Vec<String> = messages.iter().map(|message| text(&message["id"])).collect();
            let expected: Vec<String> = (1..=count).map(|number| format!("{window}-{number}")).collect();
            self.expect(story, &format!("the ids of the window {window}"), &expected, &ids);
            let more: Vec<Value> = messages.iter().map(|message| message["more"].clone()).collect();
            let expected: Vec<Value> = (1..=count).map(|number| json!(number < count)).collect();
            self.expect(story, &format!("`more` in the messages of the window {window}"), &expected, &more);
            let rows = messages.iter().flat_map(|message| message["rows"].as_array().cloned().unwrap_or_default());
            let branches: Vec<String> = rows.map(|row| text(&row["branch"])).collect();
            let mut sorted = branches.clone();
            sorted.sort();
            self.expect(story, &format!("the order of the rows of the window {window}"), &sorted, &branches);
        }
        windows
    }
}

impl Order {
    fn image(&self, id: &str, status: &str) -> Value {
        json!({
            "order_id": { "S": id },
            "status": { "S": status },
            "branch": { "S": self.branch },
            "placed_at": { "N": self.placed_at.to_string() },
            "total": { "N": amount(self.cents) },
        })
    }

    fn addition(&self, sign: i64) -> Addition {
        (self.placed_at - self.placed_at.rem_euclid(300), self.branch.clone(), sign, sign * self.cents)
    }
}

/// As DynamoDB writes it: without zeros at the end.
fn amount(cents: i64) -> String {
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn key(id: &str) -> Value {
    json!({ "order_id": { "S": id } })
}

fn keys<K: Clone, V>(map: &BTreeMap<K, V>) -> Vec<K> {
    map.keys().cloned().collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn time(second: i64) -> String {
    Timestamp::from_second(second).expect("a time").to_string()
}

/// What a record says of its change; what it has not is empty.
fn what_changed(record: &Value) -> Vec<String> {
    let image = |name: &str| {
        let image = &record["dynamodb"][name];
        if image.is_null() { "{}".to_owned() } else { image.to_string() }
    };
    let mut said: Vec<String> = ["OldImage", "NewImage", "Keys"].map(image).into();
    said.push(text(&record["eventName"]));
    said.push(text(&record["eventID"]));
    said
}

fn change_story(record: &Value) -> String {
    let change = &record["dynamodb"];
    let image = |name: &str| {
        let field = |field: &str| {
            let value = &change[name][field];
            let value = value["N"].as_str().or(value["S"].as_str()).unwrap_or("?");
            value.chars().take(20).collect::<String>()
        };
        if change[name].is_null() {
            return String::new();
        }
        format!(" {name}: {} at {} for {}", field("branch"), field("placed_at"), field("total"))
    };
    format!("{}{}{}", text(&change["Keys"]["order_id"]["S"]), image("OldImage"), image("NewImage"))
}

const BRANCHES: [&str; 5] = ["Harbour", "Old Town", "Zürich/West", "台北", "Station"];

/// What may become of an effect: of a write, or of a message.
const FATES: [&str; 4] = ["fails", "is_lost", "dies_before", "dies_after"];

fn branch(seed: &mut Seed) -> &'static str {
    BRANCHES[seed.number(0..=4) as usize]
}

fn cents(seed: &mut Seed) -> i64 {
    seed.number(1..=99_999) as i64
}

/// Where some window begins.
fn window(seed: &mut Seed) -> i64 {
    NOON + 300 * seed.number(0..=200) as i64
}

#[test]
fn adds_up_what_each_branch_takes() {
    let mut seed = Seed::at_run_time();
    let (mut shop, start) = (Shop::new(), window(&mut seed));
    for order in 0..30 {
        let (branch, cents) = (branch(&mut seed), cents(&mut seed));
        let placed_at = start + seed.number(0..=899) as i64;
        shop.place(&order.to_string(), branch, placed_at, cents);
    }
    shop.expect_figures("thirty orders are placed in three windows, in no order");
}

#[test]
fn begins_and_ends_a_window_to_the_second() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let (mut shop, start) = (Shop::new(), window(&mut seed));
        for (order, second) in [-1, 0, 1, 299, 300, 301].into_iter().enumerate() {
            let (branch, cents) = (branch(&mut seed), cents(&mut seed));
            shop.place(&order.to_string(), branch, start + second, cents);
        }
        let story = "orders are placed at the first and the last second of a window, and at their neighbours";
        shop.tick(start + 300 + 119);
        let windows = keys(&shop.messages(story));
        shop.expect(story, "the windows that are told 119 seconds after the end", &vec![start - 300], &windows);
        shop.tick(start + 300 + 120);
        let windows = keys(&shop.messages(story));
        shop.expect(story, "the windows that are told 120 seconds after the end", &vec![start - 300, start], &windows);
        shop.expect_figures(story);
    }
}

#[test]
fn reads_amounts_to_the_cent() {
    let mut seed = Seed::at_run_time();
    let mut shop = Shop::new();
    let many = (seed.number(10_000_000..=99_999_999) * 1_000 + 999) as i64;
    let amounts = [29, 57, 58, 113, 1_15, 4_35, 1_005, 9, 90, 900, 2_590, 0, 1, 99_999_999_999, many];
    for (order, cents) in amounts.into_iter().enumerate() {
        shop.place(&order.to_string(), BRANCHES[order % 5], window(&mut seed), cents);
    }
    for (order, total) in ["25.90", "25.9", "25", "25.00", "0.05", "0"].into_iter().enumerate() {
        let (id, placed_at) = (format!("a-{order}"), window(&mut seed));
        let digits = total.replace('.', "").parse::<i64>().expect("digits");
        let cents = digits * [100, 10, 1][total.split_once('.').map_or(0, |(_, fraction)| fraction.len())];
        let order = Order { branch: "Depot".to_owned(), placed_at, cents };
        let mut image = order.image(&id, "placed");
        image["total"] = json!({ "N": total });
        shop.tell(&Change::insert(key(&id), image), vec![order.addition(1)], false);
    }
    shop.expect_figures("orders for 29 cents, for 25.9 as for 25.90, and for very much");
}

#[test]
fn takes_away_what_is_changed_or_cancelled() {
    let mut seed = Seed::at_run_time();
    for _ in 0..3 {
        let (mut shop, start) = (Shop::new(), window(&mut seed));
        for order in 0..8 {
            shop.place(&order.to_string(), BRANCHES[order % 2], start + 10, cents(&mut seed));
        }
        // One is for another amount, one of another branch, one in another window, and one of all of that.
        shop.place("0", BRANCHES[0], start + 10, cents(&mut seed));
        let moved = shop.orders["1"].clone();
        shop.place("1", "Depot", moved.placed_at, moved.cents);
        let moved = shop.orders["2"].clone();
        shop.place("2", &moved.branch, start + 600, moved.cents);
        shop.place("3", "Depot", start + 299, cents(&mut seed));
        shop.cancel("4");
        shop.cancel("5");
        shop.place("5", BRANCHES[0], start + 300, cents(&mut seed));
        // The only one of its branch and window.
        shop.place("6", "Depot", start + 900, cents(&mut seed));
        shop.cancel("6");
        // The only one of its window, and for nothing.
        shop.place("8", "Harbour", start + 1_200, 0);
        shop.expect_figures("orders are changed in amount, branch and time, cancelled, and placed again");
    }
}

#[test]
fn passes_over_what_changes_no_sum() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let (mut shop, start) = (Shop::new(), window(&mut seed));
        for order in 0..4 {
            shop.place(&order.to_string(), BRANCHES[order % 2], start + 10, cents(&mut seed));
        }
        shop.expire("0");
        let (id, order) = ("1", shop.orders["1"].clone());
        shop.place(id, &order.branch, order.placed_at, order.cents);
        shop.tick(start + 420);
        let order = shop.orders["2"].clone();
        shop.place("2", &order.branch, order.placed_at, order.cents);
        // The same amount in other digits.
        let (old, mut new) = (order.image("2", "placed"), order.image("2", "placed"));
        new["total"] = json!({ "N": format!("{}.{:02}", order.cents / 100, order.cents % 100) });
        new["note"] = json!({ "S": "gift" });
        shop.tell(&Change::modify(key("2"), old, new), Vec::new(), false);
        shop.expire("3");
        // The time to live takes what nobody could read.
        let broken = json!({ "order_id": { "S": "9" } });
        shop.tell(&Change::expire(key("9"), broken), Vec::new(), false);
        shop.expect_figures(
            "orders change their status, and the table's time to live removes some, before and after their window is closed",
        );
    }
}

#[test]
fn counts_each_change_once() {
    let mut seed = Seed::at_run_time();
    for again in [1, 3] {
        let (mut shop, start) = (Shop::new(), window(&mut seed));
        shop.mapping.repeat_next(again);
        for order in 0..6 {
            shop.place(&order.to_string(), branch(&mut seed), start + 10, cents(&mut seed));
        }
        shop.cancel("2");
        shop.place("3", "Depot", start + 20, cents(&mut seed));
        shop.break_with(&Change::insert(key("x"), json!({ "order_id": { "S": "x" } })));
        shop.tick(start + 420);
        shop.place("7", "Harbour", start + 30, cents(&mut seed));
        shop.world.run_until_idle();
        // All of it comes once more, now that the window is closed; so do the late one and the broken one.
        let records: Vec<&Value> = shop.told.iter().map(|told| &told.record).collect();
        let answer = shop.aggregate.invoke(json!({ "Records": records }));
        let failures = answer.json().unwrap_or_default()["batchItemFailures"].clone();
        let story = format!("a batch comes {} times, and once more when its window is closed", again + 1);
        shop.expect(&story, "the failures of the batch that came again", &json!([]), &failures);
        shop.expect_figures(&story);
    }
}

#[test]
fn counts_once_whatever_the_table_answers() {
    let mut seed = Seed::at_run_time();
    for fate in FATES {
        for step in 0..6 {
            let mut shop = Shop::with(262_144, &json!({ "steps": { step.to_string(): fate } }));
            let start = window(&mut seed);
            shop.place("1", branch(&mut seed), start + 1, cents(&mut seed));
            shop.place("2", branch(&mut seed), start + 2, cents(&mut seed));
            shop.place("1", branch(&mut seed), start + 300, cents(&mut seed));
            shop.break_with(&Change::insert(key("x"), json!({ "order_id": { "S": "x" } })));
            shop.world.run_until_idle();
            // What the topic does is another test's.
            shop.folder.set_fates(&json!({}));
            shop.expect_figures(&format!("two orders, one changed and one broken, and effect {step} `{fate}`"));
        }
    }
}

#[test]
fn puts_aside_what_it_cannot_read() {
    let mut seed = Seed::at_run_time();
    let good = Order { branch: "Harbour".to_owned(), placed_at: window(&mut seed), cents: cents(&mut seed) };
    let image = good.image("x", "placed");
    let with = |name: &str, value: Value| {
        let mut image = image.clone();
        image[name] = value;
        image
    };
    let without = |name: &str| {
        let mut image = image.clone();
        image.as_object_mut().expect("an image").remove(name);
        image
    };
    let mut broken = vec![without("branch"), without("placed_at"), without("total"), json!({})];
    for total in
        ["-5", "1.005", "1000000000", "1e3", "", ".5", "5.", "+5", "1.-5", "12345678901234567890123456789012345678"]
    {
        broken.push(with("total", json!({ "N": total })));
    }
    for placed_at in ["-300", "1768478400.5", "10000000000", "99999999999999999999"] {
        broken.push(with("placed_at", json!({ "N": placed_at })));
    }
    broken.push(with("total", json!({ "S": "25.90" })));
    broken.push(with("placed_at", json!({ "S": "1768478400" })));
    broken.push(with("branch", json!({ "N": "7" })));
    broken.push(with("branch", json!({ "S": "" })));
    broken.push(with("branch", json!({ "S": "x".repeat(101) })));
    let mut shop = Shop::new();
    for (order, image) in broken.iter().enumerate() {
        // The image after the change, the one before it, and the only one.
        let changes: [fn(Value, Value, Value) -> Change; 4] = [
            Change::modify,
            |key, good, broken| Change::modify(key, broken, good),
            |key, _, broken| Change::remove(key, broken),
            |key, _, broken| Change::insert(key, broken),
        ];
        for (kind, change) in changes.iter().enumerate() {
            let id = format!("{order}-{kind}");
            shop.break_with(&change(key(&id), with("status", json!({ "S": "new" })), image.clone()));
        }
        shop.place(&format!("good-{order}"), branch(&mut seed), good.placed_at + 1, cents(&mut seed));
    }
    // As long a name as may be, in characters and not in bytes.
    shop.place("long", &"台".repeat(100), good.placed_at, cents(&mut seed));
    shop.expect_figures("among good changes there are some without a total, with odd amounts, times and branches");
    let mut shop = Shop::new();
    shop.place("1", "Harbour", good.placed_at, cents(&mut seed));
    shop.world.run_until_idle();
    let mut event = fixture_json("dynamodb/order-changed");
    event["Records"][0]["eventName"] = json!("REPLACE");
    event["Records"][0]["dynamodb"]["NewImage"] = image.clone();
    event["Records"][1]["dynamodb"]["NewImage"] = image.clone();
    event["Records"][1]["dynamodb"].as_object_mut().expect("a change").remove("OldImage");
    shop.aggregate.invoke(&event);
    let ids: Vec<String> = [0, 1].map(|record| text(&event["Records"][record]["eventID"])).into();
    let mut expected = ids.clone();
    expected.sort();
    let story = "a change of a kind that nobody knows, and a MODIFY without an old image";
    shop.expect(story, "the events that were put aside", &expected, &keys(&shop.quarantine()));
}

#[test]
fn puts_aside_what_comes_too_late() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let (mut shop, start) = (Shop::new(), window(&mut seed));
        for order in 0..6 {
            shop.place(&order.to_string(), BRANCHES[order % 3], start + 10, cents(&mut seed));
        }
        shop.place("next", "Harbour", start + 310, cents(&mut seed));
        shop.tick(start + 419);
        shop.place("in time", "Harbour", start + 299, cents(&mut seed));
        shop.tick(start + 420);
        shop.place("late", "Depot", start + 299, cents(&mut seed));
        shop.cancel("1");
        // Out of a closed window and into an open one: nothing of it counts.
        shop.place("2", "Harbour", start + 320, cents(&mut seed));
        // And the other way round.
        shop.place("next", "Harbour", start + 20, cents(&mut seed));
        // A window of which nobody has heard yet is not closed, however long it is over.
        shop.place("kiosk", "Station", start - 6_000, cents(&mut seed));
        shop.place("open", "Station", start + 330, cents(&mut seed));
        shop.tick(start + 430);
        shop.place("kiosk-2", "Station", start - 6_000, cents(&mut seed));
        shop.expect_figures("orders come before and after their window is closed, and some change between windows");
    }
}

#[test]
fn names_the_change_that_the_table_did_not_take() {
    let mut seed = Seed::at_run_time();
    // Often enough for a function that tries again by itself, too.
    for times in [10, 20] {
        let (mut shop, start) = (Shop::new(), window(&mut seed));
        for order in 0..6 {
            shop.place(&order.to_string(), branch(&mut seed), start + order, cents(&mut seed));
        }
        let stuck = seed.number(1..=4) as usize;
        let (id, number) = (shop.told[stuck].id.clone(), shop.told[stuck].number.clone());
        shop.folder.set_fates(&json!({ "out_of_reach": { id: times } }));
        shop.world.run_until_idle();
        let first = shop.world.answers()[0].json().unwrap_or_default();
        let named = first["batchItemFailures"].as_array().into_iter().flatten();
        let lowest = named.filter_map(|failure| text(&failure["itemIdentifier"]).parse::<u64>().ok()).min();
        let story = format!("of six changes the table does not take the one with the number {number}, {times} times");
        let what = format!("the lowest number that the first answer names, which is {first}");
        shop.expect(&story, &what, &number.parse().ok(), &lowest);
        shop.expect_figures(&story);
    }
}

#[test]
fn splits_what_is_too_large() {
    let mut seed = Seed::at_run_time();
    for largest in [1_024, 2_000 + seed.number(0..=50) as usize, 8_192] {
        let (mut shop, start) = (Shop::with(largest, &json!({})), window(&mut seed));
        for order in 0..largest / 25 {
            // Names of all lengths, some with letters of three bytes and some with what JSON escapes.
            let letter = *seed.pick(&["a", "ü", "台", "\"", "/"]);
            let name = format!("{} {order}", letter.repeat(seed.number(1..=60) as usize));
            shop.place(&order.to_string(), &name, start + 7, cents(&mut seed));
        }
        let story = format!("a window has {} branches, and the topic takes {largest} bytes", largest / 25);
        shop.expect_figures(&story);
        for messages in shop.messages(&story).values() {
            for two in messages.windows(2) {
                let mut both = two[0].clone();
                let more = two[1]["rows"].as_array().cloned().unwrap_or_default();
                both["rows"].as_array_mut().expect("rows").extend(more);
                let bytes = both.to_string().len();
                let what =
                    format!("whether {} and {} would fit into one message ({bytes} bytes)", two[0]["id"], two[1]["id"]);
                shop.expect(&story, &what, &false, &(bytes + 64 <= largest));
            }
        }
    }
}

#[test]
fn counts_the_bytes_of_a_message_to_the_last() {
    let mut seed = Seed::at_run_time();
    let start = window(&mut seed);
    let names: Vec<String> = (10..22).map(|order| format!("{order} {}", branch(&mut seed).repeat(8))).collect();
    let amounts: Vec<i64> = names.iter().map(|_| cents(&mut seed)).collect();
    let rows = names.iter().zip(&amounts).map(|(name, cents)| json!({ "branch": name, "orders": 1, "cents": cents }));
    let whole = json!({ "id": format!("{start}-1"), "window": start, "more": false, "rows": rows.collect::<Vec<_>>() });
    let bytes = whole.to_string().len();
    for largest in [bytes, bytes - 1, bytes - 2, bytes - 6, bytes - 12] {
        let mut shop = Shop::with(largest, &json!({}));
        for (name, cents) in names.iter().zip(&amounts) {
            shop.place(name, name, start + 7, *cents);
        }
        shop.expect_figures(&format!("all rows in one message have {bytes} bytes, and the topic takes {largest}"));
    }
}

#[test]
fn publishes_a_window_once() {
    let mut seed = Seed::at_run_time();
    for largest in [1_024, 262_144] {
        let (mut shop, start) = (Shop::with(largest, &json!({})), window(&mut seed));
        for order in 0..40 {
            let name = format!("{} {order}", branch(&mut seed));
            shop.place(&order.to_string(), &name, start + 60 * order, cents(&mut seed));
            let name = format!("{} again", branch(&mut seed));
            shop.place(&format!("{order}-2"), &name, start + order, cents(&mut seed));
        }
        for minute in 5..20 {
            if minute == 10 {
                shop.publish.duplicate_next(3);
            }
            shop.tick(start + 60 * minute);
        }
        // One that was sent long ago arrives now.
        shop.tick(start + 60 * 8);
        shop.expect_figures("the schedule ticks each minute, some ticks come twice, and one comes late");
    }
    // The topic does not take the second message at first; the first one was taken and noted by then.
    let start = window(&mut seed);
    let mut shop = Shop::with(1_024, &json!({ "out_of_reach": { format!("\"{start}-2\""): 1 } }));
    for order in 0..40 {
        shop.place(&order.to_string(), &format!("{} {order}", branch(&mut seed)), start + order, cents(&mut seed));
    }
    shop.tick(start + 420);
    let story =
        "the topic takes the first message of a window, and the second one only when Lambda tries the tick again";
    shop.expect(story, "how many windows the tick and its retries told", &1, &shop.messages(story).len());
    shop.expect_figures(story);
}

#[test]
fn says_the_same_at_each_attempt() {
    let mut seed = Seed::at_run_time();
    for fate in FATES {
        for step in 0..6 {
            let (mut shop, start) = (Shop::with(1_024, &json!({})), window(&mut seed));
            for order in 0..24 {
                let name = format!("{} {order}", branch(&mut seed));
                shop.place(&order.to_string(), &name, start + 30, cents(&mut seed));
            }
            shop.world.run_until_idle();
            // Three attempts that come to nothing from there on: the tick is given up.
            let steps: BTreeMap<String, &str> = (step..step + 12).map(|step| (step.to_string(), fate)).collect();
            shop.folder.set_fates(&json!({ "steps": steps }));
            shop.tick(start + 420);
            shop.folder.set_fates(&json!({}));
            // Before the next tick the window gets one more, if it is open.
            shop.place("more", "Aare", start + 40, cents(&mut seed));
            shop.world.run_until_idle();
            shop.tick(start + 480);
            shop.tick(start + 540);
            let story = format!(
                "from effect {step} of a tick on everything `{fate}`; then an order comes, and then the next ticks"
            );
            shop.expect_nothing_lost(&story);
        }
    }
}

#[test]
fn keeps_its_two_functions_apart() {
    let mut seed = Seed::at_run_time();
    for (step, publishes_first) in [(0, false), (0, true), (1, true), (2, true)] {
        let (mut shop, start) = (Shop::with(1_024, &json!({})), window(&mut seed));
        for order in 0..20 {
            let name = format!("{} {order}", branch(&mut seed));
            shop.place(&order.to_string(), &name, start + 30, cents(&mut seed));
        }
        shop.world.run_until_idle();
        // From here on the new order may be late, as both functions begin at the same moment.
        shop.ticked = start + 420;
        shop.place("between", "Aare", start + 40, cents(&mut seed));
        let change = json!({ "Records": [shop.told[20].record] });
        let tick = json!({ "scheduled_time": time(start + 420) });
        let [aggregate, publish] = &shop.programs;
        let (first, other) = ((aggregate, &change), (publish, &tick));
        let story = if publishes_first {
            shop.run_between(step, other, first);
            format!("a tick is about to do its effect {step}, and an order comes and is done, before it goes on")
        } else {
            shop.run_between(step, first, other);
            "an order is about to be counted, and a tick comes and is done, before it goes on".to_owned()
        };
        shop.tick(start + 480);
        shop.tick(start + 540);
        shop.expect_nothing_lost(&story);
    }
}

#[test]
fn loses_nothing_whatever_fails() {
    let mut seed = Seed::at_run_time();
    for _ in 0..8 {
        let steps: BTreeMap<String, &str> =
            (0..14).map(|_| (seed.number(0..=90).to_string(), *seed.pick(&FATES))).collect();
        let mut shop = Shop::with(1_024, &json!({ "steps": steps }));
        let start = window(&mut seed);
        shop.mapping.repeat_next(seed.number(0..=2) as usize);
        for minute in 0..20_i64 {
            for _ in 0..seed.number(0..=4) {
                let id = seed.number(0..=9).to_string();
                match seed.number(0..=9) {
                    0..=1 if shop.orders.contains_key(&id) => shop.cancel(&id),
                    2 if shop.orders.contains_key(&id) => shop.expire(&id),
                    3 => shop.break_with(&Change::insert(key("x"), json!({ "order_id": { "S": "x" } }))),
                    _ => {
                        let placed_at = start + 60 * minute - seed.number(0..=500) as i64;
                        shop.place(&id, branch(&mut seed), placed_at, cents(&mut seed));
                    }
                }
            }
            shop.tick(start + 60 * minute);
        }
        for minute in 0..4 {
            shop.tick(start + 100_000 + minute * 60);
        }
        shop.expect_nothing_lost("twenty minutes in which effects fail, answers are lost, and processes end");
    }
}
