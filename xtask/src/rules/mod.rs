//! The rules that every exercise keeps, and how a breach is told: all of them in one list, each with file and line.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::course::Course;

pub mod behaviour;
pub mod features;
pub mod inputs;
pub mod layout;
pub mod lint;
pub mod mended;
pub mod messages;
pub mod pages;

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub file: PathBuf,
    pub line: usize,
    pub message: String,
}

impl Violation {
    pub fn new(file: impl Into<PathBuf>, line: usize, message: impl Into<String>) -> Violation {
        Violation { file: file.into(), line, message: message.into() }
    }

    #[must_use]
    pub fn to_text(&self, course: &Course) -> String {
        format!("{}:{}: {}", course.shown(&self.file), self.line, self.message)
    }

    #[must_use]
    pub fn to_json(&self, course: &Course) -> Value {
        json!({ "file": course.shown(&self.file), "line": self.line, "message": self.message })
    }
}
