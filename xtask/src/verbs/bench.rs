//! `bench`: what the course costs, as ratios to plain cargo in the same run, each against its bar. It works on a copy of
//! the course below the target directory and touches no learner's file.
//!
//! Bars that are kept elsewhere: how long `ci` takes, it says itself at its end; what a first page weighs, the browser's
//! tests know (`.ci/browser/offline.test.js`); local-lambda beside other emulators has a benchmark of its own.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use crate::cli::{Format, Options};
use crate::course::{Course, Exercise};
use crate::process;
use crate::rules::features::Common;
use crate::store;
use crate::term::Progress;
use crate::tidy;
use crate::view::json::to_text;

/// Interleaved rounds per figure; medians are compared.
const ROUNDS: usize = 7;

/// Where to look for an exercise whose starter fails: not every one compiles.
const TRIED: usize = 5;

/// Bars, from the course's design.
const AFTER_AN_EDIT: f64 = 1.25;
const NOTHING_CHANGED: f64 = 1.0;
const FIRST_VERDICT: f64 = 1.3;
const FIRST_VERDICT_WITH_EVENTS: f64 = 1.5;
const FIRST_VERDICT_WITH_HTTP: f64 = 1.8;
const ALL_SOLUTIONS: f64 = 30.0;
const NEXT_EXERCISE: f64 = 2.0;
const TARGET_DIRECTORY: f64 = 1000.0;
const BOOK: f64 = 2.0;
/// By the clock. An edit builds the book anew, as the design bounds it; what comes on top is that it is noticed.
const PAGE_EDIT: f64 = BOOK + 0.3;

/// One figure: what was measured, and how it compares.
#[derive(Debug)]
struct Figure {
    what: &'static str,
    ours: f64,
    unit: &'static str,
    /// What it is compared with, and the ratio of both; a bar that is no ratio has none.
    plain: Option<(f64, f64)>,
    bar: f64,
}

impl Figure {
    /// A figure by itself.
    fn alone(what: &'static str, ours: f64, unit: &'static str, bar: f64) -> Figure {
        Figure { what, ours, unit, plain: None, bar }
    }

    /// Beside plain cargo: the median of each, and of the rounds' ratios, for two neighbours share a machine's noise.
    fn beside(what: &'static str, rounds: Vec<(f64, f64)>, bar: f64) -> Figure {
        let ratio = median(rounds.iter().map(|(ours, plain)| ours / plain).collect());
        let (ours, plain) = rounds.into_iter().unzip();
        Figure { what, ours: median(ours), unit: "s", plain: Some((median(plain), ratio)), bar }
    }

    fn value(&self) -> f64 {
        self.plain.map_or(self.ours, |(_, ratio)| ratio)
    }

    fn holds(&self) -> bool {
        self.value() <= self.bar
    }
}

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let dir = course.target_dir().join("bench");
    let progress = Progress::new();
    progress.notice("bench: a copy of the course is built");
    let bench = Bench::lay_out(course, &dir)?;
    progress.notice("bench: an edit, and nothing changed");
    let mut figures = vec![bench.after_an_edit()?, bench.nothing_changed()?];
    figures.extend(bench.nothing_changed_after_a_failure()?);
    progress.notice("bench: all solutions, which are built first (minutes, with the AWS SDK)");
    figures.push(bench.all_solutions()?);
    progress.notice("bench: each exercise without services, after another one");
    figures.extend(bench.next_exercise(&progress)?);
    figures.push(bench.target_directory()?);
    if course.root.join("xtask/book/Cargo.toml").is_file() {
        progress.notice("bench: the book");
        let builder = super::book::builder(course)?;
        figures.push(bench.book(&builder)?);
        figures.push(bench.page_edit(&builder)?);
    }
    if options.full {
        progress.notice("bench: a fresh clone and its first verdict, and a new crate by plain cargo");
        figures.extend(bench.first_verdicts(&progress)?);
    }
    let _ = fs::remove_dir_all(&dir);
    match options.format {
        Format::Json => print!("{}", to_text(&document(&figures))),
        Format::Text => print!("{}", table(&figures)),
    }
    Ok(u8::from(!figures.iter().all(Figure::holds)))
}

