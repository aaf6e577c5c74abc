//! A copy of the small book that a test may spoil.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

pub(crate) struct Fixture {
    dir: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        let dir = tempfile::Builder::new().prefix("a book 書 ").tempdir().expect("a temporary folder");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture"), dir.path());
        Fixture { dir }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the file");
        std::fs::write(path, text).expect("a written file");
    }

    pub(crate) fn remove(&self, file: &str) {
        std::fs::remove_file(self.path(file)).expect("a removed file");
    }

    /// Adds text at the end of a file.
    pub(crate) fn append(&self, file: &str, text: &str) {
        self.write(file, &format!("{}{text}", self.read(file)));
    }

    #[track_caller]
    pub(crate) fn replace(&self, file: &str, old: &str, new: &str) {
        let text = self.read(file);
        assert!(text.contains(old), "{file} has no {old:?}");
        self.write(file, &text.replace(old, new));
    }

    /// `book ARGS` inside the small book.
    #[track_caller]
    pub(crate) fn book(&self, args: &[&str]) -> Ran {
        self.book_with(args, &[])
    }

    #[track_caller]
    pub(crate) fn book_with(&self, args: &[&str], env: &[(&str, &str)]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_book"))
            .args(args)
            .envs(env.iter().copied())
            .current_dir(self.dir.path())
            .output()
            .expect("the book command runs");
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// The whole output of a build that finds exactly this, and the exit code 1.
    #[track_caller]
    pub(crate) fn finds(&self, findings: &[&str]) {
        let ran = self.book(&["build"]);
        let lines: Vec<_> = ran.stdout.lines().collect();
        assert_eq!(lines.split_last().map(|(_, findings)| findings), Some(findings), "{ran:?}");
        assert_eq!(ran.code, Some(1), "{ran:?}");
    }
}

#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copied file");
        }
    }
}
