//! The five states of an exercise, from what is remembered and what lies on the disk now.

use crate::course::{Course, Exercise};
use crate::fingerprint::{self, Judges};
use crate::names;
use crate::progress::Progress;

/// What we tell the learner about an exercise without judging it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Passed,
    /// Passed, and the check, the lockfile or the toolchain changed since.
    PassedToCheckAgain,
    Failed,
    DoesNotCompile,
    NotStarted,
    /// The learner's files were edited since they passed.
    Stale,
}

impl State {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            State::Passed => "passed",
            State::PassedToCheckAgain => "passed, will be checked again",
            State::Failed => "failed",
            State::DoesNotCompile => "does not compile",
            State::NotStarted => "not started",
            State::Stale => "stale",
        }
    }

    /// The word for machines: one of the five.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            State::Passed | State::PassedToCheckAgain => "passed",
            State::Failed => "failed",
            State::DoesNotCompile => "does-not-compile",
            State::NotStarted => "not-started",
            State::Stale => "stale",
        }
    }

    #[must_use]
    pub fn has_passed(self) -> bool {
        matches!(self, State::Passed | State::PassedToCheckAgain)
    }
}

/// The state of one exercise.
#[must_use]
pub fn of(exercise: &Exercise, progress: &Progress, judges: &Judges<'_>) -> State {
    let work = fingerprint::work(exercise);
    let judge = judges.of(exercise);
    let last = progress.get(exercise, "last").map(|fact| fact.values.as_slice()).unwrap_or_default();
    let verdict = match last.first().map(String::as_str) {
        Some("failed") => Some(State::Failed),
        Some("does-not-compile") => Some(State::DoesNotCompile),
        _ => None,
    };
    let is_last_work = last.get(1) == Some(&work);
    if let Some(state) = verdict.filter(|_| is_last_work && last.get(2) == Some(&judge)) {
        return state;
    }
    match progress.get(exercise, "passed").map(|fact| fact.values.as_slice()).unwrap_or_default() {
        [passed, by, ..] if *passed == work && *by == judge => State::Passed,
        [passed, ..] if *passed == work => State::PassedToCheckAgain,
        [_, ..] if verdict.is_none() || !is_last_work => State::Stale,
        _ => verdict.unwrap_or(State::NotStarted),
    }
}

/// Where the learner left off: the exercise that was judged last, or the next one after it that has not passed.
#[must_use]
pub fn left_off<'a>(course: &'a Course, progress: &Progress, judges: &Judges<'_>) -> Option<&'a Exercise> {
    let last = progress.last_judged().and_then(|name| course.exercises.iter().position(|e| e.name() == name));
    let (before, from) = course.exercises.split_at(last.unwrap_or(0));
    from.iter().chain(before).find(|exercise| !of(exercise, progress, judges).has_passed())
}

/// The next exercise after `exercise` that has not passed.
#[must_use]
pub fn next_after<'a>(
    course: &'a Course,
    exercise: &Exercise,
    progress: &Progress,
    judges: &Judges<'_>,
) -> Option<&'a Exercise> {
    let later = course.exercises.iter().filter(|e| (e.chapter, e.number) > (exercise.chapter, exercise.number));
    later.into_iter().find(|candidate| !of(candidate, progress, judges).has_passed())
}

/// The exercises that a command is about: those named, or those of the folder we stand in, or where we left off.
pub fn chosen<'a>(
    course: &'a Course,
    typed: &[String],
    progress: &Progress,
    judges: &Judges<'_>,
) -> anyhow::Result<Vec<&'a Exercise>> {
    let mut chosen: Vec<&Exercise> = Vec::new();
    for name in typed {
        chosen.extend(names::resolve(course, name)?);
    }
    if typed.is_empty() {
        chosen = stood_in(course);
    }
    if typed.is_empty() && chosen.is_empty() {
        chosen.extend(left_off(course, progress, judges));
    }
    chosen.sort_by_key(|exercise| (exercise.chapter, exercise.number, exercise.dir.clone()));
    chosen.dedup_by_key(|exercise| exercise.name());
    Ok(chosen)
}

/// The exercises of the folder that the learner stands in.
#[must_use]
pub fn stood_in(course: &Course) -> Vec<&Exercise> {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    names::standing_in(course, &here)
}