/// A copy of the course in which the first exercise is solved.
#[derive(Debug)]
struct Bench {
    copy: Course,
    target: PathBuf,
    /// This program, as it was when the run began: cargo may build it anew meanwhile.
    own: PathBuf,
    index: usize,
}

impl Bench {
    fn lay_out(course: &Course, dir: &Path) -> Result<Bench> {
        let _ = fs::remove_dir_all(dir);
        let copy = dir.join("course");
        store::copy_tree(&course.root, &copy)?;
        let copy = Course::at(&copy)?;
        let is_solved = |exercise: &Exercise| exercise.solution_path.join("src/main.rs").is_file();
        let Some(index) = copy.exercises.iter().position(is_solved) else {
            bail!("there is no exercise with a solution to measure")
        };
        let exercise = &copy.exercises[index];
        store::lay_over_src(exercise, &exercise.solution_path.join("src"))?;
        let own = dir.join("xtask");
        let program = std::env::current_exe().context("cannot tell where this program lies")?;
        store::copy(&program, &own)?;
        let bench = Bench { copy, target: dir.join("target"), own, index };
        bench.spend(&mut bench.check(&[]))?;
        Ok(bench)
    }

    fn exercise(&self) -> &Exercise {
        &self.copy.exercises[self.index]
    }

    fn after_an_edit(&self) -> Result<Figure> {
        let mut round = 0;
        let mut edited = |command: &mut Command| {
            round += 1;
            self.edit(round)?;
            self.spend(command)
        };
        let rounds = rounds(|| Ok((edited(&mut self.check(&[]))?, edited(&mut self.build())?)))?;
        Ok(Figure::beside("check after a one-line edit", rounds, AFTER_AN_EDIT))
    }

    fn nothing_changed(&self) -> Result<Figure> {
        self.spend(&mut self.check(&[]))?;
        let rounds = rounds(|| Ok((self.spend(&mut self.check(&[]))?, self.spend(&mut self.build())?)))?;
        Ok(Figure::beside("check with nothing changed", rounds, NOTHING_CHANGED))
    }

    /// The same for a starter that fails, which is remembered too; none where no starter does.
    fn nothing_changed_after_a_failure(&self) -> Result<Option<Figure>> {
        let is_another = |exercise: &&Exercise| {
            exercise.manifest.services.is_empty()
                && exercise.mended_file().is_none()
                && exercise.name() != self.exercise().name()
        };
        for exercise in self.copy.exercises.iter().filter(is_another).take(TRIED) {
            let check = || self.xtask(&["check", &exercise.id()]);
            if output_of(&mut check())?.status.code() != Some(FAILED) {
                continue;
            }
            let build = || self.cargo(&["build", "--quiet", "--package", &exercise.package_name()]);
            self.spend(&mut build())?;
            let rounds = rounds(|| Ok((spend(&mut check(), FAILED)?, self.spend(&mut build())?)))?;
            return Ok(Some(Figure::beside("the same, after a failure", rounds, NOTHING_CHANGED)));
        }
        Ok(None)
    }

    /// In seconds by the clock: once built, its own work only.
    fn all_solutions(&self) -> Result<Figure> {
        // What is built first takes so long that it must say how far it is.
        let mut first = self.xtask(&["check", "--solutions"]);
        let status = first.stdin(Stdio::null()).stdout(Stdio::null()).status();
        if !status.with_context(|| format!("cannot run {first:?}"))?.success() {
            bail!("not every solution passes: `cargo xtask check --solutions` tells which");
        }
        let started = Instant::now();
        self.spend(&mut self.xtask(&["check", "--solutions", "--again"]))?;
        let ours = started.elapsed().as_secs_f64();
        Ok(Figure::alone("check --solutions, all of them", ours, "s", ALL_SOLUTIONS))
    }

