//! Writing the learner's files so that a full disk or a `kill -9` loses nothing, and keeping copies of his work.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, anyhow};

use crate::advice;
use crate::clock;
use crate::course::{Course, Exercise};
use crate::fingerprint;

/// Writes a file whole or not at all: a temporary file beside it, synced, then renamed over it.
pub fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    write(path, content, Durable::Yes)
}

/// The same for what can be found out again: not synced, which takes longer than all the rest.
pub fn write_cache(path: &Path, content: &[u8]) -> Result<()> {
    write(path, content, Durable::No)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Durable {
    Yes,
    No,
}

fn write(path: &Path, content: &[u8], durable: Durable) -> Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    create_folder(dir)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = dir.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        if durable == Durable::Yes {
            file.sync_all()?;
        }
        fs::rename(&temporary, path)?;
        // The rename itself lasts only once the folder is synced; where that is not possible it is still in order.
        if durable == Durable::Yes {
            let _ = File::open(dir).and_then(|dir| dir.sync_all());
        }
        Ok::<(), std::io::Error>(())
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
        .map_err(explained)
        .with_context(|| format!("cannot write {}; what it held before is untouched", path.display()))
}

/// Removes what writers of this file left that were killed. The caller holds the lock that every writer takes.
pub fn remove_unfinished(path: &Path) {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else { return };
    let start = format!(".{}.", name.to_string_lossy());
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_left = |name: &str| name.starts_with(&start) && name.ends_with(".tmp");
        if name.to_str().is_some_and(is_left) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn create_folder(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(explained).with_context(|| format!("cannot create the folder {}", dir.display()))
}

/// Why a file could not be written, and what mends it where that is known.
fn explained(error: std::io::Error) -> Error {
    match advice::on_writing(error.kind()) {
        Some(advice) => anyhow!("{error}; {advice}"),
        None => error.into(),
    }
}

/// Holds off other xtasks while one reads, changes and writes a file of the progress folder.
pub fn lock(dir: &Path) -> Result<File> {
    create_folder(dir)?;
    let path = dir.join("lock");
    let file = File::create(&path).map_err(explained).with_context(|| format!("cannot write {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// Copies the learner's files of one exercise to a dated folder and returns it; `None` when there are none.
pub fn keep(course: &Course, exercise: &Exercise) -> Result<Option<PathBuf>> {
    let files: Vec<PathBuf> = work_on_disk(exercise);
    if files.is_empty() {
        return Ok(None);
    }
    let date = clock::as_file_name(&clock::now());
    let name = format!("{date}--{}", flat_name(exercise));
    // Half a copy would be mistaken for the work: it gets its name when it is whole.
    let (begun, kept) = (kept_dir(course).join(format!(".{name}")), kept_dir(course).join(name));
    let copied = copy_files(&exercise.path, &begun, &files).and_then(|()| {
        fs::rename(&begun, &kept).with_context(|| format!("cannot rename {} to {}", begun.display(), kept.display()))
    });
    if copied.is_err() {
        let _ = fs::remove_dir_all(&begun);
    }
    copied.map(|()| Some(kept))
}

/// The kept copies of one exercise, the oldest first.
pub fn kept_copies(course: &Course, exercise: &Exercise) -> Result<Vec<PathBuf>> {
    let ending = format!("--{}", flat_name(exercise));
    let names = crate::course::folders(&kept_dir(course))?;
    let is_copy = |name: &String| name.ends_with(&ending) && !name.starts_with('.');
    Ok(names.into_iter().filter(is_copy).map(|name| kept_dir(course).join(name)).collect())
}

/// Makes the learner's files be exactly those below `from`. The caller has kept a copy.
pub fn lay_over(exercise: &Exercise, from: &Path) -> Result<()> {
    let wanted = fingerprint::files_below(from);
    copy_files(from, &exercise.path, &wanted.iter().cloned().collect::<Vec<_>>())?;
    for file in work_on_disk(exercise).into_iter().filter(|file| !wanted.contains(file)) {
        let path = exercise.path.join(file);
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

/// Makes `src/` be what `from` holds, as `bench` solves its copy of an exercise.
pub fn lay_over_src(exercise: &Exercise, from: &Path) -> Result<()> {
    let files: Vec<PathBuf> = fingerprint::files_below(from).into_iter().collect();
    copy_files(from, &exercise.path.join("src"), &files)
}

/// Gives a program another name, by which it may know what to do; a copy where there are no hard links.
pub fn link(program: &Path, link: &Path) -> Result<()> {
    create_folder(link.parent().unwrap_or(Path::new(".")))?;
    let _ = fs::remove_file(link);
    if fs::hard_link(program, link).is_err() {
        fs::copy(program, link).with_context(|| format!("cannot write {}", link.display()))?;
    }
    Ok(())
}

/// Copies a program, with its right to be run.
pub fn copy(program: &Path, to: &Path) -> Result<()> {
    create_folder(to.parent().unwrap_or(Path::new(".")))?;
    let _ = fs::remove_file(to);
    fs::copy(program, to).map_err(explained).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(())
}

/// The course without what is built or remembered, and without hidden folders but `.cargo`. Hidden files belong to it: a
/// page includes a `.dockerignore`.
pub fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create the folder {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read the folder {}", from.display()))?.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let hidden = name.as_encoded_bytes().starts_with(b".") && name != ".cargo";
        if (hidden && path.is_dir()) || path.join("CACHEDIR.TAG").exists() || name == "target" {
            continue;
        }
        if path.is_dir() {
            copy_tree(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}

/// The learner's files that exist.
#[must_use]
pub fn work_on_disk(exercise: &Exercise) -> Vec<PathBuf> {
    fingerprint::work_files(exercise).into_iter().filter(|file| exercise.path.join(file).is_file()).collect()
}

fn kept_dir(course: &Course) -> PathBuf {
    course.progress_dir().join("kept")
}

fn flat_name(exercise: &Exercise) -> String {
    exercise.name().replace('/', "--")
}

fn copy_files(from: &Path, to: &Path, files: &[PathBuf]) -> Result<()> {
    for file in files {
        let source = from.join(file);
        let content = fs::read(&source).with_context(|| format!("cannot read {}", source.display()))?;
        write_whole(&to.join(file), &content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_hidden_files_and_nothing_that_is_built_or_remembered() {
        let dir = std::env::temp_dir().join(format!("xtask-copy-tree-{}", std::process::id()));
        let (course, copy) = (dir.join("course"), dir.join("copy"));
        for file in
            ["src/page.md", "deploy/.dockerignore", ".cargo/config.toml", ".git/HEAD", ".progress/state", "target/x"]
        {
            write_whole(&course.join(file), b"text").unwrap();
        }
        copy_tree(&course, &copy).unwrap();
        let is_there = |file: &str| copy.join(file).is_file();
        assert!(["src/page.md", "deploy/.dockerignore", ".cargo/config.toml"].into_iter().all(is_there));
        assert!(![".git/HEAD", ".progress/state", "target/x"].into_iter().any(is_there));
        fs::remove_dir_all(dir).unwrap();
    }
}
