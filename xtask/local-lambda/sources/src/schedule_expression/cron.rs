//! Cron expressions: six fields, `minutes hours day-of-month month day-of-week year`.
//!
//! What the page does not mention is refused: backward ranges (`FRI-MON`), `LW`, offsets from `L`.
//!
//! Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based>.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::due_at;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cron {
    minutes: Vec<i16>,
    hours: Vec<i16>,
    days: Days,
    months: Vec<i16>,
    years: Vec<i16>,
}

/// Which days of a month. One of the two day fields decides; the other one is `?`.
#[derive(Debug, Clone, PartialEq)]
enum Days {
    OfMonth(Vec<DayOfMonth>),
    OfWeek(Vec<DayOfWeek>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum DayOfMonth {
    /// `15`.
    Day(i16),
    /// `L`.
    Last,
    /// `15W`: the weekday of the same month that is nearest to the 15th.
    NearestWeekday(i16),
}

/// Days of the week count from 1, Sunday.
#[derive(Debug, Clone, Copy, PartialEq)]
enum DayOfWeek {
    /// `6` or `FRI`.
    Every(i16),
    /// `6L`: the last Friday of the month.
    Last(i16),
    /// `6#2`: the second Friday of the month.
    Nth(i16, i16),
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEK: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// One of the six fields: what it is called, what it may be, and what its values may be called.
struct Field {
    name: &'static str,
    low: i16,
    high: i16,
    names: &'static [&'static str],
}

const MINUTES: Field = Field { name: "minutes", low: 0, high: 59, names: &[] };
const HOURS: Field = Field { name: "hours", low: 0, high: 23, names: &[] };
const DAY_OF_MONTH: Field = Field { name: "day-of-month", low: 1, high: 31, names: &[] };
const MONTH: Field = Field { name: "month", low: 1, high: 12, names: &MONTHS };
const DAY_OF_WEEK: Field = Field { name: "day-of-week", low: 1, high: 7, names: &WEEK };
const YEAR: Field = Field { name: "year", low: 1970, high: 2199, names: &[] };

impl Cron {
    /// Reads what stands between the parentheses.
    ///
    /// # Errors
    /// With the reason, when it is not an expression.
    pub(super) fn parse(text: &str) -> Result<Cron, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, day_of_month, month, day_of_week, year] = fields.as_slice() else {
            return Err(format!(
                "a cron expression has six fields (minutes hours day-of-month month day-of-week year), this one {}",
                fields.len()
            ));
        };
        let days = match (*day_of_month, *day_of_week) {
            ("?", "?") => return Err("only one of day-of-month and day-of-week may be ?".to_owned()),
            (days, "?") => Days::OfMonth(parse_days_of_month(days)?),
            ("?", days) => Days::OfWeek(parse_days_of_week(days)?),
            _ => return Err("one of day-of-month and day-of-week has to be ?".to_owned()),
        };
        Ok(Cron {
            minutes: MINUTES.parse(minutes)?,
            hours: HOURS.parse(hours)?,
            days,
            months: MONTH.parse(month)?,
            years: YEAR.parse(year)?,
        })
    }

    /// When it is due next, later than `time`.
    pub(super) fn next_after(&self, time: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = zone.to_datetime(time).date();
        self.years.iter().filter(|year| **year >= today.year()).find_map(|year| {
            let months = self.months.iter().filter(|month| (*year, **month) >= (today.year(), today.month().into()));
            months.filter_map(|month| Date::new(*year, i8::try_from(*month).ok()?, 1).ok()).find_map(|first| {
                let days = self.days_of(first).into_iter().filter(|day| *day >= today);
                days.filter_map(|day| self.next_on(day, time, zone)).next()
            })
        })
    }

    /// When it is due first on a day, later than `time`. Around a change of the clock, local times need not be in the
    /// order of time: a skipped one is not due, a repeated one is due the first time.
    fn next_on(&self, day: Date, time: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let times = self.hours.iter().flat_map(|hour| self.minutes.iter().map(move |minute| (*hour, *minute)));
        let due = times.filter_map(|(hour, minute)| {
            let local = day.at(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0);
            due_at(local, zone)
        });
        due.filter(|due| *due > time).min()
    }