    /// What cargo compiles for each further exercise once the first is built, beside what the exercise declares and the
    /// learner is told before, and beside a second program of its own: the most of all. Exercises that call services compile their clients once, and are not
    /// looked at.
    fn next_exercise(&self, progress: &Progress) -> Result<Option<Figure>> {
        // Of its own, since all exercises are built in the other.
        let target = self.target.with_file_name("next-target");
        let mut most = None;
        let mut common = Common::default();
        let offline: Vec<_> = self.copy.exercises.iter().filter(|e| e.manifest.services.is_empty()).collect();
        for (index, exercise) in offline.iter().enumerate() {
            progress.running(index + 1, offline.len(), &exercise.id());
            let mut build = self.cargo(&["build", "--quiet", "--test", "check", "--message-format", "json"]);
            build.args(["--package", &exercise.package_name()]).env("CARGO_TARGET_DIR", &target);
            let output = build.stdin(Stdio::null()).output().with_context(|| format!("cannot run {build:?}"))?;
            // The first compiles what all need. A starter that does not compile is a unit as well.
            if index > 0 {
                let own = common.own_of(&self.copy, exercise)?;
                let declared =
                    own.into_iter().filter(|(by, _)| !by.is_empty()).flat_map(|(_, crates)| crates).collect();
                let compiled = compiled_units(&String::from_utf8_lossy(&output.stdout), &declared);
                let further = exercise.manifest.bins.len().saturating_sub(1);
                most = most.max(Some(compiled.saturating_sub(further)));
            }
        }
        Ok(most.map(|units| Figure::alone("the next exercise compiles", units as f64, "units", NEXT_EXERCISE)))
    }

    /// What lies on a learner's disk who has checked every exercise without services with this tool.
    fn target_directory(&self) -> Result<Figure> {
        let target = self.target.with_file_name("next-target");
        let mut build = self.cargo(&["build", "--quiet", "--package", "xtask"]);
        build.env("CARGO_TARGET_DIR", &target).stdin(Stdio::null()).status().context("cannot run cargo")?;
        // After each build, as if what is younger than half a minute had been built before it: a learner takes longer.
        tidy::after_a_build(&target, std::iter::empty(), SystemTime::now() + tidy::AGE);
        let megabytes = size_of(&target, &mut BTreeSet::new()) as f64 / 1e6;
        Ok(Figure::alone("a learner's target directory", megabytes, "MB", TARGET_DIRECTORY))
    }

    fn book(&self, builder: &Path) -> Result<Figure> {
        let mut build = Command::new(builder);
        build.arg("build").arg("--root").arg(&self.copy.root).arg("--dest").arg(self.target.with_file_name("site"));
        Ok(Figure::alone("the book, CPU", self.spend(&mut build)?, "s", BOOK))
    }

