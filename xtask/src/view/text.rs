//! Verdicts in words. The order of a failure: status line; what was sent; expected and got; the function's log; the
//! hint command; last, the place to click.

use std::path::PathBuf;

use crate::course::{Course, Exercise};
use crate::fingerprint;
use crate::libtest::Outcome;
use crate::page;
use crate::progress::Progress;
use crate::term::Style;
use crate::verdict::{Fate, Verdict};
use crate::view::failure;

/// What a view needs besides the verdict.
#[derive(Debug)]
pub struct Scene<'a> {
    pub course: &'a Course,
    pub progress: &'a Progress,
    pub style: Style,
}

/// One line: which exercise, what came of it, how many tests, how long.
#[must_use]
pub fn status(scene: &Scene<'_>, exercise: &Exercise, verdict: &Verdict) -> String {
    let style = scene.style;
    let mark = match (style, verdict.fate) {
        (Style::Plain, _) => "",
        (Style::Colour, Fate::Passed) => "✓ ",
        (Style::Colour, _) => "✗ ",
    };
    let subject = if verdict.subject == "exercise" { String::new() } else { format!(" ({})", verdict.subject) };
    let mut facts = Vec::new();
    let run = verdict.tests.len() - verdict.count(Outcome::Ignored);
    match verdict.fate {
        Fate::Passed => facts.push(counted(run, "test")),
        Fate::Failed if run > 0 => {
            facts.push(format!("{} of {}", run - verdict.count(Outcome::Passed), counted(run, "test")));
        }
        Fate::DoesNotCompile => facts.push(counted(verdict.errors(), "error")),
        Fate::Failed | Fate::NotJudged => {}
    }
    if verdict.remembered {
        facts.push("nothing changed since".to_owned());
    } else if verdict.seconds > 0.0 {
        facts.push(format!("{:.1} s", verdict.seconds));
    }
    let words = format!("{mark}{}", verdict.fate.words());
    let words = if verdict.fate == Fate::Passed { style.good(&words) } else { style.bad(&words) };
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    format!("{} {}{subject}: {words}{facts}\n", exercise.id(), exercise.slug())
}

/// What follows the status line of a verdict that deserves room.
#[must_use]
pub fn details(scene: &Scene<'_>, exercise: &Exercise, verdict: &Verdict) -> String {
    let mut text = String::new();
    if verdict.check_changed {
        text.push_str("\n  its check is not the one of your last verdict: tests/check.rs changed since\n");
    }
    if let Some(note) = &verdict.note {
        text.push('\n');
        text.push_str(&failure::indented(note, "  "));
    }
    match verdict.fate {
        Fate::Passed => text.push_str(&rendered(scene, verdict, false)),
        Fate::DoesNotCompile | Fate::NotJudged => text.push_str(&rendered(scene, verdict, true)),
        Fate::Failed => text.push_str(&failed_tests(scene, verdict)),
    }
    if matches!(verdict.fate, Fate::Failed | Fate::DoesNotCompile) && verdict.subject == "exercise" {
        text.push_str(&help(scene, exercise));
    }
    if let Some(place) = place(scene.course, exercise, verdict) {
        text.push_str(&format!("\n{place}\n"));
    }
    text
}

fn failed_tests(scene: &Scene<'_>, verdict: &Verdict) -> String {
    let mut text = String::new();
    if let Some(first) = verdict.first_failed().filter(|judged| judged.test.outcome == Outcome::Failed) {
        text.push('\n');
        text.push_str(&failure::block(scene.style, first));
    }
    let first = verdict.first_failed().map(|judged| &judged.test.name);
    for (outcome, words) in [(Outcome::Failed, "also failed"), (Outcome::Unfinished, "not finished")] {
        let of_outcome = verdict.tests.iter().filter(|judged| judged.test.outcome == outcome);
        let names: Vec<&String> = of_outcome
            .map(|judged| &judged.test.name)
            .filter(|name| outcome == Outcome::Unfinished || Some(*name) != first)
            .collect();
        if !names.is_empty() {
            text.push_str(&format!("\n  {words}\n"));
            names.iter().for_each(|name| text.push_str(&format!("    {name}\n")));
        }
    }
    let passed = verdict.count(Outcome::Passed);
    if passed > 0 {
        text.push_str(&format!("\n  {} passed\n", counted(passed, "other test")));
    }
    if verdict.warnings() > 0 {
        text.push_str(&format!(
            "  the compiler has {}; they are shown once it passes\n",
            counted(verdict.warnings(), "warning")
        ));
    }
    text
}

/// The compiler's messages as it renders them: only errors where there are any.
fn rendered(scene: &Scene<'_>, verdict: &Verdict, errors: bool) -> String {
    let wanted = verdict.diagnostics.iter().filter(|diagnostic| diagnostic.is_error == errors);
    wanted.map(|diagnostic| format!("\n{}\n", scene.style.rendered(&diagnostic.rendered))).collect()
}

fn help(scene: &Scene<'_>, exercise: &Exercise) -> String {
    let mut text = String::new();
    if !exercise.main_file().exists() {
        text.push_str(&format!("\nreset: cargo xtask reset {}\n", exercise.id()));
    }
    let page = page::path(scene.course, exercise);
    let of = page::read(&page).hints.len();
    if page.exists() && fingerprint::starter(exercise) == Some(fingerprint::work(exercise)) {
        let (page, file) = (scene.course.shown(&page), scene.course.shown(&exercise.main_file()));
        text.push_str(&format!("\nthis is the starter, as it came\nread: {page}\nedit: {file}\n"));
    }
    let shown = scene.progress.count(exercise, "hint-");
    if of == 0 {
        return text;
    }
    let id = exercise.id();
    text.push_str(&match shown {
        _ if shown < of => format!("\nhint: cargo xtask hint {id} ({} of {of})\n", shown + 1),
        _ => format!(
            "\nall {of} hints again: cargo xtask hint {id}\nthe answer: {}\n",
            solution_command(exercise, scene.progress)
        ),
    });
    text
}

/// After passing, nobody gives up any more.
#[must_use]
pub fn solution_command(exercise: &Exercise, progress: &Progress) -> String {
    let give_up = if progress.get(exercise, "passed").is_some() { "" } else { " --give-up" };
    format!("cargo xtask solution {}{give_up}", exercise.id())
}

/// `file:line` of the failed expectation or of the first error.
#[must_use]
pub fn place(course: &Course, exercise: &Exercise, verdict: &Verdict) -> Option<String> {
    let from_compiler = || verdict.diagnostics.iter().find(|d| d.is_error).and_then(|d| d.place.clone());
    let from_test = verdict.first_failed().and_then(|judged| {
        let step = judged.failure.as_ref();
        let reported = step.and_then(|step| Some((step["file"].as_str()?.to_owned(), step["line"].as_u64()?)));
        reported.or_else(|| judged.test.place.clone())
    });
    let (file, line) = match verdict.fate {
        Fate::Failed => from_test?,
        Fate::DoesNotCompile | Fate::NotJudged => from_compiler()?,
        Fate::Passed => return None,
    };
    // Depending on who built it, a path is relative to the workspace or to the package.
    let candidates: [PathBuf; 2] = [course.root.join(&file), exercise.path.join(&file)];
    let path = candidates.iter().find(|path| path.exists()).unwrap_or(&candidates[0]);
    Some(format!("{}:{line}", course.shown(path)))
}

/// `1 test`, `2 tests`.
#[must_use]
pub fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
