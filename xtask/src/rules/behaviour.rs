//! What only a check can tell: the starter fails, the solution and other right answers pass, each mistake is caught by
//! the test that it names and with words that help, and no answer that ignores the question passes. What a check sends is
//! looked at by `inputs`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};

use anyhow::{Result, bail};

use crate::compile::{Built, Diagnostic};
use crate::course::{Course, Exercise};
use crate::fingerprint::{self, files_below};
use crate::judge::{self, Binary, Judged, Subject, run_checks};
use crate::libtest::Outcome;
use crate::manifest::Manifest;
use crate::mistake::{self, Mistake};
use crate::needs;
use crate::rules::{Violation, inputs, layout, lint, messages};
use crate::term::Progress;
use crate::variants;
use crate::verdict::{Fate, Verdict};
use crate::wrong_answer;

/// What a binary is for, and the file that a breach is told of.
#[derive(Debug)]
enum Role {
    Starter,
    Solution,
    Mistake(Mistake),
    AlsoRight,
    /// The solution once more, with other choices: for what the check sends.
    Seeded,
}

#[derive(Debug)]
struct Part<'a> {
    role: Role,
    file: PathBuf,
    subject: Subject<'a>,
}

/// Every breach in the exercises' behaviour, and what clippy says about what is exemplary: it compiles all of it.
///
/// While checks run, which wait more than they compute, cargo compiles what is judged next.
pub fn check(course: &Course, exercises: &[&Exercise], progress: &Progress) -> Result<Vec<Violation>> {
    let course = &course.clone().linting();
    wrong_answer::keep_player(&player(course))?;
    let parts: Vec<Part<'_>> = exercises.iter().flat_map(|exercise| parts(exercise)).collect();
    let (mut variants, own): (Vec<Part<'_>>, Vec<Part<'_>>) = parts.into_iter().partition(Part::is_variant);
    let aside = Progress::silent();
    let mut built = needs::build(course, &subjects(&own), progress)?;
    let (sender, receiver) = mpsc::channel();
    let (programs, seen, judged) = std::thread::scope(|scope| {
        let programs = scope.spawn(|| build_variants(course, &variants, progress, sender));
        let seen = own_behaviour(course, exercises, &own, &built, &aside);
        let judged = judge::run_checks_of(receiver, variants.len(), &built, &aside);
        (joined(programs.join()), seen, judged)
    });
    let (mut violations, (said, binaries), mut judged) = (seen?, programs?, judged?);
    violations.extend(lint::given_functions(course, exercises, &built));
    violations.extend(said.iter().map(|(file, line, said)| Violation::new(file, *line, lint::words(said))));
    for (index, binary) in binaries {
        variants[index].subject.binary = binary;
    }
    // What does not compile as a part of its exercise's program.
    let alone: Vec<usize> = (0..variants.len()).filter(|index| variants[*index].is_unbuilt()).collect();
    let subjects: Vec<&Subject<'_>> = alone.iter().map(|index| &variants[*index].subject).collect();
    built.extend(needs::build(course, &subjects, progress)?);
    judged.extend(alone.iter().copied().zip(run_checks(&subjects, &built, progress)?));
    let judged = judged.into_iter().map(|(index, one)| (&variants[index], one)).collect();
    violations.extend(variants_behaviour(course, judged, &built, progress)?);
    Ok(violations)
}