    /// The days of a month, in order. `first`: the month's first day.
    fn days_of(&self, first: Date) -> Vec<Date> {
        let length = i16::from(first.days_in_month());
        let day = |number: i16| i8::try_from(number).ok().and_then(|number| first.with().day(number).build().ok());
        let weekday = |date: Date| i16::from(date.weekday().to_sunday_one_offset());
        let mut numbers: Vec<i16> = match &self.days {
            Days::OfMonth(days) => days
                .iter()
                .filter_map(|wanted| match *wanted {
                    DayOfMonth::Day(number) => Some(number),
                    DayOfMonth::Last => Some(length),
                    DayOfMonth::NearestWeekday(number) => {
                        let at = weekday(day(number)?);
                        Some(match at {
                            // A Saturday goes to Friday and a Sunday to Monday, unless that is another month.
                            7 if number == 1 => number + 2,
                            7 => number - 1,
                            1 if number == length => number - 2,
                            1 => number + 1,
                            _ => number,
                        })
                    }
                })
                .collect(),
            Days::OfWeek(days) => {
                // The number of the first day in this month that is such a day of the week.
                let first_of = |wanted: i16| 1 + (wanted - weekday(first)).rem_euclid(7);
                let all = |wanted: i16| (first_of(wanted)..=length).step_by(7);
                days.iter()
                    .flat_map(|wanted| match *wanted {
                        DayOfWeek::Every(wanted) => all(wanted).collect(),
                        DayOfWeek::Last(wanted) => all(wanted).next_back().into_iter().collect(),
                        DayOfWeek::Nth(wanted, nth) => vec![first_of(wanted) + 7 * (nth - 1)],
                    })
                    .collect()
            }
        };
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(day).collect()
    }
}

fn parse_days_of_month(text: &str) -> Result<Vec<DayOfMonth>, String> {
    let items = text.split(',').map(|item| match (item, item.strip_suffix('W')) {
        ("L", _) => Ok(vec![DayOfMonth::Last]),
        (_, Some(day)) => Ok(vec![DayOfMonth::NearestWeekday(DAY_OF_MONTH.value(day)?)]),
        (item, None) => Ok(DAY_OF_MONTH.item(item)?.into_iter().map(DayOfMonth::Day).collect()),
    });
    Ok(items.collect::<Result<Vec<_>, String>>()?.concat())
}

fn parse_days_of_week(text: &str) -> Result<Vec<DayOfWeek>, String> {
    if let Some((day, nth)) = text.split_once('#') {
        let nth: i16 = nth.parse().ok().filter(|nth| (1..=5).contains(nth)).ok_or_else(|| {
            format!("{text:?} in day-of-week: after # stands 1 to 5, and with # the field has one expression only")
        })?;
        return Ok(vec![DayOfWeek::Nth(DAY_OF_WEEK.value(day)?, nth)]);
    }
    let items = text.split(',').map(|item| match (item, item.strip_suffix('L')) {
        // The last day of the week.
        ("L", _) => Ok(vec![DayOfWeek::Every(7)]),
        (_, Some(day)) => Ok(vec![DayOfWeek::Last(DAY_OF_WEEK.value(day)?)]),
        (item, None) => Ok(DAY_OF_WEEK.item(item)?.into_iter().map(DayOfWeek::Every).collect()),
    });
    Ok(items.collect::<Result<Vec<_>, String>>()?.concat())
}

impl Field {
    /// All values of a field, in order.
    fn parse(&self, text: &str) -> Result<Vec<i16>, String> {
        let items = text.split(',').map(|item| self.item(item)).collect::<Result<Vec<_>, _>>()?;
        let mut values = items.concat();
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }

    /// `*`, `5`, `5-10`, and each with a step: `*/15`, `5/15`, `5-20/5`.
    fn item(&self, item: &str) -> Result<Vec<i16>, String> {
        let (range, step) = match item.split_once('/') {
            None => (item, None),
            Some((range, step)) => {
                let step: i16 = step.parse().ok().filter(|step| (1..=self.high).contains(step)).ok_or_else(|| {
                    format!("{item:?} in {}: after / stands a number of 1 to {}", self.name, self.high)
                })?;
                (range, Some(step))
            }
        };
        let (low, high) = match range.split_once('-') {
            Some((low, high)) => (self.value(low)?, self.value(high)?),
            None if range == "*" => (self.low, self.high),
            None => {
                let value = self.value(range)?;
                (value, if step.is_some() { self.high } else { value })
            }
        };
        if low > high {
            return Err(format!("{item:?} in {}: a range goes from the smaller to the larger value", self.name));
        }
        Ok((low..=high).step_by(usize::try_from(step.unwrap_or(1)).unwrap_or(1)).collect())
    }

    /// A number or a name.
    fn value(&self, text: &str) -> Result<i16, String> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named.and_then(|index| i16::try_from(index).ok()) {
            Some(index) => Some(self.low + index),
            None => text.parse().ok().filter(|value| (self.low..=self.high).contains(value)),
        };
        value.ok_or_else(|| {
            let names = match (self.names.first(), self.names.last()) {
                (Some(first), Some(last)) => format!(" or {first} to {last}"),
                _ => String::new(),
            };
            format!("{text:?} in {}: {} to {}{names} are possible", self.name, self.low, self.high)
        })
    }
}
