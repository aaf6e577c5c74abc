//! Event patterns: the JSON that says which events a rule wants, and whether one event is among them.
//!
//! The same language stands in rules of EventBridge, in filter criteria of event source mappings and in filter policies
//! of SNS, with fewer operators in the latter two ([`Dialect`]).
//!
//! ```
//! use local_lambda_sources::pattern::Pattern;
//! use serde_json::json;
//!
//! let pattern = Pattern::parse(r#"{ "detail": { "total": [{ "numeric": [">", 100] }] } }"#)?;
//! assert!(pattern.matches(&json!({ "detail": { "total": 101 } })));
//! assert!(!pattern.matches(&json!({ "detail": { "total": "101" } })));
//! # Ok::<(), local_lambda_sources::pattern::InvalidPattern>(())
//! ```
//!
//! Sources: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>,
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html>, and, for the words of an
//! error, AWS's own matcher, <https://github.com/aws/event-ruler>.
//!
//! Three differences from AWS. The complexity of wildcards is not judged. Where AWS's pages and its matcher disagree
//! on numbers, this follows the pages: without `numeric`, 300 and 300.0 are not the same. Since events are
//! [`serde_json::Value`]s, the way a number was written is known no closer than that: 3.0e2 is 300.0.

mod cidr;
mod matcher;
mod ordered_json;
mod parse;
mod wildcard;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use matcher::Matcher;

/// A valid pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    text: String,
    /// What `$or` multiplies out to; an event matches when it matches one of them.
    alternatives: Vec<Fields>,
}

/// What a pattern asks of the fields of one object.
type Fields = BTreeMap<String, Node>;

#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// `"state": ["running", { "prefix": "r" }]`.
    Values(Vec<Matcher>),
    /// `"detail": { … }`.
    Object(Fields),
    /// The same field is asked to be a value and an object: nothing matches.
    Never,
}

/// Who reads a pattern, and so which operators it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Rules of EventBridge: all operators.
    EventBridge,
    /// Filter criteria of event source mappings: what AWS's page lists, thus no `wildcard`, no `cidr` and no operator
    /// inside `anything-but`.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax>.
    Lambda,
    /// Filter policies of SNS.
    ///
    /// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>.
    Sns,
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPattern {
    reason: String,
    path: String,
}

/// Why an event does not match an alternative of a pattern: the first field that is not as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The field, as a JSON pointer: `/detail/total`.
    pub path: String,
    /// What the pattern asks for: `[{"numeric":[">",100]}]`.
    pub wanted: String,
    /// What the event has, or `nothing`.
    pub got: String,
}

impl Pattern {
    /// Reads a pattern of EventBridge.
    ///
    /// # Errors
    /// With AWS's reason, when the text is not a pattern.
    pub fn parse(text: &str) -> Result<Pattern, InvalidPattern> {
        Pattern::parse_as(Dialect::EventBridge, text)
    }

    /// Reads a pattern for another service.
    ///
    /// # Errors
    /// As [`Pattern::parse`], and when the service does not have an operator.
    pub fn parse_as(dialect: Dialect, text: &str) -> Result<Pattern, InvalidPattern> {
        Ok(Pattern { text: text.to_owned(), alternatives: parse::alternatives(dialect, text)? })
    }

    /// Whether an event matches.
    pub fn matches(&self, event: &Value) -> bool {
        self.alternatives.iter().any(|fields| compare(event.as_object(), fields, "").is_none())
    }

    /// Why an event does not match, for each alternative of the pattern; empty when it matches.
    pub fn mismatches(&self, event: &Value) -> Vec<Mismatch> {
        let all: Option<Vec<Mismatch>> =
            self.alternatives.iter().map(|fields| compare(event.as_object(), fields, "")).collect();
        all.unwrap_or_default()
    }

    /// The text that it was read from.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The first field that is not as asked. A pattern for an object inside an array has to be met by one element of it:
/// two fields are never taken from two elements.
fn compare(event: Option<&Map<String, Value>>, fields: &Fields, path: &str) -> Option<Mismatch> {
    fields.iter().find_map(|(name, node)| {
        let value = event.and_then(|event| event.get(name));
        let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
        match node {
            Node::Values(matchers) => {
                let leaves = value.map(leaves).unwrap_or_default();
                let holds = matchers.iter().any(|matcher| match matcher {
                    Matcher::Exists(wanted) => *wanted != leaves.is_empty(),
                    matcher => leaves.iter().any(|leaf| matcher.matches(leaf)),
                });
                (!holds).then(|| Mismatch {
                    path,
                    wanted: matcher::list_to_json(matchers).to_string(),
                    got: value.map_or_else(|| "nothing".to_owned(), Value::to_string),
                })
            }
            Node::Object(fields) => {
                let objects = value.map(objects).unwrap_or_default();
                let Some((first, rest)) = objects.split_first() else { return compare(None, fields, &path) };
                let mismatch = compare(Some(first), fields, &path)?;
                let another = rest.iter().any(|object| compare(Some(object), fields, &path).is_none());
                (!another).then_some(mismatch)
            }
            Node::Never => Some(Mismatch {
                path,
                wanted: "a value and an object at once".to_owned(),
                got: value.map_or_else(|| "nothing".to_owned(), Value::to_string),
            }),
        }
    })
}

/// The scalars of a field: itself, or those of its array. Objects and empty arrays have none, so that `exists` sees
/// leaves only.
fn leaves(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().flat_map(leaves).collect(),
        Value::Object(_) => Vec::new(),
        leaf => vec![leaf],
    }
}

fn objects(value: &Value) -> Vec<&Map<String, Value>> {
    match value {
        Value::Array(values) => values.iter().flat_map(objects).collect(),
        Value::Object(object) => vec![object],
        _ => Vec::new(),
    }
}

impl InvalidPattern {
    /// The reason in AWS's words, without the position that AWS adds.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Where, as a JSON pointer; empty for the pattern as a whole.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// `Event pattern is not valid. Reason: Empty arrays are not allowed (at /detail/state)`.
impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event pattern is not valid. Reason: {}", self.reason)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, " (at {})", self.path) }
    }
}

impl std::error::Error for InvalidPattern {}

/// `/detail/total: wanted [{"numeric":[">",100]}], got 7`.
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: wanted {}, got {}", self.path, self.wanted, self.got)
    }
}

#[cfg(test)]
mod tests;
