//! A night at Ferris Prints, with real queues on a virtual clock, and six people who complain. A failed test says who,
//! what was expected, and shows what the one on call sees: queues, metrics, the release, and the last invocations.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use course::{Seed, Service};
use local_lambda::{Function, binary};
use local_lambda_sources::{Answer, HandlerError, Invocation, LambdaFunction, Queue, Target, World};
use serde_json::{Value, json};

/// How long an invocation may run, on the clock of the game day.
const TIMEOUT_MS: u64 = 30_000;
/// How often a queue delivers a message before it goes to the dead letters.
const RECEIVES: u32 = 5;
/// The ways in which `Order::broken` breaks a job.
const WAYS_TO_BREAK: u64 = 6;
/// A card is `card-` and twelve digits.
const CARD_BYTES: usize = 17;
const ALARM: &str = "the alarm press-failures (Failed, Function=press: 3 or more in 5 minutes)";

// What happens outside the functions ---------------------------------------------------------------------------------

/// Card company, printers, carrier, and the alias `live`. Times are seconds since 1970.
#[derive(Default)]
struct Outside {
    /// How much of its time the present invocation has used.
    used_ms: u64,
    /// How many wishes there were before: two of one second have an order, too.
    turn: u64,
    charged: Done,
    printed: Done,
    booked: Done,
    /// Until when the printer of large prints has a paper jam.
    jammed_until: i64,
    /// Until when the carrier's desk for the islands is closed.
    closed_until: i64,
    /// The next message to this queue gets no answer; whether the queue has it all the same.
    lost: Option<(&'static str, bool)>,
    live: Live,
    runs: Vec<Run>,
}

/// What somebody did, once for each key.
#[derive(Default)]
struct Done {
    keys: BTreeSet<String>,
    /// When, and what.
    all: Vec<(Moment, Value)>,
}

/// The second, and whose turn it was.
type Moment = (i64, u64);

#[derive(Default)]
struct Live {
    from: u64,
    to: u64,
    now: u64,
    changes: u64,
    /// When the alarm is on.
    alarm: Option<(i64, i64)>,
    /// What functions have pointed it to.
    moves: Vec<u64>,
}

/// An invocation, as its log and its trace show it.
struct Run {
    at: i64,
    function: &'static str,
    event: Value,
    answer: String,
    log: Vec<String>,
    failed: bool,
    killed: bool,
    /// Whether the printer of large prints had a paper jam.
    jammed: bool,
}

impl Outside {
    fn answer(&mut self, now: i64, what: &str, with: &Value) -> Result<Value, String> {
        let text = |name: &str| with[name].as_str().unwrap_or_default();
        let is_closed = is_island(text("to")) && now < self.closed_until;
        if self.is_over() && what != "remaining" {
            return Err("the time is up".to_owned());
        }
        self.turn += 1;
        let moment = (now, self.turn);
        match what {
            "charge" => self.charged.once(moment, text("key"), with),
            "print" => {
                let large = with["lines"].as_array().into_iter().flatten().any(|line| line["size"] == "20x30");
                if large && now < self.jammed_until {
                    return Err("paper jam".to_owned());
                }
                self.printed.once(moment, text("key"), with);
            }
            "takes" => return Ok(json!(if is_closed { 4_000 } else { 1_000 })),
            "book" => {
                if is_closed {
                    return Err("503, the desk is closed".to_owned());
                }
                self.booked.once(moment, text("key"), with);
            }
            "wait" => self.used_ms += with["ms"].as_u64().unwrap_or_default(),
            "remaining" => return Ok(json!(TIMEOUT_MS.checked_sub(self.used_ms))),
            "release" => {
                let Live { from, to, now: live, changes, alarm, .. } = &self.live;
                let alarm = alarm.is_some_and(|(on, off)| (on..off).contains(&now));
                let revision = format!("revision-{changes}");
                return Ok(json!({ "from": from, "to": to, "live": live, "alarm": alarm, "revision": revision }));
            }
            "point" => {
                if text("revision") != format!("revision-{}", self.live.changes) {
                    return Err("PreconditionFailedException".to_owned());
                }
                let version = with["version"].as_u64().unwrap_or_default();
                self.live.point_to(version);
                self.live.moves.push(version);
            }
            other => return Err(format!("nobody knows what {other} is")),
        }
        Ok(Value::Null)
    }

    /// Whether Lambda ends the present invocation.
    fn is_over(&self) -> bool {
        self.used_ms > TIMEOUT_MS
    }
}

impl Done {
    /// Does it, unless it was done under this key.
    fn once(&mut self, moment: Moment, key: &str, what: &Value) {
        if self.keys.insert(key.to_owned()) {
            self.all.push((moment, what.clone()));
        }
    }

    /// All of them that say this.
    fn with(&self, name: &str, value: &Value) -> Vec<&(Moment, Value)> {
        self.all.iter().filter(|(_, what)| what[name] == *value).collect()
    }

    /// When the first of them was done that says this.
    fn first(&self, name: &str, value: &Value) -> Option<Moment> {
        self.with(name, value).first().map(|(moment, _)| *moment)
    }
}

impl Live {
    fn point_to(&mut self, version: u64) {
        self.now = version;
        self.changes += 1;
    }

    fn release(&mut self, from: u64, to: u64, alarm: Option<(i64, i64)>) {
        (self.from, self.to, self.alarm) = (from, to, alarm);
        self.point_to(to);
        self.moves.clear();
    }
}

fn is_island(to: &str) -> bool {
    to.ends_with("Island")
}

fn lock(outside: &Mutex<Outside>) -> MutexGuard<'_, Outside> {
    outside.lock().unwrap_or_else(PoisonError::into_inner)
}

