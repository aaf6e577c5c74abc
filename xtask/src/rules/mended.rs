//! What can be seen of an exercise of the second kind, where the learner mends a file that people deploy, without
//! running its check: where the file lies, that its variants are of the same format, and the heads of its mistakes.

use std::path::Path;

use crate::course::Exercise;
use crate::fingerprint::files_below;
use crate::manifest;
use crate::mistake::{self, HEADS};
use crate::rules::Violation;

/// Formats in which nothing can be said beside the data, so that no TODO is asked for.
const WITHOUT_COMMENTS: [&str; 1] = ["json"];

/// Whether a file of this name can carry a comment.
#[must_use]
pub fn has_comments(file: &Path) -> bool {
    !WITHOUT_COMMENTS.iter().any(|format| file.extension().is_some_and(|extension| extension == *format))
}

/// Every breach around `file` in the solution's folder.
#[must_use]
pub fn check(exercise: &Exercise, file: &Path) -> Vec<Violation> {
    let solution = &exercise.solution_path;
    let mut violations = Vec::new();
    for path in [solution.join(file), solution.join("starter").join(file)] {
        if !path.is_file() {
            violations.push(Violation::new(path, 1, format!("is missing; the exercise mends {}", file.display())));
        }
    }
    for room in ["mistakes", "also-right"] {
        for variant in files_below(&solution.join(room)) {
            if variant.extension() != file.extension() {
                let message = format!("must have the ending of {}, or no tool takes it for one", file.display());
                violations.push(Violation::new(solution.join(room).join(variant), 1, message));
            }
        }
    }
    violations.extend(head_rules(exercise));
    violations
}

fn head_rules(exercise: &Exercise) -> Vec<Violation> {
    let path = exercise.solution_path.join(HEADS);
    let heads = match mistake::heads(&exercise.solution_path) {
        Ok(heads) => heads,
        Err(message) => return vec![Violation::new(path, 1, message)],
    };
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mistakes = mistake::of(exercise);
    let is_known = |name: &&String| mistakes.iter().any(|mistake| mistake.name == **name);
    let unknown = heads.as_object().into_iter().flat_map(|heads| heads.keys()).filter(|name| !is_known(name));
    unknown
        .map(|name| {
            let head = text.lines().position(|line| line.trim() == format!("[{name}]"));
            let line = head.map_or_else(|| manifest::line_of(&text, name), |index| index + 1);
            Violation::new(&path, line, format!("names {name}, which is no file in mistakes"))
        })
        .collect()
}
