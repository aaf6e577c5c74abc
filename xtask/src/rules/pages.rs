//! Every language's tree has the page of every exercise, with its sections, its hints, and explicit ids.

use crate::course::{Course, Exercise, folders};
use crate::libtest;
use crate::page;
use crate::rules::Violation;

/// The ids of the sections that every exercise page has.
pub const SECTIONS: [&str; 4] = ["goal", "before-you-start", "task", "after-you-pass"];

/// Hints for everybody, from a nudge to nearly the code.
const HINTS: usize = 3;

/// Every breach in one exercise's pages.
#[must_use]
pub fn check(course: &Course, exercise: &Exercise) -> Vec<Violation> {
    let mut trees = folders(&course.root.join("src")).unwrap_or_default();
    // A language is a folder with chapters in it; English is always one.
    trees.retain(|tree| {
        let inside = folders(&course.root.join("src").join(tree)).unwrap_or_default();
        tree != "en" && inside.iter().any(|dir| crate::course::numbered(dir, "ch").is_some())
    });
    trees.insert(0, "en".to_owned());
    trees.iter().flat_map(|tree| in_tree(course, exercise, tree)).collect()
}

fn in_tree(course: &Course, exercise: &Exercise, tree: &str) -> Vec<Violation> {
    let path = page::path_in(&course.root.join("src").join(tree), exercise);
    if !path.is_file() {
        return vec![Violation::new(path, 1, format!("there is no page of {} in src/{tree}", exercise.id()))];
    }
    let page = page::read(&path);
    let mut violations = Vec::new();
    for heading in page.headings.iter().filter(|heading| heading.id.is_none()) {
        let message = format!("the heading {:?} must have an explicit id, such as {{#task}}", heading.title);
        violations.push(Violation::new(&path, heading.line, message));
    }
    for section in SECTIONS {
        if !page.headings.iter().any(|heading| heading.id.as_deref() == Some(section)) {
            violations.push(Violation::new(&path, 1, format!("must have a section with the id {{#{section}}}")));
        }
    }
    let for_everybody = page.hints.iter().filter(|hint| hint.failing_test.is_none()).count();
    if for_everybody < HINTS {
        violations.push(Violation::new(&path, 1, format!("has {for_everybody} of at least {HINTS} hints")));
    }
    let source = std::fs::read_to_string(exercise.path.join("tests/check.rs")).unwrap_or_default();
    let tests = libtest::declared(&source);
    for hint in page.hints {
        if hint.text.is_empty() {
            violations.push(Violation::new(&path, hint.line, "the hint is empty"));
        }
        if let Some(test) = hint.failing_test.filter(|test| !tests.iter().any(|(_, name)| name == test)) {
            violations.push(Violation::new(&path, hint.line, format!("the hint is for {test}, which is no test")));
        }
    }
    violations
}
