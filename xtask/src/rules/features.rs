//! Every package asks for the same features of every crate, so that going from one exercise to the next compiles no
//! dependency again; `xtask/pins` is where a missing feature belongs. And it asks for no other crates than the first
//! exercise does, but for those that it declares: `services`, and `compiles`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::advice;
use crate::course::{Course, Exercise};
use crate::manifest;
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
        let group = Group { whole: whole(course, &everybody_else(course))?, pins: "xtask/pins" };
        compare(course, &without, &group, &mut violations)?;
    }
    if !with_services.is_empty() {
        let mut arguments = everybody(course);
        arguments.extend(["--features", "local-aws/all"].map(str::to_owned));
        let group = Group { whole: whole(course, &arguments)?, pins: "xtask/pins-aws" };
        compare(course, &with_services, &group, &mut violations)?;
    }
    Ok(violations)
}

/// Every crate that an exercise compiles beside the first one's without saying so, and what it says for nothing.
///
/// A learner waits for it when he comes to the exercise: he is told so before it happens, and `prefetch` builds it.
pub fn declared(course: &Course, exercises: &[&Exercise]) -> Result<Vec<Violation>> {
    let mut common = Common::default();
    let mut violations = Vec::new();
    for exercise in exercises.iter().filter(|exercise| exercise.path.join("Cargo.toml").is_file()) {
        let own = common.own_of(course, exercise)?;
        let path = exercise.path.join("Cargo.toml");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut told = |key: &str, message: String| {
            violations.push(Violation::new(&path, manifest::line_of(&text, key), message));
        };
        if let Some(crates) = own.get("").filter(|crates| !crates.is_empty()) {
            let crates = crates.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            told("compiles", format!("compiles {crates}, which the first exercise does not: `compiles` must name it"));
        }
        for name in &exercise.manifest.compiles {
            if own.get(name).is_none_or(BTreeSet::is_empty) {
                told("compiles", format!("compiles nothing more for {name}, which `compiles` names"));
            } else if course.cost_of(name).is_none() {
                let table = "[workspace.metadata.compiles]";
                told("compiles", format!("names {name}, of which {table} in Cargo.toml must say the CPU seconds"));
            }
        }
    }
    Ok(violations)
}

/// What the exercises of each group have in common, read when it is asked for.
#[derive(Debug, Default)]
pub struct Common {
    plain: Option<BTreeSet<String>>,
    services: Option<BTreeSet<String>>,
    /// What was found for those that ask for the same.
    known: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Common {
    /// The crates that `exercise` compiles beside the common ones, by the declared crate that brings them; those that
    /// nothing declared brings, by no name.
    pub fn own_of(&mut self, course: &Course, exercise: &Exercise) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let asked_for = asked_for(&exercise.path.join("Cargo.toml"));
        let key = format!("{:?} {} {asked_for}", exercise.manifest.compiles, exercise.calls_services());
        if let Some(own) = self.known.get(&key) {
            return Ok(own.clone());
        }
        let own = self.find(course, exercise)?;
        self.known.insert(key, own.clone());
        Ok(own)
    }

    fn find(&mut self, course: &Course, exercise: &Exercise) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let common = self.of(course, exercise)?;
        let mut brings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        // The way from the exercise to the crate that is read, by depth.
        let mut way: Vec<String> = Vec::new();
        for line in tree(course, &["-p".to_owned(), exercise.package_name()])? {
            way.truncate(line.depth);
            if let Some(by) = way.last() {
                brings.entry(by.clone()).or_default().insert(line.name().to_owned());
            }
            way.push(line.name().to_owned());
        }
        let mut rest: BTreeSet<String> = brings.values().flatten().cloned().collect();
        rest.retain(|name| !common.contains(name));
        let mut own: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for by in &exercise.manifest.compiles {
            let mut crates = BTreeSet::from([by.clone()]);
            let mut next = vec![by];
            while let Some(name) = next.pop() {
                next.extend(brings.get(name).into_iter().flatten().filter(|name| crates.insert((*name).clone())));
            }
            crates.retain(|name| !common.contains(name) && brings.values().any(|all| all.contains(name)));
            own.insert(by.clone(), crates);
        }
        rest.retain(|name| !own.values().any(|crates| crates.contains(name)));
        if !rest.is_empty() {
            own.insert(String::new(), rest);
        }
        Ok(own)
    }

    fn of(&mut self, course: &Course, exercise: &Exercise) -> Result<&BTreeSet<String>> {
        if self.plain.is_none() {
            let first = course.exercises.iter().find(|one| !one.calls_services() && one.mended_file().is_none());
            let first = first.context("every exercise calls services")?.package_name();
            self.plain = Some(names(&tree(course, &["-p".to_owned(), first])?));
        }
        let plain = self.plain.get_or_insert_default();
        if !exercise.calls_services() {
            return Ok(plain);
        }
        if self.services.is_none() {
            // `services` declares the SDK and the engines that answer it.
            let mut all = plain.clone();
            for tool in ["local-aws", "pins-aws"] {
                if course.root.join("xtask").join(tool).join("Cargo.toml").is_file() {
                    let arguments = ["-p", tool, "--all-features"].map(str::to_owned);
                    all.extend(names(&tree(course, &arguments)?));
                }
            }
            self.services = Some(all);
        }
        Ok(self.services.get_or_insert_default())
    }
}

fn names(tree: &[Line]) -> BTreeSet<String> {
    tree.iter().map(|line| line.name().to_owned()).collect()
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
        let asked_for = asked_for(&manifest);
        if asked_for.is_empty() || !seen.insert(asked_for) {
            continue;
        }
        for line in whole(course, &["-p".to_owned(), package])? {
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

/// The part of a manifest that names dependencies.
fn asked_for(manifest: &Path) -> String {
    let text = std::fs::read_to_string(manifest).unwrap_or_default();
    text.find("dependencies]").map_or("", |at| &text[at..]).to_owned()
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
fn whole(course: &Course, packages: &[String]) -> Result<BTreeSet<String>> {
    Ok(tree(course, packages)?.into_iter().map(|line| line.text).collect())
}

/// A crate in a tree of dependencies.
#[derive(Debug)]
struct Line {
    depth: usize,
    /// `adder v0.1.0 (/folder)|features`.
    text: String,
}

impl Line {
    fn name(&self) -> &str {
        self.text.split(' ').next().unwrap_or_default()
    }
}

/// The tree below some packages, as cargo walks it; what stands there twice has its own tree once.
fn tree(course: &Course, packages: &[String]) -> Result<Vec<Line>> {
    let mut cargo = course.cargo();
    cargo.args(["tree", "--edges", "normal,build,dev", "--prefix", "depth", "--format", " {p}|{f}"]);
    let output = cargo.args(packages).output().context(advice::NO_CARGO)?;
    if !output.status.success() {
        bail!("cargo tree {} failed\n{}", packages.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let (depth, text) = line.split_once(' ')?;
        Some(Line { depth: depth.parse().ok()?, text: text.trim_end_matches(" (*)").to_owned() })
    };
    Ok(text.lines().filter_map(line).collect())
}

/// `adder v0.1.0` without the folder that it lies in.
fn short(package: &str) -> &str {
    package.split(" (").next().unwrap_or(package)
}
