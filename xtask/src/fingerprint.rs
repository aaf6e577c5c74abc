//! Content hashes: what decides a verdict, so that unchanged work is known without asking cargo.
//!
//! Two hashes per verdict. *Work* is what the learner edits; *judge* is all else that decides: the check, the manifest,
//! the lockfile, the harness, the fixtures, the toolchain. A pass stays a pass when the judge changes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use crate::course::{Course, Exercise};
use crate::resolved::Resolved;

/// Raised when this tool comes to judge the same files differently.
const JUDGE_VERSION: u64 = 1;

/// What every exercise shares, relative to the root; and the packages that lie there, of which an exercise that depends
/// on none has nothing.
const SHARED: [(&str, &[&str]); 8] = [
    (".cargo", &[]),
    ("exercises/fixtures", &[]),
    ("rust-toolchain.toml", &[]),
    ("xtask/course", &[]),
    ("xtask/local-aws", &["local-aws", "local-aws-policy"]),
    ("xtask/local-lambda", &[]),
    ("xtask/pins", &[]),
    ("xtask/pins-aws", &["pins-aws"]),
];

/// What they share too, and of which `Resolved` tells what concerns one of them.
const OF_THE_WORKSPACE: [&str; 2] = ["Cargo.lock", "Cargo.toml"];

/// Variables that change what cargo builds.
const VARIABLES: [&str; 4] = ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "CARGO_BUILD_TARGET", "LOCAL_AWS"];

/// The hash of the files that the learner edits.
#[must_use]
pub fn work(exercise: &Exercise) -> String {
    hash(&exercise.path, &work_files(exercise))
}

/// The hash of the files that the starter has, as the starter has them; `None` without a starter.
#[must_use]
pub fn starter(exercise: &Exercise) -> Option<String> {
    let starter = exercise.solution_path.join("starter");
    starter.is_dir().then(|| hash(&starter, &files_below(&starter)))
}

/// The hash of a solution's own files and manifest.
#[must_use]
pub fn solution(exercise: &Exercise) -> String {
    let mut files = solution_files(exercise);
    files.insert(PathBuf::from("Cargo.toml"));
    hash(&exercise.solution_path, &files)
}

/// What a learner compares his own with: the solution's `src/`, or its file.
#[must_use]
pub fn solution_files(exercise: &Exercise) -> BTreeSet<PathBuf> {
    let mut files = files_below(&exercise.solution_path);
    files.retain(|file| match exercise.mended_file() {
        Some(mended) => file == mended,
        None => file.starts_with("src"),
    });
    files
}

/// The hash of everything below a folder.
#[must_use]
pub fn hash_of_folder(dir: &Path) -> String {
    hash(dir, &files_below(dir))
}

/// The hash of some content.
#[must_use]
pub fn of_bytes(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    hex(hasher.finish())
}

/// The hash of the check alone, to notice that it changed.
#[must_use]
pub fn check(exercise: &Exercise) -> String {
    let tests = exercise.path.join("tests");
    hash(&tests, &files_below(&tests))
}

/// What the learner edits: everything in `src/`, and every file that the starter has. Where the learner mends a file,
/// `src/` has the functions that are given.
#[must_use]
pub fn work_files(exercise: &Exercise) -> BTreeSet<PathBuf> {
    let mut files: BTreeSet<PathBuf> = match exercise.mended_file() {
        Some(file) => BTreeSet::from([file.to_path_buf()]),
        None => files_below(&exercise.path.join("src")).into_iter().map(|file| Path::new("src").join(file)).collect(),
    };
    files.extend(files_below(&exercise.solution_path.join("starter")));
    files
}

/// Whether a file of an exercise is the learner's, also one that is not there now.
#[must_use]
pub fn is_work_file(exercise: &Exercise, file: &Path) -> bool {
    (exercise.mended_file().is_none() && file.starts_with("src")) || work_files(exercise).contains(file)
}

/// The hashes of all that exercises share, read once a run.
#[derive(Debug)]
pub struct Judges<'a> {
    course: &'a Course,
    /// In the order of [`SHARED`].
    shared: [u64; SHARED.len()],
    workspace: [u64; OF_THE_WORKSPACE.len()],
    variables: u64,
}

