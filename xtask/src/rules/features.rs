//! Every package asks for the same features of every crate, so that going from one exercise to the next compiles no
//! dependency again. `xtask/pins` is where a missing feature belongs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::advice;
use crate::course::{Course, Exercise};
use crate::rules::Violation;

/// Every crate that one package builds with other features than its group does.
///
/// There are two groups: exercises that call AWS services, and the others, which never compile any of the AWS SDK.
/// The SDK wants more of tokio and hyper than the others should wait for. The book's builder stands apart: it is built
/// once, alone, and shares nothing that a check waits for.
pub fn check(course: &Course, exercises: &[&Exercise]) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    let (with_services, without): (Vec<&Exercise>, Vec<&Exercise>) =
        exercises.iter().partition(|exercise| exercise.calls_services());
    if !without.is_empty() {
        let group = Group { whole: tree(course, &everybody_else(course))?, pins: "xtask/pins" };
        compare(course, &without, &group, &mut violations)?;
    }
    if !with_services.is_empty() {
        let mut arguments = everybody(course);
        arguments.extend(["--features", "local-aws/all"].map(str::to_owned));
        let group = Group { whole: tree(course, &arguments)?, pins: "xtask/pins-aws" };
        compare(course, &with_services, &group, &mut violations)?;
    }
    Ok(violations)
}

/// What all packages of one kind build together, and where the union of their features is named.
struct Group {
    whole: BTreeSet<String>,
    pins: &'static str,
}

fn compare(course: &Course, exercises: &[&Exercise], group: &Group, violations: &mut Vec<Violation>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (package, manifest) in exercises.iter().flat_map(|exercise| packages(exercise)) {
        // Packages that ask for the same are looked at once.
        let text = std::fs::read_to_string(&manifest).unwrap_or_default();
        let asked_for = text.find("dependencies]").map_or("", |at| &text[at..]).to_owned();
        if asked_for.is_empty() || !seen.insert(asked_for) {
            continue;
        }
        for line in tree(course, &["-p".to_owned(), package])? {
            let (name, features) = line.split_once('|').unwrap_or((&line, ""));
            // What such an exercise compiles is in the whole of its group, since the exercise is.
            let is_foreign = group.pins == "xtask/pins" && is_of_the_sdk(name);
            // Each exercise asks for the engines of its own services; they are features of this package alone.
            if !is_foreign && (group.whole.contains(&line) || name.starts_with("local-aws ")) {
                continue;
            }
            let message = match is_foreign {
                true => format!("compiles {} of the AWS SDK, but `services` names none", short(name)),
                false => format!(
                    "builds {} with the features [{features}], which no other call does; {} must name their union",
                    short(name),
                    group.pins
                ),
            };
            violations.push(Violation::new(&manifest, 1, message));
        }
    }
    Ok(())
}

fn is_of_the_sdk(package: &str) -> bool {
    let names = ["aws-config ", "aws-runtime ", "aws-sdk-", "aws-smithy-", "local-aws ", "pins-aws "];
    names.iter().any(|name| package.starts_with(name))
}

/// All of the workspace but the book.
fn everybody(course: &Course) -> Vec<String> {
    let mut arguments = vec!["--workspace".to_owned()];
    if course.root.join("xtask/book/Cargo.toml").is_file() {
        arguments.extend(["--exclude", "book"].map(str::to_owned));
    }
    arguments
}

/// All of it that compiles nothing of the AWS SDK.
fn everybody_else(course: &Course) -> Vec<String> {
    let mut arguments = everybody(course);
    for tool in ["local-aws", "pins-aws"] {
        if course.root.join("xtask").join(tool).join("Cargo.toml").is_file() {
            arguments.extend(["--exclude".to_owned(), tool.to_owned()]);
        }
    }
    for exercise in course.exercises.iter().filter(|exercise| exercise.calls_services()) {
        for (package, manifest) in packages(exercise) {
            if manifest.is_file() {
                arguments.extend(["--exclude".to_owned(), package]);
            }
        }
    }
    arguments
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
fn tree(course: &Course, packages: &[String]) -> Result<BTreeSet<String>> {
    let mut cargo = course.cargo();
    cargo.args(["tree", "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}|{f}"]);
    let output = cargo.args(packages).output().context(advice::NO_CARGO)?;
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
