//! Policies as IAM has them, and the request that they are asked about. Given as it is.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A policy document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Policy {
    pub(crate) statement: OneOrMany<Statement>,
}

/// A statement. `Sid` and what else it may have does not matter here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Statement {
    pub(crate) effect: Effect,
    /// Which actions it is about: these, or all others.
    pub(crate) action: Option<OneOrMany<String>>,
    pub(crate) not_action: Option<OneOrMany<String>>,
    /// Which resources it is about. A role's trust policy has none.
    pub(crate) resource: Option<OneOrMany<String>>,
    /// Whom it is about, in the policy of a resource.
    pub(crate) principal: Option<Principal>,
    /// Operators, each with keys and the values that it compares them with. All have to hold.
    #[serde(default)]
    pub(crate) condition: BTreeMap<Operator, BTreeMap<String, OneOrMany<String>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

/// IAM writes a list of one as the thing itself.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one).iter(),
            OneOrMany::Many(many) => many.iter(),
        }
    }
}

/// Whom the statement of a resource's policy is about.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Principal {
    /// `"*"`, and nothing else is written like this.
    Everybody(String),
    Some(Principals),
}

#[derive(Debug, Deserialize)]
pub(crate) enum Principals {
    /// Account numbers, ARNs of roles, or `*`.
    #[serde(rename = "AWS")]
    Aws(OneOrMany<String>),
    /// Services such as `s3.amazonaws.com`.
    Service(OneOrMany<String>),
}

impl Principal {
    /// Whether it means the caller of a request.
    pub(crate) fn means(&self, request: &Request) -> bool {
        match self {
            Principal::Everybody(star) => star == "*",
            Principal::Some(Principals::Service(names)) => names.iter().any(|name| *name == request.principal),
            Principal::Some(Principals::Aws(names)) => names.iter().any(|name| {
                let account = name.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"));
                name == "*"
                    || *name == request.principal
                    || request.account().is_some_and(|caller| caller == account.unwrap_or(name))
            }),
        }
    }
}

/// The condition operators that the shop uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) enum Operator {
    /// One of the values is equal.
    StringEquals,
    /// None of the values is equal.
    StringNotEquals,
    /// One of the values fits, with `*` and `?`.
    ArnLike,
    /// The value is `true` or `false`.
    Bool,
}

/// What somebody wants to do.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Request {
    /// The ARN of a role, or a service such as `s3.amazonaws.com`.
    pub(crate) principal: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    /// The account that the resource belongs to.
    pub(crate) owner: String,
    /// What AWS knows about the request besides, by condition key. The keys are in lower case.
    #[serde(default)]
    pub(crate) context: BTreeMap<String, String>,
    /// The ARN of the role that the new function is to have, where the request makes a function.
    pub(crate) passes: Option<String>,
}

impl Request {
    /// The account of the caller. A service has none.
    pub(crate) fn account(&self) -> Option<&str> {
        account(&self.principal)
    }
}

/// The account in an ARN.
pub(crate) fn account(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(3).filter(|account| !account.is_empty())
}

/// Whether a text fits a pattern: `*` stands for any text, `?` for any one character.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            (p, t) = (at + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}
