//! What can be seen without building: names, manifests, files, the heads of mistakes, the starter's TODO.

use std::path::Path;

use crate::course::Exercise;
use crate::equivalent;
use crate::fingerprint::files_below;
use crate::libtest;
use crate::manifest::{self, Manifest};
use crate::mistake;
use crate::rules::{Violation, mended};

/// Mistakes that each exercise has at least.
const MISTAKES: usize = 2;

/// Every breach in one exercise's files.
#[must_use]
pub fn check(exercise: &Exercise) -> Vec<Violation> {
    let mut violations = manifest_rules(exercise);
    if !exercise.solution_path.is_dir() {
        let message = format!("has no solution at solutions/{}", exercise.name());
        violations.push(Violation::new(exercise.path.join("Cargo.toml"), 1, message));
    } else {
        violations.extend(match exercise.mended_file() {
            Some(file) => mended::check(exercise, file),
            None => solution_rules(exercise),
        });
        violations.extend(starter_rules(exercise));
        violations.extend(mistake_rules(exercise));
        violations.extend(equivalent::check(exercise));
    }
    violations.extend(stray_files(exercise));
    violations
}

/// The file name of a further binary, `retries-4xx` of `mistakes/retries-4xx.rs`, as cargo knows it.
#[must_use]
pub fn bin_name(exercise: &Exercise, stem: &str) -> String {
    format!("{}--{stem}", exercise.solution_package())
}

fn manifest_rules(exercise: &Exercise) -> Vec<Violation> {
    let path = exercise.path.join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let manifest = &exercise.manifest;
    let problems = manifest.problems.iter();
    let mut violations: Vec<Violation> =
        problems.map(|problem| Violation::new(&path, problem.line, &problem.message)).collect();
    if violations.iter().any(|violation| violation.message.starts_with("is not TOML")) {
        return violations;
    }
    let mut wrong = |key: &str, message: String| {
        violations.push(Violation::new(&path, manifest::line_of(&text, key), message));
    };
    let package = exercise.package();
    if manifest.package.as_ref() != Some(&package) {
        wrong("name", format!("the package must be called {package:?}, as its folder says"));
    }
    for (key, is_missing) in [
        ("minutes", manifest.minutes.is_none()),
        ("kind", manifest.kind.is_none()),
        ("concepts", manifest.concepts.is_empty()),
    ] {
        if is_missing && !manifest.problems.iter().any(|problem| problem.message.starts_with(key)) {
            wrong(key, format!("[package.metadata.exercise] must say {key}"));
        }
    }
    let is_right = |bin: &manifest::Bin| bin.name == package && bin.path.as_deref() == Some("src/main.rs") && !bin.test;
    for bin in manifest.bins.iter().filter(|bin| bin.test) {
        wrong("name", format!("the [[bin]] {:?} must say test = false, or every check builds it twice", bin.name));
    }
    if exercise.mended_file().is_none() && !manifest.bins.iter().any(is_right) {
        wrong("name", format!("must have [[bin]] name = {package:?}, path = \"src/main.rs\", test = false"));
    }
    if declared_tests(exercise).is_empty() {
        let check = exercise.path.join("tests/check.rs");
        violations.push(Violation::new(check, 1, "must have at least one #[test]"));
    }
    violations
}

fn solution_rules(exercise: &Exercise) -> Vec<Violation> {
    let path = exercise.solution_path.join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let manifest = Manifest::read(&path);
    let problems = manifest.problems.iter();
    let mut violations: Vec<Violation> =
        problems.map(|problem| Violation::new(&path, problem.line, &problem.message)).collect();
    let package = exercise.solution_package();
    if manifest.package.as_ref() != Some(&package) {
        violations.push(Violation::new(&path, 1, format!("the package must be called {package:?}")));
    }
    let mut wanted =
        vec![(package, "src/main.rs".to_owned()), (bin_name(exercise, "starter"), "starter/src/main.rs".to_owned())];
    for folder in ["mistakes", "also-right"] {
        for file in files_below(&exercise.solution_path.join(folder)) {
            wanted.push((bin_name(exercise, &mistake::stem(&file)), format!("{folder}/{}", file.display())));
        }
    }
    for (name, file) in &wanted {
        let is_right = |bin: &manifest::Bin| bin.name == *name && bin.path.as_ref() == Some(file) && !bin.test;
        if !manifest.bins.iter().any(is_right) {
            let message = format!("must have [[bin]] name = {name:?}, path = {file:?}, test = false");
            violations.push(Violation::new(&path, 1, message));
        }
    }
    let is_gone =
        |bin: &&manifest::Bin| bin.path.as_ref().is_some_and(|file| !exercise.solution_path.join(file).is_file());
    for bin in manifest.bins.iter().filter(is_gone) {
        let message = format!("the [[bin]] {:?} has no file {}", bin.name, bin.path.as_deref().unwrap_or_default());
        violations.push(Violation::new(&path, line_with(&text, &bin.name), message));
    }
    let more = manifest.dependencies.iter().filter(|name| !exercise.manifest.dependencies.contains(name));
    for name in more {
        let message = format!("the solution depends on {name}, which the exercise does not have");
        violations.push(Violation::new(&path, manifest::line_of(&text, name), message));
    }
    violations
}

