//! A finding: what is wrong with the book, where, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

/// Findings sort by file and line, as a writer works through them.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Finding {
    /// Relative to the book's root, where it lies in it.
    pub file: PathBuf,
    pub line: Option<usize>,
    pub words: String,
}

impl Finding {
    pub fn new(file: impl AsRef<Path>, line: impl Into<Option<usize>>, words: impl Into<String>) -> Finding {
        Finding { file: file.as_ref().to_path_buf(), line: line.into(), words: words.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file.display(), self.words),
            None => write!(f, "{}: {}", self.file.display(), self.words),
        }
    }
}

/// `1 finding`, `2 findings`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
