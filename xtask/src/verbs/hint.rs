//! `hint`: the next hint of an exercise's page. One that the page has for the failing test comes first.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::cli::{Format, Options, Usage};
use crate::course::{Course, Exercise};
use crate::fingerprint::{self, Judges};
use crate::judge::{Binary, Subject};
use crate::names;
use crate::page::{self, Hint};
use crate::progress::{self, Progress};
use crate::remember;
use crate::state;
use crate::term;
use crate::view::json::to_text;
use crate::view::text::solution_command;
use crate::wrap;

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let judges = Judges::read(course);
    let progress = Progress::load(course);
    let (names, wanted) = match options.names.as_slice() {
        // No hint is a chapter's, so a number alone is the hint's.
        [number] if is_number(number) => ([].as_slice(), Some(parse_number(number)?)),
        [name, number] => (std::slice::from_ref(name), Some(parse_number(number)?)),
        names => (names, None),
    };
    let exercise = match names {
        [name] => names::resolve_one(course, name)?,
        _ => one_chosen(course, names, &progress, &judges)?,
    };
    let path = page::path(course, exercise);
    let hints = page::read(&path).hints;
    if hints.is_empty() {
        bail!("{} has no hints; it should be the page of {}", course.shown(&path), exercise.id());
    }
    match options.format {
        Format::Text => print!("{}", tell(course, exercise, &hints, wanted, &progress, &judges)?),
        Format::Json => {
            let index = choose(course, exercise, &hints, wanted, &progress, &judges)?;
            index.into_iter().for_each(|index| note(course, exercise, index));
            print!("{}", to_text(&document(course, exercise, &hints, index)));
        }
    }
    Ok(0)
}

/// The hint, null when all were shown before; `seen` has the numbers of all that were shown, this one included.
fn document(course: &Course, exercise: &Exercise, hints: &[Hint], index: Option<usize>) -> Value {
    let hint = index.map(|index| {
        let Hint { title, failing_test, text, .. } = &hints[index];
        json!({ "number": index + 1, "title": title, "for": failing_test, "text": text })
    });
    let seen = seen(&Progress::load(course), exercise, hints.len());
    json!({
        "version": 1, "command": "hint", "exercise": exercise.name(), "id": exercise.id(), "hint": hint, "seen": seen,
        "of": hints.len(),
    })
}

/// The numbers of the hints that were shown, of so many.
#[must_use]
pub fn seen(progress: &Progress, exercise: &Exercise, of: usize) -> Vec<usize> {
    (1..=of).filter(|number| progress.get(exercise, &format!("hint-{number}")).is_some()).collect()
}

/// The next hint as text, noted as shown.
pub fn tell(
    course: &Course,
    exercise: &Exercise,
    hints: &[Hint],
    wanted: Option<usize>,
    progress: &Progress,
    judges: &Judges<'_>,
) -> Result<String> {
    let Some(index) = choose(course, exercise, hints, wanted, progress, judges)? else {
        return Ok(all_again(exercise, hints, progress));
    };
    note(course, exercise, index);
    let of = hints.len();
    let hint = &hints[index];
    let reason = hint.failing_test.as_ref().map_or_else(String::new, |test| format!(", for when {test} fails"));
    let left =
        (0..of).filter(|other| *other != index && progress.get(exercise, &format!("hint-{}", other + 1)).is_none());
    let more = match left.count() {
        0 => format!("that was the last; the answer: {}\n", solution_command(exercise, progress)),
        left => format!("{left} more: cargo xtask hint {}\n", exercise.id()),
    };
    let id = exercise.id();
    let passed = match progress.get(exercise, "passed") {
        Some(_) => format!("it has passed; the solution beside yours: {}\n", solution_command(exercise, progress)),
        None => String::new(),
    };
    let head = wrap::prose(&format!("{id} {}: hint {} of {of}{reason}", exercise.slug(), index + 1), "  ");
    Ok(format!("{head}\n\n{}\n\n{passed}{more}", wrap::markdown(&hint.text)))
}

/// The wanted hint, or the next one; `None` when all were shown.
fn choose(
    course: &Course,
    exercise: &Exercise,
    hints: &[Hint],
    wanted: Option<usize>,
    progress: &Progress,
    judges: &Judges<'_>,
) -> Result<Option<usize>> {
    let of = hints.len();
    match wanted {
        Some(number) if (1..=of).contains(&number) => Ok(Some(number - 1)),
        Some(number) => Err(Usage(format!("{} has hints 1 to {of}, not {number}", exercise.id())).into()),
        None => {
            let failing = failing_test(course, exercise, judges);
            let is_new = |index: usize| progress.get(exercise, &format!("hint-{}", index + 1)).is_none();
            Ok(next(hints, failing.as_deref(), is_new))
        }
    }
}

fn note(course: &Course, exercise: &Exercise, index: usize) {
    let fact = format!("hint-{}", index + 1);
    if let Err(error) = progress::update(course, |progress| progress.set(exercise, &fact, &[])) {
        term::warning_once(&format!("it is not remembered that you saw this hint: {error:#}"));
    }
}

/// A hint for the failing test, then one for everybody, then any that is left.
fn next(hints: &[Hint], failing: Option<&str>, is_new: impl Fn(usize) -> bool) -> Option<usize> {
    let new: Vec<usize> = (0..hints.len()).filter(|index| is_new(*index)).collect();
    let first = |wanted: &dyn Fn(&Hint) -> bool| new.iter().copied().find(|index| wanted(&hints[*index]));
    first(&|hint| failing.is_some() && hint.failing_test.as_deref() == failing)
        .or_else(|| first(&|hint| hint.failing_test.is_none()))
        .or_else(|| new.first().copied())
}

fn failing_test(course: &Course, exercise: &Exercise, judges: &Judges<'_>) -> Option<String> {
    let subject = Subject::new(exercise, Binary::Learner);
    let verdict = remember::recall(course, judges, &subject, &fingerprint::work(exercise))?;
    verdict.first_failed().map(|judged| judged.test.name.clone())
}

fn all_again(exercise: &Exercise, hints: &[Hint], progress: &Progress) -> String {
    let mut text = format!("{} {}: all {} hints were shown\n", exercise.id(), exercise.slug(), hints.len());
    for (index, hint) in hints.iter().enumerate() {
        text.push_str(&format!("\n{}\n", wrap::markdown(&format!("{}. {}", index + 1, hint.text))));
    }
    text.push_str(&format!("\nthe answer: {}\n", solution_command(exercise, progress)));
    text
}

/// The one exercise that a command without a name is about.
pub fn one_chosen<'a>(
    course: &'a Course,
    names: &[String],
    progress: &Progress,
    judges: &Judges<'_>,
) -> Result<&'a Exercise> {
    match state::chosen(course, names, progress, judges)?.as_slice() {
        [one] => Ok(one),
        [] => Err(Usage("every exercise has passed; name the one you mean".to_owned()).into()),
        [first, ..] => Err(Usage(format!("name one exercise, such as {}", first.id())).into()),
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn parse_number(text: &str) -> Result<usize, Usage> {
    text.parse().map_err(|_| Usage(format!("{text:?} is no hint's number; try `cargo xtask hint ch05/06 2`")))
}
