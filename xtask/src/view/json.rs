//! Verdicts as one JSON document, version 1. Fields may be added within a version.

use serde_json::{Value, json};

use crate::course::{Course, Exercise};
use crate::page;
use crate::progress::Progress;
use crate::term::without_escapes;
use crate::verdict::Verdict;
use crate::view::text;

/// The document of `check --format json`.
#[must_use]
pub fn verdicts(course: &Course, progress: &Progress, judged: &[(&Exercise, &Verdict)], exit: u8) -> Value {
    let exercises: Vec<Value> =
        judged.iter().map(|(exercise, verdict)| one(course, progress, exercise, verdict)).collect();
    json!({ "version": 1, "command": "check", "exit": exit, "exercises": exercises })
}

/// The document as text, indented.
#[must_use]
pub fn to_text(document: &Value) -> String {
    format!("{document:#}\n")
}

/// One exercise's verdict.
#[must_use]
pub fn one(course: &Course, progress: &Progress, exercise: &Exercise, verdict: &Verdict) -> Value {
    let mut value = verdict.to_json();
    value["id"] = exercise.id().into();
    value["package"] = exercise.package_name().into();
    value["file"] = course.shown(&exercise.main_file()).into();
    value["place"] = text::place(course, exercise, verdict).into();
    value["hints"] = json!({
        "shown": progress.count(exercise, "hint-"),
        "of": page::read(&page::path(course, exercise)).hints.len(),
    });
    for diagnostic in value["diagnostics"].as_array_mut().into_iter().flatten() {
        diagnostic["rendered"] = without_escapes(diagnostic["rendered"].as_str().unwrap_or_default()).into();
    }
    value
}
