//! Every package asks for the same features of every crate, so that going from one exercise to the next compiles no
//! dependency again. `xtask/pins` is where a missing feature belongs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::course::{Course, Exercise};
use crate::rules::Violation;

/// Every crate that one package builds with other features than the whole workspace does. The book's builder stands
/// apart: it is built once, alone, and shares nothing that a check waits for.
pub fn check(course: &Course, exercises: &[&Exercise]) -> Result<Vec<Violation>> {
    let has_book = course.root.join("xtask/book/Cargo.toml").is_file();
    let whole = match has_book {
        true => tree(course, &["--workspace", "--exclude", "book"])?,
        false => tree(course, &["--workspace"])?,
    };
    let mut seen = BTreeSet::new();
    let mut violations = Vec::new();
    for (package, manifest) in exercises.iter().flat_map(|exercise| packages(exercise)) {
        // Packages that ask for the same are looked at once.
        let text = std::fs::read_to_string(&manifest).unwrap_or_default();
        let asked_for = text.find("dependencies]").map_or("", |at| &text[at..]).to_owned();
        if asked_for.is_empty() || !seen.insert(asked_for) {
            continue;
        }
        for line in tree(course, &["-p", &package])?.difference(&whole) {
            let (name, features) = line.split_once('|').unwrap_or((line, ""));
            let message = format!("builds {} with the features [{features}], which no other call does", short(name));
            violations.push(Violation::new(&manifest, 1, format!("{message}; xtask/pins must name their union")));
        }
    }
    Ok(violations)
}

/// The packages of an exercise; a solution that is a file has none.
fn packages(exercise: &Exercise) -> Vec<(String, PathBuf)> {
    let mut packages = vec![
        (exercise.package_name(), exercise.path.join("Cargo.toml")),
        (exercise.solution_package(), exercise.solution_path.join("Cargo.toml")),
    ];
    packages.retain(|(_, manifest)| manifest.is_file());
    packages
}

/// One line for each crate and its features.
fn tree(course: &Course, packages: &[&str]) -> Result<BTreeSet<String>> {
    let mut cargo = course.cargo();
    cargo.args(["tree", "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}|{f}"]);
    let output = cargo.args(packages).output().context("cannot run cargo; is rustup's cargo on the path?")?;
    if !output.status.success() {
        bail!("cargo tree {} failed\n{}", packages.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).filter(|line| !line.is_empty()).collect())
}

/// `adder v0.1.0` without the folder that it lies in.
fn short(package: &str) -> &str {
    package.split(" (").next().unwrap_or(package)
}
