//! `solution`: after passing, the solution beside mine and why the common mistakes fail; before, only on giving up,
//! which is noted and taken back by passing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::cli::{Format, Options};
use crate::course::{Course, Exercise};
use crate::diff::{self, Line};
use crate::fingerprint::{self, Judges};
use crate::mistake::{self, Mistake};
use crate::names;
use crate::progress::{self, Progress};
use crate::state;
use crate::term::{self, Style};
use crate::verbs::hint::one_chosen;
use crate::view::failure::indented;
use crate::view::json::to_text;
use crate::wrap;

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let judges = Judges::read(course);
    let progress = Progress::load(course);
    let exercise = match options.names.as_slice() {
        [name] => names::resolve_one(course, name)?,
        names => match just_opened(course, names, &progress) {
            Some(exercise) => exercise,
            None => one_chosen(course, names, &progress, &judges)?,
        },
    };
    if !is_open(course, exercise) {
        if !options.give_up {
            match options.format {
                Format::Text => print!("{}", closed(exercise)),
                Format::Json => print!("{}", to_text(&document(exercise, false, &[], &[]))),
            }
            return Ok(1);
        }
        let noted = progress::update(course, |progress| progress.set(exercise, "gave-up", &[]));
        noted.unwrap_or_else(|error| {
            term::warning_once(&format!("giving up is not remembered: {error:#}"));
        });
    }
    match options.format {
        Format::Text => print!("{}", tell(course, exercise, Style::of_stdout())?),
        Format::Json => {
            let files = compare(course, exercise)?;
            print!("{}", to_text(&document(exercise, true, &files, &mistakes(exercise))));
        }
    }
    Ok(0)
}

/// `open` says whether it may be shown; each line of a file's `lines` has `kind` (`same`, `mine`, `theirs`, or `gap`
/// with a number of `lines` left out) and `text`. A file that is the same in both has none.
fn document(exercise: &Exercise, open: bool, files: &[Pair], mistakes: &[Mistake]) -> Value {
    let line = |line: Line<'_>| match line {
        Line::Same(text) => json!({ "kind": "same", "text": text }),
        Line::Mine(text) => json!({ "kind": "mine", "text": text }),
        Line::Theirs(text) => json!({ "kind": "theirs", "text": text }),
        Line::Gap(lines) => json!({ "kind": "gap", "lines": lines }),
    };
    let file = |pair: &Pair| {
        let lines: Vec<Value> = diff::diff(&pair.own, &pair.solution).into_iter().map(line).collect();
        json!({ "mine": pair.mine, "theirs": pair.theirs, "solution": pair.solution, "lines": lines })
    };
    let mistake = |mistake: &Mistake| {
        let Mistake { name, reason, caught_by, .. } = mistake;
        json!({ "name": name.replace('-', " "), "reason": reason, "caught_by": caught_by })
    };
    json!({
        "version": 1, "command": "solution", "exercise": exercise.name(), "id": exercise.id(), "open": open,
        "files": files.iter().map(file).collect::<Vec<_>>(),
        "mistakes": mistakes.iter().map(mistake).collect::<Vec<_>>(),
    })
}

/// One file of the solution, and the learner's own, which may be empty.
#[derive(Debug)]
struct Pair {
    /// As they are shown: paths.
    mine: String,
    theirs: String,
    own: String,
    solution: String,
}

fn compare(course: &Course, exercise: &Exercise) -> Result<Vec<Pair>> {
    let files = fingerprint::solution_files(exercise);
    if files.is_empty() {
        bail!("{} has no solution at {}", exercise.id(), course.shown(&exercise.solution_path));
    }
    let read = |path: &Path| {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
        text.map(|text| without_anchors(&text))
    };
    let pair = |file: PathBuf| {
        let (mine, theirs) = (exercise.path.join(&file), exercise.solution_path.join(&file));
        let own = if mine.exists() { read(&mine)? } else { String::new() };
        Ok(Pair { mine: course.shown(&mine), theirs: course.shown(&theirs), own, solution: read(&theirs)? })
    };
    files.into_iter().map(pair).collect()
}

/// Without the comments by which the book finds its excerpts: `// ANCHOR: handler`.
fn without_anchors(text: &str) -> String {
    let is_anchor = |line: &str| {
        let words = line.trim_start().trim_start_matches(['/', '#']).trim_start();
        words.len() < line.trim_start().len() && (words.starts_with("ANCHOR: ") || words.starts_with("ANCHOR_END: "))
    };
    text.split_inclusive('\n').filter(|line| !is_anchor(line)).collect()
}

/// Those that say why they are wrong.
fn mistakes(exercise: &Exercise) -> Vec<Mistake> {
    mistake::of(exercise).into_iter().filter(|mistake| !mistake.reason.is_empty()).collect()
}

/// Whether the learner has passed or given up.
#[must_use]
pub fn is_open(course: &Course, exercise: &Exercise) -> bool {
    let progress = Progress::load(course);
    progress.get(exercise, "passed").is_some() || progress.get(exercise, "gave-up").is_some()
}

/// The exercise that was judged last, where nobody says which one and its solution may be shown: whoever has just passed
/// wants to see that solution, and not to hear that the next exercise has not passed yet.
fn just_opened<'a>(course: &'a Course, typed: &[String], progress: &Progress) -> Option<&'a Exercise> {
    let last = progress.last_judged()?;
    let is_asked = typed.is_empty() && state::stood_in(course).is_empty();
    course.exercises.iter().find(|exercise| is_asked && exercise.name() == last && is_open(course, exercise))
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
    let mut text: String = compare(course, exercise)?.iter().map(|pair| one_file(pair, style)).collect();
    let mistakes = mistakes(exercise);
    if !mistakes.is_empty() {
        text.push_str("\nwhat often goes wrong here\n");
    }
    for mistake in mistakes {
        text.push_str(&format!("\n  {}\n", style.bold(&mistake.name.replace('-', " "))));
        text.push_str(&wrap::markdown(&indented(&mistake.reason, "    ")));
        text.push('\n');
        if let Some(test) = &mistake.caught_by {
            text.push_str(&format!("    {}\n", style.dim(&format!("caught by {test}"))));
        }
    }
    text.push_str(&format!("\n{}\n", course.shown(&exercise.solution_path.join(exercise.main_name()))));
    Ok(text)
}

fn one_file(pair: &Pair, style: Style) -> String {
    let Pair { mine, theirs, own, solution } = pair;
    let lines = diff::diff(own, solution);
    if lines.is_empty() {
        return format!("{mine} is the solution, to the letter\n");
    }
    let mut text = format!("- {mine}\n+ {theirs}\n\n");
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
    text
}
