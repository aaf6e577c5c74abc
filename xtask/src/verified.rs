//! Exercises that `verify` found nothing wrong with, by the content of all that decides this: the next run passes over
//! them. Below the target directory, since it can be found out again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::course::{Course, Exercise};
use crate::fingerprint::{self, Judges};
use crate::resolved::Resolved;
use crate::rules::Violation;
use crate::store;

/// What was found clean before, and what is now.
#[derive(Debug)]
pub struct Verified {
    path: PathBuf,
    known: BTreeSet<String>,
    tool: String,
    resolved: Resolved,
}

impl Verified {
    /// With `again`, nothing is known.
    pub fn read(course: &Course, again: bool) -> Result<Verified> {
        let path = course.target_dir().join("verified.txt");
        let text = if again { String::new() } else { std::fs::read_to_string(&path).unwrap_or_default() };
        let tool = std::env::current_exe().ok().and_then(|tool| std::fs::read(tool).ok());
        let tool = tool.map_or_else(String::new, |bytes| fingerprint::of_bytes(&bytes));
        let known = text.lines().map(str::to_owned).collect();
        Ok(Verified { path, known, tool, resolved: Resolved::read(course)? })
    }

    /// Whether nothing was wrong with exactly this exercise, judged by exactly this tool.
    #[must_use]
    pub fn has(&self, judges: &Judges<'_>, exercise: &Exercise) -> bool {
        self.known.contains(&self.line(judges, exercise))
    }

    /// Keeps those of `exercises` that no violation is about; others are forgotten when they change.
    pub fn keep(&mut self, judges: &Judges<'_>, exercises: &[&Exercise], violations: &[Violation]) -> Result<()> {
        let of = |exercise: &Exercise, file: &Path| {
            file.starts_with(&exercise.path) || file.starts_with(&exercise.solution_path)
        };
        for exercise in exercises {
            let start = format!("{} ", exercise.name());
            self.known.retain(|line| !line.starts_with(&start));
            if !violations.iter().any(|violation| of(exercise, &violation.file)) {
                self.known.insert(self.line(judges, exercise));
            }
        }
        let lines: String = self.known.iter().map(|line| format!("{line}\n")).collect();
        store::write_cache(&self.path, lines.as_bytes())
    }

    /// Everything in both rooms decides; of the learner's own file only whether it is the starter.
    fn line(&self, judges: &Judges<'_>, exercise: &Exercise) -> String {
        let solution = fingerprint::hash_of_folder(&exercise.solution_path);
        let is_starter = fingerprint::starter(exercise).is_some_and(|starter| starter == fingerprint::work(exercise));
        format!(
            "{} {} {solution} {} {is_starter}",
            exercise.name(),
            judges.of_tree(exercise, &self.resolved),
            self.tool
        )
    }
}
