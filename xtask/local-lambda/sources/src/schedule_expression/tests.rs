//! The table of expressions.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The times at which it is due from the beginning of 2026 on, in its own time zone, without the seconds.
#[track_caller]
fn due(expression: &str, zone: &str, start: &str, count: usize) -> Vec<String> {
    let schedule = ScheduleExpression::parse(expression, zone).unwrap();
    let local = |time: Timestamp| time.to_zoned(schedule.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    schedule.times(at(start)).take(count).map(local).collect()
}

#[track_caller]
fn reason(expression: &str) -> String {
    ScheduleExpression::parse(expression, "UTC").expect_err(expression).reason
}

#[test]
fn a_cron_expression_is_due_when_all_its_fields_say_so() {
    // 2026-01-15 is a Thursday.
    for (expression, expected) in [
        ("cron(0 8 * * ? *)", ["2026-01-16 08:00", "2026-01-17 08:00", "2026-01-18 08:00"]),
        ("cron(0/15 12 * * ? *)", ["2026-01-15 12:00", "2026-01-15 12:15", "2026-01-15 12:30"]),
        ("cron(5/20 * * * ? *)", ["2026-01-15 12:05", "2026-01-15 12:25", "2026-01-15 12:45"]),
        ("cron(0 10-12/2 * * ? *)", ["2026-01-15 12:00", "2026-01-16 10:00", "2026-01-16 12:00"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-01-15 18:00", "2026-01-16 18:00", "2026-01-19 18:00"]),
        ("cron(0 18 ? * 1,wed *)", ["2026-01-18 18:00", "2026-01-21 18:00", "2026-01-25 18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-02-01 08:00", "2026-03-01 08:00", "2026-04-01 08:00"]),
        ("cron(0 8 31 * ? *)", ["2026-01-31 08:00", "2026-03-31 08:00", "2026-05-31 08:00"]),
        ("cron(0 8 L * ? *)", ["2026-01-31 08:00", "2026-02-28 08:00", "2026-03-31 08:00"]),
        ("cron(0 8 L FEB ? *)", ["2026-02-28 08:00", "2027-02-28 08:00", "2028-02-29 08:00"]),
        ("cron(0 8 29 2 ? 2026-2040)", ["2028-02-29 08:00", "2032-02-29 08:00", "2036-02-29 08:00"]),
        ("cron(15 10 ? * 6L 2026-2027)", ["2026-01-30 10:15", "2026-02-27 10:15", "2026-03-27 10:15"]),
        ("cron(0 8 ? * 3#2 *)", ["2026-02-10 08:00", "2026-03-10 08:00", "2026-04-14 08:00"]),
        ("cron(0 8 ? * FRI#5 *)", ["2026-01-30 08:00", "2026-05-29 08:00", "2026-07-31 08:00"]),
        ("cron(0 8 ? * L *)", ["2026-01-17 08:00", "2026-01-24 08:00", "2026-01-31 08:00"]),
        // 1 February is a Sunday, 1 August a Saturday, 31 May a Sunday: the weekday stays in the month.
        ("cron(0 8 1W * ? *)", ["2026-02-02 08:00", "2026-03-02 08:00", "2026-04-01 08:00"]),
        ("cron(0 8 1W 8 ? *)", ["2026-08-03 08:00", "2027-08-02 08:00", "2028-08-01 08:00"]),
        ("cron(0 8 31W 5 ? *)", ["2026-05-29 08:00", "2027-05-31 08:00", "2028-05-31 08:00"]),
        ("cron(0 8 17W * ? *)", ["2026-01-16 08:00", "2026-02-17 08:00", "2026-03-17 08:00"]),
        ("cron(0 8 1,L * ? *)", ["2026-01-31 08:00", "2026-02-01 08:00", "2026-02-28 08:00"]),
    ] {
        assert_eq!(due(expression, "UTC", "2026-01-15T12:00:00Z", 3), expected, "{expression}");
    }
}

#[test]
fn a_past_or_impossible_date_is_never_due() {
    for expression in ["cron(0 8 1 1 ? 2025)", "cron(0 8 30 2 ? *)", "at(2026-01-15T11:59:59)"] {
        assert!(due(expression, "UTC", "2026-01-15T12:00:00Z", 1).is_empty(), "{expression}");
    }
}

#[test]
fn a_time_zone_moves_the_local_time() {
    let morning = ScheduleExpression::parse("cron(0 8 * * ? *)", "Asia/Taipei").unwrap();
    assert_eq!(morning.next_after(at("2026-01-15T12:00:00Z")), Some(at("2026-01-16T00:00:00Z")));
    assert_eq!(morning.zone(), "Asia/Taipei");
    let once = ScheduleExpression::parse("at(2026-07-01T09:30:00)", "Europe/Berlin").unwrap();
    assert_eq!(once.times(at("2026-01-15T12:00:00Z")).collect::<Vec<_>>(), [at("2026-07-01T07:30:00Z")]);
    assert!(once.is_one_time());
}

#[test]
fn a_local_time_that_spring_skips_is_not_due() {
    // New York goes from 02:00 to 03:00 on 8 March 2026.
    let expected = ["2026-03-07 02:30", "2026-03-09 02:30"];
    assert_eq!(due("cron(30 2 * * ? *)", "America/New_York", "2026-03-07T00:00:00Z", 2), expected);
    assert!(due("at(2026-03-08T02:30:00)", "America/New_York", "2026-03-01T00:00:00Z", 1).is_empty());
}

#[test]
fn a_local_time_that_autumn_repeats_is_due_once_the_first_time() {
    // New York goes from 02:00 back to 01:00 on 1 November 2026, so that 01:30 is 05:30Z and 06:30Z.
    let schedule = ScheduleExpression::parse("cron(30 1 * * ? *)", "America/New_York").unwrap();
    let times: Vec<Timestamp> = schedule.times(at("2026-10-31T12:00:00Z")).take(2).collect();
    assert_eq!(times, [at("2026-11-01T05:30:00Z"), at("2026-11-02T06:30:00Z")]);
    assert_eq!(schedule.next_after(at("2026-11-01T05:30:00Z")), Some(at("2026-11-02T06:30:00Z")));
    let hourly = ScheduleExpression::parse("cron(30 * * * ? *)", "America/New_York").unwrap();
    let times: Vec<Timestamp> = hourly.times(at("2026-11-01T05:00:00Z")).take(2).collect();
    assert_eq!(times, [at("2026-11-01T05:30:00Z"), at("2026-11-01T07:30:00Z")]);
}

#[test]
fn a_rate_begins_at_once_and_a_day_is_24_hours() {
    let expected = ["2026-01-15 12:00", "2026-01-15 12:05", "2026-01-15 12:10"];
    assert_eq!(due("rate(5 minutes)", "UTC", "2026-01-15T12:00:00Z", 3), expected);
    let expected = ["2026-03-07 12:00", "2026-03-08 13:00"];
    assert_eq!(due("rate(1 day)", "America/New_York", "2026-03-07T17:00:00Z", 2), expected);
}

#[test]
fn what_is_not_an_expression_is_refused_with_what_to_do() {
    for (expression, part) in [
        ("cron(0 8 * * *)", "six fields (minutes hours day-of-month month day-of-week year), this one 5"),
        ("cron(0 8 * * * *)", "has to be ?"),
        ("cron(0 8 ? * ? *)", "only one of day-of-month and day-of-week may be ?"),
        ("cron(60 8 * * ? *)", "\"60\" in minutes: 0 to 59 are possible"),
        ("cron(0 24 * * ? *)", "0 to 23"),
        ("cron(0 8 0 * ? *)", "1 to 31"),
        ("cron(0 8 * 13 ? *)", "1 to 12 or JAN to DEC"),
        ("cron(0 8 ? * 0 *)", "1 to 7 or SUN to SAT"),
        ("cron(0 8 ? * 8 *)", "1 to 7"),
        ("cron(0 8 * * ? 2200)", "1970 to 2199"),
        ("cron(0/0 8 * * ? *)", "after / stands a number of 1 to 59"),
        ("cron(0 12-8 * * ? *)", "from the smaller to the larger"),
        ("cron(0 8 ? * FRI-MON *)", "from the smaller to the larger"),
        ("cron(0 8 ? * 3#1,6#3 *)", "one expression only"),
        ("cron(0 8 ? * 3#6 *)", "1 to 5"),
        ("cron(0 8 ? ? 1 *)", "\"?\" in month"),
        ("cron(0 8 LW * ? *)", "\"L\" in day-of-month"),
        ("rate(0 minutes)", "positive whole number"),
        ("rate(5 seconds)", "minutes, hours or days"),
        ("rate(5)", "rate(5 minutes)"),
        ("at(2026-01-15)", "2026-01-15T12:00:00"),
        ("at(2026-01-15T12:00:00Z)", "local time"),
        ("at(2026-13-15T12:00:00)", "local time"),
        ("0 8 * * ? *", "none of cron(…), rate(…) and at(…)"),
    ] {
        assert!(reason(expression).contains(part), "{expression}: {}", reason(expression));
    }
    let error = ScheduleExpression::parse("rate(1 day)", "Mars/Olympus").unwrap_err();
    assert_eq!(error.to_string(), "Invalid Schedule Expression rate(1 day): there is no time zone \"Mars/Olympus\"");
}

#[test]
fn a_flexible_window_delays_by_less_than_its_length() {
    let window = FlexibleTimeWindow::minutes(15).unwrap();
    for draw in [0, 1, 899, 900, u64::MAX] {
        assert!(window.delay(draw) < Duration::from_secs(15 * 60), "{draw}");
        assert_eq!(window.delay(draw), window.delay(draw));
    }
    assert_eq!(FlexibleTimeWindow::Off.delay(77), Duration::ZERO);
    assert!(FlexibleTimeWindow::minutes(0).is_err() && FlexibleTimeWindow::minutes(1_441).is_err());
}