// The night ----------------------------------------------------------------------------------------------------------

struct Night {
    _outside_line: Service,
    world: Arc<World>,
    outside: Arc<Mutex<Outside>>,
    desk: LambdaFunction,
    jobs: Queue,
    dead_jobs: Queue,
    parcels: Queue,
    dead_parcels: Queue,
}

impl Night {
    fn begin() -> Night {
        let world = Arc::new(World::builder().at("2026-11-28T02:00:00Z").build());
        let outside = Arc::new(Mutex::new(Outside::default()));
        let queue = |name: &str, hidden: u64| {
            let dead = world.queue(format!("{name}-dead")).create();
            let queue = world.queue(name).visibility_timeout(Duration::from_secs(hidden)).redrive(&dead, RECEIVES);
            (queue.create(), dead)
        };
        let (jobs, dead_jobs) = queue("jobs", 60);
        let (parcels, dead_parcels) = queue("parcels", 180);
        let line = {
            let (world, outside) = (Arc::downgrade(&world), Arc::clone(&outside));
            let queues = [jobs.clone(), parcels.clone()];
            Service::start(move |stream| talk(stream, &world, &outside, &queues))
        };
        let hire = |name: &'static str| {
            let function = Function::builder(binary!())
                .name(name)
                .env("_HANDLER", name)
                .env("SHOP", line.address())
                .timeout(Duration::from_secs(20))
                .start();
            let (its_world, its_outside) = (Arc::downgrade(&world), Arc::clone(&outside));
            let target = Target::closure(name, move |call| work(name, &function, call, &its_world, &its_outside));
            world.function(target).maximum_retry_attempts(0).create()
        };
        let (desk, press, courier, release) = (hire("desk"), hire("press"), hire("courier"), hire("release"));
        for (queue, function) in [(&jobs, &press), (&parcels, &courier)] {
            world.map(queue, function).report_batch_item_failures().batching_window(Duration::from_secs(20)).create();
        }
        world.schedule("every-minute", "rate(1 minute)").target(&release).create();
        Night { _outside_line: line, world, outside, desk, jobs, dead_jobs, parcels, dead_parcels }
    }

    fn outside(&self) -> MutexGuard<'_, Outside> {
        lock(&self.outside)
    }

    fn now(&self) -> i64 {
        self.world.now().as_second()
    }

    fn pass(&self, seconds: u64) {
        self.world.advance(Duration::from_secs(seconds));
    }

    /// Everything that waits is worked off, and comes again until it is given up.
    fn work_off(&self) {
        self.world.run_until_idle();
    }

    fn jam(&self, seconds: i64) {
        self.outside().jammed_until = self.now() + seconds;
    }

    fn close_the_islands(&self, seconds: i64) {
        self.outside().closed_until = self.now() + seconds;
    }

    /// Whether neither the printers nor the carrier had trouble in the last so many seconds.
    fn quiet_for(&self, seconds: i64) -> bool {
        let outside = self.outside();
        outside.jammed_until.max(outside.closed_until) + seconds < self.now()
    }

    /// A customer orders, and presses the button once more when the page asks for it.
    fn order(&self, order: &Order) -> Answer {
        let mut answer = self.desk.invoke(order.event());
        for _ in 0..2 {
            if answer.error().is_some_and(|error| error.contains("NotTaken")) {
                answer = self.desk.invoke(order.event());
            }
        }
        answer
    }

    /// Somebody complains, and shows what can be seen.
    #[track_caller]
    fn complain(&self, who: &str, expected: &str, got: &str, about: &[&str]) -> ! {
        panic!("{who}\n  expected  {expected}\n  got       {got}\n{}", self.screen(about))
    }

    /// What the one on call sees: queues, the release, metrics, and the last invocations of these functions.
    fn screen(&self, about: &[&str]) -> String {
        let mut lines = vec![format!("what the one on call sees at {}", clock(self.now()))];
        let queues = [&self.jobs, &self.dead_jobs, &self.parcels, &self.dead_parcels];
        let queues: Vec<String> =
            queues.iter().map(|queue| format!("{} {}", queue.name(), queue.bodies().len())).collect();
        lines.push(format!("  queues    {}", queues.join(", ")));
        let outside = self.outside();
        if about.contains(&"release") {
            let Live { from, to, now, moves, .. } = &outside.live;
            lines.push(format!("  release   {from} to {to}; live went to {moves:?}, is {now}"));
        }
        let mut series: BTreeMap<String, u64> = BTreeMap::new();
        for run in &outside.runs {
            for (name, value) in metrics(&run.log) {
                *series.entry(name).or_default() += value;
            }
        }
        let shown: Vec<String> = series.iter().take(4).map(|(name, sum)| format!("{} {sum}", cut(name, 48))).collect();
        let more = series.len().saturating_sub(shown.len());
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        lines.push(format!("  metrics   {}{more}", shown.join(", ")));
        for function in about {
            let runs: Vec<&Run> = outside.runs.iter().filter(|run| run.function == *function).collect();
            let told = runs.iter().rposition(|run| match run.function {
                "release" => run.log.len() > 1,
                _ => run.failed || run.answer.contains("dentifier"),
            });
            let last = told.map_or(runs.len(), |told| (told + 2).min(runs.len()));
            lines.push(format!("  {function}, {} invocations, among them", runs.len()));
            for run in &runs[last.saturating_sub(4)..last] {
                let records = run.event["Records"].as_array().map(|records| format!("{} messages", records.len()));
                let what = records.unwrap_or_else(|| cut(&run.event.to_string(), 90));
                lines.push(format!("    {} {what}", clock(run.at)));
                let log: Vec<&String> = run.log.iter().filter(|line| !line.contains("CloudWatchMetrics")).collect();
                let middle = if log.len() > 7 { 3..log.len() - 3 } else { 0..0 };
                for (place, line) in log.iter().enumerate() {
                    if place == middle.start && !middle.is_empty() {
                        lines.push(format!("      | … {} lines more", middle.len()));
                    }
                    if !middle.contains(&place) {
                        lines.push(format!("      | {}", cut(line, 170)));
                    }
                }
                lines.push(format!("      {}", cut(&run.answer, 150)));
            }
        }
        lines.join("\n")
    }
}