/// Builds the programs of all variants, and sends each variant on as soon as it can be judged. Returns what was said of
/// them, and what each index is played by.
fn build_variants<'a>(
    course: &Course,
    variants: &[Part<'a>],
    progress: &Progress,
    sender: Sender<(usize, Subject<'a>)>,
) -> Result<(variants::Said, BTreeMap<usize, Binary>)> {
    let mut binaries = BTreeMap::new();
    let mut send = |index: usize, binary: Binary| {
        // After an error nobody hears it; the error is told.
        let _ = sender.send((index, Subject { binary: binary.clone(), ..variants[index].subject.clone() }));
        binaries.insert(index, binary);
    };
    for (index, part) in variants.iter().enumerate().filter(|(_, part)| !part.is_unbuilt()) {
        send(index, part.subject.binary.clone());
    }
    let index_of: BTreeMap<&Path, usize> =
        variants.iter().enumerate().map(|(index, part)| (part.file.as_path(), index)).collect();
    let said = variants::build(course, &by_exercise(variants), progress, |file, path| {
        if let Some(&index) = index_of.get(file) {
            send(index, Binary::At { path, name: variants[index].subject.word() });
        }
    })?;
    Ok((said, binaries))
}

/// The behaviour of starters, solutions, and answers that ignore the question.
fn own_behaviour(
    course: &Course,
    exercises: &[&Exercise],
    parts: &[Part<'_>],
    built: &Built,
    progress: &Progress,
) -> Result<Vec<Violation>> {
    let judged = run_checks(&subjects(parts), built, progress)?;
    let mut violations: Vec<Violation> =
        parts.iter().zip(&judged).flat_map(|(part, one)| breaches(course, part, &one.verdict)).collect();
    let solutions: Vec<(&Exercise, &Judged)> = parts
        .iter()
        .zip(&judged)
        .filter(|(part, one)| matches!(part.role, Role::Solution) && one.verdict.fate == Fate::Passed)
        .map(|(part, one)| (part.subject.exercise, one))
        .collect();
    for exercise in exercises {
        let is_one = |part: &Part<'_>| {
            matches!(part.role, Role::Solution | Role::Seeded) && part.subject.exercise.name() == exercise.name()
        };
        let runs: Vec<&Judged> =
            parts.iter().zip(&judged).filter(|(part, _)| is_one(part)).map(|(_, one)| one).collect();
        violations.extend(inputs::check(exercise, &runs));
    }
    let starters = parts.iter().zip(&judged).filter(|(part, _)| matches!(part.role, Role::Starter));
    let strictest: BTreeMap<String, String> = starters
        .filter_map(|(part, one)| {
            let failed = names(&one.verdict, Outcome::Failed);
            Some((part.subject.exercise.name(), (*failed.first()?).to_owned()))
        })
        .collect();
    violations.extend(wrong_answers(course, &solutions, &strictest, built, progress)?);
    Ok(violations)
}

/// A mistake is judged by the test that it names; what that test passes, by all of them. What is not as it should be is
/// judged once more, now that nothing is compiled beside it: some tests look at a clock.
fn variants_behaviour(
    course: &Course,
    judged: Vec<(&Part<'_>, Judged)>,
    built: &Built,
    progress: &Progress,
) -> Result<Vec<Violation>> {
    let seen = judged.into_iter().map(|(part, one)| (part, breaches(course, part, &one.verdict)));
    let (unclear, clear): (Vec<_>, Vec<_>) = seen.partition(|(_, breaches)| !breaches.is_empty());
    let wholly: Vec<Subject<'_>> =
        unclear.iter().map(|(part, _)| Subject { only: None, ..part.subject.clone() }).collect();
    let again = run_checks(&wholly.iter().collect::<Vec<_>>(), built, progress)?;
    let mut violations: Vec<Violation> = clear.into_iter().flat_map(|(_, breaches)| breaches).collect();
    violations.extend(unclear.iter().zip(&again).flat_map(|((part, _), one)| breaches(course, part, &one.verdict)));
    Ok(violations)
}

impl Part<'_> {
    /// Whether it is beside what learners and readers see, so that none of its warnings is told.
    fn is_variant(&self) -> bool {
        matches!(self.role, Role::Mistake(_) | Role::AlsoRight)
    }

    /// Whether it is a program that nobody has built yet.
    fn is_unbuilt(&self) -> bool {
        matches!(self.subject.binary, Binary::Other(_))
    }
}

fn subjects<'p, 'a: 'p>(parts: impl IntoIterator<Item = &'p Part<'a>>) -> Vec<&'p Subject<'a>> {
    parts.into_iter().map(|part| &part.subject).collect()
}

fn by_exercise<'a>(parts: &[Part<'a>]) -> Vec<(&'a Exercise, Vec<PathBuf>)> {
    let mut exercises: Vec<(&Exercise, Vec<PathBuf>)> = Vec::new();
    for part in parts.iter().filter(|part| part.is_unbuilt()) {
        let exercise = part.subject.exercise;
        match exercises.last_mut() {
            Some((last, files)) if last.path == exercise.path => files.push(part.file.clone()),
            _ => exercises.push((exercise, vec![part.file.clone()])),
        }
    }
    exercises
}

