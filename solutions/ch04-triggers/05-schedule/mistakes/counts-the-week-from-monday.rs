//! caught-by: counts_days_of_the_week_and_of_the_month
//!
//! Takes 1 for Monday. It is Sunday.
#![allow(unused)]

#[path = "../src/cron.rs"]
mod cron;
#[path = "../src/ledger.rs"]
mod ledger;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

use cron::{Cron, Days};
use ledger::Ledger;

#[derive(Deserialize)]
#[serde(untagged)]
enum Question {
    /// When is it due, later than `after`? So many times.
    Due { cron: String, zone: String, after: String, count: usize },
    /// It is due: what the schedule sends.
    Report { scheduled_time: String, zone: String },
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let ledger = Ledger::from_environment();
    run(service_fn(|question| answer(&ledger, question))).await
}

async fn answer(ledger: &Ledger, event: LambdaEvent<Question>) -> Result<Value, Diagnostic> {
    match event.payload {
        Question::Due { cron, zone, after, count } => {
            let cron = Cron::parse(&cron).ok_or_else(|| wrong("InvalidSchedule", "there is no such schedule"))?;
            let (zone, after) = (zone_of(&zone)?, time_of(&after)?);
            let due = due(&cron, &zone, after).take(count).map(|time| time.to_string());
            Ok(json!({ "due": due.collect::<Vec<_>>() }))
        }
        Question::Report { scheduled_time, zone } => {
            let (zone, scheduled) = (zone_of(&zone)?, time_of(&scheduled_time)?);
            // Whoever is late, or comes twice, comes for the time that the schedule says, and not for now.
            let text = format!("prints of {}", scheduled.to_zoned(zone).date());
            let written = ledger.write_once(&scheduled.to_string(), &text);
            Ok(json!({ "written": written.map_err(|error| wrong("LedgerAway", &error.to_string()))? }))
        }
    }
}

/// The times at which it is due, later than `after`, in order.
fn due(cron: &Cron, zone: &TimeZone, after: Timestamp) -> impl Iterator<Item = Timestamp> {
    let first = zone.to_datetime(after).date();
    let last = cron.years.last().copied().unwrap_or_default();
    first.series(1.day()).take_while(move |day| day.year() <= last).filter(|day| falls_on(cron, *day)).flat_map(
        move |day| {
            let times = cron.hours.iter().flat_map(|hour| cron.minutes.iter().map(|minute| (*hour, *minute)));
            let due = times.filter_map(|(hour, minute)| instant(day.at(hour, minute, 0, 0), zone));
            due.filter(|due| *due > after).collect::<Vec<_>>()
        },
    )
}

/// When a local time is: never when the clock skips it, the first time when the clock shows it twice.
///
/// Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time>.
fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(local).ok()
        }
        AmbiguousOffset::Gap { .. } => None,
    }
}

/// Whether a schedule is due on this day.
fn falls_on(cron: &Cron, day: Date) -> bool {
    let weekday = day.weekday().to_monday_one_offset();
    let is_its_day = match &cron.days {
        Days::OfMonth(days) => days.contains(&day.day()),
        Days::LastOfMonth => day.day() == day.days_in_month(),
        Days::OfWeek(days) => days.contains(&weekday),
        Days::LastOfWeek(wanted) => weekday == *wanted && day.day() > day.days_in_month() - 7,
        Days::Nth(wanted, nth) => weekday == *wanted && (day.day() - 1) / 7 == nth - 1,
    };
    is_its_day && cron.months.contains(&day.month()) && cron.years.contains(&day.year())
}

fn zone_of(name: &str) -> Result<TimeZone, Diagnostic> {
    TimeZone::get(name).map_err(|_| wrong("InvalidSchedule", "there is no such time zone"))
}

fn time_of(text: &str) -> Result<Timestamp, Diagnostic> {
    text.parse().map_err(|_| wrong("InvalidSchedule", "a time is wanted such as 2026-11-24T08:00:00Z"))
}

fn wrong(error_type: &str, message: &str) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: message.to_owned() }
}