/// Serves one process: a line with a wish, a line with the answer.
fn talk(stream: &TcpStream, world: &Weak<World>, outside: &Mutex<Outside>, queues: &[Queue]) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
        let (what, with): (String, Value) = serde_json::from_str(&line).unwrap_or_default();
        let Some(now) = now(world) else { return };
        let answer = if what == "send" {
            let Some(queue) = queues.iter().find(|queue| with["queue"] == queue.name()) else { return };
            let lost = lock(outside).lost.take_if(|(name, _)| *name == queue.name());
            if lost.is_none_or(|(_, arrives)| arrives) {
                queue.send(with["body"].as_str().unwrap_or_default());
            }
            if lost.is_some() { Err("the queue did not answer in time".to_owned()) } else { Ok(Value::Null) }
        } else {
            lock(outside).answer(now, &what, &with)
        };
        if writeln!({ stream }, "{}", json!(answer)).is_err() {
            return;
        }
        line.clear();
    }
}

fn now(world: &Weak<World>) -> Option<i64> {
    world.upgrade().map(|world| world.now().as_second())
}

/// Runs a function once and keeps what can be seen of it.
fn work(
    name: &'static str,
    function: &Function,
    call: &Invocation,
    world: &Weak<World>,
    outside: &Mutex<Outside>,
) -> Result<Value, HandlerError> {
    let at = now(world).unwrap_or_default();
    lock(outside).used_ms = 0;
    let outcome = function.request().request_id(&call.request_id).invoke(call.event.clone());
    let payload = String::from_utf8_lossy(&outcome.payload()).into_owned();
    let log = outcome.function_log().map(str::to_owned).collect();
    let failed = outcome.function_error().is_some();
    let mut outside = lock(outside);
    let killed = outside.is_over();
    let answer = match (killed, failed) {
        (true, _) => "ended by Lambda, without an answer".to_owned(),
        (false, true) => format!("failed {payload}"),
        (false, false) => format!("answered {payload}"),
    };
    let jammed = at < outside.jammed_until;
    outside.runs.push(Run { at, function: name, event: call.event.clone(), answer, log, failed, killed, jammed });
    let value: Value = serde_json::from_str(&payload).unwrap_or_default();
    if !failed {
        return Ok(value);
    }
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Err(HandlerError::new(text("errorType"), text("errorMessage")))
}

/// What the lines in CloudWatch's embedded metric format count: `Done{Function=press}`, and how much.
fn metrics(log: &[String]) -> Vec<(String, u64)> {
    let mut counted = Vec::new();
    for line in log {
        let Ok(document) = serde_json::from_str::<Value>(line) else { continue };
        let directives = document["_aws"]["CloudWatchMetrics"].as_array().cloned().unwrap_or_default();
        for directive in directives {
            let (sets, names) = (directive["Dimensions"].as_array(), directive["Metrics"].as_array());
            for set in sets.into_iter().flatten() {
                let mut dimensions: Vec<String> = set
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(|name| format!("{name}={}", document[name].as_str().unwrap_or("?")))
                    .collect();
                dimensions.sort();
                for name in names.into_iter().flatten().filter_map(|metric| metric["Name"].as_str()) {
                    let name_and_place = format!("{name}{{{}}}", dimensions.join(","));
                    counted.push((name_and_place, document[name].as_u64().unwrap_or_default()));
                }
            }
        }
    }
    counted
}

/// The cards in a text.
fn cards(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("card-").filter_map(|(at, _)| text.get(at..at + CARD_BYTES))
}

fn clock(second: i64) -> String {
    format!("{:02}:{:02}:{:02}", second / 3600 % 24, second / 60 % 60, second % 60)
}