fn joined<T>(thread: std::thread::Result<Result<T>>) -> Result<T> {
    thread.unwrap_or_else(|_| bail!("a thread of verify panicked"))
}

/// What the solution's manifest builds; what it forgot is told by `layout`.
fn parts(exercise: &Exercise) -> Vec<Part<'_>> {
    let dir = &exercise.solution_path;
    let (name, mended) = (exercise.main_name(), exercise.mended_file().is_some());
    let part = |role, file: PathBuf, stem: &str| {
        let binary = match (&role, mended) {
            (Role::Solution | Role::Seeded, _) => Binary::Solution,
            (_, true) => Binary::At { path: file.clone(), name: stem.to_owned() },
            (_, false) => Binary::Other(layout::bin_name(exercise, stem)),
        };
        Part { role, file, subject: Subject::new(exercise, binary) }
    };
    let mut parts = vec![
        part(Role::Starter, dir.join("starter").join(name), "starter"),
        part(Role::Solution, dir.join(name), "solution"),
    ];
    for mistake in mistake::of(exercise) {
        let mut wrong = part(Role::Mistake(mistake.clone()), mistake.path, &mistake.name);
        wrong.subject.only = mistake.caught_by;
        parts.push(wrong);
    }
    for file in files_below(&dir.join("also-right")) {
        parts.push(part(Role::AlsoRight, dir.join("also-right").join(&file), &mistake::stem(&file)));
    }
    parts.push(part(Role::Seeded, exercise.path.join("tests/check.rs"), "solution"));
    let of_solution = parts.iter_mut().filter(|part| matches!(part.role, Role::Solution | Role::Seeded));
    of_solution.zip(inputs::SEEDS).for_each(|(part, seed)| part.subject.seed = Some(seed));
    let built = Manifest::read(&dir.join("Cargo.toml")).bins;
    parts.retain(|part| match &part.subject.binary {
        _ if mended => part.file.is_file(),
        Binary::Other(name) => built.iter().any(|bin| bin.name == *name),
        _ => built.iter().any(|bin| bin.name == exercise.solution_package()),
    });
    // Built with the check anyway, where no learner has edited it.
    if fingerprint::starter(exercise).is_some_and(|starter| starter == fingerprint::work(exercise)) {
        let starters = parts.iter_mut().filter(|part| matches!(part.role, Role::Starter) && !mended);
        starters.for_each(|part| part.subject.binary = Binary::Learner);
    }
    parts
}

fn breaches(course: &Course, part: &Part<'_>, verdict: &Verdict) -> Vec<Violation> {
    let failed: Vec<&str> = names(verdict, Outcome::Failed);
    let told = |message: String| vec![Violation::new(&part.file, 1, message)];
    let also = |mut told: Vec<Violation>| {
        told.extend(warnings(course, part, verdict));
        told
    };
    if matches!(part.role, Role::Seeded) {
        return Vec::new();
    }
    if let Fate::DoesNotCompile | Fate::NotJudged = verdict.fate {
        let error = verdict.diagnostics.iter().find(|diagnostic| diagnostic.is_error);
        let line = error.and_then(|error| error.place.as_ref()).map_or(1, |(_, line)| *line as usize);
        let note = verdict.note.as_deref().unwrap_or("does not compile");
        return vec![Violation::new(&part.file, line, note.lines().next().unwrap_or_default())];
    }
    match (&part.role, verdict.fate) {
        (Role::Starter, Fate::Passed) => told("the starter passes already".to_owned()),
        (Role::Starter, _) => warnings(course, part, verdict),
        (Role::Solution, Fate::Passed) => warnings(course, part, verdict),
        (Role::Solution, _) => also(told(format!("the solution fails {}", first(&failed, verdict)))),
        (Role::AlsoRight, Fate::Passed) => warnings(course, part, verdict),
        (Role::Seeded, _) => Vec::new(),
        (Role::AlsoRight, _) => also(told(format!("a right answer fails {}", first(&failed, verdict)))),
        (Role::Mistake(_), Fate::Passed) => told("the check passes this mistake".to_owned()),
        (Role::Mistake(mistake), _) => match &mistake.caught_by {
            Some(test) if !failed.contains(&test.as_str()) => {
                told(format!("must be caught by {test}; it fails {}", first(&failed, verdict)))
            }
            Some(test) if !verdict.tests.iter().any(|judged| judged.test.name == *test && messages::helps(judged)) => {
                let message =
                    format!("{test} catches it without a word that helps: give its assertion a message or a story");
                told(message)
            }
            _ => Vec::new(),
        },
    }
}

