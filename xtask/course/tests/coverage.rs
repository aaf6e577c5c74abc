//! The maps in `src/coverage`: each row of the guide leads somewhere in the book, and every place that a map names is
//! there.

use std::fs;

use course::root;
use serde_json::Value;

/// What a map names for one row, as lists of names.
const KINDS: [&str; 5] = ["pages", "exercises", "quizzes", "fixtures", "mistakes"];

fn names<'a>(row: &'a Value, kind: &str) -> impl Iterator<Item = &'a str> {
    row[kind].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// What is wrong with one row.
fn problems(chapter: &str, row: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let page = |name: &str| fs::read_to_string(root().join("src/en").join(name)).unwrap_or_default();
    for target in names(row, "pages") {
        let (name, id) = target.split_once('#').unwrap_or((target, ""));
        if !page(name).contains(&format!("{{#{id}}}")) {
            problems.push(format!("no heading {target}"));
        }
    }
    for quiz in names(row, "quizzes") {
        if !page(&format!("{chapter}/README.md")).contains(&format!("data-quiz=\"{quiz}\"")) {
            problems.push(format!("no quiz {quiz}"));
        }
    }
    for exercise in names(row, "exercises") {
        if !root().join("exercises").join(exercise).is_dir() {
            problems.push(format!("no exercise {exercise}"));
        }
    }
    for file in names(row, "fixtures").chain(names(row, "mistakes")) {
        if !root().join(file).is_file() {
            problems.push(format!("no file {file}"));
        }
    }
    if KINDS.iter().all(|kind| names(row, kind).next().is_none()) {
        problems.push("leads nowhere".to_owned());
    }
    problems
}

#[test]
fn every_row_leads_to_a_place_that_is_there() {
    let folder = root().join("src/coverage");
    let mut rows = 0;
    let mut problems_found = Vec::new();
    for file in fs::read_dir(&folder).expect("src/coverage").flatten() {
        let text = fs::read_to_string(file.path()).expect("a map");
        let map: Value = serde_json::from_str(&text).expect("a map is JSON");
        let chapter = map["chapter"].as_str().expect("a map names its chapter");
        for part in ["rows", "errata", "beyond"] {
            for (id, row) in map[part].as_object().into_iter().flatten() {
                rows += 1;
                problems_found.extend(problems(chapter, row).into_iter().map(|problem| format!("{id}: {problem}")));
            }
        }
    }
    assert!(rows > 0, "there is no map in {}", folder.display());
    assert_eq!(problems_found, Vec::<String>::new());
}
