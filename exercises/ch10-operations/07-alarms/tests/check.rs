//! What the shop expects of its alarms: days and nights of metrics go by, minute by minute, and somebody is woken or not.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use course::{Seed, judged_file};
use deployed::alarm::{self, Alarm, Key, Metrics, State};
use deployed::template::{Settings, Stack, deploy};

const HOUR: u64 = 60;
const DAY: u64 = 24 * HOUR;

/// The shop in one account, with the names that its functions have there, and all that was measured.
struct Shop {
    till: String,
    board: String,
    backup: String,
    broken: String,
    alarms: Vec<Alarm>,
    /// The topic that wakes somebody.
    on_call: String,
    /// Whether anybody is told what is sent to it.
    is_heard: bool,
    metrics: Metrics,
    /// The keys of each metric of a function, by its name and whether it was called by the alias.
    keys: BTreeMap<(String, &'static str, bool), Vec<Key>>,
    seed: Seed,
}

/// What the orders of one minute were like.
#[derive(Default, Clone, Copy)]
struct Orders {
    count: u64,
    failed: u64,
    slow: u64,
    refused: u64,
}

impl Shop {
    fn open() -> Shop {
        let mut seed = Seed::at_run_time();
        let mut name = |of: &str| format!("{}-{of}-{}", seed.name().to_lowercase(), seed.number(10..=99));
        let (till, board, backup, broken) = (name("till"), name("board"), name("backup"), name("broken"));
        let settings = Settings::new("alarms", seed.number(1..=99))
            .with_parameter("Till", &till)
            .with_parameter("Board", &board)
            .with_parameter("Backup", &backup)
            .with_parameter("BrokenJobs", &broken);
        let stack = deploy(judged_file!("template.yaml").text(), &settings)
            .unwrap_or_else(|refused| panic!("CloudFormation does not make the stack:\n{refused}"));
        let alarms = alarms(&stack);
        let topic = stack.resource("OnCall");
        let topic = topic.unwrap_or_else(|| panic!("the template has no topic OnCall, which wakes somebody"));
        let on_call = topic.reference.clone();
        let own = topic.at("Subscription").as_array().into_iter().flatten();
        let is_heard =
            own.map(|one| (&one["Protocol"], &one["Endpoint"])).any(|(how, whom)| how.is_string() && whom.is_string())
                || stack
                    .of_kind("AWS::SNS::Subscription")
                    .any(|one| one.text("TopicArn") == Some(on_call.as_str()) && one.text("Endpoint").is_some());
        let (metrics, keys) = (Metrics::new(), BTreeMap::new());
        Shop { till, board, backup, broken, alarms, on_call, is_heard, metrics, keys, seed }
    }

    /// A metric of a function, under each set of dimensions that Lambda reports it with.
    fn report(&mut self, function: &str, by_alias: bool, name: &'static str, minute: u64, samples: (f64, u64)) {
        let keys = self.keys.entry((function.to_owned(), name, by_alias)).or_insert_with(|| {
            let resource = if by_alias { format!("{function}:live") } else { function.to_owned() };
            let all = [("FunctionName", function), ("Resource", resource.as_str()), ("ExecutedVersion", "7")];
            let sets = if by_alias { &[1, 2, 3][..] } else { &[1, 2] };
            sets.iter().map(|count| Key::new("AWS/Lambda", name, &all[..*count])).collect()
        });
        for key in keys {
            self.metrics.put(key, minute, samples.0, samples.1);
        }
    }

    fn live(&mut self, name: &'static str, minute: u64, value: f64, count: u64) {
        let till = self.till.clone();
        self.report(&till, true, name, minute, (value, count));
    }

    /// Of a call without alias, of any function.
    fn unqualified(&mut self, function: &str, name: &'static str, minute: u64, value: f64, count: u64) {
        self.report(function, false, name, minute, (value, count));
    }

