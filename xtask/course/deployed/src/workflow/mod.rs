//! A workflow of GitHub Actions as the jobs that an event starts: in which order, with which permissions, as whom
//! towards a cloud, with which scripts once expressions are put in, and what is left out when something fails.
//!
//! Nothing is run: the caller says which scripts fail. Left out: reusable workflows, services and containers, more than
//! the first combination of a matrix, filters by path.
//!
//! Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>.

mod expression;
mod refusals;
mod trigger;
mod run;
mod script;
mod token;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use crate::invalid::Invalid;
use crate::yaml::{self, Tags};
use expression::Expressions;

/// What happened in the repository.
#[derive(Debug, Clone)]
pub struct Event {
    /// `push`, `pull_request`, …
    pub name: String,
    /// `refs/heads/main`
    pub reference: String,
    /// Whether a pull request comes from a copy of the repository that belongs to somebody else.
    pub is_fork: bool,
    /// What whoever caused it could write freely: a title, a commit's message, the name of a branch.
    pub words: String,
}

impl Event {
    /// A push to this branch.
    #[must_use]
    pub fn push(branch: &str) -> Event {
        Event {
            name: "push".to_owned(),
            reference: format!("refs/heads/{branch}"),
            is_fork: false,
            words: "a commit".to_owned(),
        }
    }

    /// A pull request to `main`.
    #[must_use]
    pub fn pull_request(is_fork: bool) -> Event {
        Event {
            name: "pull_request".to_owned(),
            reference: "refs/pull/7/merge".to_owned(),
            is_fork,
            words: "a change".to_owned(),
        }
    }

    /// The same with these words.
    #[must_use]
    pub fn saying(mut self, words: &str) -> Event {
        words.clone_into(&mut self.words);
        self
    }
}

/// A workflow that was read.
#[derive(Debug, Clone)]
pub struct Workflow {
    value: Value,
}

/// What an event started.
#[derive(Debug, Clone)]
pub struct Run {
    /// What started it.
    pub event: Event,
    /// What holds for the run as a whole, beside what a job says of itself.
    pub concurrency: Option<Concurrency>,
    /// In the order in which they ended; those that were passed over too.
    pub jobs: Vec<Job>,
}

/// How a job or a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Without an error.
    Succeeded,
    /// With one.
    Failed,
    /// Its condition did not hold, or something before it failed.
    PassedOver,
}

/// A job, and what came of it.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its name in the file.
    pub id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What its token may: `contents` is `read`.
    pub permissions: BTreeMap<String, String>,
    /// The environment that it deploys to, whose rules and secrets count.
    pub environment: Option<String>,
    /// What else it waits for.
    pub concurrency: Option<Concurrency>,
    /// The claim `sub` of the token with which it can prove to a cloud who it is.
    pub subject: String,
    /// In order; none where the job was passed over.
    pub steps: Vec<Step>,
    /// Jobs that have to end before, directly or not.
    pub after: Vec<String>,
}

/// Jobs of one group run one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concurrency {
    /// The group's name, with expressions put in.
    pub group: String,
    /// Whether the next one cancels the one that runs.
    pub cancels: bool,
}

/// A step, and what came of it.
#[derive(Debug, Clone)]
pub struct Step {
    /// How it ended.
    pub outcome: Outcome,
    /// `actions/checkout` and what stands after the `@`.
    pub uses: Option<(String, String)>,
    /// Its script with all expressions put in, as the shell gets it.
    pub script: Option<String>,
    /// What its action is given, as it stands in the file with expressions put in.
    pub with: Map<String, Value>,
    /// Variables of workflow, job and step together. A secret is `secret:NAME`.
    pub env: BTreeMap<String, String>,
}

impl Run {
    /// The job with this id.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// Jobs that did something.
    pub fn begun(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| job.outcome != Outcome::PassedOver)
    }
}

impl Job {
    /// Whether its token is good for this: `id-token`, `write`.
    #[must_use]
    pub fn may(&self, what: &str, level: &str) -> bool {
        self.permissions.get(what).is_some_and(|has| has == level || has == "write")
    }

    /// Steps that did something.
    pub fn begun(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.outcome != Outcome::PassedOver)
    }
}

impl Step {
    /// Whether it is this action.
    #[must_use]
    pub fn is(&self, action: &str) -> bool {
        self.uses.as_ref().is_some_and(|(name, _)| name == action)
    }

    /// A value that the action gets, as text, as it gets everything: `1.90` that is not quoted is `1.9`.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<String> {
        self.with.get(name).map(as_text)
    }
}

impl Workflow {
    /// Reads a workflow.
    ///
    /// # Errors
    /// Where it is no YAML, and where GitHub would refuse it.
    pub fn parse(text: &str) -> Result<Workflow, Invalid> {
        let value = yaml::parse(text, Tags::Core).map_err(|error| Invalid(error.to_string()))?;
        refusals::check(&value)?;
        Ok(Workflow { value })
    }

    /// Whether an event of this name can start it at all.
    #[must_use]
    pub fn listens_to(&self, event: &str) -> bool {
        trigger::trigger(&self.value, event).is_some()
    }

    /// The whole file, as it was read.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What an event starts; nothing where the workflow does not listen to it. `fails` says of a line of a script
    /// whether it ends with an error.
    ///
    /// # Errors
    /// Where an expression cannot be understood.
    pub fn run(&self, event: &Event, fails: &dyn Fn(&str) -> bool) -> Result<Option<Run>, Invalid> {
        run::run(&self.value, event, fails)
    }
}

/// A value as an action or a shell gets it.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
