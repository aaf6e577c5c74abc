//! Finds and reads `exercises/fixtures`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use local_lambda::Event;
use serde_json::Value;

const FOLDER: &str = "exercises/fixtures";

/// An event of `exercises/fixtures`, by folder and name without `.json`: `fixture("sqs/print-jobs")`. Its bytes are
/// those of the file.
///
/// # Panics
/// When there is no such file, or it is not JSON, saying where it was looked for.
#[must_use]
#[track_caller]
pub fn fixture(name: &str) -> Event {
    let text = read(name);
    parse(name, &text);
    Event::named(name, text)
}

/// The same as a JSON value, to be changed before it is sent.
///
/// # Panics
/// As [`fixture`] does.
#[must_use]
#[track_caller]
pub fn fixture_json(name: &str) -> Value {
    parse(name, &read(name))
}

/// A file of `exercises/fixtures/data`: limits, prices, dates, each with its source and the day it was read.
///
/// # Panics
/// As [`fixture`] does.
#[must_use]
#[track_caller]
pub fn data(name: &str) -> Value {
    fixture_json(&format!("data/{name}"))
}

/// The same with nothing but the numbers and prices: `{"request": "0.0000002", …}`. A check that sends facts with its
/// event, so that the function computes with what it is given, sends these.
///
/// # Panics
/// As [`fixture`] does.
#[must_use]
#[track_caller]
pub fn values(name: &str) -> Value {
    let Value::Object(facts) = data(name) else { panic!("data/{name}.json is not a map of facts") };
    facts.into_iter().map(|(name, fact)| (name, fact["value"].clone())).collect()
}

#[track_caller]
fn read(name: &str) -> String {
    let path = root().join(FOLDER).join(format!("{name}.json"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("the fixture {name} cannot be read: {error} ({path:?})"))
}

#[track_caller]
fn parse(name: &str, text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("the fixture {name} is not JSON: {error}"))
}

/// The course's own folder. It is looked for when a test runs, since what was compiled may be older than its place.
///
/// # Panics
/// When there is no course above here.
#[must_use]
#[track_caller]
pub fn root() -> PathBuf {
    let starts = [
        env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from),
        env::current_dir().ok(),
        env::current_exe().ok(),
        Some(PathBuf::from(env!("CARGO_MANIFEST_DIR"))),
    ];
    let found = starts.iter().flatten().find_map(|start| above(start));
    found.unwrap_or_else(|| panic!("there is no folder {FOLDER} above here"))
}

fn above(start: &Path) -> Option<PathBuf> {
    start.ancestors().find(|folder| folder.join(FOLDER).is_dir()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_course_is_found_from_deep_inside_the_course() {
        let inside = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/no/such/place");
        assert!(above(&inside).is_some_and(|folder| folder.join(FOLDER).is_dir()));
        assert_eq!(above(Path::new("/")), None);
    }
}
