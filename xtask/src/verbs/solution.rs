//! `solution`: after passing, the solution beside mine and why the common mistakes fail; before, only on giving up,
//! which is noted and taken back by passing.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cli::Options;
use crate::course::{Course, Exercise};
use crate::diff::{self, Line};
use crate::fingerprint::{self, Judges};
use crate::mistake;
use crate::names;
use crate::progress::{self, Progress};
use crate::term::{self, Style};
use crate::verbs::hint::one_chosen;
use crate::view::failure::indented;

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let judges = Judges::read(course);
    let progress = Progress::load(course);
    let exercise = match options.names.as_slice() {
        [name] => names::resolve_one(course, name)?,
        names => one_chosen(course, names, &progress, &judges)?,
    };
    if !is_open(course, exercise) {
        if !options.give_up {
            print!("{}", closed(exercise));
            return Ok(1);
        }
        let noted = progress::update(course, |progress| progress.set(exercise, "gave-up", &[]));
        noted.unwrap_or_else(|error| {
            term::warning_once(&format!("giving up is not remembered: {error:#}"));
        });
    }
    print!("{}", tell(course, exercise, Style::of_stdout())?);
    Ok(0)
}

/// Whether the learner has passed or given up.
#[must_use]
pub fn is_open(course: &Course, exercise: &Exercise) -> bool {
    let progress = Progress::load(course);
    progress.get(exercise, "passed").is_some() || progress.get(exercise, "gave-up").is_some()
}

/// What to do while the solution is not shown.
#[must_use]
pub fn closed(exercise: &Exercise) -> String {
    let id = exercise.id();
    format!(
        "{id} {}: not passed yet; the solution is shown after that\n\nhint: cargo xtask hint {id}\n\
         give up: cargo xtask solution {id} --give-up (passing takes it back)\n",
        exercise.slug()
    )
}

/// The differences of every file, then the mistakes.
pub fn tell(course: &Course, exercise: &Exercise, style: Style) -> Result<String> {
    let src = exercise.solution_path.join("src");
    let files = fingerprint::files_below(&src);
    if files.is_empty() {
        bail!("{} has no solution at {}", exercise.id(), course.shown(&src));
    }
    let mut text = String::new();
    for file in files {
        let (mine, theirs) = (exercise.path.join("src").join(&file), src.join(&file));
        text.push_str(&one_file(course, &mine, &theirs, style)?);
    }
    let mistakes: Vec<_> = mistake::of(exercise).into_iter().filter(|mistake| !mistake.reason.is_empty()).collect();
    if !mistakes.is_empty() {
        text.push_str("\nwhat often goes wrong here\n");
    }
    for mistake in mistakes {
        text.push_str(&format!("\n  {}\n", style.bold(&mistake.name.replace('-', " "))));
        text.push_str(&indented(&mistake.reason, "    "));
        if let Some(test) = &mistake.caught_by {
            text.push_str(&format!("    {}\n", style.dim(&format!("caught by {test}"))));
        }
    }
    text.push_str(&format!("\n{}\n", course.shown(&src.join("main.rs"))));
    Ok(text)
}

fn one_file(course: &Course, mine: &Path, theirs: &Path, style: Style) -> Result<String> {
    let read = |path: &Path| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let solution = read(theirs)?;
    let own = if mine.exists() { read(mine)? } else { String::new() };
    let lines = diff::diff(&own, &solution);
    if lines.is_empty() {
        return Ok(format!("{} is the solution, to the letter\n", course.shown(mine)));
    }
    let mut text = format!("- {}\n+ {}\n\n", course.shown(mine), course.shown(theirs));
    for line in lines {
        text.push_str(&match line {
            Line::Same(line) => format!("  {line}"),
            Line::Mine(line) => style.bad(&format!("- {line}")),
            Line::Theirs(line) => style.good(&format!("+ {line}")),
            Line::Gap(1) => style.dim("  ... 1 line"),
            Line::Gap(lines) => style.dim(&format!("  ... {lines} lines")),
        });
        text.push('\n');
    }
    Ok(text)
}