    fn orders(&mut self, minute: u64, orders: Orders) {
        let Orders { count, failed, slow, refused } = orders;
        let (quick, late) = (self.seed.number(40..=900) as f64, self.seed.number(9_000..=9_900) as f64);
        self.live("Invocations", minute, 1.0, count);
        self.live("Errors", minute, 1.0, failed);
        self.live("Errors", minute, 0.0, count - failed);
        self.live("Duration", minute, quick, count - slow);
        self.live("Duration", minute, late, slow);
        self.live("Throttles", minute, 1.0, refused);
        self.live("Throttles", minute, 0.0, count);
    }

    /// A minute as it should be: by day, or in the night between 20:00 and 08:00.
    fn good_minute(&mut self, minute: u64) {
        let of_day = minute % DAY;
        let by_day = (8 * HOUR..20 * HOUR).contains(&of_day);
        let orders = if by_day {
            // Two in a hundred fail, and one in five minutes is slow. In the evening everybody orders.
            let many = if of_day >= 17 * HOUR { 10 } else { 1 };
            Orders {
                count: many * self.seed.number(50..=70),
                failed: many,
                slow: u64::from(minute.is_multiple_of(5)),
                refused: u64::from(minute.is_multiple_of(7)),
            }
        } else {
            // Every fourth fails, and once in three hours four in a row do.
            let count = u64::from(minute.is_multiple_of(4));
            let fails = minute.is_multiple_of(16) || (40..=52).contains(&(minute % 180));
            Orders { count, failed: count * u64::from(fails), slow: u64::from(minute % HOUR == 16), refused: 0 }
        };
        self.orders(minute, orders);
        let (board, broken) = (self.board.clone(), self.broken.clone());
        if by_day || minute.is_multiple_of(11) {
            let age = self.seed.number(200..=120_000) as f64;
            self.unqualified(&board, "Invocations", minute, 1.0, 2);
            self.unqualified(&board, "Errors", minute, 0.0, 2);
            self.unqualified(&board, "IteratorAge", minute, 300.0, 1);
            self.unqualified(&board, "IteratorAge", minute, age, 1);
        }
        // Somebody looks into the queue of broken jobs at noon, and it is active for some hours.
        if (12 * HOUR..18 * HOUR).contains(&(minute % DAY)) {
            let queue = |name: &str| Key::new("AWS/SQS", name, &[("QueueName", broken.as_str())]);
            self.metrics.put(&queue("ApproximateNumberOfMessagesVisible"), minute, 0.0, 1);
            // He sends a message and takes it out again at once.
            let sent = u64::from(minute % DAY == 13 * HOUR);
            self.metrics.put(&queue("NumberOfMessagesSent"), minute, 1.0, sent);
            self.metrics.put(&queue("NumberOfMessagesSent"), minute, 0.0, 1 - sent);
        }
    }

    /// Tests call the newest code without alias: everything fails, is slow, and some is refused.
    fn tests_of_latest(&mut self, minutes: Range<u64>) {
        let till = self.till.clone();
        for minute in minutes {
            for (name, value, count) in
                [("Invocations", 1.0, 60), ("Errors", 1.0, 60), ("Duration", 9_950.0, 60), ("Throttles", 1.0, 20)]
            {
                self.unqualified(&till, name, minute, value, count);
            }
        }
    }

    /// A night's backup: the tries that failed, and whether one succeeded then.
    fn backup(&mut self, minute: u64, failed: u64, succeeds: bool) {
        let backup = self.backup.clone();
        for at in 0..failed + u64::from(succeeds) {
            self.unqualified(&backup, "Invocations", minute + 2 * at, 1.0, 1);
            self.unqualified(&backup, "Errors", minute + 2 * at, if at < failed { 1.0 } else { 0.0 }, 1);
        }
    }

    /// Everything but backups, as it should be.
    fn good(&mut self, minutes: Range<u64>) {
        for minute in minutes {
            self.good_minute(minute);
        }
    }