fn cut(text: &str, characters: usize) -> String {
    let short: String = text.chars().take(characters).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

// Orders -------------------------------------------------------------------------------------------------------------

/// Photos, card and address of an order are those of no other.
#[derive(Debug, Clone)]
struct Order {
    shop: String,
    number: String,
    card: String,
    to: String,
    lines: Vec<(String, &'static str, u64)>,
}

impl Order {
    fn draw(seed: &mut Seed, number: u64) -> Order {
        let shop = *seed.pick(&["ferris", "harbour", "meadow"]);
        Order::of(seed, shop, number)
    }

    fn of(seed: &mut Seed, shop: &str, number: u64) -> Order {
        let card = format!("card-{}{}", seed.number(100_000..=999_999), seed.number(100_000..=999_999));
        let street = if seed.number(1..=8) == 1 { "Heron Island" } else { "Mill Lane" };
        let to = format!("{} {} {street}", seed.name(), seed.number(1000..=99_999));
        let mut lines = Vec::new();
        for _ in 0..seed.number(1..=4) {
            let photo = format!("{}-{}.jpg", seed.name(), seed.number(10_000..=99_999));
            lines.push((photo, *seed.pick(&["10x15", "13x18", "20x30"]), seed.number(1..=9)));
        }
        Order { shop: shop.to_owned(), number: number.to_string(), card, to, lines }
    }

    /// The same, with prints of this size only.
    fn all(mut self, size: &'static str) -> Order {
        self.lines.iter_mut().for_each(|line| line.1 = size);
        self
    }

    fn to(mut self, street: &str) -> Order {
        self.to = format!("{} {street}", self.lines[0].0);
        self
    }

    fn event(&self) -> Value {
        json!({ "shop": self.shop, "order": self.number, "card": self.card, "to": self.to, "lines": self.printed() })
    }

    fn printed(&self) -> Value {
        let lines = self.lines.iter();
        lines.map(|(photo, size, copies)| json!({ "photo": photo, "size": size, "copies": copies })).collect()
    }

    fn cents(&self) -> u64 {
        let price = |size: &str| match size {
            "10x15" => 19,
            "13x18" => 35,
            _ => 290,
        };
        self.lines.iter().map(|(_, size, copies)| price(size) * copies).sum()
    }

    fn job(&self) -> Value {
        let mut job = self.event();
        job["cents"] = self.cents().into();
        job
    }

    fn parcel(&self) -> String {
        json!({ "shop": self.shop, "order": self.number, "to": self.to }).to_string()
    }

    /// A job of this order that nobody can read, in one of several ways.
    fn broken(&self, way: u64) -> String {
        let mut job = self.job();
        match way % WAYS_TO_BREAK {
            // The card stands where the price should be, or another field, and is quoted by who tells what is wrong.
            0 => job["cents"] = json!(self.card),
            1 => job["lines"] = json!(self.card),
            2 => return job.to_string().replacen("\"to\"", "to", 1),
            3 => job = json!({ "shop": self.card, "order": self.number, "to": self.to, "lines": self.printed() }),
            4 => job = json!({ "shop": self.shop, "order": self.card, "card": self.number, "to": self.to }),
            _ => job = json!({ "shop": self.shop, "order": self.number, "card": self.card }),
        }
        job.to_string()
    }
}

/// An order that the desk refuses, and what it is about: its last line is none that we print.
fn refused(seed: &mut Seed, number: u64) -> Order {
    let mut order = Order::draw(seed, number);
    let photo = format!("{}-{}.jpg", seed.name(), seed.number(10_000..=99_999));
    let (size, copies) = *seed.pick(&[("60x90", 1), ("10x15", 0), ("20x30", 501), ("", 2)]);
    order.lines.push((photo, size, copies));
    order
}

/// Orders with numbers that nobody knows beforehand.
fn orders(seed: &mut Seed, count: u64) -> Vec<Order> {
    let first = seed.number(1000..=9000);
    (first..first + count).map(|number| Order::draw(seed, number)).collect()
}

// What people complain about -----------------------------------------------------------------------------------------

const PRINT_ROOM: &str = "The print room: “Good jobs lie among the dead letters, beside one that nobody can read.”";
const CUSTOMER: &str = "A customer: “I pressed the button once more, and you took my money twice.”";
const CARRIER: &str = "The carrier: “Our desk for the islands is closed, and you book nothing for the others, either.”";
const ON_CALL: &str = "The one on call: “The printers had a jam, the alarm has no data, and I slept.”";
const PARTNER: &str = "Harbour, a partner: “A customer of ours got, and paid, prints of people he has never seen.”";
const RELEASES: &str = "The release desk: “It went back, as it should. But not to where it came from.”";
const NOBODY: &str = "Nobody has complained. But whoever may read the log can read the cards.";

impl Night {
    #[track_caller]
    fn expect_receipt(&self, who: &str, order: &Order) {
        let answer = self.order(order);
        let expected = json!({ "order": order.number, "cents": order.cents() });
        if answer.json().as_ref() != Some(&expected) {
            let got = answer.json().map(|json| json.to_string()).or(answer.error()).unwrap_or_default();
            self.complain(who, &format!("the receipt {expected}"), &got, &["desk"]);
        }
    }

    #[track_caller]
    fn expect_refusal(&self, who: &str, order: &Order) {
        let error = self.order(order).error().unwrap_or_else(|| "an answer".to_owned());
        if !error.contains("(BadOrder)") {
            self.complain(who, "the error BadOrder, since we do not print the last line", &error, &["desk"]);
        }
    }

    /// Every order was charged once.
    #[track_caller]
    fn expect_paid_once(&self, who: &str, orders: &[Order]) {
        for order in orders {
            let charges: Vec<Value> = {
                let outside = self.outside();
                outside.charged.with("card", &json!(order.card)).into_iter().map(|(_, what)| what.clone()).collect()
            };
            let with_this_card = orders.iter().filter(|other| other.card == order.card);
            let mut expected: Vec<u64> = with_this_card.map(Order::cents).collect();
            let mut charged: Vec<u64> = charges.iter().filter_map(|charge| charge["cents"].as_u64()).collect();
            (expected.sort_unstable(), charged.sort_unstable());
            if charged != expected {
                let got = charges.iter().map(|charge| format!("{} cents, key {}", charge["cents"], charge["key"]));
                let got = format!("{} charges: {}", charges.len(), got.collect::<Vec<_>>().join("; "));
                let name = format!("{}/{}", order.shop, order.number);
                let expected =
                    format!("{name} is charged once; on its card are {expected:?} cents, one for each order");
                self.complain(who, &expected, &got, &["press"]);
            }
        }
    }

    /// Every order was printed once, with its own lines.
    #[track_caller]
    fn expect_printed_once(&self, who: &str, orders: &[Order]) {
        let by_photo = |outside: &Outside| {
            let mut prints: BTreeMap<String, Vec<Value>> = BTreeMap::new();
            for (_, print) in &outside.printed.all {
                for line in print["lines"].as_array().into_iter().flatten() {
                    prints.entry(line["photo"].to_string()).or_default().push(print.clone());
                }
            }
            prints
        };
        let prints = by_photo(&self.outside());
        for order in orders {
            let own = prints.get(&json!(order.lines[0].0).to_string()).cloned().unwrap_or_default();
            let same = orders.iter().filter(|other| other.lines[0].0 == order.lines[0].0).count();
            if own.len() != same || own.iter().any(|print| print["lines"] != order.printed()) {
                let got: Vec<String> =
                    own.iter().map(|print| format!("key {}, lines {}", print["key"], print["lines"])).collect();
                let got = format!("{} prints: {}", own.len(), cut(&got.join("; "), 600));
                let name = format!("{}/{}", order.shop, order.number);
                let expected =
                    format!("{same} prints, since {name} is printed once, with the lines {}", order.printed());
                self.complain(who, &expected, &got, &["desk", "press"]);
            }
        }
    }

    /// Every order was printed, be it more than once.
    #[track_caller]
    fn expect_printed(&self, who: &str, orders: &[Order]) {
        let missing = orders.iter().find(|order| self.outside().printed.with("lines", &order.printed()).is_empty());
        if let Some(order) = missing {
            self.complain(who, &format!("{}/{} is printed", order.shop, order.number), "no print", &["press"]);
        }
    }

    /// Nothing was printed before it was charged, and no parcel booked before its order was printed.
    #[track_caller]
    fn expect_one_after_the_other(&self, who: &str, orders: &[Order]) {
        for order in orders.iter().filter(|order| orders.iter().filter(|other| other.card == order.card).count() == 1) {
            let [charged, printed, booked] = {
                let Outside { charged, printed, booked, .. } = &*self.outside();
                [
                    charged.first("card", &json!(order.card)),
                    printed.first("lines", &order.printed()),
                    booked.first("to", &json!(order.to)),
                ]
            };
            for (before, then, earlier, later) in
                [(charged, printed, "charged", "printed"), (printed, booked, "printed", "booked")]
            {
                if let Some(then) = then
                    && before.is_none_or(|before| before > then)
                {
                    let when = |(at, turn): Moment| format!("at {}, as number {turn} of the night", clock(at));
                    let before = before.map_or("never".to_owned(), when);
                    let expected = format!("{}/{} is {earlier} before it is {later}", order.shop, order.number);
                    let got = format!("{later} {}; {earlier} {before}", when(then));
                    self.complain(who, &expected, &got, &["press"]);
                }
            }
        }
    }

    /// A version is released now; the alarm is on between these seconds, or never.
    fn release(&self, from: u64, to: u64, alarm: Option<(i64, i64)>) {
        let now = self.now();
        let mut outside = self.outside();
        outside.live.release(from, to, alarm.map(|(on, off)| (now + on, now + off)));
    }

    /// Since the last release, functions have pointed `live` to these versions, one after the other.
    #[track_caller]
    fn expect_moves(&self, who: &str, expected: &[u64]) {
        let (moves, from, to) = {
            let outside = self.outside();
            (outside.live.moves.clone(), outside.live.from, outside.live.to)
        };
        if moves != expected {
            let words = |moves: &[u64]| match moves {
                [] => "live stays where it is".to_owned(),
                moves => format!("live goes to {moves:?}"),
            };
            let expected = format!("{to} was released, and {from} was live before: {}", words(expected));
            self.complain(who, &expected, &words(&moves), &["release"]);
        }
    }

    /// Every parcel was booked once.
    #[track_caller]
    fn expect_booked_once(&self, who: &str, orders: &[Order]) {
        for order in orders {
            let keys: Vec<String> = {
                let outside = self.outside();
                let booked = outside.booked.with("to", &json!(order.to)).into_iter();
                booked.map(|((at, _), what)| format!("{} with the key {}", clock(*at), what["key"])).collect()
            };
            let same = orders.iter().filter(|other| other.to == order.to).count();
            if keys.len() != same {
                let name = format!("{}/{}", order.shop, order.number);
                let expected = format!("{same} parcels to this address, since that of {name} is booked once");
                self.complain(who, &expected, &format!("booked {} times: {keys:?}", keys.len()), &["courier"]);
            }
        }
    }

    #[track_caller]
    fn expect_dead(&self, who: &str, jobs: &[String]) {
        let sorted = |mut bodies: Vec<String>| {
            bodies.sort();
            // A queue may have delivered one of them twice.
            bodies.dedup();
            bodies
        };
        let dead = sorted(self.dead_jobs.bodies());
        if dead != sorted(jobs.to_vec()) {
            let expected = format!("in jobs-dead the {} that nobody can read, and nothing else", jobs.len());
            let good = dead.iter().filter(|body| !jobs.contains(body)).count();
            let got = format!("{} of those, and {good} others", dead.len() - good);
            self.complain(who, &expected, &got, &["press"]);
        }
        let dead = self.dead_parcels.bodies().len();
        if dead > 0 {
            self.complain(CARRIER, "no parcel among the dead letters", &format!("{dead} parcels"), &["courier"]);
        }
    }

    #[track_caller]
    fn expect_nobody_ended(&self, who: &str) {
        let count = |ended: fn(&Run) -> bool| {
            let outside = self.outside();
            outside.runs.iter().filter(|run| run.event["Records"].is_array() && ended(run)).count()
        };
        let (killed, failed) = (count(|run| run.killed), count(|run| run.failed && !run.killed));
        if killed + failed > 0 {
            let got = format!("{killed} were ended by Lambda and {failed} failed, with their whole batch");
            let expected = "every invocation of press and courier answers, and the courier's within 30 seconds";
            self.complain(who, expected, &got, &["courier"]);
        }
    }

    /// Every invocation counted its messages under its own name, and under nothing else.
    #[track_caller]
    fn expect_counted(&self, who: &str) {
        let wrong = self.outside().runs.iter().filter(|run| !run.failed).find_map(|run| {
            let messages = run.event["Records"].as_array()?.len();
            let answer = run.answer.split_once(' ').map(|(_, payload)| serde_json::from_str::<Value>(payload));
            let answer = answer.and_then(Result::ok).unwrap_or_default();
            let failed = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
            let mut counted: BTreeMap<String, u64> = BTreeMap::new();
            for (series, value) in metrics(&run.log) {
                *counted.entry(series).or_default() += value;
            }
            let name = |metric: &str| format!("{metric}{{Function={}}}", run.function);
            let done = messages.saturating_sub(failed) as u64;
            let expected = BTreeMap::from([(name("Done"), done), (name("Failed"), failed as u64)]);
            (counted != expected).then(|| (format!("{expected:?}"), format!("{counted:?}"), run.function))
        });
        if let Some((expected, got, function)) = wrong {
            let expected = format!("from one batch {expected}, and no other series; {ALARM} is on or off by them");
            self.complain(who, &expected, &cut(&got, 400), &[function]);
        }
    }

    /// No card stands in a log or an answer; and who looks for a message that failed finds it.
    #[track_caller]
    fn expect_clean_logs(&self, who: &str, orders: &[Order], broken: &[String]) {
        let known: BTreeSet<&str> = orders.iter().map(|order| order.card.as_str()).collect();
        let told = {
            let outside = self.outside();
            outside.runs.iter().find_map(|run| {
                let card = run
                    .log
                    .iter()
                    .chain([&run.answer])
                    .flat_map(|text| cards(text))
                    .find(|card| known.contains(card))?;
                Some((card.to_owned(), run.function))
            })
        };
        if let Some((card, function)) = told {
            let got = format!("{card} in the log of {function}, or in its answer");
            self.complain(who, "no card in any line of a log, and in no answer", &got, &[function]);
        }
        let lost = self.outside().runs.iter().filter(|run| run.function == "press" && !run.killed).find_map(|run| {
            run.event["Records"].as_array()?.iter().find_map(|record| {
                let (id, body) = (record["messageId"].as_str()?, record["body"].as_str()?);
                let readable = !broken.iter().any(|broken| broken == body);
                if readable && !(run.jammed && body.contains("20x30")) {
                    return None;
                }
                let job: Value = serde_json::from_str(body).unwrap_or_default();
                let order = job["order"].as_str().filter(|_| readable).unwrap_or_default();
                let named = |line: &String| line.contains(id) && line.contains(order);
                (!run.log.iter().any(named)).then(|| (id.to_owned(), order.to_owned()))
            })
        });
        if let Some((id, order)) = lost {
            let order = if order.is_empty() { order } else { format!(" and the order {order}") };
            let expected = format!("a line in the log of press that names the message {id}{order}, which failed");
            self.complain("Whoever looks for a job that failed", &expected, "none", &["press"]);
        }
    }
}

// The tests ----------------------------------------------------------------------------------------------------------

#[test]
fn orders_are_printed_paid_and_sent() {
    let mut seed = Seed::at_run_time();
    let night = Night::begin();
    let orders = orders(&mut seed, 25);
    let story = "A quiet hour: 25 orders, and nothing goes wrong.";
    for order in &orders {
        night.expect_receipt(story, order);
        night.pass(seed.number(0..=9));
    }
    night.work_off();
    night.expect_paid_once(story, &orders);
    night.expect_printed_once(story, &orders);
    night.expect_booked_once(story, &orders);
    night.expect_dead(story, &[]);
}

#[test]
fn a_broken_job_takes_no_other_along() {
    let mut seed = Seed::at_run_time();
    let night = Night::begin();
    let orders: Vec<Order> = orders(&mut seed, 30).into_iter().map(|order| order.all("10x15")).collect();
    let mut broken = Vec::new();
    for (place, order) in orders.iter().enumerate() {
        if place % 13 == seed.number(0..=12) as usize || place == 4 {
            broken.push(Order::draw(&mut seed, 1 + place as u64).broken(seed.number(0..=WAYS_TO_BREAK - 1)));
            night.jobs.send(broken.last().expect("just pushed").as_str());
        }
        night.jobs.send(order.job().to_string());
    }
    night.work_off();
    night.expect_dead(PRINT_ROOM, &broken);
    night.expect_printed(PRINT_ROOM, &orders);
}

#[test]
fn a_job_comes_again_after_a_jam() {
    let mut seed = Seed::at_run_time();
    let night = Night::begin();
    let orders: Vec<Order> = orders(&mut seed, 20).into_iter().map(|order| order.all("20x30")).collect();
    let story = "The printer of large prints has a paper jam, for less than four minutes.";
    night.jam(seed.number(70..=200) as i64);
    for order in &orders {
        night.expect_receipt(story, order);
    }
    night.work_off();
    night.expect_dead(story, &[]);
    night.expect_printed(story, &orders);
    night.expect_one_after_the_other(story, &orders);
}

#[test]
fn a_customer_pays_once() {
    let mut seed = Seed::at_run_time();
    let night = Night::begin();
    let mut orders = orders(&mut seed, 12);
    for order in orders.clone() {
        let other = if order.shop == "harbour" { "meadow" } else { "harbour" };
        if seed.number(0..=2) == 0 || order.shop == "ferris" {
            orders.push(Order::of(&mut seed, other, order.number.parse().expect("a number")));
        }
    }
    // A regular customer orders the same once more, and means it.
    let mut again = seed.pick(&orders).clone();
    again.number = format!("{}7", again.number);
    // And in another shop, where it happens to get the same number.
    let mut elsewhere = again.clone();
    elsewhere.shop = if again.shop == "meadow" { "ferris".to_owned() } else { "meadow".to_owned() };
    orders.extend([again, elsewhere]);
    let at = seed.number(1..=5) as usize;
    for (place, order) in orders.iter().enumerate() {
        match (place + at) % 4 {
            // No answer comes from the queue: the page asks the customer to press once more.
            0 => night.outside().lost = Some((if place < 6 { "parcels" } else { "jobs" }, seed.number(0..=1) == 0)),
            1 => night.jobs.duplicate_next(1),
            2 => night.parcels.duplicate_next(1),
            _ if place < 8 => night.jam(90),
            _ => {}
        }
        night.expect_receipt(CUSTOMER, order);
        if place % 5 == 0 {
            night.expect_receipt(CUSTOMER, order);
        }
        night.pass(seed.number(0..=12));
    }
    night.work_off();
    night.expect_paid_once(CUSTOMER, &orders);
    night.expect_printed_once(CUSTOMER, &orders);
    night.expect_booked_once(CUSTOMER, &orders);
}

#[test]
fn one_closed_desk_holds_up_no_other_parcel() {
    let mut seed = Seed::at_run_time();
    for islands in 1..=3 {
        let night = Night::begin();
        let orders = orders(&mut seed, 10);
        // Three of them come first, so that all others are behind them.
        let first = if islands == 3 { 0 } else { seed.number(0..=(10 - islands)) as usize };
        let is_closed = |place: usize| (first..first + islands as usize).contains(&place);
        let street = |place: usize| if is_closed(place) { "Heron Island" } else { "Mill Lane" };
        let orders: Vec<Order> = orders.into_iter().enumerate().map(|(place, order)| order.to(street(place))).collect();
        night.close_the_islands(400);
        for order in &orders {
            night.parcels.send(order.parcel());
        }
        night.pass(30);
        let open = orders.iter().enumerate().filter(|(place, _)| !is_closed(*place)).map(|(_, order)| order);
        let late = open.filter(|order| night.outside().booked.with("to", &json!(order.to)).is_empty()).count();
        if late > 0 {
            let expected = format!("with {islands} of ten parcels for an island, the others booked by the first batch");
            night.complain(CARRIER, &expected, &format!("{late} of them not booked"), &["courier"]);
        }
        night.work_off();
        night.expect_nobody_ended(CARRIER);
        night.expect_booked_once(CARRIER, &orders);
        night.expect_dead(CARRIER, &[]);
    }
}

#[test]
fn the_courier_is_done_in_time() {
    let mut seed = Seed::at_run_time();
    let story = "The carrier: “Nearly all your parcels are for islands tonight. We open again in some minutes.”";
    for open in 0..=3 {
        let night = Night::begin();
        let street = |place: usize| if place < open { "Mill Lane" } else { "Heron Island" };
        let orders: Vec<Order> =
            orders(&mut seed, 10).into_iter().enumerate().map(|(place, order)| order.to(street(place))).collect();
        night.close_the_islands(seed.number(370..=500) as i64);
        for order in &orders {
            night.parcels.send(order.parcel());
        }
        night.work_off();
        night.expect_nobody_ended(story);
        night.expect_dead(story, &[]);
        night.expect_booked_once(story, &orders);
    }
}

#[test]
fn the_alarm_hears_of_what_fails() {
    let mut seed = Seed::at_run_time();
    for jam in [0, 150] {
        let night = Night::begin();
        night.jam(jam);
        night.close_the_islands(jam);
        for order in orders(&mut seed, 30) {
            let size = if seed.number(0..=1) == 0 { "20x30" } else { "10x15" };
            night.expect_receipt(ON_CALL, &order.all(size));
            night.pass(seed.number(0..=5));
        }
        night.work_off();
        night.expect_counted(ON_CALL);
    }
}

#[test]
fn nobody_gets_the_photos_of_another() {
    let mut seed = Seed::at_run_time();
    let night = Night::begin();
    let mut good = Vec::new();
    for number in 0..24 {
        if seed.number(0..=2) == 0 || number == 1 {
            night.expect_refusal(PARTNER, &refused(&mut seed, 100 + number));
        } else {
            let order = Order::draw(&mut seed, 100 + number);
            night.expect_receipt(PARTNER, &order);
            good.push(order);
        }
    }
    night.work_off();
    night.expect_printed_once(PARTNER, &good);
}

#[test]
fn a_release_goes_back_to_where_it_came_from() {
    let mut seed = Seed::at_run_time();
    // How many bad versions lie between the good one and the released one.
    for between in [seed.number(1..=4), 0] {
        let from = seed.number(5..=20);
        let to = from + between + 1;
        let night = Night::begin();
        night.release(from, to, Some((120, 900)));
        night.pass(1500);
        night.expect_moves(RELEASES, &[from]);
        // An older version is tried again, and is worse.
        night.release(from, from - 2, Some((60, 400)));
        night.pass(900);
        night.expect_moves("The release desk: “We tried an older version once more.”", &[from]);
    }
}

#[test]
fn a_release_is_left_alone_by_night() {
    let mut seed = Seed::at_run_time();
    let (from, to) = (seed.number(5..=9), seed.number(12..=20));
    let night = Night::begin();
    night.release(from, to, None);
    night.pass(600);
    night.expect_moves("The release desk: “All is well with the new version.”", &[]);
    night.release(from, to, Some((200, 2000)));
    night.pass(100);
    let chosen = seed.number(10..=11);
    night.outside().live.point_to(chosen);
    night.pass(900);
    night.expect_moves("The one on call: “I had pointed live to another version by hand, before the alarm.”", &[]);
}

#[test]
fn no_card_stands_in_a_log() {
    let mut seed = Seed::at_run_time();
    let night = Night::begin();
    let (mut all, mut broken) = (Vec::new(), Vec::new());
    night.jam(200);
    for number in 0..32 {
        let order =
            if number % 8 == 3 { refused(&mut seed, 500 + number) } else { Order::draw(&mut seed, 500 + number) };
        match number % 8 {
            5 | 6 => {
                broken.push(order.broken(broken.len() as u64));
                night.jobs.send(broken.last().expect("just pushed").as_str());
            }
            _ => drop(night.order(&order)),
        }
        all.push(order);
        night.pass(seed.number(0..=9));
    }
    night.work_off();
    night.expect_clean_logs(NOBODY, &all, &broken);
}

/// Five hundred things happen, and everything that people have complained about is looked at.
#[test]
fn a_whole_night() {
    let mut seed = Seed::at_run_time();
    let night = Night::begin();
    let (mut good, mut bad, mut broken): (Vec<Order>, Vec<Order>, Vec<String>) = Default::default();
    let mut next = BTreeMap::from([("ferris", 1000_u64), ("harbour", 1000), ("meadow", 1000)]);
    let mut draw = |seed: &mut Seed| {
        let shop = *seed.pick(&["ferris", "harbour", "meadow"]);
        let number = next.entry(shop).or_default();
        *number += 1;
        Order::of(seed, shop, *number)
    };
    let (mut from, mut latest, mut expected) = (7, 7, Vec::new());
    night.release(from, latest, None);
    for _ in 0..500 {
        match seed.number(1..=100) {
            1..=3 if night.quiet_for(400) => night.jam(150),
            4..=6 if night.quiet_for(900) => night.close_the_islands(400),
            7..=8 => night.outside().lost = Some(("jobs", seed.number(0..=1) == 0)),
            9 if night.quiet_for(400) => night.outside().lost = Some(("parcels", seed.number(0..=1) == 0)),
            10..=12 => night.jobs.duplicate_next(1),
            13..=15 => night.parcels.duplicate_next(1),
            16..=20 => {
                let order = draw(&mut seed);
                broken.push(order.broken(seed.number(0..=WAYS_TO_BREAK - 1)));
                night.jobs.send(broken.last().expect("just pushed").as_str());
                bad.push(order);
            }
            21..=25 => {
                let order = refused(&mut seed, 1);
                night.expect_refusal(PARTNER, &order);
                bad.push(order);
            }
            26..=27 if !good.is_empty() => {
                let (mut again, new) = (seed.pick(&good).clone(), draw(&mut seed));
                (again.shop, again.number) = (new.shop, new.number);
                night.expect_receipt(CUSTOMER, &again);
                good.push(again);
            }
            28..=32 if !good.is_empty() => night.expect_receipt(CUSTOMER, seed.pick(&good)),
            33 => {
                night.expect_moves(RELEASES, &expected);
                latest += seed.number(1..=3);
                let is_bad = seed.number(0..=1) == 0;
                night.release(from, latest, is_bad.then_some((60, 400)));
                night.pass(600);
                expected = if is_bad { vec![from] } else { Vec::new() };
                from = if is_bad { from } else { latest };
            }
            _ => {
                let order = draw(&mut seed);
                night.expect_receipt(PARTNER, &order);
                good.push(order);
            }
        }
        night.pass(seed.number(0..=8));
    }
    night.work_off();
    night.expect_moves(RELEASES, &expected);
    night.expect_nobody_ended(CARRIER);
    night.expect_dead(PRINT_ROOM, &broken);
    night.expect_paid_once(CUSTOMER, &good);
    night.expect_one_after_the_other(CUSTOMER, &good);
    night.expect_printed_once(PARTNER, &good);
    night.expect_booked_once(CARRIER, &good);
    night.expect_counted(ON_CALL);
    bad.extend(good);
    night.expect_clean_logs(NOBODY, &bad, &broken);
}
