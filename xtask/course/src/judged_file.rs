//! The file that a check judges where the learner mends no program but a policy, a template, a workflow.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The file to judge, by the name that the exercise's `[package.metadata.exercise]` gives it:
/// `judged_file!("policy.json")`. A sibling of `local_lambda::binary!()`; looked for in this order:
///
/// 1. The environment variable `COURSE_FILE`, which `cargo xtask` sets on every run, so that one compiled check judges
///    the learner's file, the solution and known-wrong answers.
/// 2. In the package's folder, as cargo names it when the test runs.
/// 3. In the package's folder as it was when the test was compiled. Last, because it is wrong after the folder was
///    moved.
///
/// Gives a [`JudgedFile`](crate::JudgedFile).
///
/// # Panics
/// When there is no such file or it is not text, saying where it was looked for.
#[macro_export]
macro_rules! judged_file {
    ($name:literal) => {
        $crate::JudgedFile::find($name, env!("CARGO_MANIFEST_DIR"))
    };
}

/// A file that people deploy, as the learner has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedFile {
    name: String,
    path: PathBuf,
    text: String,
}

impl JudgedFile {
    /// What [`judged_file!`](crate::judged_file) does.
    ///
    /// # Panics
    /// When there is no such file or it is not text, saying where it was looked for.
    #[doc(hidden)]
    #[must_use]
    #[track_caller]
    pub fn find(name: &str, compiled: &str) -> JudgedFile {
        let path = choose(name, |variable| env::var_os(variable).map(PathBuf::from), Path::new(compiled));
        let text = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{name} cannot be read: {error} ({})", path.display()));
        JudgedFile { name: name.to_owned(), path, text }
    }

    /// Where it lies: for a tool that reads it itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its JSON.
    ///
    /// # Panics
    /// When it is not JSON, saying what is wrong and in which line.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{} is not JSON: {error}", self.name))
    }
}

fn choose(name: &str, set: impl Fn(&str) -> Option<PathBuf>, compiled: &Path) -> PathBuf {
    let given = |variable: &str| set(variable).filter(|path| !path.as_os_str().is_empty());
    let in_package = || given("CARGO_MANIFEST_DIR").map(|folder| folder.join(name)).filter(|path| path.is_file());
    given("COURSE_FILE").or_else(in_package).unwrap_or_else(|| compiled.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(set: &[(&str, &str)]) -> PathBuf {
        let value = |wanted: &str| set.iter().find(|(name, _)| *name == wanted).map(|(_, path)| PathBuf::from(path));
        choose("Cargo.toml", value, Path::new("/compiled"))
    }

    #[test]
    fn the_override_goes_before_run_time_and_that_before_compile_time() {
        let here = env!("CARGO_MANIFEST_DIR");
        let manifest = Path::new(here).join("Cargo.toml");
        assert_eq!(look(&[("COURSE_FILE", "/mine"), ("CARGO_MANIFEST_DIR", here)]), Path::new("/mine"));
        assert_eq!(look(&[("COURSE_FILE", ""), ("CARGO_MANIFEST_DIR", here)]), manifest);
        assert_eq!(look(&[("CARGO_MANIFEST_DIR", "/moved")]), Path::new("/compiled/Cargo.toml"));
    }

    #[test]
    #[should_panic(expected = "policy.json is not JSON: expected `,` or `}` at line 3 column 1")]
    fn broken_json_is_told_with_its_line() {
        let text = "{\n  \"Version\": \"2012-10-17\"\n\"Statement\": []\n}".to_owned();
        let _ = JudgedFile { name: "policy.json".to_owned(), path: PathBuf::new(), text }.json();
    }

    #[test]
    #[should_panic(expected = "no-such.json cannot be read")]
    fn a_missing_file_is_told_with_its_path() {
        let _ = JudgedFile::find("no-such.json", "/compiled");
    }
}