    /// Backups of these nights, which begin early and late in turns; some succeed at the second try.
    fn good_backups(&mut self, days: Range<u64>) {
        for day in days {
            let at = if day.is_multiple_of(2) { self.seed.number(0..=9) } else { self.seed.number(45..=54) };
            self.backup(day * DAY + 2 * HOUR + at, day % 3 % 2, true);
        }
    }

    /// Who went off in a time, with the minute.
    fn rung(&self, time: Range<u64>) -> Vec<(u64, &Alarm)> {
        let mut rung = Vec::new();
        for alarm in &self.alarms {
            let rings = alarm.rings(&self.metrics, time.clone()).expect("an expression that was read before");
            rung.extend(rings.into_iter().map(|minute| (minute, alarm)));
        }
        rung.sort_by_key(|(minute, _)| *minute);
        rung
    }

    #[track_caller]
    fn expect_quiet(&self, story: &str, time: Range<u64>) {
        let rung = self.rung(time);
        if let Some((minute, alarm)) = rung.first() {
            panic!(
                "{story}\n  expected: nobody is woken\n  got: {} goes off at {}, and {} times in all\n{}",
                alarm.id,
                clock(*minute),
                rung.len(),
                self.watched(alarm)
            );
        }
    }

    /// Somebody is woken from the first minute of the time to its last.
    #[track_caller]
    fn expect_woken(&self, story: &str, time: Range<u64>) {
        let rung = self.rung(time.clone());
        let wakes = |alarm: &Alarm| alarm.actions.contains(&self.on_call);
        if rung.iter().any(|(_, alarm)| wakes(alarm)) {
            return;
        }
        let mut got = String::new();
        for (minute, alarm) in &rung {
            let _ = writeln!(got, "  {} went off at {} and tells nobody", alarm.id, clock(*minute));
        }
        if rung.is_empty() {
            for alarm in &self.alarms {
                got += &self.watched(alarm);
            }
        }
        panic!(
            "{story}\n  expected: somebody is woken between {} and {}\n  got: nobody is\n{got}",
            clock(time.start),
            clock(time.end - 1)
        );
    }

