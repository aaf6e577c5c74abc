//! Each behaviour is tried on at least two inputs, and a check on at least one that nobody knows beforehand.
//!
//! A behaviour is a test: its name is the requirement. The solution runs twice, with two fixed seeds, and the check's report
//! says which test sent what. So the rule sees what was really sent, however the check builds it, and the same verdict
//! comes every time:
//!
//! - Over both runs, a test that sends something sends at least two different events. One that sends the same event
//!   always is satisfied by a function that knows this event.
//! - The two runs do not send the same events. Else a table of all events and answers passes.
//!
//! A test that sends nothing by itself (it judges a file by rules, runs a command line, or sends from threads of its own) is
//! passed over. A check of a program that sends nothing at all must draw from a `Seed`.

use std::collections::{BTreeMap, BTreeSet};

use crate::course::Exercise;
use crate::judge::Judged;
use crate::libtest;
use crate::rules::Violation;
use crate::verdict::Fate;

/// What the two runs draw their choices from: numbers that no check sends by itself.
pub const SEEDS: [u32; 2] = [314_159, 271_828];

/// Every breach in what the check sends, by its runs with [`SEEDS`]; none where the solution did not pass both.
#[must_use]
pub fn check(exercise: &Exercise, runs: &[&Judged]) -> Vec<Violation> {
    let [first, second] = runs else { return Vec::new() };
    if runs.iter().any(|run| run.verdict.fate != Fate::Passed) {
        return Vec::new();
    }
    let path = exercise.path.join("tests/check.rs");
    let source = std::fs::read_to_string(&path).unwrap_or_default();
    let told = |line, message: &str| Violation::new(&path, line, message);
    let (first, second) = (by_test(first), by_test(second));
    if first.is_empty() && second.is_empty() {
        let draws = exercise.mended_file().is_some() || source.contains("Seed::at_run_time(");
        return if draws { Vec::new() } else { vec![told(1, "draws nothing from a Seed: its answers can be copied")] };
    }
    let mut violations = Vec::new();
    for (line, test) in libtest::declared(&source) {
        let of_test = |run: &BTreeMap<String, BTreeSet<String>>| run.get(&test).cloned().unwrap_or_default();
        if of_test(&first).union(&of_test(&second)).count() == 1 {
            let message =
                format!("{test} sends one and the same event always: try it on another, or on one from a Seed");
            violations.push(told(line, &message));
        }
    }
    let all = |run: &BTreeMap<String, BTreeSet<String>>| run.values().flatten().cloned().collect::<BTreeSet<_>>();
    if all(&first) == all(&second) {
        violations.push(told(1, "sends the same events whatever the seed: at least one must come from a Seed"));
    }
    violations
}

/// The events of a run by the test that sent them, which is named after its thread: `module::test` is `test`.
fn by_test(run: &Judged) -> BTreeMap<String, BTreeSet<String>> {
    let mut events: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (test, event) in run.report.sent() {
        let name = test.rsplit("::").next().unwrap_or(test);
        events.entry(name.to_owned()).or_default().insert(event);
    }
    events
}
