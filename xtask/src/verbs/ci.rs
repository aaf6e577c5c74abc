//! `ci`: all that CI runs, the same everywhere. A line per step with its time; what a failing step printed comes last.
//!
//! A learner's edits change nothing: the steps look at the tools, and `verify` at starters and solutions.

use std::process::{Command, Output};
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::advice;
use crate::cli::Options;
use crate::course::Course;
use crate::term::{Progress, Style, without_escapes};

/// One step, as it would be typed.
#[derive(Debug)]
struct Step {
    name: &'static str,
    command: Command,
}

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let (style, progress) = (Style::of_stdout(), Progress::new());
    let mut failures = Vec::new();
    let (mut passed, mut failed) = (0, 0);
    for Step { name, mut command } in steps(course, options)? {
        // Half the disk and two thirds of the time for what is built once.
        if std::env::var_os("CI").is_some() {
            command.env("CARGO_INCREMENTAL", "0");
        }
        let started = Instant::now();
        progress.doing(name);
        let output = command.output().with_context(|| format!("cannot run the step {name}: {command:?}"))?;
        let seconds = started.elapsed().as_secs_f64();
        let (is_good, word) = match output.status.success() {
            true => (true, style.good("ok")),
            false => (false, style.bad("failed")),
        };
        progress.clear();
        println!("{name}: {word} ({seconds:.1} s)");
        let text = text_of(&output);
        if name.starts_with("test") {
            let (more_passed, more_failed) = count_tests(&text);
            (passed, failed) = (passed + more_passed, failed + more_failed);
        }
        if !is_good {
            failures.push((name, text));
        }
    }
    println!("\ntests: {passed} passed, {failed} failed");
    for (name, text) in &failures {
        println!("\n{}\n\n{}", style.bold(&format!("{name} failed:")), text.trim());
    }
    Ok(u8::from(!failures.is_empty()))
}

fn steps(course: &Course, options: &Options) -> Result<Vec<Step>> {
    let cargo = |name, arguments: &[&str]| {
        let mut command = course.cargo();
        command.args(arguments);
        Step { name, command }
    };
    let this = std::env::current_exe().context("cannot tell where this program lies")?;
    let ourselves = |name, arguments: &[&str]| {
        let mut command = Command::new(&this);
        command.args(arguments).current_dir(&course.root).env("XTASK_ROOT", &course.root);
        Step { name, command }
    };
    let has_book = course.root.join("xtask/book/Cargo.toml").is_file();
    let mut format = cargo("format", &["fmt", "--check"]);
    let has_aws = course.root.join("xtask/local-aws/Cargo.toml").is_file();
    let others = has_book.then_some("book").into_iter().chain(has_aws.then_some("local-aws"));
    for package in tools(course)?.iter().map(String::as_str).chain(others) {
        format.command.args(["-p", package]);
    }
    let mut steps = vec![
        format,
        cargo("clippy", &["clippy", "--all-targets", "--quiet", "--", "-D", "warnings"]),
        cargo("test", &["test"]),
        // A target directory that was brought along may know what another machine verified.
        ourselves("verify", if std::env::var_os("CI").is_some() { &["verify", "--again"] } else { &["verify"] }),
    ];
    if has_book {
        // Its builder is no default member: a learner who only checks never compiles it.
        steps
            .push(cargo("clippy, book", &["clippy", "-p", "book", "--all-targets", "--quiet", "--", "-D", "warnings"]));
        steps.push(cargo("test, book", &["test", "-p", "book"]));
        steps.push(ourselves("book", &["build"]));
        steps.extend(script(course, "test, browser", ".ci/browser/run"));
    }
    if has_aws {
        // Nor is what compiles the AWS SDK: only exercises that call services do.
        let clippy =
            ["clippy", "-p", "local-aws", "--all-features", "--all-targets", "--quiet", "--", "-D", "warnings"];
        steps.push(cargo("clippy, local-aws", &clippy));
        steps.push(cargo("test, local-aws", &["test", "-p", "local-aws", "--all-features"]));
    }
    if options.full {
        let mut documentation = cargo("documentation", &["doc", "--no-deps", "--quiet"]);
        documentation.command.env("RUSTDOCFLAGS", "-D warnings");
        steps.push(documentation);
        steps.extend(slow_rest(course));
    }
    Ok(steps)
}

/// What takes minutes, or needs what not every machine has; each script says itself what it did not run.
fn slow_rest(course: &Course) -> Vec<Step> {
    let scripts = [
        ("test, foreign client", ".ci/foreign-client"),
        ("test, independent AWS", ".ci/independent-aws"),
        ("templates", ".ci/lint-templates"),
    ];
    scripts.into_iter().filter_map(|(name, file)| script(course, name, file)).collect()
}

fn script(course: &Course, name: &'static str, file: &str) -> Option<Step> {
    let file = course.root.join(file);
    let mut command = Command::new("bash");
    command.arg(&file).current_dir(&course.root);
    file.is_file().then_some(Step { name, command })
}

/// The default members: the packages that a learner never edits.
fn tools(course: &Course) -> Result<Vec<String>> {
    let output =
        course.cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output().context(advice::NO_CARGO)?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim()))?;
    let defaults: Vec<&Value> = metadata["workspace_default_members"].as_array().into_iter().flatten().collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let tools = packages.filter(|package| defaults.contains(&&package["id"]));
    Ok(tools.filter_map(|package| package["name"].as_str().map(str::to_owned)).collect())
}

fn text_of(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].map(String::from_utf8_lossy);
    without_escapes(&both.join("\n"))
}

/// The sums of all lines like cargo's `test result: ok. 3 passed; 0 failed; …` and Node's `ℹ pass 3`, `ℹ fail 0`.
fn count_tests(text: &str) -> (u64, u64) {
    let of_node = |word: &str| -> u64 {
        let counts =
            text.lines().filter_map(|line| line.strip_prefix("ℹ ")?.strip_prefix(word)?.trim().parse::<u64>().ok());
        counts.sum()
    };
    let results = text.lines().filter_map(|line| line.strip_prefix("test result: "));
    let number = |line: &str, word: &str| -> u64 {
        let before = line.split_once(word).map_or("", |(before, _)| before);
        before.trim_end().rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    results.fold((of_node("pass "), of_node("fail ")), |(passed, failed), line| {
        (passed + number(line, " passed"), failed + number(line, " failed"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_summed_over_all_their_binaries() {
        let text =
            "test result: ok. 3 passed; 0 failed; 0 ignored\nx\ntest result: FAILED. 12 passed; 2 failed; 1 ignored\n";
        assert_eq!(count_tests(text), (15, 2));
        assert_eq!(count_tests("ℹ tests 5\nℹ pass 4\nℹ fail 1\nℹ cancelled 0\n"), (4, 1));
    }
}
