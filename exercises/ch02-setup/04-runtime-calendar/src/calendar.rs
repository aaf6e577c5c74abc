//! The runtimes of Lambda and their dates, as they come with each event.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

// ANCHOR: date
/// A day of the calendar, year, month, day: an earlier one is less than a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Date(u16, u8, u8);

impl TryFrom<String> for Date {
    type Error = String;

    /// From `2026-11-22`, and from nothing that looks different. It does not know how long a month is.
    fn try_from(text: String) -> Result<Date, String> {
        let wrong = || format!("a day is written 2026-11-22, and not {text}");
        let is_written_so = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_written_so {
            return Err(wrong());
        }
        match (text[..4].parse(), text[5..7].parse(), text[8..].parse()) {
            (Ok(year), Ok(month @ 1..=12), Ok(day @ 1..=31)) => Ok(Date(year, month, day)),
            _ => Err(wrong()),
        }
    }
}
// ANCHOR_END: date

/// Each runtime by its identifier, such as `python3.9`.
pub(crate) type Calendar = BTreeMap<String, Runtime>;

/// What is known of a runtime. Where a date is missing, the day is not set.
#[derive(Debug, Deserialize)]
pub(crate) struct Runtime {
    /// From this day on AWS patches it no longer.
    pub(crate) deprecated: Option<Date>,
    /// From this day on no function can be created with it.
    pub(crate) create_blocked: Option<Date>,
    /// From this day on no function that has it can be updated.
    pub(crate) update_blocked: Option<Date>,
    /// What to change to.
    pub(crate) successor: Option<String>,
}

/// How things stand with a runtime on a day, from good to bad. Several may hold at once: then it is the worst of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Supported,
    Deprecated,
    CreateBlocked,
    UpdateBlocked,
}
