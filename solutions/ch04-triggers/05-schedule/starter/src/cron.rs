//! The six fields of a cron expression, read. Given.

/// `minutes hours day-of-month month day-of-week year`.
#[derive(Debug)]
pub(crate) struct Cron {
    pub(crate) minutes: Vec<i8>,
    pub(crate) hours: Vec<i8>,
    pub(crate) days: Days,
    pub(crate) months: Vec<i8>,
    /// In order; 1970 to 2199 for `*`.
    pub(crate) years: Vec<i16>,
}

/// Which days of its months. One of the two day fields says it, the other one is `?`.
#[derive(Debug)]
pub(crate) enum Days {
    /// `1,15`, `*`, `1-5`.
    OfMonth(Vec<i8>),
    /// `L`.
    LastOfMonth,
    /// `MON-FRI`, `1,7`. A week begins with day 1, Sunday.
    OfWeek(Vec<i8>),
    /// `6L`: the month's last Friday.
    LastOfWeek(i8),
    /// `6#2`: the month's second Friday.
    Nth(i8, i8),
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEK: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    /// None when the text is no expression.
    pub(crate) fn parse(text: &str) -> Option<Cron> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, day_of_month, months, day_of_week, years] = fields.as_slice() else { return None };
        let days = match (*day_of_month, *day_of_week) {
            ("L", "?") => Days::LastOfMonth,
            (days, "?") => Days::OfMonth(small(days, 1, 31, &[])?),
            ("?", days) => match (days.strip_suffix('L'), days.split_once('#')) {
                (Some(day), _) => Days::LastOfWeek(day_of_the_week(day)?),
                (_, Some((day, nth))) => Days::Nth(day_of_the_week(day)?, nth.parse().ok()?),
                _ => Days::OfWeek(small(days, 1, 7, &WEEK)?),
            },
            _ => return None,
        };
        Some(Cron {
            minutes: small(minutes, 0, 59, &[])?,
            hours: small(hours, 0, 23, &[])?,
            days,
            months: small(months, 1, 12, &MONTHS)?,
            years: values(years, 1970, 2199, &[])?,
        })
    }
}

fn day_of_the_week(text: &str) -> Option<i8> {
    small(text, 1, 7, &WEEK)?.first().copied()
}

fn small(text: &str, low: i16, high: i16, names: &[&str]) -> Option<Vec<i8>> {
    values(text, low, high, names)?.into_iter().map(|value| i8::try_from(value).ok()).collect()
}

/// `*`, `5`, `1-5`, `0/15`, and several of these with commas.
fn values(text: &str, low: i16, high: i16, names: &[&str]) -> Option<Vec<i16>> {
    let value = |text: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = named.map_or_else(|| text.parse().ok(), |index| Some(low + i16::try_from(index).ok()?));
        value.filter(|value| (low..=high).contains(value))
    };
    let mut all = Vec::new();
    for item in text.split(',') {
        let (range, step) = item.split_once('/').unwrap_or((item, "1"));
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (value(from)?, value(to)?),
            None if range == "*" => (low, high),
            None => (value(range)?, if item.contains('/') { high } else { value(range)? }),
        };
        let step: usize = step.parse().ok().filter(|step| *step > 0)?;
        all.extend((from..=to).step_by(step));
    }
    all.sort_unstable();
    all.dedup();
    (!all.is_empty()).then_some(all)
}
