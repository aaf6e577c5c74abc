//! What a page says of an exercise is what the catalogue says, and what a run printed is marked so.

use std::path::Path;

use crate::course::Course;
use crate::finding::Finding;

/// `page` is the page's file relative to the source, `file` relative to the root.
pub fn findings(course: &Course, page: &Path, file: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = page.with_extension("").to_string_lossy().replace('\\', "/");
    let mut fence: Option<(usize, &str)> = None;
    for (index, line) in text.lines().enumerate() {
        if let Some(exercise) = course.exercise(&name)
            && let Some(minutes) = minutes(line)
            && minutes != exercise.minutes
        {
            let words = format!("says {minutes} minutes, the exercise's Cargo.toml {}", exercise.minutes);
            findings.push(Finding::new(file, index + 1, words));
        }
        if let Some(info) = line.trim_start().strip_prefix("```") {
            fence = if fence.is_some() { None } else { Some((index + 1, info)) };
        } else if let Some((opened, info)) = fence {
            let is_run = line.contains("{{#include") && (line.contains("/runs/") || line.contains("/snapshots/"));
            let is_marked = info.split(',').any(|option| option == "run");
            if is_run && !is_marked {
                let words = format!("holds what a run printed: write ```{info},run");
                findings.push(Finding::new(file, opened, words));
            } else if is_marked && !is_run {
                findings.push(Finding::new(
                    file,
                    opened,
                    "is marked as a run and includes none of src/runs, and no snapshot of a test",
                ));
            }
        }
    }
    findings
}

/// The number in "About 20 minutes".
fn minutes(line: &str) -> Option<i64> {
    let (_, rest) = line.split_once("bout ")?;
    let (number, rest) = rest.split_once(' ')?;
    rest.starts_with("minute").then(|| number.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_read_where_a_page_states_them() {
        assert_eq!(minutes("Read this. About 20 minutes; it is hard."), Some(20));
        assert_eq!(minutes("about the minutes"), None);
    }

    #[test]
    fn printed_output_is_marked_as_a_run_and_nothing_else_is() {
        let text = "```text\n{{#include ../../runs/a.txt}}\n```\n```text,run\nmade up\n```\n```text,run\n{{#include ../../runs/a.txt}}\n```\n";
        let found = findings(&Course::default(), Path::new("a.md"), Path::new("src/a.md"), text);
        let lines: Vec<_> = found.iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [Some(1), Some(4)]);
    }
}
