//! What is shown to learners is formatted, and what is right is clippy-clean.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::compile;
use crate::course::{Course, Exercise};
use crate::fingerprint::files_below;
use crate::manifest::{Bin, Manifest};
use crate::rules::Violation;
use crate::term::{Progress, without_escapes};

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

/// What clippy says about solutions, other right answers, and functions that are given.
pub fn clippy(course: &Course, exercises: &[&Exercise], progress: &Progress) -> Result<Vec<Violation>> {
    let mut cargo = course.cargo();
    cargo.args(["clippy", "--keep-going", "--message-format=json"]);
    let mut targets = 0;
    for exercise in exercises {
        let (package, right) = right_binaries(exercise);
        targets += right.len();
        if !right.is_empty() {
            cargo.arg("-p").arg(package);
        }
        for bin in right {
            cargo.arg("--bin").arg(bin.name);
        }
    }
    if targets == 0 {
        return Ok(Vec::new());
    }
    let linted = compile::read_messages(cargo, progress)?;
    let said = linted.all_diagnostics().map(|diagnostic| {
        let (file, line) = diagnostic.place.clone().unwrap_or_default();
        let text = without_escapes(diagnostic.rendered.lines().next().unwrap_or_default());
        Violation::new(course.root.join(file), line as usize, format!("clippy: {text}"))
    });
    Ok(said.collect())
}

/// The binaries that are exemplary, and the package that they are of.
fn right_binaries(exercise: &Exercise) -> (String, Vec<Bin>) {
    if exercise.mended_file().is_some() {
        return (exercise.package_name(), exercise.manifest.bins.clone());
    }
    let mut bins = Manifest::read(&exercise.solution_path.join("Cargo.toml")).bins;
    let is_right = |path: &str| path == "src/main.rs" || path.starts_with("also-right/");
    bins.retain(|bin| bin.path.as_deref().is_some_and(is_right));
    (exercise.solution_package(), bins)
}

/// A tool of the toolchain that runs us, or the one on the path.
fn beside_cargo(tool: &str) -> OsString {
    let beside = std::env::var_os("CARGO").map(|cargo| Path::new(&cargo).with_file_name(tool));
    beside.filter(|path| path.is_file()).map_or_else(|| OsString::from(tool), PathBuf::into_os_string)
}
