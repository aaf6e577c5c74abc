//! A policy document as it is written, read once and strictly.

use std::fmt;

use serde_json::{Map, Value};

use crate::condition::Condition;
use crate::pattern::{action_matches, resource_matches};
use crate::request::{Request, account_of, role_of_session};

/// What a policy is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To a role or user: it names no principal.
    Identity,
    /// To a bucket, a queue, a function: it names one.
    Resource,
}

impl Kind {
    /// The words that AWS uses in a denial.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Identity => "identity-based policy",
            Kind::Resource => "resource-based policy",
        }
    }
}

/// Whether a statement gives or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It gives.
    Allow,
    /// It takes, whatever others give.
    Deny,
}

/// What is wrong with a policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The index of the statement, if it is about one.
    pub statement: Option<usize>,
    /// What is wrong, in words.
    pub message: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.statement {
            Some(index) => write!(f, "statement {index}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for PolicyError {}

/// A policy document that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub(crate) kind: Kind,
    pub(crate) statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    pub(crate) effect: Effect,
    principals: Option<Which<Principal>>,
    actions: Which<String>,
    resources: Option<Which<String>>,
    conditions: Vec<Condition>,
    has_variables: bool,
}

/// An element or its `Not…` twin.
#[derive(Debug, Clone, PartialEq)]
enum Which<T> {
    In(Vec<T>),
    NotIn(Vec<T>),
}

impl<T> Which<T> {
    fn holds(&self, matches: impl Fn(&T) -> bool) -> bool {
        match self {
            Which::In(list) => list.iter().any(matches),
            Which::NotIn(list) => !list.iter().any(matches),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Principal {
    Everybody,
    Aws(String),
    Other(String),
}

impl Principal {
    fn matches(&self, request: &Request) -> bool {
        match self {
            Principal::Everybody => true,
            Principal::Other(name) => *name == request.principal,
            Principal::Aws(name) => {
                let account = if name.contains(':') {
                    name.ends_with(":root").then(|| account_of(name)).flatten()
                } else {
                    Some(name.as_str())
                };
                match account {
                    Some(account) => request.account() == Some(account),
                    None => *name == request.principal || *name == role_of_session(&request.principal),
                }
            }
        }
    }
}

impl Policy {
    /// A policy of a role or user.
    ///
    /// # Errors
    /// When it is not one: the first thing that is wrong.
    pub fn identity(document: &Value) -> Result<Policy, PolicyError> {
        Policy::read(document, Kind::Identity)
    }

    /// A policy of a resource.
    ///
    /// # Errors
    /// When it is not one: the first thing that is wrong.
    pub fn resource(document: &Value) -> Result<Policy, PolicyError> {
        Policy::read(document, Kind::Resource)
    }

    fn read(document: &Value, kind: Kind) -> Result<Policy, PolicyError> {
        let about_all = |message: &str| PolicyError { statement: None, message: message.to_owned() };
        let document = document.as_object().ok_or_else(|| about_all("a policy is a JSON object"))?;
        known_keys(document, &["Version", "Id", "Statement"]).map_err(|message| about_all(&message))?;
        let has_variables = match document.get("Version").map(|version| version.as_str()) {
            Some(Some("2012-10-17")) => true,
            // What a document without a version has: policy variables are plain text in it.
            None | Some(Some("2008-10-17")) => false,
            Some(_) => return Err(about_all("Version is 2012-10-17 or 2008-10-17")),
        };
        let statements: Vec<&Value> = match document.get("Statement") {
            Some(Value::Array(list)) if !list.is_empty() => list.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(about_all("Statement is an object or a list of objects, and not empty")),
        };
        let read = |(index, statement)| {
            Statement::read(statement, kind, has_variables)
                .map_err(|message| PolicyError { statement: Some(index), message })
        };
        Ok(Policy { kind, statements: statements.into_iter().enumerate().map(read).collect::<Result<_, _>>()? })
    }
}

impl Statement {
    fn read(statement: &Value, kind: Kind, has_variables: bool) -> Result<Statement, String> {
        let statement = statement.as_object().ok_or("a statement is a JSON object")?;
        let known = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        known_keys(statement, &known)?;
        let effect = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err("Effect is Allow or Deny, and has no default".to_owned()),
        };
        let principals = either(statement, "Principal", "NotPrincipal", principals)?;
        match (kind, &principals) {
            (Kind::Identity, Some(_)) => return Err("a policy of a role or user names no principal".to_owned()),
            (Kind::Resource, None) => return Err("a policy of a resource names a principal".to_owned()),
            _ => {}
        }
        let actions = either(statement, "Action", "NotAction", texts)?.ok_or("Action or NotAction is missing")?;
        if let Which::In(list) | Which::NotIn(list) = &actions
            && let Some(bad) = list.iter().find(|action| *action != "*" && !action.contains(':'))
        {
            return Err(format!("the action {bad} has no service: it is written service:Action"));
        }
        let resources = either(statement, "Resource", "NotResource", texts)?;
        if resources.is_none() && kind == Kind::Identity {
            return Err("Resource or NotResource is missing".to_owned());
        }
        let conditions = match statement.get("Condition") {
            Some(block) => Condition::read_all(block)?,
            None => Vec::new(),
        };
        Ok(Statement { effect, principals, actions, resources, conditions, has_variables })
    }

    /// Whether the statement speaks about the request.
    pub(crate) fn applies_to(&self, request: &Request) -> bool {
        let fill = |text: &str| match self.has_variables {
            true => fill_variables(text, request),
            false => Some(text.to_owned()),
        };
        self.principals.as_ref().is_none_or(|which| which.holds(|principal| principal.matches(request)))
            && self.actions.holds(|action| action_matches(action, &request.action))
            && self.resources.as_ref().is_none_or(|which| {
                which
                    .holds(|pattern| fill(pattern).is_some_and(|pattern| resource_matches(&pattern, &request.resource)))
            })
            && self.conditions.iter().all(|condition| condition.holds(request, &fill))
    }
}

fn known_keys(object: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("there is no element {key}; elements are written {}", known.join(", "))),
        None => Ok(()),
    }
}

fn either<T>(
    statement: &Map<String, Value>,
    name: &str,
    not_name: &str,
    read: impl Fn(&str, &Value) -> Result<Vec<T>, String>,
) -> Result<Option<Which<T>>, String> {
    match (statement.get(name), statement.get(not_name)) {
        (Some(_), Some(_)) => Err(format!("{name} and {not_name} exclude each other")),
        (Some(value), None) => Ok(Some(Which::In(read(name, value)?))),
        (None, Some(value)) => Ok(Some(Which::NotIn(read(not_name, value)?))),
        (None, None) => Ok(None),
    }
}

/// A text or a list of texts.
pub(crate) fn texts(name: &str, value: &Value) -> Result<Vec<String>, String> {
    let wrong = || format!("{name} is a text or a list of texts, and not empty");
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(list) if !list.is_empty() => {
            list.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        _ => Err(wrong()),
    }
}

fn principals(name: &str, value: &Value) -> Result<Vec<Principal>, String> {
    let wrong = || format!("{name} is \"*\" or an object of AWS, Service, Federated or CanonicalUser");
    match value {
        Value::String(text) if text == "*" => Ok(vec![Principal::Everybody]),
        Value::Object(kinds) if !kinds.is_empty() => {
            let mut list = Vec::new();
            for (kind, names) in kinds {
                let names = texts(kind, names)?;
                list.extend(match kind.as_str() {
                    "AWS" => names
                        .into_iter()
                        .map(|name| if name == "*" { Principal::Everybody } else { Principal::Aws(name) })
                        .collect::<Vec<_>>(),
                    "Service" | "Federated" | "CanonicalUser" => names.into_iter().map(Principal::Other).collect(),
                    _ => return Err(wrong()),
                });
            }
            Ok(list)
        }
        _ => Err(wrong()),
    }
}

/// Fills in `${key}`. A key that the request does not have makes the text fit nothing; `${key, 'default'}` has a
/// default.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>.
fn fill_variables(text: &str, request: &Request) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}')?;
        filled.push_str(before);
        let (key, default) = match name.split_once(',') {
            Some((key, default)) => (key.trim(), Some(default.trim().trim_matches('\''))),
            None => (name, None),
        };
        match (key, request.values(key).as_deref()) {
            ("*" | "?" | "$", _) => filled.push_str(key),
            (_, Some([value])) => filled.push_str(value),
            _ => filled.push_str(default?),
        }
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}
