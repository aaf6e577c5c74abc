//! A trace as a table for people.

use std::borrow::Cow;
use std::time::Duration;

use crate::trace::Entry;

/// How many ids a row names before it counts.
const IDS_SHOWN: usize = 3;

/// The longest number that a row shows whole, in digits.
const LONGEST_NUMBER: usize = 20;

/// The longest text of a row's last column, in characters.
const DETAIL_SHOWN: usize = 100;

/// One entry as cells.
pub(crate) fn row(entry: &Entry, since_start: Duration) -> [String; 6] {
    let mut which: Vec<String> = entry.items.iter().take(IDS_SHOWN).map(|id| short(id).into_owned()).collect();
    if entry.items.len() > IDS_SHOWN {
        which.push(format!("… {} in all", entry.items.len()));
    }
    let mut detail = Vec::new();
    if let Some(attempt) = entry.attempt {
        detail.push(format!("attempt {attempt}"));
    }
    if let Some(environment) = entry.environment {
        detail.push(format!("environment {environment}"));
    }
    if !entry.detail.is_empty() {
        detail.push(one_line(&entry.detail, DETAIL_SHOWN));
    }
    [
        elapsed(since_start),
        entry.what.name().replace('_', " "),
        entry.place.clone(),
        which.join(" "),
        entry.function.clone().unwrap_or_default(),
        detail.join(", "),
    ]
}

/// Rows with their columns below each other.
pub(crate) fn lay_out(rows: &[[String; 6]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .enumerate()
            .filter(|(_, (_, width))| *width > 0)
            // Times stand below each other with their ends.
            .map(
                |(column, (cell, width))| {
                    if column == 0 { format!("{cell:>width$}") } else { format!("{cell:width$}") }
                },
            )
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// `1h 02m 03.500s`, without what is zero at either end.
pub(crate) fn elapsed(time: Duration) -> String {
    let (seconds, millis) = (time.as_secs(), time.subsec_millis());
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let fraction = if millis == 0 { String::new() } else { format!(".{millis:03}") };
    let mut text = match (days, hours, minutes) {
        (0, 0, 0) => return format!("{}{fraction} s", seconds % 60),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {minutes:02} min"),
        _ => format!("{days} d {hours:02} h {minutes:02} min"),
    };
    if seconds % 60 > 0 || millis > 0 {
        text.push_str(&format!(" {:02}{fraction} s", seconds % 60));
    }
    text
}

/// The beginning of a UUID, the end of a long number (its beginning is that of all numbers of its shard); other ids as
/// they are.
pub(crate) fn short(id: &str) -> Cow<'_, str> {
    let is_uuid = id.len() == 36 && id.as_bytes()[8] == b'-' && id.is_ascii();
    let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
    match id.len() {
        _ if is_uuid => id[..8].into(),
        length if is_number && length > LONGEST_NUMBER => format!("…{}", &id[length - 8..]).into(),
        _ => id.into(),
    }
}

/// A text on one line, cut.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(longest) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_units_of_people() {
        let told = |millis| elapsed(Duration::from_millis(millis));
        assert_eq!(told(0), "0 s");
        assert_eq!(told(1_500), "1.500 s");
        assert_eq!(told(60_000), "1 min");
        assert_eq!(told(61_000), "1 min 01 s");
        assert_eq!(told(3_600_000), "1 h 00 min");
        assert_eq!(told(90_061_250), "1 d 01 h 01 min 01.250 s");
    }

    #[test]
    fn a_uuid_is_told_by_its_beginning_and_a_long_number_by_its_end() {
        assert_eq!(short("3f2a91c0-0000-4000-8000-000000000000"), "3f2a91c0");
        assert_eq!(short("49590338271490256608559692538361571095921575989136588898"), "…36588898");
        assert_eq!(short("100000000000000001"), "100000000000000001");
    }
}
