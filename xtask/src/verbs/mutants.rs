//! `mutants`: would the check notice if the solution were a little wrong? Every mutant is one more binary of the
//! solution's package, in a copy of the course below the target directory: one cargo call builds them all. A mutant of a
//! file needs no building. Survivors that nobody can tell from the solution are explained in `equivalents.toml`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use crate::cli::{Format, Options, Usage};
use crate::course::{Course, Exercise};
use crate::equivalent::{self, Equivalent};
use crate::fingerprint::Judges;
use crate::judge::{Binary, Subject, judge};
use crate::mutation::Mutant;
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
    /// Survivors that the solution's list explains.
    explained: Vec<Equivalent>,
    survivors: Vec<Mutant>,
    /// What the list explains although the check catches it.
    wrongly_explained: Vec<Equivalent>,
}

impl Outcome<'_> {
    fn viable(&self) -> usize {
        self.caught + self.survivors.len()
    }

    fn holds(&self) -> bool {
        self.caught * 100 >= self.viable() * BAR && self.wrongly_explained.is_empty()
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
    let mut all = Vec::new();
    let mut subjects = Vec::new();
    for exercise in exercises {
        let (source, mutants) = equivalent::mutants_of(exercise)
            .with_context(|| format!("cannot read the solution of {}", exercise.id()))?;
        let explained = equivalent::of(exercise).map_err(|error| anyhow!("{} {error}", equivalent::FILE))?;
        let binaries = match exercise.mended_file() {
            Some(file) => lay_out_files(exercise, file, &mutants)?,
            None => lay_out(exercise, &mutants)?,
        };
        subjects.extend(binaries.into_iter().map(|binary| Subject::new(exercise, binary)));
        all.push((*exercise, source, mutants, explained));
    }
    let mut judged = match subjects.is_empty() {
        true => Vec::new(),
        false => judge(copy, &Judges::read(copy), &subjects, true, &Progress::new())?,
    }
    .into_iter();
    let outcome = |(exercise, source, mutants, explained): (&'a Exercise, String, Vec<Mutant>, Vec<Equivalent>)| {
        let mut outcome = Outcome {
            exercise,
            caught: 0,
            explained: Vec::new(),
            survivors: Vec::new(),
            wrongly_explained: Vec::new(),
        };
        for (mutant, one) in mutants.into_iter().zip(judged.by_ref()) {
            let explanation = explained.iter().find(|one| one.explains(&mutant, &source)).cloned();
            match (one.verdict.fate, explanation) {
                (Fate::Passed, Some(explanation)) => outcome.explained.push(explanation),
                (Fate::Passed, None) => outcome.survivors.push(mutant),
                (Fate::Failed, explanation) => {
                    outcome.caught += 1;
                    outcome.wrongly_explained.extend(explanation);
                }
                (Fate::DoesNotCompile | Fate::NotJudged, _) => {}
            }
        }
        outcome
    };
    Ok(all.into_iter().map(outcome).collect())
}

/// Writes the mutants of one solution, and its manifest with a binary for each.
fn lay_out(exercise: &Exercise, mutants: &[Mutant]) -> Result<Vec<Binary>> {
    let dir = &exercise.solution_path;
    let manifest_path = dir.join("Cargo.toml");
    let mut manifest = fs::read_to_string(&manifest_path)?;
    let mut binaries = Vec::new();
    for (number, mutant) in mutants.iter().enumerate() {
        let (name, path) = (bin_name(exercise, &format!("mutant-{number}")), format!("src/mutant_{number}.rs"));
        let _ = write!(manifest, "\n[[bin]]\nname = {name:?}\npath = {path:?}\ntest = false\n");
        store::write_cache(&dir.join(PathBuf::from(path)), mutant.text.as_bytes())?;
        binaries.push(Binary::Other(name));
    }
    store::write_cache(&manifest_path, manifest.as_bytes())?;
    Ok(binaries)
}

/// The same where a file is mended, each in a folder of its own since tools look at names.
fn lay_out_files(exercise: &Exercise, file: &Path, mutants: &[Mutant]) -> Result<Vec<Binary>> {
    let mut binaries = Vec::new();
    for (number, mutant) in mutants.iter().enumerate() {
        let name = format!("mutant-{number}");
        let path = exercise.solution_path.join("mutants").join(&name).join(file);
        store::write_cache(&path, mutant.text.as_bytes())?;
        binaries.push(Binary::At { path, name });
    }
    Ok(binaries)
}

fn told(outcomes: &[Outcome<'_>]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let exercise = outcome.exercise;
        let missed = if outcome.caught * 100 >= outcome.viable() * BAR { "" } else { ", which is too few" };
        let viable = counted(outcome.viable(), "mutant");
        if outcome.viable() == 0 {
            let _ = writeln!(text, "{} {}: no mutant compiles, so nothing is known", exercise.id(), exercise.slug());
            continue;
        }
        let explained = match outcome.explained.len() {
            0 => String::new(),
            count => format!(", {count} more explained"),
        };
        let (id, slug, caught) = (exercise.id(), exercise.slug(), outcome.caught);
        let _ = writeln!(text, "{id} {slug}: {caught} of {viable} caught{explained}{missed}");
        let file = format!("solutions/{}/{}", exercise.name(), exercise.main_name().display());
        for Mutant { line, from, to, .. } in &outcome.survivors {
            let change = if to.is_empty() { format!("without `{from}`") } else { format!("`{to}` for `{from}`") };
            let _ = writeln!(text, "  {file}:{line}: survives with {change}");
        }
        for wrong in &outcome.wrongly_explained {
            let _ = writeln!(text, "  {file}: {} is explained, but the check catches it", wrong.words());
        }
    }
    text
}

fn document(outcomes: &[Outcome<'_>]) -> Value {
    let survivor = |mutant: &Mutant| json!({ "line": mutant.line, "from": mutant.from, "to": mutant.to });
    let explained = |one: &Equivalent| json!({ "change": one.words(), "reason": one.reason });
    let list: Vec<Value> = outcomes
        .iter()
        .map(|outcome| {
            json!({
                "exercise": outcome.exercise.name(),
                "viable": outcome.viable(),
                "caught": outcome.caught,
                "holds": outcome.holds(),
                "explained": outcome.explained.iter().map(explained).collect::<Vec<_>>(),
                "survivors": outcome.survivors.iter().map(survivor).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "version": 1, "command": "mutants", "bar": BAR, "exercises": list })
}
