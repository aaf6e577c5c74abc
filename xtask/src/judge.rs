//! Judges any number of binaries: remembered verdicts first, then what `needs` builds, then the checks directly and in
//! parallel.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::time::SystemTime;

use anyhow::Result;

use crate::advice;
use crate::compile::{Built, Target};
use crate::course::{Course, Exercise};
use crate::fingerprint::{self, Judges};
use crate::follow::Follower;
use crate::libtest::{self, Outcome, Test};
use crate::needs;
use crate::remember::{self, News};
use crate::report::Report;
use crate::run::{self, Ended};
use crate::term::Progress;
use crate::tidy;
use crate::verdict::{Fate, JudgedTest, Verdict};

/// Checks wait more than they compute: for time-outs, deadlines, and processes that start.
const CHECKS_PER_CORE: usize = 3;

/// What is to be judged with an exercise's check.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    pub exercise: &'a Exercise,
    pub binary: Binary,
    /// What the check draws its choices from (`COURSE_SEED`); by default it decides that when it runs.
    pub seed: Option<u32>,
    /// The one test to run, where the others say nothing new.
    pub only: Option<String>,
}

/// A binary; in an exercise of the second kind, the file that is mended there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binary {
    /// What the learner wrote: the exercise's own binary, or its file.
    Learner,
    /// The solution's main binary, or its file.
    Solution,
    /// Another binary of the solution's package: a starter, a mistake, another right answer.
    Other(String),
    /// A binary or a file that exists already.
    At { path: PathBuf, name: String },
}

/// A verdict, and what only this run knows.
#[derive(Debug)]
pub struct Judged {
    pub verdict: Verdict,
    pub report: Report,
}

/// Judges every subject, in their order. With `again`, remembered verdicts are not used.
pub fn judge(
    course: &Course,
    judges: &Judges<'_>,
    subjects: &[Subject<'_>],
    again: bool,
    progress: &Progress,
) -> Result<Vec<Judged>> {
    let hashes: Vec<String> = subjects.iter().map(Subject::work).collect();
    let recalled: Vec<Option<Verdict>> = subjects
        .iter()
        .zip(&hashes)
        .map(|(subject, work)| if again { None } else { remember::recall(course, judges, subject, work) })
        .collect();
    let fresh: Vec<&Subject<'_>> =
        subjects.iter().zip(&recalled).filter(|(_, r)| r.is_none()).map(|(s, _)| s).collect();
    let mut judged = Vec::new().into_iter();
    if !fresh.is_empty() {
        if let Some(words) = needs::announced(course, &fresh) {
            progress.notice(&words);
        }
        let built = needs::build(course, &fresh, progress)?;
        tidy::after_a_build(&course.target_dir(), built.programs(), SystemTime::now());
        judged = run_checks(&fresh, &built, progress)?.into_iter();
    }

    let recall = |verdict| Judged { verdict, report: Report::default() };
    let mut all: Vec<Judged> =
        recalled.into_iter().filter_map(|one| one.map(recall).or_else(|| judged.next())).collect();

    let news = subjects.iter().zip(&hashes).zip(&mut all).filter_map(|((subject, work), one)| {
        // Saved while it was being built: nobody knows which of the two files was judged.
        let is_known = !one.verdict.remembered && subject.work() == *work;
        is_known.then_some(News { subject, work, verdict: &mut one.verdict })
    });
    remember::remember(course, judges, news.collect());
    Ok(all)
}

impl<'a> Subject<'a> {
    #[must_use]
    pub fn new(exercise: &'a Exercise, binary: Binary) -> Subject<'a> {
        Subject { exercise, binary, seed: None, only: None }
    }

    /// The word for it in output.
    #[must_use]
    pub fn word(&self) -> String {
        match &self.binary {
            Binary::Learner => "exercise".to_owned(),
            Binary::Solution => "solution".to_owned(),
            Binary::Other(name) | Binary::At { name, .. } => name.clone(),
        }
    }

    fn work(&self) -> String {
        match self.binary {
            Binary::Learner => fingerprint::work(self.exercise),
            _ => fingerprint::solution(self.exercise),
        }
    }

    /// What there is to judge without building anything.
    fn file(&self) -> Option<PathBuf> {
        match (&self.binary, self.exercise.mended_file()) {
            (Binary::At { path, .. }, _) => Some(path.clone()),
            (Binary::Learner, Some(_)) => Some(self.exercise.main_file()),
            (Binary::Solution, Some(file)) => Some(self.exercise.solution_path.join(file)),
            _ => None,
        }
    }

    /// The binary that cargo must build.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        if self.file().is_some() {
            return None;
        }
        let name = match &self.binary {
            Binary::Learner => return Some(Target::bin_of(self.exercise)),
            Binary::Solution => self.exercise.solution_package(),
            Binary::Other(name) => name.clone(),
            Binary::At { .. } => return None,
        };
        Some(Target { package_dir: self.exercise.solution_path.clone(), kind: "bin".to_owned(), name })
    }
}

