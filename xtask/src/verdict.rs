//! What came of judging one binary with one check. Data only: kept as JSON, shown by `view`.

use serde_json::{Value, json};

use crate::compile::Diagnostic;
use crate::libtest::{Outcome, Test};

/// One verdict.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// `ch05-performance/06-backoff`.
    pub exercise: String,
    /// What was judged: `exercise`, `solution`, or the name of another binary.
    pub subject: String,
    pub fate: Fate,
    pub tests: Vec<JudgedTest>,
    pub diagnostics: Vec<Diagnostic>,
    /// What no test says: a time limit, a crash.
    pub note: Option<String>,
    pub seconds: f64,
    /// Nothing changed since, so this is what was found then.
    pub remembered: bool,
    /// The check is another than at the last verdict.
    pub check_changed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Passed,
    Failed,
    DoesNotCompile,
    /// No verdict could be reached, through no fault of the work.
    NotJudged,
}

/// One test, and the report's step when the check said more than libtest shows.
#[derive(Debug, Clone)]
pub struct JudgedTest {
    pub test: Test,
    pub failure: Option<Value>,
}

impl Fate {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Fate::Passed => "passed",
            Fate::Failed => "failed",
            Fate::DoesNotCompile => "does not compile",
            Fate::NotJudged => "could not be judged",
        }
    }

    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Fate::Passed => "passed",
            Fate::Failed => "failed",
            Fate::DoesNotCompile => "does-not-compile",
            Fate::NotJudged => "not-judged",
        }
    }

    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Fate::Passed => 0,
            Fate::Failed => 1,
            Fate::DoesNotCompile => 3,
            Fate::NotJudged => 4,
        }
    }
}

impl Verdict {
    #[must_use]
    pub fn first_failed(&self) -> Option<&JudgedTest> {
        let first = |outcome| self.tests.iter().find(|judged| judged.test.outcome == outcome);
        first(Outcome::Failed).or_else(|| first(Outcome::Unfinished))
    }

    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.tests.iter().filter(|judged| judged.test.outcome == outcome).count()
    }

    #[must_use]
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error).count()
    }

    #[must_use]
    pub fn warnings(&self) -> usize {
        self.diagnostics.len() - self.errors()
    }

    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "exercise": self.exercise,
            "subject": self.subject,
            "state": self.fate.key(),
            "note": self.note,
            "seconds": (self.seconds * 1000.0).round() / 1000.0,
            "remembered": self.remembered,
            "check_changed": self.check_changed,
            "tests": self.tests.iter().map(JudgedTest::to_json).collect::<Vec<_>>(),
            "diagnostics": self.diagnostics.iter().map(Diagnostic::to_json).collect::<Vec<_>>(),
        })
    }

    /// Reads what [`Verdict::to_json`] wrote; `None` when it is something else.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Verdict> {
        let fates = [Fate::Passed, Fate::Failed, Fate::DoesNotCompile, Fate::NotJudged];
        Some(Verdict {
            exercise: value["exercise"].as_str()?.to_owned(),
            subject: value["subject"].as_str()?.to_owned(),
            fate: fates.into_iter().find(|fate| value["state"] == fate.key())?,
            tests: value["tests"].as_array()?.iter().map(JudgedTest::from_json).collect::<Option<_>>()?,
            diagnostics: value["diagnostics"].as_array()?.iter().map(Diagnostic::from_json).collect(),
            note: value["note"].as_str().map(str::to_owned),
            seconds: value["seconds"].as_f64()?,
            remembered: value["remembered"].as_bool()?,
            check_changed: value["check_changed"].as_bool()?,
        })
    }
}

impl JudgedTest {
    fn to_json(&self) -> Value {
        let Test { name, outcome, output, place } = &self.test;
        json!({
            "name": name,
            "outcome": outcome.key(),
            "output": output,
            "file": place.as_ref().map(|(file, _)| file),
            "line": place.as_ref().map(|(_, line)| line),
            "failure": self.failure,
        })
    }

    fn from_json(value: &Value) -> Option<JudgedTest> {
        let outcome = match value["outcome"].as_str()? {
            "passed" => Outcome::Passed,
            "failed" => Outcome::Failed,
            "unfinished" => Outcome::Unfinished,
            _ => Outcome::Ignored,
        };
        let place = value["file"].as_str().zip(value["line"].as_u64());
        Some(JudgedTest {
            test: Test {
                name: value["name"].as_str()?.to_owned(),
                outcome,
                output: value["output"].as_str()?.to_owned(),
                place: place.map(|(file, line)| (file.to_owned(), line)),
            },
            failure: Some(value["failure"].clone()).filter(Value::is_object),
        })
    }
}
