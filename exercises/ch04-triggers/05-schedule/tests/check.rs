//! When a schedule is due, wherever the shop is, and what the night clerk writes when it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use course::Seed;
use local_lambda::{Event, Function, binary};
use local_lambda_sources::schedule_expression::ScheduleExpression;
use local_lambda_sources::{Target, Timestamp, World};
use serde_json::{Value, json};

/// A folder of this test's own, which is taken away with it.
struct Ledger(PathBuf);

impl Ledger {
    fn new(name: &str) -> Ledger {
        let folder = std::env::temp_dir().join(format!("ch04-05-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the ledger");
        Ledger(folder)
    }

    /// The reports, by name.
    fn reports(&self) -> Vec<String> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(&self.0).expect("the ledger").flatten().map(|it| it.path()).collect();
        files.sort();
        files.iter().map(|file| fs::read_to_string(file).expect("a report")).collect()
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // What cannot be removed lies in a folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn clerk(ledger: &Path) -> Function {
    Function::builder(binary!()).env("LEDGER", ledger.display().to_string()).start()
}

/// Asks for as many times as are expected.
#[track_caller]
fn expect_due(clerk: &Function, cron: &str, zone: &str, after: &str, expected: &[&str]) {
    let question = json!({ "cron": cron, "zone": zone, "after": after, "count": expected.len().max(1) });
    let event = Event::named(format!("cron({cron}) in {zone}, after {after}"), question);
    let outcome = clerk.story(format!("cron({cron}) in {zone}, after {after}")).invoke(event);
    outcome.expect_json(json!({ "due": expected }));
}

fn clerk_without_ledger() -> Function {
    clerk(Path::new("/nowhere"))
}

#[test]
fn says_when_a_schedule_is_due() {
    let clerk = clerk_without_ledger();
    for (cron, after, expected) in [
        ("0 8 * * ? *", "2026-11-24T07:00:00Z", ["2026-11-24T08:00:00Z", "2026-11-25T08:00:00Z"]),
        ("0 8 * * ? *", "2026-11-24T08:00:00Z", ["2026-11-25T08:00:00Z", "2026-11-26T08:00:00Z"]),
        ("0 8 * * ? *", "2026-11-24T07:59:59Z", ["2026-11-24T08:00:00Z", "2026-11-25T08:00:00Z"]),
        ("30 6,18 * * ? *", "2026-12-31T12:00:00Z", ["2026-12-31T18:30:00Z", "2027-01-01T06:30:00Z"]),
        ("0/20 22 31 * ? *", "2026-10-31T22:20:00Z", ["2026-10-31T22:40:00Z", "2026-12-31T22:00:00Z"]),
        ("0 8 1 1 ? 2029,2031", "2026-11-24T07:00:00Z", ["2029-01-01T08:00:00Z", "2031-01-01T08:00:00Z"]),
        ("0 8 1 1 ? 2139,2199", "2026-11-24T07:00:00Z", ["2139-01-01T08:00:00Z", "2199-01-01T08:00:00Z"]),
        ("0 0 29 2 ? *", "2026-01-01T00:00:00Z", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
    ] {
        expect_due(&clerk, cron, "UTC", after, &expected);
    }
    expect_due(&clerk, "0 8 1 1 ? 2026-2027", "UTC", "2027-01-01T08:00:00Z", &[]);
    expect_due(&clerk, "0 8 30 2 ? 2026-2040", "UTC", "2026-01-01T00:00:00Z", &[]);
    let hour = Seed::at_run_time().number(1..=22);
    let expected = format!("2026-11-24T{hour:02}:45:00Z");
    expect_due(&clerk, &format!("45 {hour} * * ? *"), "UTC", "2026-11-24T00:00:00Z", &[&expected]);
    for cron in ["0 8 * * * *", "0 8 * * *", "0 8 ? * ? *"] {
        let question = json!({ "cron": cron, "zone": "UTC", "after": "2026-11-24T00:00:00Z", "count": 1 });
        clerk.story(format!("cron({cron}) is no schedule")).invoke(question).expect_error("InvalidSchedule");
    }
}

#[test]
fn counts_days_of_the_week_and_of_the_month() {
    let clerk = clerk_without_ledger();
    // 1 November 2026 is a Sunday.
    for (cron, expected) in [
        ("0 8 ? * 1 *", ["2026-11-01", "2026-11-08", "2026-11-15"]),
        ("0 8 ? * MON-FRI *", ["2026-11-02", "2026-11-03", "2026-11-04"]),
        ("0 8 ? * SAT,2 *", ["2026-11-02", "2026-11-07", "2026-11-09"]),
        ("0 8 L * ? *", ["2026-11-30", "2026-12-31", "2027-01-31"]),
        ("0 8 L 2 ? *", ["2027-02-28", "2028-02-29", "2029-02-28"]),
        ("0 8 ? * FRI#2 *", ["2026-11-13", "2026-12-11", "2027-01-08"]),
        ("0 8 ? * 1#1 *", ["2026-11-01", "2026-12-06", "2027-01-03"]),
        ("0 8 ? * 2#5 *", ["2026-11-30", "2027-03-29", "2027-05-31"]),
        ("0 8 ? * 6L *", ["2026-11-27", "2026-12-25", "2027-01-29"]),
        ("0 8 ? * 7L *", ["2026-11-28", "2026-12-26", "2027-01-30"]),
    ] {
        let expected = expected.map(|day| format!("{day}T08:00:00Z"));
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        expect_due(&clerk, cron, "UTC", "2026-10-31T12:00:00Z", &expected);
    }
}

#[test]
fn knows_where_a_schedule_is() {
    let clerk = clerk_without_ledger();
    for (zone, after, expected) in [
        ("Asia/Taipei", "2026-11-23T23:00:00Z", ["2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"]),
        ("Europe/Berlin", "2026-11-24T00:00:00Z", ["2026-11-24T07:00:00Z", "2026-11-25T07:00:00Z"]),
        ("Europe/Berlin", "2026-06-24T00:00:00Z", ["2026-06-24T06:00:00Z", "2026-06-25T06:00:00Z"]),
        ("America/New_York", "2026-03-07T00:00:00Z", ["2026-03-07T13:00:00Z", "2026-03-08T12:00:00Z"]),
        ("Pacific/Kiritimati", "2026-11-24T00:00:00Z", ["2026-11-24T18:00:00Z", "2026-11-25T18:00:00Z"]),
    ] {
        expect_due(&clerk, "0 8 * * ? *", zone, after, &expected);
    }
    // It is still the evening before in New York, when it is the next day in UTC.
    expect_due(&clerk, "0 22 * * ? *", "America/New_York", "2026-11-24T01:00:00Z", &["2026-11-24T03:00:00Z"]);
    // The first of the month begins in Taipei while it is still the last elsewhere.
    expect_due(&clerk, "0 1 1 * ? *", "Asia/Taipei", "2026-11-30T00:00:00Z", &["2026-11-30T17:00:00Z"]);
    let question =
        json!({ "cron": "0 8 * * ? *", "zone": "Mars/Olympus", "after": "2026-11-24T00:00:00Z", "count": 1 });
    clerk.story("the shop is on Mars").invoke(question).expect_error("InvalidSchedule");
}

#[test]
fn passes_over_a_time_that_the_clock_skips() {
    let clerk = clerk_without_ledger();
    // New York goes from 2:00 to 3:00 on 8 March 2026, Berlin on 29 March.
    for (cron, zone, after, expected) in [
        ("30 2 * * ? *", "America/New_York", "2026-03-07T00:00:00Z", ["2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z"]),
        ("0 3 * * ? *", "America/New_York", "2026-03-07T12:00:00Z", ["2026-03-08T07:00:00Z", "2026-03-09T07:00:00Z"]),
        ("0/30 2 * * ? *", "Europe/Berlin", "2026-03-28T01:15:00Z", ["2026-03-28T01:30:00Z", "2026-03-30T00:00:00Z"]),
        ("30 * * * ? *", "Europe/Berlin", "2026-03-29T00:00:00Z", ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"]),
    ] {
        expect_due(&clerk, cron, zone, after, &expected);
    }
}

#[test]
fn runs_once_when_the_clock_shows_a_time_twice() {
    let clerk = clerk_without_ledger();
    // New York goes from 2:00 back to 1:00 on 1 November 2026, Berlin from 3:00 to 2:00 on 25 October.
    for (cron, zone, after, expected) in [
        ("30 1 * * ? *", "America/New_York", "2026-11-01T00:00:00Z", ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]),
        ("30 1 * * ? *", "America/New_York", "2026-11-01T05:30:00Z", ["2026-11-02T06:30:00Z", "2026-11-03T06:30:00Z"]),
        ("15 2,3 * * ? *", "Europe/Berlin", "2026-10-25T00:00:00Z", ["2026-10-25T00:15:00Z", "2026-10-25T02:15:00Z"]),
    ] {
        expect_due(&clerk, cron, zone, after, &expected);
    }
}

#[test]
fn agrees_with_the_scheduler_about_schedules_that_nobody_thought_of() {
    let mut seed = Seed::at_run_time();
    let clerk = clerk_without_ledger();
    for _ in 0..60 {
        let days = match seed.number(0..=5) {
            0 => format!("{} * ?", seed.number(1..=31)),
            1 => format!("L {}/{} ?", seed.number(1..=3), seed.number(1..=4)),
            2 => format!("? * {}", seed.number(1..=7)),
            3 => format!("? {} {}#{}", seed.number(1..=12), seed.number(1..=7), seed.number(1..=5)),
            4 => format!("? * {}L", seed.number(1..=7)),
            _ => "* * ?".to_owned(),
        };
        let minutes = *seed.pick(&["0", "0/30", "15,45", "59"]);
        let hours = *seed.pick(&["0", "1", "2", "1-3", "2,23", "*"]);
        let cron = format!("{minutes} {hours} {days} 2026-2045");
        let zone = *seed.pick(&["UTC", "Asia/Taipei", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"]);
        let day = *seed.pick(&["2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31"]);
        let after = format!("{day}T{:02}:{:02}:00Z", seed.number(0..=23), seed.number(0..=59));
        let oracle = ScheduleExpression::parse(&format!("cron({cron})"), zone).expect("a schedule");
        let start: Timestamp = after.parse().expect("a time");
        let times = std::iter::successors(oracle.next_after(start), |last| oracle.next_after(*last));
        let expected: Vec<String> = times.take(6).map(|time| time.to_string()).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        expect_due(&clerk, &cron, zone, &after, &expected);
    }
}

#[test]
fn writes_the_report_of_the_day_that_was_meant() {
    let mut seed = Seed::at_run_time();
    let ledger = Ledger::new("day");
    let clerk = clerk(&ledger.0);
    let day = seed.number(2..=28);
    for (time, zone, expected) in [
        // Two in the morning of the day after, in Taipei.
        (format!("2026-05-{:02}T18:00:00Z", day - 1), "Asia/Taipei", format!("prints of 2026-05-{day:02}")),
        ("2026-12-31T16:30:00Z".to_owned(), "Asia/Taipei", "prints of 2027-01-01".to_owned()),
        ("2027-01-01T03:00:00Z".to_owned(), "America/New_York", "prints of 2026-12-31".to_owned()),
    ] {
        let outcome = clerk
            .story(format!("it was due at {time}, and the shop is in {zone}"))
            .invoke(json!({ "scheduled_time": time, "zone": zone }));
        outcome.expect_json(json!({ "written": true }));
        let reports = ledger.reports();
        outcome
            .expect(&format!("there is a report {expected:?}; there are {reports:?}"), |_| reports.contains(&expected));
    }
}

/// What a schedule in Taipei brings into the ledger within so many days, with all that may happen on the way.
fn after_days(
    name: &str,
    days: u64,
    times: &str,
    trouble: impl FnOnce(&local_lambda_sources::Schedule),
) -> Vec<String> {
    let ledger = Ledger::new(name);
    let world = World::builder().at("2026-05-01T12:00:00Z").build();
    let function = world.function(Target::from(clerk(&ledger.0))).create();
    let schedule = world
        .schedule("nightly-report", format!("cron({times} * * ? *)"))
        .time_zone("Asia/Taipei")
        .input(json!({ "scheduled_time": "<aws.scheduler.scheduled-time>", "zone": "Asia/Taipei" }))
        .target(&function)
        .create();
    trouble(&schedule);
    world.advance(Duration::from_secs(days * 86_400));
    world.run_until_idle();
    ledger.reports()
}

#[track_caller]
fn expect_reports(story: &str, reports: &[String], expected: &[String]) {
    let mut reports = reports.to_vec();
    reports.sort();
    assert_eq!(reports, expected, "{story}: the reports in the ledger (got, then expected)");
}

#[test]
fn writes_one_report_for_each_time_that_it_is_due() {
    let mut seed = Seed::at_run_time();
    let days = seed.number(2..=5);
    let nightly: Vec<String> = (2..2 + days).map(|day| format!("prints of 2026-05-{day:02}")).collect();
    let reports = after_days("plain", days, "0 2", |_| ());
    expect_reports("a schedule at two in the morning", &reports, &nightly);
    let reports = after_days("twice", days, "0 2", |schedule| schedule.duplicate_next(days as usize));
    expect_reports("every event is delivered twice", &reports, &nightly);
    let trouble = |schedule: &local_lambda_sources::Schedule| {
        schedule.fail_next(3);
        schedule.late_by_up_to(Duration::from_secs(5 * 3_600));
        schedule.duplicate_next(1);
    };
    let reports = after_days("late", days, "0 2", trouble);
    expect_reports("events come late, and one of them twice", &reports, &nightly);
    let four_a_night: Vec<String> = nightly.iter().flat_map(|report| vec![report.clone(); 4]).collect();
    let reports = after_days("often", days, "0/30 2,4", |schedule| schedule.duplicate_next(3));
    expect_reports("a schedule at two and at four in the morning, and half an hour later", &reports, &four_a_night);
}

#[test]
fn tells_two_times_apart_that_the_clock_shows_alike() {
    let ledger = Ledger::new("alike");
    let clerk = clerk(&ledger.0);
    // 1:30 in New York, before the clock goes back and after: a one-time schedule, or a rate, is due at either.
    for (time, written) in
        [("2026-11-01T05:30:00Z", true), ("2026-11-01T06:30:00Z", true), ("2026-11-01T05:30:00Z", false)]
    {
        let outcome = clerk
            .story(format!("it was due at {time}, half past one in New York"))
            .invoke(json!({ "scheduled_time": time, "zone": "America/New_York" }));
        outcome.expect_json(json!({ "written": written }));
    }
}

#[test]
fn leaves_a_report_alone_that_another_environment_has_written() {
    let ledger = Ledger::new("shared");
    let (first, second) = (clerk(&ledger.0), clerk(&ledger.0));
    let minute = Seed::at_run_time().number(10..=59);
    for time in [format!("2026-05-01T18:{minute}:00Z"), format!("2026-05-02T18:{minute}:00Z")] {
        let event: Value = json!({ "scheduled_time": time, "zone": "Asia/Taipei" });
        first.story("it is due").invoke(event.clone()).expect_json(json!({ "written": true }));
        second.story("another environment gets it too").invoke(event.clone()).expect_json(json!({ "written": false }));
        first.story("and the first one once more").invoke(event).expect_json(json!({ "written": false }));
    }
}
