//! `update`: a newer course from where the clone came from, with the learner's work kept.
//!
//! Edited files that are not committed are put aside, the newer course is merged, and they are laid back. Where the
//! learner committed them, a conflict in his own files is settled for him. Any other conflict undoes the whole update.
//! Before anything is touched, every file that will be is kept in a dated folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::course::{Course, Exercise};
use crate::view::text::counted;
use crate::{fingerprint, git, process, store};

/// How a merge ended.
#[derive(Debug)]
enum Merged {
    /// With these files settled for the learner.
    Well(Vec<PathBuf>),
    /// Undone, with what git said.
    Not(String),
}

pub fn run(course: &Course) -> Result<u8> {
    if !course.root.join(".git").exists() {
        println!("this course is no git clone, so there is nothing to update it from; clone it anew");
        return Ok(1);
    }
    if !git::is(course, &["symbolic-ref", "--quiet", "HEAD"])? {
        println!("this is an old state of the course; go back to its branch, then update\n");
        println!("  git switch main");
        return Ok(1);
    }
    if !git::is(course, &["rev-parse", "--verify", "--quiet", "@{upstream}"])? {
        println!("this branch follows no other; say which, then update again\n");
        println!("  git branch --set-upstream-to origin/main");
        return Ok(1);
    }
    git::must(course, &["fetch", "--quiet"]).context("the newer course cannot be fetched; is there a network?")?;
    if git::is(course, &["merge-base", "--is-ancestor", "@{upstream}", "HEAD"])? {
        println!("this is the newest course already");
        return Ok(0);
    }
    let edited = git::paths(course, &["diff", "--name-only", "--no-renames", "-z", "HEAD"])?;
    let (mine, others): (Vec<PathBuf>, Vec<PathBuf>) = edited.into_iter().partition(|path| is_work(course, path));
    if !others.is_empty() {
        println!("these files are edited, and an update might change them\n");
        others.iter().for_each(|path| println!("  {}", path.display()));
        let paths = others.iter().map(|path| quoted(path)).collect::<Vec<_>>().join(" ");
        println!("\nput them aside, then update again (`git stash pop` brings them back)\n");
        println!("  git stash push -- {paths}");
        println!("\nor give up what you changed there\n");
        println!("  git restore --staged --worktree -- {paths}");
        return Ok(1);
    }
    keep(course)?;
    let before = git::must(course, &["rev-parse", "HEAD"])?.trim().to_owned();
    let (merged, homeless) = process::whole(|| {
        let aside = put_aside(course, &mine)?;
        let merged = merge(course);
        // Whatever became of the merge, the learner's files come back first.
        let homeless = lay_back(course, &aside)?;
        anyhow::Ok((merged?, homeless))
    })?;
    match merged {
        Merged::Not(words) => {
            println!("the newer course could not be merged, and nothing was changed; git says\n\n{words}\n");
            println!("next: `git merge` lets you settle these files by hand; what is kept stays kept");
            Ok(1)
        }
        Merged::Well(settled) => {
            tell(course, &before, &mine, &settled, &homeless)?;
            Ok(0)
        }
    }
}

/// A file that the learner edits.
fn is_work(course: &Course, path: &Path) -> bool {
    of_exercise(course, path).is_some_and(|(exercise, inside)| fingerprint::is_work_file(exercise, &inside))
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

fn of_exercise<'a>(course: &'a Course, path: &Path) -> Option<(&'a Exercise, PathBuf)> {
    let path = course.root.join(path);
    let exercise = course.exercises.iter().find(|exercise| path.starts_with(&exercise.path))?;
    Some((exercise, path.strip_prefix(&exercise.path).ok()?.to_path_buf()))
}

/// Copies of all work, committed or not, before anything is touched.
fn keep(course: &Course) -> Result<()> {
    let is_begun = |exercise: &&Exercise| fingerprint::starter(exercise) != Some(fingerprint::work(exercise));
    let begun: Vec<&Exercise> = course.exercises.iter().filter(is_begun).collect();
    for exercise in &begun {
        store::keep(course, exercise)?;
    }
    if !begun.is_empty() {
        println!("copies of {} are kept in .progress/kept", counted(begun.len(), "begun exercise"));
    }
    Ok(())
}

