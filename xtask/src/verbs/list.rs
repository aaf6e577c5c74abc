//! `list`: every chapter and exercise with its state and minutes, and what is next.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::{Format, Options};
use crate::course::{Course, Exercise, chapter_title};
use crate::fingerprint::Judges;
use crate::names;
use crate::page;
use crate::progress::{self, Progress};
use crate::state::{self, State};
use crate::store;
use crate::term::Style;
use crate::verbs::hint;
use crate::view::json::to_text;

/// An exercise and how it stands.
type Row<'a> = (&'a Exercise, State);

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let progress = Progress::load(course);
    let judges = Judges::read(course);
    let mut named: Vec<&Exercise> = Vec::new();
    for name in &options.names {
        named.extend(names::resolve(course, name)?);
    }
    let rows: Vec<Row<'_>> = course.exercises.iter().map(|e| (e, state::of(e, &progress, &judges))).collect();
    let is_asked = |row: &Row<'_>| options.names.is_empty() || named.iter().any(|e| e.name() == row.0.name());
    let asked: Vec<Row<'_>> = rows.iter().copied().filter(is_asked).collect();
    let left_off = state::left_off(course, &progress, &judges);
    let next = left_off.map(Exercise::name);
    match options.format {
        Format::Json => print!("{}", to_text(&document(course, &progress, &asked, next.as_deref()))),
        Format::Text if rows.is_empty() => println!("no exercises here yet"),
        Format::Text => {
            print!("{}{}", table(&rows, &asked, next.as_deref(), Style::of_stdout()), footer(&rows, left_off));
        }
    }
    Ok(0)
}

/// Paths are relative to the root. `watch` has the files and folders whose change may change the answer.
fn document(course: &Course, progress: &Progress, rows: &[Row<'_>], next: Option<&str>) -> Value {
    let below = |path: &Path| path.strip_prefix(&course.root).unwrap_or(path).display().to_string();
    let exercises: Vec<Value> = rows
        .iter()
        .map(|(exercise, state)| {
            let page = page::read(&page::path(course, exercise));
            let title = page.headings.first().map_or(exercise.slug(), |heading| &heading.title);
            json!({
                "id": exercise.id(),
                "exercise": exercise.name(),
                "package": exercise.package_name(),
                "title": title,
                "file": below(&exercise.main_file()),
                "check": below(&exercise.path.join("tests/check.rs")),
                "state": state.key(),
                "will_be_checked_again": *state == State::PassedToCheckAgain,
                "ever_passed": progress.get(exercise, "passed").is_some(),
                "gave_up": progress.get(exercise, "gave-up").is_some(),
                "hints_shown": progress.count(exercise, "hint-"),
                "hints_seen": hint::seen(progress, exercise, page.hints.len()),
                "hints": page.hints.len(),
                "can_undo": !store::kept_copies(course, exercise).unwrap_or_default().is_empty(),
                "minutes": exercise.manifest.minutes,
                "kind": exercise.manifest.kind,
                "concepts": exercise.manifest.concepts,
                "services": exercise.manifest.services,
            })
        })
        .collect();
    let mut watch = vec![below(&progress::path(course)), "Cargo.lock".to_owned()];
    watch.extend(rows.iter().map(|(exercise, _)| below(&exercise.path)));
    json!({ "version": 1, "command": "list", "next": next, "watch": watch, "exercises": exercises })
}

/// `asked` are shown; of their chapters, the first line sums up all.
fn table(rows: &[Row<'_>], asked: &[Row<'_>], next: Option<&str>, style: Style) -> String {
    let mut text = String::new();
    let mut chapter = 0;
    let slugs = asked.iter().map(|(exercise, _)| exercise.slug().chars().count()).max().unwrap_or(0).min(32);
    for (exercise, state) in asked {
        if exercise.chapter != chapter {
            chapter = exercise.chapter;
            let of_chapter: Vec<State> = rows.iter().filter(|(e, _)| e.chapter == chapter).map(|(_, s)| *s).collect();
            let passed = of_chapter.iter().filter(|state| state.has_passed()).count();
            let minutes: u64 =
                rows.iter().filter(|(e, _)| e.chapter == chapter).filter_map(|(e, _)| e.manifest.minutes).sum();
            let blank = if text.is_empty() { "" } else { "\n" };
            let head = format!("ch{chapter:02} {}", chapter_title(&exercise.chapter_dir));
            let sum = format!("{passed} of {} passed, {minutes} min", of_chapter.len());
            text.push_str(&format!("{blank}{}: {sum}\n", style.bold(&head)));
        }
        let words = format!("{:<16}", state.words());
        let words = match state {
            State::Passed | State::PassedToCheckAgain => style.good(&words),
            State::Failed | State::DoesNotCompile => style.bad(&words),
            State::NotStarted | State::Stale => words,
        };
        let minutes = exercise.manifest.minutes.map_or_else(|| "   ?".to_owned(), |minutes| format!("{minutes:>4}"));
        let arrow = if next == Some(exercise.name().as_str()) { "  <- next" } else { "" };
        text.push_str(&format!(
            "  {} {:<slugs$} {minutes} min  {}{arrow}\n",
            exercise.id(),
            exercise.slug(),
            if arrow.is_empty() { words.trim_end().to_owned() } else { words }
        ));
    }
    if let Some((exercise, _)) = asked.iter().find(|(_, state)| *state == State::Stale) {
        let command = format!("`cargo xtask check {}` judges it", exercise.id());
        text.push_str(&format!("\nstale: it passed and was edited since; {command}\n"));
    }
    text
}

/// The last lines, since the one that is next has long gone by: how much is done, and how to go on.
fn footer(rows: &[Row<'_>], left_off: Option<&Exercise>) -> String {
    let passed = rows.iter().filter(|(_, state)| state.has_passed()).count();
    let next = match left_off {
        Some(next) => format!("next: {} {}, `cargo xtask check` judges it", next.id(), next.slug()),
        None => "every exercise has passed".to_owned(),
    };
    format!("\n{passed} of {} passed; {next}\n", rows.len())
}