    /// From writing a page to the book that has it, while it is served.
    fn page_edit(&self, builder: &Path) -> Result<Figure> {
        let page = crate::page::path(&self.copy, self.exercise());
        let text = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
        let mut serve = Command::new(builder);
        serve.args(["serve", "--no-open", "--port", "0", "--root"]).arg(&self.copy.root);
        let mut served = serve.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let served = served.as_mut().map_err(|error| anyhow!("cannot run {}: {error}", builder.display()))?;
        let mut lines =
            served.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok);
        let mut wait_for = |words: &str| lines.any(|line| line.contains(words));
        let is_up = wait_for("the book is at ");
        let started = Instant::now();
        store::write_cache(&page, format!("{text}\nOne more line.\n").as_bytes())?;
        let is_built = is_up && wait_for("built ");
        let seconds = started.elapsed().as_secs_f64();
        let _ = served.kill();
        let _ = served.wait();
        match is_built {
            true => Ok(Figure::alone("a page's edit is visible after", seconds, "s", PAGE_EDIT)),
            false => bail!("{} does not serve the book", builder.display()),
        }
    }

    /// From empty target directories: the first verdict in a fresh clone, and a new crate with the crates that every
    /// function has. It is asked for the first exercise, for the first one with types of events, and for one with
    /// `lambda_http`: what an exercise uses beside the plain crates is excused by its bar, what is only pinned for those that
    /// follow is not.
    fn first_verdicts(&self, progress: &Progress) -> Result<Vec<Figure>> {
        let plain = self.plain_crate()?;
        let compiles = |names: &[&str]| {
            self.copy.exercises.iter().find(|e| e.manifest.services.is_empty() && e.manifest.compiles == names)
        };
        let asked_for = [
            (Some(self.exercise()), "first verdict of a fresh clone", FIRST_VERDICT),
            (compiles(&["aws_lambda_events"]), "the same, with types of events", FIRST_VERDICT_WITH_EVENTS),
            (compiles(&["lambda_http"]), "the same, with lambda_http", FIRST_VERDICT_WITH_HTTP),
        ];
        let mut figures = Vec::new();
        for (exercise, what, bar) in asked_for {
            let Some(exercise) = exercise else { continue };
            progress.notice(&format!("bench: {what} ({})", exercise.id()));
            figures.push(Figure::beside(what, vec![(self.first_verdict(exercise)?, plain)], bar));
        }
        Ok(figures)
    }

    /// The CPU seconds of a first verdict, whichever it is.
    fn first_verdict(&self, exercise: &Exercise) -> Result<f64> {
        // A fresh clone remembers nothing.
        let _ = fs::remove_dir_all(self.copy.progress_dir());
        let target = self.target.with_file_name("first");
        let mut check = self.cargo(&["run", "--quiet", "--package", "xtask", "--", "check", &exercise.id()]);
        let starter_fails = self.exercise().name() != exercise.name();
        let seconds = spend(check.env("CARGO_TARGET_DIR", &target), if starter_fails { FAILED } else { PASSED })?;
        fs::remove_dir_all(&target).with_context(|| format!("cannot remove {}", target.display()))?;
        Ok(seconds)
    }

    fn plain_crate(&self) -> Result<f64> {
        let fresh = |name: &str| self.target.with_file_name(name);
        let plain = fresh("plain");
        store::write_cache(&plain.join("src/main.rs"), PLAIN_MAIN.as_bytes())?;
        store::write_cache(&plain.join("Cargo.toml"), PLAIN.as_bytes())?;
        store::write_cache(&plain.join("Cargo.lock"), &fs::read(self.copy.root.join("Cargo.lock"))?)?;
        let mut build = self.cargo(&["build", "--quiet"]);
        self.spend(build.current_dir(&plain).env("CARGO_TARGET_DIR", fresh("plain-target")))
    }

    fn edit(&self, round: usize) -> Result<()> {
        let path = self.exercise().main_file();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let kept = text.lines().filter(|line| !line.starts_with("const _: usize = ")).collect::<Vec<_>>().join("\n");
        store::write_cache(&path, format!("{kept}\nconst _: usize = {round};\n").as_bytes())
    }

    fn check(&self, more: &[&str]) -> Command {
        let mut command = self.xtask(&["check", &self.exercise().id()]);
        command.args(more);
        command
    }

    fn build(&self) -> Command {
        self.cargo(&["build", "--quiet", "--package", &self.exercise().package_name()])
    }

    fn xtask(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.own);
        command.args(arguments).env("XTASK_ROOT", &self.copy.root).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.copy.cargo();
        command.args(arguments).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// The CPU seconds of a command that must go well, and of all that it starts.
    fn spend(&self, command: &mut Command) -> Result<f64> {
        spend(command, PASSED)
    }
}

const PASSED: i32 = 0;
const FAILED: i32 = 1;

/// The CPU seconds of a command that ends with this code, and of all that it starts.
fn spend(command: &mut Command, code: i32) -> Result<f64> {
    let before = process::cpu_of_children();
    let output = output_of(command)?;
    if output.status.code() != Some(code) {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} failed\n{}{}", String::from_utf8_lossy(&output.stdout), words);
    }
    Ok((process::cpu_of_children() - before).as_secs_f64())
}

fn output_of(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))
}

/// The whole program of a first function.
const PLAIN_MAIN: &str = include_str!("../new_exercise/solution.rs");

/// What the field's own beginning is: `cargo new` and the crates of a first function.
const PLAIN: &str = r#"[package]
name = "plain"
version = "0.1.0"
edition = "2024"

[dependencies]
lambda_runtime = "1"
serde_json = "1"
tokio = { version = "1", features = ["macros"] }

[workspace]
"#;

fn rounds(mut round: impl FnMut() -> Result<(f64, f64)>) -> Result<Vec<(f64, f64)>> {
    (0..ROUNDS).map(|_| round()).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How many units a cargo call compiled, by its JSON messages, but for those of some packages.
fn compiled_units(messages: &str, but_for: &BTreeSet<String>) -> usize {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let compiled = messages.filter(|one| one["reason"] == "compiler-artifact" && one["fresh"] == false);
    compiled.filter(|one| !package_of(one).is_some_and(|name| but_for.contains(name))).count()
}

/// `ring` of `registry+https://…#ring@0.17.14`, and `course` of `path+file:///…/course#0.1.0`.
fn package_of(message: &Value) -> Option<&str> {
    let (source, id) = message["package_id"].as_str()?.rsplit_once('#')?;
    Some(id.split_once('@').map_or_else(|| source.rsplit('/').next().unwrap_or(id), |(name, _)| name))
}

/// Bytes on the disk; what has several names, as cargo's binaries do, counts once.
fn size_of(path: &Path, seen: &mut BTreeSet<u64>) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    let mut bytes = 0;
    for entry in entries.flatten() {
        match entry.metadata() {
            Ok(data) if data.is_dir() => bytes += size_of(&entry.path(), seen),
            Ok(data) if seen.insert(data.ino()) => bytes += data.blocks() * 512,
            _ => {}
        }
    }
    bytes
}