/// Warnings in what the learner begins with, or ends with, would blame him. Clippy has a say in what is right only.
fn warnings(course: &Course, part: &Part<'_>, verdict: &Verdict) -> Vec<Violation> {
    let is_starter = matches!(part.role, Role::Starter);
    let is_told = |said: &&Diagnostic| !(said.is_error || said.is_clippys && is_starter);
    let told = verdict.diagnostics.iter().filter(is_told);
    told.map(|said| match &said.place {
        // A starter is built where the learner has it, and told where it is mended.
        Some((file, line)) if !is_starter => Violation::new(course.root.join(file), *line as usize, lint::words(said)),
        place => Violation::new(&part.file, place.as_ref().map_or(1, |(_, line)| *line as usize), lint::words(said)),
    })
    .collect()
}

/// An answer that ignores the question is accepted where every test passes it. So the test that the starter fails runs
/// first, by exercise in `strictest`; only what passes that is judged by all of them.
fn wrong_answers(
    course: &Course,
    solutions: &[(&Exercise, &Judged)],
    strictest: &BTreeMap<String, String>,
    built: &Built,
    progress: &Progress,
) -> Result<Vec<Violation>> {
    let mut subjects = Vec::new();
    for (exercise, judged) in solutions {
        let dir = course.target_dir().join("wrong-answers").join(exercise.package());
        // Left over from a run of another build of this binary.
        let _ = std::fs::remove_dir_all(&dir);
        let wrong = match exercise.mended_file() {
            Some(file) => wrong_answer::files(&dir, file)?,
            None => wrong_answer::binaries(&player(course), &dir, &commonest(judged))?,
        };
        for (name, path) in wrong {
            let mut subject = Subject::new(exercise, Binary::At { path, name: name.to_owned() });
            subject.only = strictest.get(&exercise.name()).cloned();
            subjects.push(subject);
        }
    }
    let mut accepted = passed(subjects, built, progress)?;
    let mut by_one_test: Vec<Subject<'_>> = accepted.extract_if(.., |subject| subject.only.is_some()).collect();
    by_one_test.iter_mut().for_each(|subject| subject.only = None);
    accepted.extend(passed(by_one_test, built, progress)?);
    let told = |subject: Subject<'_>| {
        let check = subject.exercise.path.join("tests/check.rs");
        Violation::new(check, 1, format!("accepts an answer that ignores the question: {}", subject.word()))
    };
    Ok(accepted.into_iter().map(told).collect())
}

/// Those whose check passes.
fn passed<'a>(subjects: Vec<Subject<'a>>, built: &Built, progress: &Progress) -> Result<Vec<Subject<'a>>> {
    let judged = run_checks(&subjects.iter().collect::<Vec<_>>(), built, progress)?;
    let all = subjects.into_iter().zip(judged);
    Ok(all.filter(|(_, one)| one.verdict.fate == Fate::Passed).map(|(subject, _)| subject).collect())
}

fn player(course: &Course) -> PathBuf {
    course.target_dir().join("wrong-answers/player")
}

/// The answer that the solution gave most often: the best that a constant can do.
fn commonest(judged: &Judged) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for payload in judged.report.payloads() {
        *counts.entry(payload).or_default() += 1;
    }
    let commonest = counts.into_iter().max_by_key(|(_, count)| *count);
    commonest.map_or_else(|| "{\"ok\":true}".to_owned(), |(payload, _)| payload.to_owned())
}

fn names(verdict: &Verdict, outcome: Outcome) -> Vec<&str> {
    let of_outcome = verdict.tests.iter().filter(|judged| judged.test.outcome == outcome);
    of_outcome.map(|judged| judged.test.name.as_str()).collect()
}

fn first(failed: &[&str], verdict: &Verdict) -> String {
    match (failed, &verdict.note) {
        ([], Some(note)) => note.lines().next().unwrap_or_default().to_owned(),
        ([], None) => "no test".to_owned(),
        (failed, _) => failed.join(", "),
    }
}
