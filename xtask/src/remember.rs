//! Verdicts of unchanged work: `.progress/verdicts/<package>.json`, so that asking again costs no cargo call, passed
//! or not. And what a verdict changes in the progress.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use serde_json::{Value, json};

use crate::course::Course;
use crate::fingerprint::{self, Judges};
use crate::judge::{Binary, Subject};
use crate::progress;
use crate::store;
use crate::term;
use crate::verdict::{Fate, Verdict};

const VERSION: u64 = 1;

/// The verdict on exactly this work by exactly this judge, when there was one.
#[must_use]
pub fn recall(course: &Course, judges: &Judges<'_>, subject: &Subject<'_>, work: &str) -> Option<Verdict> {
    let text = std::fs::read_to_string(path(course, subject)?).ok()?;
    let kept: Value = serde_json::from_str(&text).ok()?;
    let same = kept["version"] == VERSION && kept["work"] == work && kept["judge"] == judges.of(subject.exercise);
    let mut verdict = Verdict::from_json(&kept["verdict"]).filter(|_| same)?;
    verdict.remembered = true;
    verdict.check_changed = false;
    Some(verdict)
}

/// A verdict that was reached just now.
#[derive(Debug)]
pub struct News<'a> {
    pub subject: &'a Subject<'a>,
    pub work: &'a str,
    pub verdict: &'a mut Verdict,
}

/// Keeps verdicts and notes them in the progress. A tree that cannot be written costs a notice, not the verdict.
pub fn remember(course: &Course, judges: &Judges<'_>, mut news: Vec<News<'_>>) {
    news.retain(|one| one.verdict.fate != Fate::NotJudged);
    let written = note_progress(course, judges, &mut news)
        .and_then(|()| news.iter().try_for_each(|one| keep_verdict(course, judges, one)));
    if let Err(error) = written {
        term::warning_once(&format!("the verdict counts, but it is not remembered, nor is your progress: {error:#}"));
    }
}

fn note_progress(course: &Course, judges: &Judges<'_>, news: &mut [News<'_>]) -> Result<()> {
    let mut of_learner: Vec<&mut News<'_>> =
        news.iter_mut().filter(|one| one.subject.binary == Binary::Learner).collect();
    if of_learner.is_empty() {
        return Ok(());
    }
    progress::update(course, |progress| {
        for one in &mut of_learner {
            let exercise = one.subject.exercise;
            let (judge, check) = (judges.of(exercise), fingerprint::check(exercise));
            let before = progress.get(exercise, "last").and_then(|fact| fact.values.get(3));
            one.verdict.check_changed = before.is_some_and(|before| *before != check);
            progress.set(exercise, "last", &[one.verdict.fate.key(), one.work, &judge, &check]);
            if one.verdict.fate == Fate::Passed {
                progress.set(exercise, "passed", &[one.work, &judge]);
                progress.forget(exercise, "gave-up");
            }
        }
    })
}

fn keep_verdict(course: &Course, judges: &Judges<'_>, news: &News<'_>) -> Result<()> {
    let Some(path) = path(course, news.subject) else { return Ok(()) };
    // A time limit depends on how busy the machine was: asked again, it is tried again.
    if news.verdict.fate == Fate::Failed && news.verdict.note.is_some() {
        return std::fs::remove_file(path).or(Ok(()));
    }
    let judge = judges.of(news.subject.exercise);
    let verdict = news.verdict.to_json();
    let kept = json!({ "version": VERSION, "work": news.work, "judge": judge, "verdict": verdict });
    store::write_cache(&path, format!("{kept}\n").as_bytes())
}

fn path(course: &Course, subject: &Subject<'_>) -> Option<PathBuf> {
    let package = match subject.binary {
        Binary::Learner => subject.exercise.package(),
        Binary::Solution => subject.exercise.solution_package(),
        Binary::Other(_) | Binary::At { .. } => return None,
    };
    Some(course.progress_dir().join("verdicts").join(format!("{package}.json")))
}

/// The name of a temporary file of this process, removed when it is dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    #[must_use]
    pub fn new(word: &str) -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Scratch(std::env::temp_dir().join(format!("xtask-{}-{number}-{word}", std::process::id())))
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
