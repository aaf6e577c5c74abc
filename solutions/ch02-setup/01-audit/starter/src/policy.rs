//! A policy document as IAM has it, as far as the audit needs it: effects and actions.

use serde::Deserialize;

use crate::Statement;

/// One policy.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Policy {
    pub(crate) statement: OneOrMany<Statement>,
}

/// IAM writes a list of one as the thing itself.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// All of them, however they were written.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one).iter(),
            OneOrMany::Many(many) => many.iter(),
        }
    }
}

/// Whether an action, such as `s3:GetObject`, is one that a pattern, such as `s3:Get*`, names. `*` stands for any text;
/// upper and lower case make no difference.
pub(crate) fn names(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = action.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