    /// What an alarm looks at, a line a metric.
    fn watched(&self, alarm: &Alarm) -> String {
        let mut lines = String::new();
        for key in alarm.keys() {
            let dimensions: Vec<String> =
                key.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let nothing = if self.metrics.has(key) { "" } else { ": nothing is ever reported under this" };
            let _ = writeln!(
                lines,
                "  {} looks at {} {} {}{nothing}",
                alarm.id,
                key.namespace,
                key.name,
                dimensions.join(" ")
            );
        }
        lines
    }
}

fn alarms(stack: &Stack) -> Vec<Alarm> {
    let alarms = alarm::of(stack).unwrap_or_else(|refused| panic!("CloudWatch does not take the alarms:\n{refused}"));
    assert!(!alarms.is_empty(), "the template has no alarm");
    alarms
}

fn clock(minute: u64) -> String {
    format!("day {} {:02}:{:02}", minute / DAY, minute % DAY / HOUR, minute % HOUR)
}

#[test]
fn each_alarm_wakes_somebody() {
    let shop = Shop::open();
    assert!(shop.is_heard, "nobody is subscribed to OnCall: what is sent to it reaches no one");
    for alarm in &shop.alarms {
        assert!(
            alarm.actions.contains(&shop.on_call),
            "{} goes off and tells nobody: are there AlarmActions with OnCall, and are they enabled?",
            alarm.id
        );
    }
}

#[test]
fn nobody_is_woken_on_good_days() {
    let mut shop = Shop::open();
    shop.good(2 * DAY..4 * DAY);
    shop.good_backups(0..4);
    let story = "good days, with ten times as many orders in the evening: 2 % of them fail, one in five minutes takes 9 seconds, one in seven is refused; the \
                 board is up to 2 minutes behind; backups run between 02:00 and 03:00, some at the second try";
    shop.expect_quiet(story, 2 * DAY + 8 * HOUR..4 * DAY);
}

#[test]
fn nobody_is_woken_for_one_order_at_night() {
    let mut shop = Shop::open();
    shop.good(DAY + 12 * HOUR..2 * DAY + 8 * HOUR);
    shop.good_backups(0..3);
    let story = "a quiet night: an order in four minutes, every fourth fails, and once four in a row; one in an hour takes 9 seconds";
    shop.expect_quiet(story, DAY + 20 * HOUR + 30..2 * DAY + 8 * HOUR);
}

#[test]
fn nobody_is_woken_for_tests_of_the_newest_code() {
    let mut shop = Shop::open();
    shop.good_backups(0..3);
    for start in [DAY + 22 * HOUR, 2 * DAY + 10 * HOUR + shop.seed.number(0..=59)] {
        shop.good(start - 6 * HOUR..start + HOUR);
        shop.tests_of_latest(start..start + 30);
        let story = "tests call the till without its alias for half an hour; all fail, take 10 seconds, or are refused";
        shop.expect_quiet(story, start - 30..start + 60);
    }
}

#[test]
fn no_alarm_is_without_data_when_nothing_happens() {
    let mut shop = Shop::open();
    // After this minute nobody orders anything any more; backups still run.
    let silent = 2 * DAY;
    shop.good(DAY..silent);
    shop.good_backups(0..4);
    for minute in [silent + 4 * HOUR, silent + 11 * HOUR + shop.seed.number(0..=59), silent + DAY + 5 * HOUR] {
        for alarm in &shop.alarms {
            let state = alarm.state(&shop.metrics, minute, State::Ok).expect("an expression that was read before");
            assert!(
                state == State::Ok,
                "nobody ordered anything since {}; at {} {} is {state:?}, and it should be OK: what is a missing data \
                 point for it?",
                clock(silent),
                clock(minute),
                alarm.id
            );
        }
    }
}

/// The begin of an incident by day.
fn incident(shop: &mut Shop) -> u64 {
    2 * DAY + 9 * HOUR + shop.seed.number(0..=7 * HOUR)
}

/// Good days with an incident of half an hour, of which each minute is made by `orders`.
fn with_orders(shop: &mut Shop, orders: impl Fn(&mut Seed) -> Orders) -> u64 {
    let start = incident(shop);
    shop.good(start - 6 * HOUR..start);
    shop.good_backups(0..3);
    for minute in start..start + 30 {
        let orders = orders(&mut shop.seed);
        shop.orders(minute, orders);
    }
    start
}

#[test]
fn somebody_is_woken_when_orders_fail() {
    for (percent, tests) in [(8, 0), (40, 0), (100, 0), (8, 600)] {
        let mut shop = Shop::open();
        let start = with_orders(&mut shop, |seed| {
            let count = seed.number(50..=70);
            Orders { count, failed: (count * percent).div_ceil(100), ..Orders::default() }
        });
        let till = shop.till.clone();
        for minute in start..start + 30 {
            shop.unqualified(&till, "Invocations", minute, 1.0, tests);
            shop.unqualified(&till, "Errors", minute, 0.0, tests);
        }
        let mut story = format!("from {} on {percent} % of the customers' orders fail", clock(start));
        if tests > 0 {
            let _ = write!(story, "; {tests} tests a minute call the till without its alias, and go well");
        }
        shop.expect_quiet(&story, start - 2 * HOUR..start);
        shop.expect_woken(&story, start..start + 16);
    }
}

#[test]
fn somebody_is_woken_when_orders_are_refused() {
    for all in [false, true] {
        let mut shop = Shop::open();
        let start = with_orders(&mut shop, |seed| {
            let refused = if all { 10 } else { seed.number(10..=30) };
            Orders { count: if all { 0 } else { 50 }, refused, ..Orders::default() }
        });
        let story = format!(
            "from {} on ten and more orders a minute are throttled{}",
            clock(start),
            if all { ", and nothing else comes in" } else { "" }
        );
        shop.expect_quiet(&story, start - 2 * HOUR..start);
        shop.expect_woken(&story, start..start + 11);
    }
}

#[test]
fn somebody_is_woken_when_some_orders_are_slow() {
    for slow in [2, 20] {
        let mut shop = Shop::open();
        let start = with_orders(&mut shop, |seed| Orders { count: seed.number(50..=66), slow, ..Orders::default() });
        let story =
            format!("from {} on {slow} of about sixty orders a minute take more than 9 of 10 seconds", clock(start));
        shop.expect_quiet(&story, start - 2 * HOUR..start);
        shop.expect_woken(&story, start..start + 16);
    }
}

#[test]
fn somebody_is_woken_by_one_broken_job() {
    for count in [1, 40] {
        let mut shop = Shop::open();
        shop.good(2 * DAY - 6 * HOUR..2 * DAY + 2 * HOUR);
        shop.good_backups(0..2);
        // At night, when the queue was not active for hours.
        let start = 2 * DAY + shop.seed.number(20..=59);
        let queue = Key::new("AWS/SQS", "ApproximateNumberOfMessagesVisible", &[("QueueName", &shop.broken)]);
        for minute in start..2 * DAY + 2 * HOUR {
            shop.metrics.put(&queue, minute, count as f64, 1);
        }
        let story =
            format!("at {} {count} of the print jobs are given up and moved to the dead-letter queue", clock(start));
        shop.expect_quiet(&story, start - HOUR..start);
        shop.expect_woken(&story, start..start + 16);
    }
}

#[test]
fn somebody_is_woken_when_the_board_is_behind() {
    for hour in [10, 23] {
        let mut shop = Shop::open();
        let start = 2 * DAY + hour * HOUR + shop.seed.number(0..=59);
        shop.good(start - 6 * HOUR..start + HOUR);
        shop.good_backups(0..3);
        let board = shop.board.clone();
        for minute in start..start + HOUR {
            // A record that fails is tried again and again, and what comes after it grows old.
            shop.unqualified(&board, "IteratorAge", minute, ((minute - start) * 60_000) as f64, 1);
        }
        let story = format!("at {} a record holds the stream up, and the orders behind it grow older", clock(start));
        shop.expect_quiet(&story, start - HOUR..start + 2);
        shop.expect_woken(&story, start + 2..start + 26);
    }
}

#[test]
fn somebody_is_woken_when_there_is_no_backup() {
    for missing in [2, 3] {
        let mut shop = Shop::open();
        shop.good(missing * DAY - 8 * HOUR..missing * DAY + 26 * HOUR);
        shop.good_backups(0..missing);
        let due = missing * DAY + 2 * HOUR;
        let story = format!("the backup is due from {} on, and does not run", clock(due));
        shop.expect_quiet(&story, missing * DAY - 2 * HOUR..due);
        shop.expect_woken(&story, due..due + 23 * HOUR + 1);
    }
}

#[test]
fn somebody_is_woken_when_the_backup_fails() {
    for (missing, tries) in [(2, 3), (3, 1)] {
        let mut shop = Shop::open();
        shop.good(missing * DAY - 8 * HOUR..missing * DAY + 26 * HOUR);
        shop.good_backups(0..missing);
        let at = missing * DAY + 2 * HOUR + shop.seed.number(0..=50);
        shop.backup(at, tries, false);
        let story = format!("the backup runs at {}, is tried {tries} times, and fails each time", clock(at));
        shop.expect_quiet(&story, missing * DAY - 2 * HOUR..missing * DAY + 2 * HOUR);
        shop.expect_woken(&story, at..missing * DAY + DAY + HOUR + 1);
    }
}
