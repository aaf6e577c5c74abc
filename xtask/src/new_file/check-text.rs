//! What the shop expects of its log settings.

use course::judged_file;

/// How long logs are kept, in days.
#[track_caller]
fn retention() -> u64 {
    let settings = judged_file!("{file}");
    let value = settings.text().lines().find_map(|line| line.strip_prefix("retention_in_days:"));
    let days = value.and_then(|value| value.trim().parse().ok());
    days.unwrap_or_else(|| panic!("retention_in_days must be a number in\n{}", settings.text()))
}

#[test]
fn keeps_logs_for_at_least_a_month() {
    let days = retention();
    assert!(days >= 30, "a customer may ask for 30 days, and the log is gone after {days}");
}

#[test]
fn deletes_logs_within_a_year() {
    let days = retention();
    assert!(days <= 365, "nobody reads a log after a year, and it is paid for {days} days");
}
