//! Asks of every minute of real time whether its local time is one of the schedule's, and so needs no rule for days on
//! which the clock changes but that a time that was shown before does not count.

#[path = "../src/cron.rs"]
mod cron;
#[path = "../src/ledger.rs"]
mod ledger;

use std::iter::successors;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

use cron::{Cron, Days};
use ledger::Ledger;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let ledger = Ledger::from_environment();
    run(service_fn(|event: LambdaEvent<Value>| async {
        let event = event.payload;
        answer(&ledger, &event).ok_or_else(|| Diagnostic {
            error_type: "InvalidSchedule".to_owned(),
            error_message: "no such schedule".to_owned(),
        })
    }))
    .await
}

fn answer(ledger: &Ledger, event: &Value) -> Option<Value> {
    let zone = TimeZone::get(event["zone"].as_str()?).ok()?;
    if let Some(time) = event["scheduled_time"].as_str() {
        let time: Timestamp = time.parse().ok()?;
        let text = format!("prints of {}", time.to_zoned(zone).strftime("%Y-%m-%d"));
        return Some(json!({ "written": ledger.write_once(&time.to_string(), &text).ok()? }));
    }
    let cron = Cron::parse(event["cron"].as_str()?)?;
    let after: Timestamp = event["after"].as_str()?.parse().ok()?;
    let count = usize::try_from(event["count"].as_u64()?).ok()?;
    let mut due = Vec::new();
    let mut minute = Timestamp::from_second(after.as_second().div_euclid(60) * 60).ok()?.to_zoned(zone);
    while due.len() < count && minute.year() <= *cron.years.last()? {
        minute = match is_day(&cron, &minute) {
            true => minute.checked_add(SignedDuration::from_mins(1)).ok()?,
            false => minute.tomorrow().ok()?.start_of_day().ok()?,
        };
        let fits =
            is_day(&cron, &minute) && cron.hours.contains(&minute.hour()) && cron.minutes.contains(&minute.minute());
        let shown_before = successors(Some(1), |hours| Some(hours + 1)).take(1).any(|hours| {
            let earlier = minute.checked_sub(SignedDuration::from_mins(30 * hours)).ok();
            let hour_ago = minute.checked_sub(SignedDuration::from_mins(60 * hours)).ok();
            [earlier, hour_ago].into_iter().flatten().any(|before| before.datetime() == minute.datetime())
        });
        if fits && !shown_before {
            due.push(minute.timestamp().to_string());
        }
    }
    Some(json!({ "due": due }))
}

fn is_day(cron: &Cron, time: &Zoned) -> bool {
    let (day, length) = (time.day(), time.days_in_month());
    let weekday = time.weekday().to_sunday_zero_offset() + 1;
    let fits = match &cron.days {
        Days::OfMonth(days) => days.contains(&day),
        Days::LastOfMonth => day == length,
        Days::OfWeek(days) => days.contains(&weekday),
        Days::LastOfWeek(wanted) => weekday == *wanted && day + 7 > length,
        Days::Nth(wanted, nth) => weekday == *wanted && day > 7 * (nth - 1) && day <= 7 * nth,
    };
    fits && cron.months.contains(&time.month()) && cron.years.contains(&time.year())
}