/// The line that has this name as its value.
fn line_with(text: &str, name: &str) -> usize {
    let value = format!("{name:?}");
    text.lines().position(|line| line.ends_with(&value)).map_or(1, |index| index + 1)
}

fn starter_rules(exercise: &Exercise) -> Vec<Violation> {
    let starter = exercise.solution_path.join("starter");
    let files = files_below(&starter);
    if files.is_empty() {
        return vec![Violation::new(starter, 1, "has no starter: `reset` restores from here")];
    }
    let todo = |file: &Path| {
        let text = std::fs::read_to_string(starter.join(file)).unwrap_or_default();
        text.lines().position(|line| line.contains("TODO:")).map(|index| index + 1)
    };
    let todos: Vec<_> = files.iter().filter_map(|file| Some((file, todo(file)?))).collect();
    let is_hunt = exercise.manifest.kind.as_deref() == Some("spot-the-bug");
    match todos.as_slice() {
        [] if !is_hunt && mended::has_comments(exercise.main_name()) => {
            let message = "must say in a comment with `TODO:` what is to be done";
            vec![Violation::new(starter.join(exercise.main_name()), 1, message)]
        }
        [(file, line), ..] if is_hunt => {
            vec![Violation::new(starter.join(file), *line, "gives the bug away: spot-the-bug has no TODO")]
        }
        _ => Vec::new(),
    }
}

fn mistake_rules(exercise: &Exercise) -> Vec<Violation> {
    let mistakes = mistake::of(exercise);
    let mut violations = Vec::new();
    if mistakes.len() < MISTAKES {
        let message = format!("has {} of at least {MISTAKES} known-wrong answers", mistakes.len());
        violations.push(Violation::new(exercise.solution_path.join("mistakes"), 1, message));
    }
    let tests = declared_tests(exercise);
    for mistake in mistakes {
        let message = match &mistake.caught_by {
            None if exercise.mended_file().is_some() => {
                format!("must have a head [{}] in {} with caught-by and reason", mistake.name, mistake::HEADS)
            }
            None => "must begin with `//! caught-by: ` and the test that catches it".to_owned(),
            Some(test) if !tests.contains(test) => format!("names {test}, which is no test of the check"),
            Some(_) if mistake.reason.is_empty() => "must say below `caught-by` why it is wrong".to_owned(),
            Some(_) => continue,
        };
        violations.push(Violation::new(&mistake.path, 1, message));
    }
    violations
}

fn stray_files(exercise: &Exercise) -> Vec<Violation> {
    let starter = files_below(&exercise.solution_path.join("starter"));
    let of_exercise = files_below(&exercise.path).into_iter().filter(|file| {
        let is_known = file == Path::new("Cargo.toml") || file.starts_with("src") || file.starts_with("tests");
        !is_known && !starter.contains(file)
    });
    let (own, head) = match exercise.mended_file() {
        Some(file) => (file, mistake::HEADS),
        None => (Path::new("src"), "Cargo.toml"),
    };
    let is_head = |file: &Path| file == Path::new(head) || file == Path::new(equivalent::FILE);
    let of_solution = files_below(&exercise.solution_path).into_iter().filter(|file| {
        let rooms = ["starter", "mistakes", "also-right"];
        !is_head(file) && !file.starts_with(own) && !rooms.iter().any(|room| file.starts_with(room))
    });
    let exercise_files = of_exercise.map(|file| exercise.path.join(file));
    let solution_files = of_solution.map(|file| exercise.solution_path.join(file));
    exercise_files.chain(solution_files).map(|file| Violation::new(file, 1, "is a stray file")).collect()
}

fn declared_tests(exercise: &Exercise) -> Vec<String> {
    let source = std::fs::read_to_string(exercise.path.join("tests/check.rs")).unwrap_or_default();
    libtest::declared(&source).into_iter().map(|(_, name)| name).collect()
}