fn table(figures: &[Figure]) -> String {
    let mut text = format!("{:<32} {:>8} {:>8} {:>8} {:>8}\n", "", "ours", "cargo", "ratio", "bar");
    for figure in figures {
        let plain = figure.plain.map_or_else(|| "-".to_owned(), |(plain, _)| format!("{plain:.2} s"));
        let (ratio, bar) = match figure.plain {
            Some((_, ratio)) => (format!("{ratio:.2}"), format!("{:.2}", figure.bar)),
            None => ("-".to_owned(), format!("{:.0} {}", figure.bar, figure.unit)),
        };
        let decimals = if figure.unit == "s" { 2 } else { 0 };
        let ours = format!("{:.decimals$} {}", figure.ours, figure.unit);
        let missed = if figure.holds() { "" } else { "  missed" };
        text.push_str(&format!("{:<32} {ours:>8} {plain:>8} {ratio:>8} {bar:>8}{missed}\n", figure.what));
    }
    let missed: Vec<&str> = figures.iter().filter(|figure| !figure.holds()).map(|figure| figure.what).collect();
    text + &match missed.len() {
        0 => "\nevery bar is met\n".to_owned(),
        count => format!("\n{} of {} bars missed: {}\n", count, figures.len(), missed.join("; ")),
    }
}

fn document(figures: &[Figure]) -> Value {
    let list: Vec<Value> = figures
        .iter()
        .map(|figure| {
            json!({
                "what": figure.what,
                "ours": figure.ours,
                "unit": figure.unit,
                "cargo": figure.plain.map(|(plain, _)| plain),
                "ratio": figure.plain.map(|(_, ratio)| ratio),
                "bar": figure.bar,
                "holds": figure.holds(),
            })
        })
        .collect();
    json!({ "version": 1, "command": "bench", "rounds": ROUNDS, "figures": list })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_counted_but_for_those_that_were_declared() {
        let line = |id: &str, fresh: bool| {
            json!({ "reason": "compiler-artifact", "package_id": id, "fresh": fresh }).to_string()
        };
        let ring = line("registry+https://github.com/rust-lang/crates.io-index#ring@0.17.14", false);
        let ours = line("path+file:///course/xtask/local-lambda/sources#local-lambda-sources@0.1.0", false);
        let check = line("path+file:///course/exercises/ch01-fates/01-passes#ch01-01-passes@0.1.0", false);
        let policy = line("path+file:///course/xtask/course#0.1.0", false);
        let messages = [ring, ours, check.clone(), check, policy, line("path+file:///x#y@0.1.0", true)].join("\n");
        let declared = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(compiled_units(&messages, &declared(&[])), 5);
        assert_eq!(compiled_units(&messages, &declared(&["ring", "local-lambda-sources", "course"])), 2);
    }

    #[test]
    fn a_figure_over_its_bar_is_missed() {
        let beside = |ours, plain| Figure::beside("x", vec![(ours, plain)], 1.25);
        assert!(beside(2.4, 2.0).holds());
        assert!(!beside(2.6, 2.0).holds());
        assert!(!Figure::alone("x", 31.0, "s", 30.0).holds());
        assert!(table(&[beside(2.6, 2.0)]).contains("1.30     1.25  missed"));
        assert!(table(&[Figure::alone("x", 3.0, "units", 2.0)]).contains("3 units        -        -  2 units  missed"));
        assert!(table(&[beside(2.4, 2.0), beside(2.6, 2.0)]).ends_with("\n1 of 2 bars missed: x\n"));
        assert!(table(&[beside(2.4, 2.0)]).ends_with("\nevery bar is met\n"));
    }
}