impl<'a> Judges<'a> {
    #[must_use]
    pub fn read(course: &'a Course) -> Judges<'a> {
        let of = |entry: &str| {
            let path = course.root.join(entry);
            let files = if path.is_dir() { files_below(&path) } else { BTreeSet::from([PathBuf::new()]) };
            let mut hasher = DefaultHasher::new();
            feed(&mut hasher, &path, &files);
            hasher.finish()
        };
        let mut variables = DefaultHasher::new();
        variables.write_u64(JUDGE_VERSION);
        for variable in VARIABLES {
            variables.write(std::env::var_os(variable).unwrap_or_default().as_encoded_bytes());
            variables.write_u8(0xff);
        }
        Judges {
            course,
            shared: SHARED.map(|(entry, _)| of(entry)),
            workspace: OF_THE_WORKSPACE.map(of),
            variables: variables.finish(),
        }
    }

    /// The same hash as [`Judges::of`] is, but of what all exercises share only what this one is built from: a dependency
    /// that comes with another one is no news.
    #[must_use]
    pub fn of_tree(&self, exercise: &Exercise, resolved: &Resolved) -> String {
        let tree = resolved.tree(&[exercise.package_name(), exercise.solution_package()]);
        let mut hasher = DefaultHasher::new();
        for ((_, packages), hash) in SHARED.iter().zip(self.shared) {
            if packages.is_empty() || packages.iter().any(|package| tree.contains(*package)) {
                hasher.write_u64(hash);
            }
        }
        hasher.write(resolved.text(&tree).as_bytes());
        self.finish(hasher, exercise)
    }

    /// The hash of all that decides over `exercise` except the work itself. Asked again after cargo ran, since the
    /// first cargo call writes down which compiler it used.
    #[must_use]
    pub fn of(&self, exercise: &Exercise) -> String {
        let mut hasher = DefaultHasher::new();
        self.shared.iter().chain(&self.workspace).for_each(|hash| hasher.write_u64(*hash));
        self.finish(hasher, exercise)
    }

    fn finish(&self, mut hasher: DefaultHasher, exercise: &Exercise) -> String {
        hasher.write_u64(self.variables);
        hasher.write(compiler(&self.course.target_dir()).as_bytes());
        let work = work_files(exercise);
        let rest: BTreeSet<PathBuf> = files_below(&exercise.path).difference(&work).cloned().collect();
        feed(&mut hasher, &exercise.path, &rest);
        hex(hasher.finish())
    }
}

/// All files below `dir`, relative to it. What editors leave behind and what cargo builds do not count.
#[must_use]
pub fn files_below(dir: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    collect(dir, Path::new(""), &mut files);
    files
}

fn collect(dir: &Path, below: &Path, files: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir.join(below)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.starts_with(['.', '#']) || text.ends_with('~') || text == "target" {
            continue;
        }
        let path = below.join(&name);
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(dir, &path, files),
            Ok(_) => drop(files.insert(path)),
            Err(_) => {}
        }
    }
}

fn hash(dir: &Path, files: &BTreeSet<PathBuf>) -> String {
    let mut hasher = DefaultHasher::new();
    feed(&mut hasher, dir, files);
    hex(hasher.finish())
}

fn feed(hasher: &mut DefaultHasher, dir: &Path, files: &BTreeSet<PathBuf>) {
    hasher.write_usize(files.len());
    for file in files {
        let path = if file.as_os_str().is_empty() { dir.to_path_buf() } else { dir.join(file) };
        let name = file.as_os_str().as_encoded_bytes();
        hasher.write_usize(name.len());
        hasher.write(name);
        match std::fs::read(&path) {
            Ok(content) => {
                hasher.write_usize(content.len());
                hasher.write(&content);
            }
            Err(_) => hasher.write_usize(usize::MAX),
        }
    }
}

/// The compiler's release, commit and host, as cargo noted them beside its artifacts: asking rustc costs more than
/// the whole rest of an unchanged check.
fn compiler(target_dir: &Path) -> String {
    let noted = std::fs::read_to_string(target_dir.join(".rustc_info.json")).unwrap_or_default();
    let mut identity = String::new();
    for key in ["commit-hash: ", "host: ", "release: "] {
        let value = noted.split_once(key).map_or("", |(_, rest)| rest);
        let _ = write!(identity, "{key}{} ", value.split(['\\', '"']).next().unwrap_or_default());
    }
    identity
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}
