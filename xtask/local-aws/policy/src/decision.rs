//! From policies and a request to a decision.

use crate::document::{Effect, Kind, Policy};
use crate::request::Request;

/// All policies that are asked about a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policies {
    identity: Vec<Policy>,
    resource: Vec<Policy>,
}

/// What comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Somebody allows it, and nobody denies it.
    Allowed,
    /// A statement denies it; that counts more than any that allow it.
    Denied {
        /// The kind of policy that has the statement.
        by: Kind,
    },
    /// Nobody allows it.
    NotAllowed {
        /// The kind of policy that would have to.
        missing: Kind,
    },
}

impl Decision {
    /// Whether the request may go on.
    pub fn is_allowed(self) -> bool {
        self == Decision::Allowed
    }

    /// The end of AWS's sentence "… is not authorized to perform: … on resource: …".
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.
    pub fn reason(self, action: &str) -> String {
        match self {
            Decision::Allowed => String::new(),
            Decision::Denied { by } => format!("with an explicit deny in {} {}", article(by), by.words()),
            Decision::NotAllowed { missing } => {
                format!("because no {} allows the {action} action", missing.words())
            }
        }
    }
}

fn article(kind: Kind) -> &'static str {
    match kind {
        Kind::Identity => "an",
        Kind::Resource => "a",
    }
}

impl Policies {
    /// No policies: everything is denied.
    pub fn new() -> Policies {
        Policies::default()
    }

    /// A further policy of the caller.
    ///
    /// # Panics
    /// When it is a resource's.
    #[must_use]
    #[track_caller]
    pub fn with_identity(mut self, policy: Policy) -> Policies {
        assert_eq!(policy.kind, Kind::Identity, "a policy of a role or user is read by Policy::identity");
        self.identity.push(policy);
        self
    }

    /// A policy of the resource.
    ///
    /// # Panics
    /// When it is a role's or user's.
    #[must_use]
    #[track_caller]
    pub fn with_resource(mut self, policy: Policy) -> Policies {
        assert_eq!(policy.kind, Kind::Resource, "a policy of a resource is read by Policy::resource");
        self.resource.push(policy);
        self
    }

    /// Decides: an explicit deny counts most, then what allows, and what nobody allows is denied. Within one account
    /// the caller's policy or the resource's is enough; across accounts both must allow.
    pub fn decide(&self, request: &Request) -> Decision {
        let (identity, resource) = (verdict(&self.identity, request), verdict(&self.resource, request));
        if identity == Some(Effect::Deny) {
            return Decision::Denied { by: Kind::Identity };
        }
        if resource == Some(Effect::Deny) {
            return Decision::Denied { by: Kind::Resource };
        }
        let is_service = request.account().is_none();
        match (identity, resource) {
            // A service has no policy of its own: the resource's says whether it may.
            (_, Some(Effect::Allow)) if is_service => Decision::Allowed,
            _ if is_service => Decision::NotAllowed { missing: Kind::Resource },
            (None, _) if request.is_cross_account() => Decision::NotAllowed { missing: Kind::Identity },
            (_, None) if request.is_cross_account() => Decision::NotAllowed { missing: Kind::Resource },
            (None, None) => Decision::NotAllowed { missing: Kind::Identity },
            _ => Decision::Allowed,
        }
    }
}

fn verdict(policies: &[Policy], request: &Request) -> Option<Effect> {
    let applying = policies.iter().flat_map(|policy| &policy.statements).filter(|it| it.applies_to(request));
    applying.fold(None, |sofar, statement| match (sofar, statement.effect) {
        (Some(Effect::Deny), _) | (_, Effect::Deny) => Some(Effect::Deny),
        _ => Some(Effect::Allow),
    })
}