/// Judges with what is built, in the subjects' order; nothing is remembered.
pub fn run_checks(subjects: &[&Subject<'_>], built: &Built, progress: &Progress) -> Result<Vec<Judged>> {
    let (sender, receiver) = mpsc::channel();
    let all = subjects.iter().copied().cloned().enumerate();
    all.for_each(|numbered| drop(sender.send(numbered)));
    drop(sender);
    let mut judged = run_checks_of(receiver, subjects.len(), built, progress)?;
    judged.sort_by_key(|(index, _)| *index);
    Ok(judged.into_iter().map(|(_, one)| one).collect())
}

/// The same for subjects that come one by one, each with its index among `of`, until nobody can send any more. They are
/// returned as they ended.
pub fn run_checks_of(
    subjects: Receiver<(usize, Subject<'_>)>,
    of: usize,
    built: &Built,
    progress: &Progress,
) -> Result<Vec<(usize, Judged)>> {
    let subjects = Mutex::new(subjects);
    let judged = Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = (cores * CHECKS_PER_CORE).min(of);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((index, subject)) = next(&subjects) {
                    progress.running(index + 1, of, &subject.exercise.id());
                    let one = judge_one(&subject, built, progress);
                    if let Ok(mut judged) = judged.lock() {
                        judged.push((index, one));
                    }
                }
            });
        }
    });
    progress.clear();
    let judged = judged.into_inner().unwrap_or_default();
    judged.into_iter().map(|(index, one)| Ok((index, one?))).collect()
}

fn next<T>(receiver: &Mutex<Receiver<T>>) -> Option<T> {
    receiver.lock().ok()?.recv().ok()
}

