//! What the shop expects of its log settings.

use course::judged_file;

/// How long logs are kept, in days.
#[track_caller]
fn retention() -> u64 {
    let settings = judged_file!("{file}").json();
    settings["retentionInDays"].as_u64().unwrap_or_else(|| panic!("retentionInDays must be a number in {settings}"))
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
