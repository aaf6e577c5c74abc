//! What an exercise's `Cargo.toml` says, `[package.metadata.exercise]` above all, and what is wrong with it.
//!
//! ```toml
//! [package.metadata.exercise]
//! minutes = 15                 # what a learner who read the page needs
//! kind = "core"                # core, challenge, spot-the-bug, case-study
//! concepts = ["backoff"]       # what it teaches
//! services = ["sqs"]           # AWS services that it calls: `prefetch` builds their clients, `doctor` looks for them
//! compiles = ["lambda_http"]   # crates that no first exercise needs: told before the wait, and built by `prefetch`
//! time-limit-seconds = 60      # of the whole check; this is the default
//! formerly = ["ch05-performance/05-backoff"]   # names that it had: progress follows
//! file = "policy.json"         # an exercise of the second kind: what the learner mends is no program but this file
//! ```

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

/// The kinds that an exercise may be of.
pub const KINDS: [&str; 4] = ["core", "challenge", "spot-the-bug", "case-study"];

const FIELDS: [&str; 8] =
    ["minutes", "kind", "concepts", "services", "compiles", "time-limit-seconds", "formerly", "file"];
const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(60);

/// A manifest as read; what is missing or of a wrong type is `None` and a line in `problems`.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    pub package: Option<String>,
    pub minutes: Option<u64>,
    pub kind: Option<String>,
    pub concepts: Vec<String>,
    pub services: Vec<String>,
    /// Dependencies that it compiles beside what every exercise does.
    pub compiles: Vec<String>,
    pub time_limit: Option<Duration>,
    pub formerly: Vec<String>,
    /// The file that the learner mends, relative to the exercise.
    pub file: Option<PathBuf>,
    /// Every binary's name and path, in the order of the file.
    pub bins: Vec<Bin>,
    /// Names under `[dependencies]`.
    pub dependencies: Vec<String>,
    pub problems: Vec<Problem>,
}

/// One `[[bin]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bin {
    pub name: String,
    pub path: Option<String>,
    pub test: bool,
}

/// Something wrong in a manifest, with the line that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub message: String,
}

impl Manifest {
    #[must_use]
    pub fn read(path: &Path) -> Manifest {
        match std::fs::read_to_string(path) {
            Ok(text) => Manifest::parse(&text),
            Err(error) => {
                let problem = Problem { line: 1, message: format!("cannot be read: {error}") };
                Manifest { problems: vec![problem], ..Manifest::default() }
            }
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Manifest {
        let mut manifest = Manifest::default();
        let value: Value = match basic_toml::from_str(text) {
            Ok(value) => value,
            Err(error) => {
                let line = error.to_string().rsplit("line ").next().and_then(leading_number).unwrap_or(1);
                manifest.problems.push(Problem { line, message: format!("is not TOML: {error}") });
                return manifest;
            }
        };
        manifest.package = value["package"]["name"].as_str().map(str::to_owned);
        manifest.bins = value["bin"].as_array().map_or_else(Vec::new, |bins| bins.iter().map(bin).collect());
        if let Some(dependencies) = value["dependencies"].as_object() {
            manifest.dependencies = dependencies.keys().cloned().collect();
        }
        manifest.read_metadata(&value["package"]["metadata"]["exercise"], text);
        manifest
    }

    /// The time that the whole check gets.
    #[must_use]
    pub fn time_limit(&self) -> Duration {
        self.time_limit.unwrap_or(DEFAULT_TIME_LIMIT)
    }

    fn read_metadata(&mut self, metadata: &Value, text: &str) {
        let Some(fields) = metadata.as_object() else { return };
        for (key, value) in fields {
            let mut wrong = |message: String| {
                self.problems.push(Problem { line: line_of(text, key), message });
            };
            match (key.as_str(), value) {
                ("minutes", Value::Number(n)) if n.as_u64().is_some_and(|n| n > 0) => self.minutes = n.as_u64(),
                ("minutes", _) => wrong(format!("minutes = {value} must be a number of minutes above 0")),
                ("kind", Value::String(kind)) if KINDS.contains(&kind.as_str()) => self.kind = Some(kind.clone()),
                ("kind", _) => wrong(format!("kind = {value} must be one of {}", KINDS.join(", "))),
                ("time-limit-seconds", Value::Number(n)) if n.as_u64().is_some_and(|n| n > 0) => {
                    self.time_limit = n.as_u64().map(Duration::from_secs);
                }
                ("time-limit-seconds", _) => wrong(format!("{key} = {value} must be a number of seconds above 0")),
                ("file", Value::String(file)) if may_be_mended(file) => self.file = Some(PathBuf::from(file)),
                ("file", _) => wrong(format!("file = {value} must be a file of the exercise outside src and tests")),
                ("concepts" | "services" | "compiles" | "formerly", value) => match strings(value) {
                    Some(list) if key == "concepts" => self.concepts = list,
                    Some(list) if key == "services" => self.services = list,
                    Some(list) if key == "compiles" => self.compiles = list,
                    Some(list) => self.formerly = list,
                    None => wrong(format!("{key} = {value} must be a list of words")),
                },
                _ => wrong(format!("{key} is unknown; known are {}", FIELDS.join(", "))),
            }
        }
    }
}

/// The first line that says `key =`, or the head of the section.
#[must_use]
pub fn line_of(text: &str, key: &str) -> usize {
    let says = |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    let head = || text.lines().position(|line| line.trim() == "[package.metadata.exercise]");
    text.lines().position(says).or_else(head).map_or(1, |index| index + 1)
}

/// Not a program, not the check, and nothing that a listing of the learner's files passes over.
#[must_use]
pub fn may_be_mended(file: &str) -> bool {
    let path = Path::new(file);
    let is_plain =
        |part: Component<'_>| matches!(part, Component::Normal(name) if !name.as_encoded_bytes().starts_with(b"."));
    let is_taken = file == "Cargo.toml" || path.starts_with("src") || path.starts_with("tests");
    !file.is_empty() && path.components().all(is_plain) && !is_taken
}

fn bin(value: &Value) -> Bin {
    Bin {
        name: value["name"].as_str().unwrap_or_default().to_owned(),
        path: value["path"].as_str().map(str::to_owned),
        test: value["test"].as_bool().unwrap_or(true),
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn leading_number(text: &str) -> Option<usize> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
