//! `check`: build and grade.

use anyhow::Result;

use crate::cli::{Format, Options, Usage};
use crate::course::{Course, Exercise, chapter_title};
use crate::fingerprint::Judges;
use crate::judge::{Binary, Judged, Subject, judge};
use crate::page;
use crate::progress::Progress;
use crate::state::{self, State};
use crate::stream;
use crate::term::{self, Style};
use crate::verdict::{Fate, Verdict};
use crate::view::json;
use crate::view::text::{self, Scene, counted};

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let result = check(course, options);
    if options.events {
        stream::ended(&result);
    }
    result
}

fn check(course: &Course, options: &Options) -> Result<u8> {
    let judges = Judges::read(course);
    let chosen = choose(course, options, &judges)?;
    if chosen.is_empty() {
        return Ok(nothing_left(course, options));
    }
    if options.events {
        stream::started(&chosen);
    }
    let judged = grade(course, &judges, &chosen, options)?;
    let verdicts: Vec<(&Exercise, &Verdict)> = chosen.iter().copied().zip(judged.iter().map(|j| &j.verdict)).collect();
    let exit = verdicts.iter().map(|(_, verdict)| verdict.fate.exit_code()).max().unwrap_or(0);
    let progress = Progress::load(course);
    match options.format {
        Format::Json if options.events => {
            let told = verdicts.iter().map(|(exercise, verdict)| json::one(course, &progress, exercise, verdict));
            told.for_each(|document| stream::tell("verdict", document));
        }
        Format::Json => print!("{}", json::to_text(&json::verdicts(course, &progress, &verdicts, exit))),
        Format::Text => {
            let scene = Scene { course, progress: &progress, style: Style::of_stdout() };
            print!("{}", show(&scene, &verdicts, options.verbose));
            if let ([(exercise, verdict)], true) = (verdicts.as_slice(), exit == 0) {
                print!("{}", after_passing(&scene, &judges, exercise, verdict));
            }
        }
    }
    Ok(exit)
}

/// Judges the learner's binaries, or the solutions.
pub fn grade(course: &Course, judges: &Judges<'_>, chosen: &[&Exercise], options: &Options) -> Result<Vec<Judged>> {
    let binary = if options.solutions { Binary::Solution } else { Binary::Learner };
    let subjects: Vec<Subject<'_>> = chosen.iter().map(|exercise| Subject::new(exercise, binary.clone())).collect();
    let progress = if options.events { term::Progress::streaming() } else { term::Progress::new() };
    judge(course, judges, &subjects, options.again, &progress)
}

/// Every status line; then the first that did not pass in full (with `verbose` every one).
#[must_use]
pub fn show(scene: &Scene<'_>, verdicts: &[(&Exercise, &Verdict)], verbose: bool) -> String {
    let mut text = String::new();
    if let [(exercise, verdict)] = verdicts {
        text.push_str(&text::status(scene, exercise, verdict));
        text.push_str(&text::details(scene, exercise, verdict));
        return text;
    }
    for (exercise, verdict) in verdicts {
        text.push_str(&text::status(scene, exercise, verdict));
    }
    text.push_str(&format!("\n{}\n", sum(verdicts)));
    let unpassed: Vec<_> = verdicts.iter().filter(|(_, verdict)| verdict.fate != Fate::Passed).collect();
    let shown = if verbose { unpassed.len() } else { 1 };
    if unpassed.len() > shown {
        text.push_str("the first of them in full; the others by their name, or all with --verbose\n");
    }
    for (exercise, verdict) in unpassed.into_iter().take(shown) {
        text.push('\n');
        text.push_str(&text::status(scene, exercise, verdict));
        text.push_str(&text::details(scene, exercise, verdict));
    }
    text
}

fn choose<'a>(course: &'a Course, options: &Options, judges: &Judges<'_>) -> Result<Vec<&'a Exercise>> {
    if options.all && !options.names.is_empty() {
        return Err(Usage("--all names every exercise already; leave out either it or the names".to_owned()).into());
    }
    if options.all || (options.solutions && options.names.is_empty()) {
        return Ok(course.exercises.iter().collect());
    }
    state::chosen(course, &options.names, &Progress::load(course), judges)
}

fn nothing_left(course: &Course, options: &Options) -> u8 {
    let judged = if course.exercises.is_empty() {
        "no exercises here yet"
    } else {
        "all exercises passed; `cargo xtask check --all` looks at them again"
    };
    match options.format {
        Format::Json if options.events => stream::started(&[]),
        Format::Json => print!("{}", json::to_text(&json::verdicts(course, &Progress::default(), &[], 0))),
        Format::Text => println!("{judged}"),
    }
    0
}

fn sum(verdicts: &[(&Exercise, &Verdict)]) -> String {
    let fates = [Fate::Passed, Fate::Failed, Fate::DoesNotCompile, Fate::NotJudged];
    let counts = fates.map(|fate| (verdicts.iter().filter(|(_, verdict)| verdict.fate == fate).count(), fate.words()));
    let parts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}")).collect();
    format!("{}: {}", counted(verdicts.len(), "exercise"), parts.join(", "))
}

/// Where to go from here, when one exercise passed.
fn after_passing(scene: &Scene<'_>, judges: &Judges<'_>, exercise: &Exercise, verdict: &Verdict) -> String {
    if verdict.subject != "exercise" {
        return String::new();
    }
    let (course, of_chapter) = (scene.course, format!("ch{:02}", exercise.chapter));
    let chapter = course.exercises.iter().filter(|other| other.chapter == exercise.chapter);
    let states: Vec<State> = chapter.map(|other| state::of(other, scene.progress, judges)).collect();
    let passed = states.iter().filter(|state| state.has_passed()).count();
    let mut text = format!("{of_chapter} {}: ", chapter_title(&exercise.chapter_dir));
    text.push_str(&if passed == states.len() {
        format!("all {passed} passed\n\n")
    } else {
        format!("{passed} of {} passed\n\n", states.len())
    });
    let page = page::path(course, exercise);
    let headings = page::read(&page).headings;
    if let Some(heading) = headings.iter().find(|heading| heading.id.as_deref() == Some("after-you-pass")) {
        text.push_str(&format!("read on: {}:{}\n", course.shown(&page), heading.line));
    }
    text.push_str(&format!("solution: cargo xtask solution {}\n", exercise.id()));
    match state::next_after(scene.course, exercise, scene.progress, judges) {
        Some(next) => {
            let page = scene.course.shown(&page::path(scene.course, next));
            let file = scene.course.shown(&next.main_file());
            text.push_str(&format!("next: {} {}, {page}\n{file}\n", next.id(), next.slug()));
        }
        None => text.push_str("next: nothing; every exercise from here on has passed\n"),
    }
    text
}
