//! Mutants that nobody can tell from the solution, each with its reason: `solutions/…/equivalents.toml`. They do not
//! count, as long as they apply.
//!
//! ```toml
//! [[equivalent]]
//! line = "if left <= margin {"     # the solution's line; left out for JSON, where `from` is a pointer
//! from = "<="
//! to = "<"
//! reason = "differs in one nanosecond of the day"
//! ```

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::course::Exercise;
use crate::file_mutation;
use crate::mutation::{self, Mutant};
use crate::rules::Violation;

pub const FILE: &str = "equivalents.toml";

/// One explained mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equivalent {
    line: Option<String>,
    from: String,
    to: String,
    pub reason: String,
}

impl Equivalent {
    /// Whether this explains a mutant of `source`.
    #[must_use]
    pub fn explains(&self, mutant: &Mutant, source: &str) -> bool {
        let line = source.lines().nth(mutant.line.saturating_sub(1)).unwrap_or_default();
        let is_line = self.line.as_ref().is_none_or(|wanted| wanted.trim() == line.trim());
        is_line && self.from == mutant.from && self.to == mutant.to
    }

    /// `<` for `<=` in `if left <= margin {`.
    #[must_use]
    pub fn words(&self) -> String {
        let at = self.line.as_ref().map_or_else(String::new, |line| format!(" in `{}`", line.trim()));
        format!("`{}` for `{}`{at}", self.to, self.from)
    }
}

/// Every mutant of an exercise's solution, with the text that they are made of.
pub fn mutants_of(exercise: &Exercise) -> std::io::Result<(String, Vec<Mutant>)> {
    let source = std::fs::read_to_string(exercise.solution_path.join(exercise.main_name()))?;
    let mutants = match exercise.mended_file() {
        Some(file) => file_mutation::mutants(file, &source),
        None => mutation::mutants(&source),
    };
    Ok((source, mutants))
}

/// The explained mutants of an exercise; the error says what is wrong with the file.
pub fn of(exercise: &Exercise) -> Result<Vec<Equivalent>, String> {
    let Ok(text) = std::fs::read_to_string(path(exercise)) else { return Ok(Vec::new()) };
    parse(&text)
}

/// What is wrong with an exercise's list: each one must still be a mutant of the solution, and say why.
#[must_use]
pub fn check(exercise: &Exercise) -> Vec<Violation> {
    let told = |message: String| Violation::new(path(exercise), 1, message);
    let explained = match of(exercise) {
        Ok(explained) => explained,
        Err(message) => return vec![told(message)],
    };
    let (source, mutants) = mutants_of(exercise).unwrap_or_default();
    let applies = |one: &Equivalent| mutants.iter().any(|mutant| one.explains(mutant, &source));
    let stale = explained.iter().filter(|one| !applies(one));
    stale.map(|one| told(format!("{} is no mutant of the solution any more", one.words()))).collect()
}

fn path(exercise: &Exercise) -> PathBuf {
    exercise.solution_path.join(Path::new(FILE))
}

fn parse(text: &str) -> Result<Vec<Equivalent>, String> {
    let value: Value = basic_toml::from_str(text).map_err(|error| format!("is not TOML: {error}"))?;
    let list = value["equivalent"].as_array().ok_or("must have [[equivalent]] entries")?;
    let one = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().map(str::to_owned);
        let reason = text("reason").filter(|reason| !reason.trim().is_empty());
        Some(Equivalent { line: text("line"), from: text("from")?, to: text("to")?, reason: reason? })
    };
    list.iter().map(|entry| one(entry).ok_or(format!("{entry} must say from, to and reason"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_equivalent_explains_its_mutant_in_its_line_only() {
        let text = "[[equivalent]]\nline = \"if a <= b {\"\nfrom = \"<=\"\nto = \"<\"\nreason = \"one nanosecond\"\n";
        let explained = parse(text).expect("it is well made");
        let source = "fn f() {\n    if a <= b {\n    if c <= d {\n";
        let mutant = |line| Mutant { line, from: "<=".into(), to: "<".into(), text: String::new() };
        assert!(explained[0].explains(&mutant(2), source) && !explained[0].explains(&mutant(3), source));
        assert!(parse("[[equivalent]]\nfrom = \"a\"\nto = \"b\"\n").is_err(), "a reason is missing");
        assert!(parse("x = 1").is_err());
    }
}
