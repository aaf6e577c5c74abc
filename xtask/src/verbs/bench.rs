//! `bench`: what the course costs, as ratios to plain cargo in the same run, each against its bar. It works on a copy of
//! the course below the target directory and touches no learner's file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::cli::{Format, Options};
use crate::course::{Course, Exercise};
use crate::process;
use crate::store;
use crate::view::json::to_text;

/// Interleaved rounds per figure; medians are compared.
const ROUNDS: usize = 7;

/// Bars, from the course's design.
const AFTER_AN_EDIT: f64 = 1.25;
const NOTHING_CHANGED: f64 = 1.0;
const FIRST_VERDICT: f64 = 1.3;
const FIRST_VERDICT_WITH_EVENTS: f64 = 1.5;
const FIRST_VERDICT_WITH_HTTP: f64 = 1.8;
const ALL_SOLUTIONS: f64 = 30.0;

/// One figure: what was measured, and how it compares.
#[derive(Debug)]
struct Figure {
    what: &'static str,
    ours: f64,
    /// What it is compared with; a bar in seconds has none.
    plain: Option<f64>,
    bar: f64,
}

impl Figure {
    fn value(&self) -> f64 {
        self.plain.map_or(self.ours, |plain| self.ours / plain)
    }

    fn holds(&self) -> bool {
        self.value() <= self.bar
    }
}

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let dir = course.target_dir().join("bench");
    let bench = Bench::lay_out(course, &dir)?;
    let mut figures = vec![bench.after_an_edit()?, bench.nothing_changed()?, bench.all_solutions()?];
    if options.full {
        figures.push(bench.first_verdict()?);
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
        let bench = Bench { copy, target: dir.join("target"), index };
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
        let (ours, plain) = medians(|| Ok((edited(&mut self.check(&[]))?, edited(&mut self.build())?)))?;
        Ok(Figure { what: "check after a one-line edit", ours, plain: Some(plain), bar: AFTER_AN_EDIT })
    }

    fn nothing_changed(&self) -> Result<Figure> {
        self.spend(&mut self.check(&[]))?;
        let (ours, plain) = medians(|| Ok((self.spend(&mut self.check(&[]))?, self.spend(&mut self.build())?)))?;
        Ok(Figure { what: "check with nothing changed", ours, plain: Some(plain), bar: NOTHING_CHANGED })
    }

    /// In seconds by the clock: once built, its own work only.
    fn all_solutions(&self) -> Result<Figure> {
        self.spend(&mut self.xtask(&["check", "--solutions"]))?;
        let started = Instant::now();
        self.spend(&mut self.xtask(&["check", "--solutions", "--again"]))?;
        let ours = started.elapsed().as_secs_f64();
        Ok(Figure { what: "check --solutions, all of them", ours, plain: None, bar: ALL_SOLUTIONS })
    }

    /// From two empty target directories: the course's first verdict, and a new crate with the same dependencies.
    fn first_verdict(&self) -> Result<Figure> {
        let root = &self.copy.root;
        let fresh = |name: &str| self.target.with_file_name(name);
        let id = self.exercise().id();
        // A fresh clone remembers nothing.
        let _ = fs::remove_dir_all(self.copy.progress_dir());
        let mut check = self.cargo(&["run", "--quiet", "--package", "xtask", "--", "check", &id]);
        let ours = self.spend(check.env("CARGO_TARGET_DIR", fresh("first")))?;
        let plain_crate = fresh("plain");
        store::write_cache(&plain_crate.join("src/main.rs"), PLAIN_MAIN.as_bytes())?;
        store::write_cache(&plain_crate.join("Cargo.toml"), PLAIN.as_bytes())?;
        store::write_cache(&plain_crate.join("Cargo.lock"), &fs::read(root.join("Cargo.lock"))?)?;
        let mut build = self.cargo(&["build", "--quiet"]);
        let plain = self.spend(build.current_dir(&plain_crate).env("CARGO_TARGET_DIR", fresh("plain-target")))?;
        Ok(Figure { what: "first verdict of a fresh clone", ours, plain: Some(plain), bar: self.first_bar() })
    }

    /// A first exercise may use crates that the plain one does not have.
    fn first_bar(&self) -> f64 {
        let uses = |name: &str| self.exercise().manifest.dependencies.iter().any(|dependency| dependency == name);
        match (uses("lambda_http"), uses("aws_lambda_events")) {
            (true, _) => FIRST_VERDICT_WITH_HTTP,
            (false, true) => FIRST_VERDICT_WITH_EVENTS,
            (false, false) => FIRST_VERDICT,
        }
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
        let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| PathBuf::from("xtask")));
        command.args(arguments).env("XTASK_ROOT", &self.copy.root).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.copy.cargo();
        command.args(arguments).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// The CPU seconds of a command and all that it starts.
    fn spend(&self, command: &mut Command) -> Result<f64> {
        let before = process::cpu_of_children();
        let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            bail!("{command:?} failed\n{}{}", String::from_utf8_lossy(&output.stdout), words);
        }
        Ok((process::cpu_of_children() - before).as_secs_f64())
    }
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

fn medians(mut round: impl FnMut() -> Result<(f64, f64)>) -> Result<(f64, f64)> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(round()?);
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (ours, plain) = rounds.into_iter().unzip();
    Ok((median(ours), median(plain)))
}

fn table(figures: &[Figure]) -> String {
    let mut text = format!("{:<32} {:>8} {:>8} {:>8} {:>8}\n", "", "ours", "cargo", "ratio", "bar");
    for figure in figures {
        let plain = figure.plain.map_or_else(|| "-".to_owned(), |plain| format!("{plain:.2} s"));
        let (ratio, bar) = match figure.plain {
            Some(_) => (format!("{:.2}", figure.value()), format!("{:.2}", figure.bar)),
            None => ("-".to_owned(), format!("{:.0} s", figure.bar)),
        };
        let ours = format!("{:.2} s", figure.ours);
        let missed = if figure.holds() { "" } else { "  missed" };
        text.push_str(&format!("{:<32} {ours:>8} {plain:>8} {ratio:>8} {bar:>8}{missed}\n", figure.what));
    }
    text
}

fn document(figures: &[Figure]) -> Value {
    let list: Vec<Value> = figures
        .iter()
        .map(|figure| {
            json!({
                "what": figure.what,
                "ours_seconds": figure.ours,
                "cargo_seconds": figure.plain,
                "ratio": figure.plain.map(|_| figure.value()),
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
    fn a_figure_over_its_bar_is_missed() {
        let figure = |ours, plain, bar| Figure { what: "x", ours, plain, bar };
        assert!(figure(2.4, Some(2.0), 1.25).holds());
        assert!(!figure(2.6, Some(2.0), 1.25).holds());
        assert!(!figure(31.0, None, 30.0).holds());
        assert!(table(&[figure(2.6, Some(2.0), 1.25)]).contains("1.30     1.25  missed"));
    }
}
