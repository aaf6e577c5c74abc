//! When a schedule is due: `rate(…)`, `cron(…)` and `at(…)` of EventBridge Scheduler, in a time zone.
//!
//! ```
//! use local_lambda_sources::schedule_expression::ScheduleExpression;
//!
//! let every_morning = ScheduleExpression::parse("cron(0 8 * * ? *)", "Asia/Taipei")?;
//! let start = "2026-01-15T12:00:00Z".parse().unwrap();
//! assert_eq!(every_morning.next_after(start).unwrap().to_string(), "2026-01-16T00:00:00Z");
//! # Ok::<(), local_lambda_sources::schedule_expression::InvalidSchedule>(())
//! ```
//!
//! Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>.

mod cron;

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use cron::Cron;

/// A valid expression in its time zone.
///
/// **Daylight saving time**, for `cron` and `at`: a local time that is skipped in spring is not due; one that is
/// repeated in autumn is due once, the first time. For `rate`, a day is 24 hours.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleExpression {
    text: String,
    zone: TimeZone,
    due: Due,
}

#[derive(Debug, Clone, PartialEq)]
enum Due {
    /// Every so often, from the schedule's start on.
    Rate(SignedDuration),
    Cron(Cron),
    /// Once.
    At(DateTime),
}

/// How long after it is due a target may be invoked, chosen by a draw.
///
/// Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-flexible-time-windows.html>.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FlexibleTimeWindow {
    /// When it is due.
    #[default]
    Off,
    /// Within so many minutes, 1 to 1,440.
    Flexible {
        /// The window's length.
        minutes: u32,
    },
}

/// Why an expression or a time zone is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSchedule {
    expression: String,
    reason: String,
}

impl ScheduleExpression {
    /// Reads an expression. `zone`: a name of the time zone database, such as `Asia/Taipei`, or `UTC`.
    ///
    /// # Errors
    /// When AWS would refuse it.
    pub fn parse(expression: &str, zone: &str) -> Result<ScheduleExpression, InvalidSchedule> {
        let invalid = |reason: String| InvalidSchedule { expression: expression.to_owned(), reason };
        let zone = DATABASE.get(zone).map_err(|_| invalid(format!("there is no time zone {zone:?}")))?;
        let inner = |kind: &str| expression.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
        let due = if let Some(fields) = inner("cron") {
            Due::Cron(Cron::parse(fields).map_err(invalid)?)
        } else if let Some(rate) = inner("rate") {
            Due::Rate(parse_rate(rate).map_err(invalid)?)
        } else if let Some(time) = inner("at") {
            let is_plain = time.len() == "2026-01-15T12:00:00".len() && time.as_bytes()[10] == b'T';
            let time = time.parse().ok().filter(|_| is_plain);
            Due::At(time.ok_or_else(|| invalid("`at` wants a local time such as 2026-01-15T12:00:00".to_owned()))?)
        } else {
            return Err(invalid("it is none of cron(…), rate(…) and at(…)".to_owned()));
        };
        Ok(ScheduleExpression { text: expression.to_owned(), zone, due })
    }

    /// The text that it was read from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of its time zone.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Whether it is due only once.
    pub fn is_one_time(&self) -> bool {
        matches!(self.due, Due::At(_))
    }

    /// When a schedule that starts at `start` is first due: a `rate` at once.
    pub fn first(&self, start: Timestamp) -> Option<Timestamp> {
        match &self.due {
            Due::Rate(_) => Some(start),
            // A second earlier, so that what is due at the start itself counts.
            _ => self.next_after(start - SignedDuration::from_nanos(1)),
        }
    }

    /// When it is due next, later than `time`; never again if none. A `rate` counts from `time`, which then has to be
    /// when it was due last.
    pub fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        match &self.due {
            Due::Rate(every) => time.checked_add(*every).ok(),
            Due::Cron(cron) => cron.next_after(time, &self.zone),
            Due::At(local) => due_at(*local, &self.zone).filter(|at| *at > time),
        }
    }

    /// All times at which a schedule that starts at `start` is due, in order.
    pub fn times(&self, start: Timestamp) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(self.first(start), |last| self.next_after(*last))
    }
}

/// The time zones that are compiled in: the same on every machine, also on one without any.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// When a local time is; none when it is skipped, the first time when it is repeated.
fn due_at(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(local).ok()
        }
        AmbiguousOffset::Gap { .. } => None,
    }
}

/// `5 minutes`. The unit may stand in the singular or the plural.
fn parse_rate(rate: &str) -> Result<SignedDuration, String> {
    let wanted = "`rate` wants a positive whole number and minutes, hours or days, such as rate(5 minutes)";
    let (value, unit) = rate.split_once(' ').ok_or(wanted)?;
    let value: i64 = value.parse().ok().filter(|value| *value > 0).ok_or(wanted)?;
    let minutes = match unit {
        "minute" | "minutes" => Some(value),
        "hour" | "hours" => value.checked_mul(60),
        "day" | "days" => value.checked_mul(24 * 60),
        _ => return Err(wanted.to_owned()),
    };
    let seconds = minutes.and_then(|minutes| minutes.checked_mul(60)).ok_or("it is too large a number")?;
    Ok(SignedDuration::from_secs(seconds))
}

impl FlexibleTimeWindow {
    /// A window of so many minutes.
    ///
    /// # Errors
    /// When it is not 1 to 1,440.
    pub fn minutes(minutes: u32) -> Result<FlexibleTimeWindow, InvalidSchedule> {
        if (1..=1_440).contains(&minutes) {
            return Ok(FlexibleTimeWindow::Flexible { minutes });
        }
        let expression = format!("a flexible time window of {minutes} minutes");
        Err(InvalidSchedule { expression, reason: "1 to 1440 minutes are possible".to_owned() })
    }

    /// How long after it is due, in whole seconds. `draw`: any number; the same gives the same.
    pub fn delay(self, draw: u64) -> Duration {
        match self {
            FlexibleTimeWindow::Off => Duration::ZERO,
            FlexibleTimeWindow::Flexible { minutes } => Duration::from_secs(draw % (u64::from(minutes) * 60)),
        }
    }
}

/// `Invalid Schedule Expression cron(0 8 * * * *): …`.
impl fmt::Display for InvalidSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invalid Schedule Expression {}: {}", self.expression, self.reason)
    }
}

impl std::error::Error for InvalidSchedule {}

#[cfg(test)]
mod tests;
