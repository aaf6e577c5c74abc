//! What is shown to learners is formatted, and what is right is clippy-clean.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::compile::{Built, Diagnostic, Target};
use crate::course::{Course, Exercise, beside_cargo};
use crate::fingerprint::files_below;
use crate::rules::Violation;
use crate::term::without_escapes;

/// Files of checks, starters, solutions and their variants that rustfmt would change.
pub fn formatted(course: &Course, exercises: &[&Exercise]) -> Result<Vec<Violation>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for exercise in exercises {
        files.push(exercise.path.join("tests/check.rs"));
        if exercise.mended_file().is_some() {
            files.extend(given(exercise));
        }
        files.extend(files_below(&exercise.solution_path).into_iter().map(|file| exercise.solution_path.join(file)));
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs") && file.is_file());
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let output = Command::new(beside_cargo("rustfmt"))
        .current_dir(&course.root)
        .args(["--check", "--files-with-diff", "--edition", "2024"])
        .args(&files)
        .output()
        .context("cannot run rustfmt; `rustup component add rustfmt` brings it")?;
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut violations: Vec<Violation> =
        listed.lines().map(|file| Violation::new(file, 1, "is not formatted; rustfmt does it")).collect();
    if violations.is_empty() && !output.status.success() {
        // A file that does not even parse; the compiler tells it better, at its line.
        let words = without_escapes(&String::from_utf8_lossy(&output.stderr));
        let first = words.lines().next().unwrap_or("rustfmt failed").to_owned();
        violations.push(Violation::new(&files[0], 1, format!("rustfmt: {first}")));
    }
    Ok(violations)
}

/// The functions that an exercise gives where its file is mended.
fn given(exercise: &Exercise) -> Vec<PathBuf> {
    let src = exercise.path.join("src");
    files_below(&src).into_iter().map(|file| src.join(file)).collect()
}

/// What clippy and the compiler say about functions that are given; about programs of learners' it is told with their
/// behaviour.
#[must_use]
pub fn given_functions(course: &Course, exercises: &[&Exercise], built: &Built) -> Vec<Violation> {
    let mended = exercises.iter().filter(|exercise| exercise.mended_file().is_some());
    let targets = mended.flat_map(|exercise| {
        let target =
            |name: &str| Target { package_dir: exercise.path.clone(), kind: "bin".to_owned(), name: name.to_owned() };
        exercise.manifest.bins.iter().map(move |bin| target(&bin.name))
    });
    let said = targets.flat_map(|target| built.diagnostics(&target));
    said.filter_map(|one| {
        let (file, line) = one.place.clone()?;
        Some(Violation::new(course.root.join(file), line as usize, words(&one)))
    })
    .collect()
}

/// The first line of what was said, and whether clippy did.
#[must_use]
pub fn words(said: &Diagnostic) -> String {
    let text = without_escapes(said.rendered.lines().next().unwrap_or_default());
    if said.is_clippys { format!("clippy: {text}") } else { text }
}