fn judge_one(subject: &Subject<'_>, built: &Built, progress: &Progress) -> Result<Judged> {
    let mut verdict = Verdict {
        exercise: subject.exercise.name(),
        subject: subject.word(),
        fate: Fate::NotJudged,
        tests: Vec::new(),
        diagnostics: subject.target().map(|target| built.diagnostics(&target)).unwrap_or_default(),
        note: None,
        seconds: 0.0,
        remembered: false,
        check_changed: false,
    };
    let judged = subject.file().or_else(|| built.executable(&subject.target()?).map(PathBuf::from));
    let Some(check) = built.executable(&Target::check_of(subject.exercise)) else {
        verdict.diagnostics = built.diagnostics(&Target::check_of(subject.exercise));
        let rest = foreign(subject, built);
        verdict.note = Some(if verdict.errors() > 0 {
            let check = "tests/check.rs is not yours to mend; `git restore` brings it back";
            match verdict.diagnostics.iter().find(|diagnostic| diagnostic.is_of_the_machine()) {
                Some(machine) => machine.advice().unwrap_or("its check could not be built").to_owned(),
                None => format!("its check does not compile\n{check}"),
            }
        } else {
            format!("its check could not be built\n{rest}").trim_end().to_owned()
        });
        return Ok(Judged { verdict, report: Report::default() });
    };
    let Some(judged) = judged else {
        if let Some(machine) = verdict.diagnostics.iter().find(|diagnostic| diagnostic.is_of_the_machine()) {
            verdict.note = machine.advice().map(str::to_owned);
        } else if verdict.errors() > 0 {
            verdict.fate = Fate::DoesNotCompile;
        } else {
            verdict.note = Some(format!("its binary could not be built\n{}", foreign(subject, built)));
        }
        return Ok(Judged { verdict, report: Report::default() });
    };
    if let Some(file) = subject.exercise.mended_file().filter(|_| !judged.is_file()) {
        verdict.fate = Fate::Failed;
        verdict.note = Some(format!("there is no {} to judge", file.display()));
        return Ok(Judged { verdict, report: Report::default() });
    }
    let variables = match variables(subject, &judged, built) {
        Ok(variables) => variables,
        Err(given) => {
            verdict.diagnostics = built.diagnostics(&given);
            verdict.note = Some(format!("the given function {} could not be built", given.name));
            return Ok(Judged { verdict, report: Report::default() });
        }
    };
    let report_file = remember::Scratch::new("report");
    let limit = subject.exercise.manifest.time_limit();
    let source = std::fs::read_to_string(subject.exercise.path.join("tests/check.rs")).unwrap_or_default();
    let mut follower =
        progress.streams().then(|| Follower::start(subject.exercise, &source, report_file.path().to_owned()));
    let look = |lines: &[String]| follower.iter_mut().for_each(|follower| follower.look(lines));
    let ran =
        run::run(check, subject.only.as_deref(), &variables, &subject.exercise.path, report_file.path(), limit, look)?;
    let report = Report::read(report_file.path());
    verdict.seconds = ran.took.as_secs_f64();
    let mut tests = libtest::parse(&ran.output, &source);
    if ran.ended != Ended::Well {
        tests.extend(libtest::unfinished(&tests, &source));
    }
    let failure = |test: &Test| report.failed_step(&test.name).cloned();
    verdict.tests = tests.into_iter().map(|test| JudgedTest { failure: failure(&test), test }).collect();
    (verdict.fate, verdict.note) = match ran.ended {
        Ended::Well if verdict.count(Outcome::Passed) > 0 => (Fate::Passed, None),
        Ended::Well => {
            (Fate::NotJudged, Some("its check ran no test\n`git restore` brings tests/check.rs back".to_owned()))
        }
        Ended::TimedOut => {
            let note = format!(
                "the check did not end within {} s and was stopped\nlook for a loop or a wait without an end in what these tests reach",
                limit.as_secs()
            );
            (Fate::Failed, Some(note))
        }
        Ended::Badly if verdict.count(Outcome::Failed) > 0 => (Fate::Failed, None),
        Ended::Badly => (Fate::Failed, Some(format!("the check itself ended badly:\n{}", ran.output.trim()))),
    };
    Ok(Judged { verdict, report })
}

/// What tells the check what to judge: the binary, or the file in `COURSE_FILE` with the function that is given; and
/// every further binary of the exercise by its name. `Err` is one of those that was not built.
fn variables(subject: &Subject<'_>, judged: &Path, built: &Built) -> Result<Vec<(String, OsString)>, Target> {
    let exercise = subject.exercise;
    let is_file = exercise.mended_file().is_some();
    let mut variables = vec![(if is_file { "COURSE_FILE" } else { "LOCAL_LAMBDA_BINARY" }.to_owned(), judged.into())];
    variables.extend(subject.seed.map(|seed| ("COURSE_SEED".to_owned(), seed.to_string().into())));
    let given = exercise.manifest.bins.iter().skip(usize::from(!is_file));
    for (index, bin) in given.enumerate() {
        let target = Target { package_dir: exercise.path.clone(), kind: "bin".to_owned(), name: bin.name.clone() };
        let Some(path) = built.executable(&target) else { return Err(target) };
        if is_file && index == 0 {
            variables.push(("LOCAL_LAMBDA_BINARY".to_owned(), path.into()));
        }
        variables.push((format!("LOCAL_LAMBDA_BINARY_{}", bin.name), path.into()));
    }
    Ok(variables)
}

/// What kept cargo from building, where the blame is neither on the exercise nor on the solution.
fn foreign(subject: &Subject<'_>, built: &Built) -> String {
    let own = BTreeSet::from([subject.exercise.path.clone(), subject.exercise.solution_path.clone()]);
    let errors = built.foreign_errors(&own);
    if errors.is_empty() {
        return advice::with_advice(&built.said);
    }
    let rendered: Vec<&str> = errors.iter().map(|error| error.rendered.as_str()).take(3).collect();
    advice::below(&rendered.join("\n\n"), errors.iter().find_map(|error| error.advice()))
}
