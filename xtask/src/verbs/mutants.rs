//! `mutants`: would the check notice if the solution were a little wrong? Every mutant is one more binary of the
//! solution's package, in a copy of the course below the target directory: one cargo call builds them all.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::cli::{Format, Options, Usage};
use crate::course::{Course, Exercise};
use crate::fingerprint::Judges;
use crate::judge::{Binary, Subject, judge};
use crate::mutation::{Mutant, mutants};
use crate::rules::layout::bin_name;
use crate::term::Progress;
use crate::verdict::Fate;
use crate::view::json::to_text;
use crate::view::text::counted;
use crate::{names, store};

/// So many of the mutants that compile must be caught, of a hundred.
const BAR: usize = 90;

/// What became of one exercise's mutants.
#[derive(Debug)]
struct Outcome<'a> {
    exercise: &'a Exercise,
    caught: usize,
    survivors: Vec<Mutant>,
}

impl Outcome<'_> {
    fn viable(&self) -> usize {
        self.caught + self.survivors.len()
    }

    fn holds(&self) -> bool {
        self.caught * 100 >= self.viable() * BAR
    }
}

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    if options.names.is_empty() {
        return Err(Usage("name the exercises, such as ch05 or ch05/06; all of them take long".to_owned()).into());
    }
    let dir = course.target_dir().join("mutants");
    let _ = fs::remove_dir_all(&dir);
    store::copy_tree(&course.root, &dir)?;
    let copy = Course::at(&dir)?.building_in(course.target_dir());
    let mut exercises: Vec<&Exercise> = Vec::new();
    for name in &options.names {
        exercises.extend(names::resolve(&copy, name)?);
    }
    let outcomes = try_all(&copy, &exercises)?;
    let _ = fs::remove_dir_all(&dir);
    match options.format {
        Format::Json => print!("{}", to_text(&document(&outcomes))),
        Format::Text => print!("{}", told(&outcomes)),
    }
    Ok(u8::from(!outcomes.iter().all(Outcome::holds)))
}

fn try_all<'a>(copy: &Course, exercises: &[&'a Exercise]) -> Result<Vec<Outcome<'a>>> {
    let mut all: Vec<(&Exercise, Mutant)> = Vec::new();
    let mut subjects = Vec::new();
    for exercise in exercises {
        for (number, mutant) in lay_out(exercise)?.into_iter().enumerate() {
            let binary = Binary::Other(bin_name(exercise, &format!("mutant-{number}")));
            subjects.push(Subject::new(exercise, binary));
            all.push((exercise, mutant));
        }
    }
    let judged = match subjects.is_empty() {
        true => Vec::new(),
        false => judge(copy, &Judges::read(copy), &subjects, true, &Progress::new())?,
    };
    let mut outcomes: Vec<Outcome<'_>> =
        exercises.iter().map(|exercise| Outcome { exercise, caught: 0, survivors: Vec::new() }).collect();
    for ((exercise, mutant), one) in all.into_iter().zip(judged) {
        let Some(outcome) = outcomes.iter_mut().find(|outcome| outcome.exercise.name() == exercise.name()) else {
            continue;
        };
        match one.verdict.fate {
            Fate::Passed => outcome.survivors.push(mutant),
            Fate::Failed => outcome.caught += 1,
            Fate::DoesNotCompile | Fate::NotJudged => {}
        }
    }
    Ok(outcomes)
}

/// Writes the mutants of one solution, and its manifest with a binary for each.
fn lay_out(exercise: &Exercise) -> Result<Vec<Mutant>> {
    let dir = &exercise.solution_path;
    let main = dir.join("src/main.rs");
    let source = fs::read_to_string(&main).with_context(|| format!("cannot read the solution {}", main.display()))?;
    let manifest_path = dir.join("Cargo.toml");
    let mut manifest = fs::read_to_string(&manifest_path)?;
    let mutants = mutants(&source);
    for (number, mutant) in mutants.iter().enumerate() {
        let (name, path) = (bin_name(exercise, &format!("mutant-{number}")), format!("src/mutant_{number}.rs"));
        let _ = write!(manifest, "\n[[bin]]\nname = {name:?}\npath = {path:?}\ntest = false\n");
        store::write_cache(&dir.join(PathBuf::from(path)), mutant.text.as_bytes())?;
    }
    store::write_cache(&manifest_path, manifest.as_bytes())?;
    Ok(mutants)
}

fn told(outcomes: &[Outcome<'_>]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let exercise = outcome.exercise;
        let missed = if outcome.holds() { "" } else { ", which is too few" };
        let viable = counted(outcome.viable(), "mutant");
        if outcome.viable() == 0 {
            let _ = writeln!(text, "{} {}: no mutant compiles, so nothing is known", exercise.id(), exercise.slug());
            continue;
        }
        let _ = writeln!(text, "{} {}: {} of {viable} caught{missed}", exercise.id(), exercise.slug(), outcome.caught);
        for Mutant { line, from, to, .. } in &outcome.survivors {
            let change = if to.is_empty() { format!("without `{from}`") } else { format!("`{to}` for `{from}`") };
            let _ = writeln!(text, "  solutions/{}/src/main.rs:{line}: survives with {change}", exercise.name());
        }
    }
    text
}

fn document(outcomes: &[Outcome<'_>]) -> Value {
    let survivor = |mutant: &Mutant| json!({ "line": mutant.line, "from": mutant.from, "to": mutant.to });
    let list: Vec<Value> = outcomes
        .iter()
        .map(|outcome| {
            json!({
                "exercise": outcome.exercise.name(),
                "viable": outcome.viable(),
                "caught": outcome.caught,
                "holds": outcome.holds(),
                "survivors": outcome.survivors.iter().map(survivor).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "version": 1, "command": "mutants", "bar": BAR, "exercises": list })
}
