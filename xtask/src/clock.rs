//! The date and time in UTC, as progress files and kept copies write it.

use std::time::{SystemTime, UNIX_EPOCH};

/// `2026-11-23T03:20:11.042Z`. Sorts as text in the order of time.
#[must_use]
pub fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format(since.as_secs(), since.subsec_millis())
}

/// The same as a file name: no colons, no dots.
#[must_use]
pub fn as_file_name(date: &str) -> String {
    date.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect()
}

fn format(seconds: u64, millis: u32) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Counted from 0000-03-01, so that a leap day is the last day of its year.
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_at_the_edges_of_leap_years_are_right() {
        assert_eq!(format(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(format(951_782_399, 7), "2000-02-28T23:59:59.007Z");
        assert_eq!(format(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(format(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
        assert_eq!(as_file_name("2000-02-29T00:00:00.000Z"), "20000229T000000000Z");
    }
}