fn put_aside(course: &Course, mine: &[PathBuf]) -> Result<BTreeMap<PathBuf, Option<Vec<u8>>>> {
    let aside = mine.iter().map(|path| (path.clone(), fs::read(course.root.join(path)).ok())).collect();
    if !mine.is_empty() {
        let mut arguments = vec!["checkout", "--quiet", "HEAD", "--"];
        arguments.extend(mine.iter().filter_map(|path| path.to_str()));
        git::must(course, &arguments)?;
    }
    Ok(aside)
}

fn merge(course: &Course) -> Result<Merged> {
    let output = git::run(course, &["merge", "--quiet", "--no-edit", "--no-gpg-sign", "@{upstream}"])?;
    if output.status.success() {
        return Ok(Merged::Well(Vec::new()));
    }
    let conflicts = git::paths(course, &["diff", "--name-only", "--diff-filter=U", "-z"])?;
    if !conflicts.is_empty() && conflicts.iter().all(|path| is_work(course, path)) && settle(course, &conflicts)? {
        return Ok(Merged::Well(conflicts));
    }
    let mut words = git::said(&output);
    conflicts.iter().for_each(|path| words.push_str(&format!("\n  {}", path.display())));
    git::run(course, &["merge", "--abort"])?;
    Ok(Merged::Not(words))
}

/// The learner's own files stay as they are.
fn settle(course: &Course, conflicts: &[PathBuf]) -> Result<bool> {
    let paths: Vec<&str> = conflicts.iter().filter_map(|path| path.to_str()).collect();
    let with = |start: &[&'static str]| start.iter().copied().chain(paths.iter().copied()).collect::<Vec<_>>();
    Ok(git::is(course, &with(&["checkout", "--quiet", "--ours", "--"]))?
        && git::is(course, &with(&["add", "--"]))?
        && git::is(course, &["commit", "--quiet", "--no-edit", "--no-gpg-sign"])?)
}

/// Writes the files back, also to an exercise that was renamed; those whose exercise is gone stay in the kept copies and are returned.
fn lay_back(course: &Course, aside: &BTreeMap<PathBuf, Option<Vec<u8>>>) -> Result<Vec<PathBuf>> {
    let now = Course::at(&course.root)?;
    let mut homeless = Vec::new();
    for (path, content) in aside {
        let Some((before, inside)) = of_exercise(course, path) else { continue };
        let name = before.name();
        let is_it = |exercise: &&Exercise| exercise.name() == name || exercise.manifest.formerly.contains(&name);
        match (now.exercises.iter().find(is_it), content) {
            (None, _) => homeless.push(path.clone()),
            (Some(exercise), Some(content)) => store::write_whole(&exercise.path.join(&inside), content)?,
            (Some(exercise), None) => drop(fs::remove_file(exercise.path.join(&inside))),
        }
    }
    Ok(homeless)
}

fn tell(course: &Course, before: &str, mine: &[PathBuf], settled: &[PathBuf], homeless: &[PathBuf]) -> Result<()> {
    let changed: BTreeSet<PathBuf> =
        git::paths(course, &["diff", "--name-only", "-z", &format!("{before}...@{{upstream}}")])?.into_iter().collect();
    println!("updated: {} changed", counted(changed.len(), "file"));
    let now = Course::at(&course.root)?;
    for exercise in &now.exercises {
        let is_known =
            |known: &Exercise| known.name() == exercise.name() || exercise.manifest.formerly.contains(&known.name());
        if !course.exercises.iter().any(is_known) {
            println!("{} {} is new", exercise.id(), exercise.slug());
        }
    }
    let mut ids = BTreeSet::new();
    for path in mine.iter().chain(settled).filter(|path| changed.contains(*path) && !homeless.contains(path)) {
        ids.extend(of_exercise(&now, path).map(|(exercise, _)| exercise.id()));
    }
    for id in ids {
        println!("{id}: the newer course begins it otherwise; yours stays");
        println!("  the new start: cargo xtask reset {id}");
    }
    for path in homeless {
        println!("{}\n  its exercise is gone in the newer course; yours is in .progress/kept", path.display());
    }
    Ok(())
}
