//! What somebody wants to do.

use std::collections::BTreeMap;

/// A request: who does what to which resource, and what else is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) principal: String,
    pub(crate) resource_account: Option<String>,
    pub(crate) context: BTreeMap<String, Vec<String>>,
}

impl Request {
    /// A request of the role `function` in the account `123456789012`, for a resource of the same account.
    /// `action` is a service's prefix and an operation (`sqs:SendMessage`), `resource` an ARN, or `*` for actions that
    /// know no resources.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Request {
        Request {
            action: action.into(),
            resource: resource.into(),
            principal: "arn:aws:iam::123456789012:role/function".to_owned(),
            resource_account: None,
            context: BTreeMap::new(),
        }
    }

    /// Who asks: the ARN of a user, a role or a role's session, or a service such as `s3.amazonaws.com`.
    #[must_use]
    pub fn by(mut self, principal: impl Into<String>) -> Request {
        self.principal = principal.into();
        self
    }

    /// Whose the resource is, where its ARN does not say (a bucket's does not); the caller's account if not given.
    #[must_use]
    pub fn owned_by(mut self, account: impl Into<String>) -> Request {
        self.resource_account = Some(account.into());
        self
    }

    /// A value of a condition key, such as `aws:SourceArn`; several calls with one key give it several values.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Request {
        self.context.entry(key.into().to_ascii_lowercase()).or_default().push(value.into());
        self
    }

    /// The values of a condition key. Keys are compared without regard to case.
    pub(crate) fn values(&self, key: &str) -> Option<Vec<String>> {
        let key = key.to_ascii_lowercase();
        if let Some(values) = self.context.get(&key) {
            return Some(values.clone());
        }
        // Two keys that every request of an account has.
        match key.as_str() {
            "aws:principalarn" if self.account().is_some() => Some(vec![role_of_session(&self.principal)]),
            "aws:principalaccount" => self.account().map(|account| vec![account.to_owned()]),
            _ => None,
        }
    }

    /// The caller's account; a service has none.
    pub(crate) fn account(&self) -> Option<&str> {
        account_of(&self.principal)
    }

    /// Whether the resource belongs to another account than the caller.
    pub(crate) fn is_cross_account(&self) -> bool {
        let owner = self.resource_account.as_deref().or_else(|| account_of(&self.resource));
        match (self.account(), owner) {
            (Some(caller), Some(owner)) => caller != owner,
            _ => false,
        }
    }
}

/// The account in an ARN, if it has one.
pub(crate) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// A policy names a role; a request comes from one of its sessions.
pub(crate) fn role_of_session(principal: &str) -> String {
    let role = principal
        .strip_prefix("arn:aws:sts::")
        .and_then(|rest| rest.split_once(":assumed-role/"))
        .and_then(|(account, rest)| rest.split_once('/').map(|(role, _)| (account, role)));
    match role {
        Some((account, role)) => format!("arn:aws:iam::{account}:role/{role}"),
        None => principal.to_owned(),
    }
}
