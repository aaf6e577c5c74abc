//! Decides as IAM does whether a request is allowed.

mod policy;

use std::collections::BTreeMap;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use policy::{Effect, OneOrMany, Operator, Policy, Request, Statement, account, fits};

#[derive(Deserialize)]
struct Question {
    request: Request,
    /// Policies of the caller's role.
    #[serde(default)]
    identity: Vec<Policy>,
    /// The policy of the resource, if it has one.
    resource: Option<Policy>,
    /// What the caller's organization sets as a limit.
    #[serde(default)]
    organization: Vec<Policy>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Decision {
    #[serde(rename = "allow")]
    Allow,
    #[serde(rename = "explicit deny")]
    ExplicitDeny,
    #[serde(rename = "implicit deny")]
    ImplicitDeny,
}

#[derive(Serialize)]
struct Answer {
    decision: Decision,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Question>) -> Result<Answer, Error> {
    let question = event.payload;
    let resource = question.resource.as_slice();
    let decision = match decide(&question.request, &question.identity, resource, &question.organization) {
        // The policy of the new function does not speak for the role.
        Decision::Allow => match pass_role(&question.request) {
            Some(second) => decide(&second, &question.identity, &[], &question.organization),
            None => Decision::Allow,
        },
        refused => refused,
    };
    println!(
        "{decision:?} for {}: {} on {}",
        question.request.principal, question.request.action, question.request.resource
    );
    Ok(Answer { decision })
}

// ANCHOR: pass_role
/// Whoever makes a function passes a role to Lambda, and is asked for that as well.
fn pass_role(request: &Request) -> Option<Request> {
    let role = request.passes.clone()?;
    let owner = account(&role)?.to_owned();
    let context = BTreeMap::from([("iam:passedtoservice".to_owned(), "lambda.amazonaws.com".to_owned())]);
    Some(Request { action: "iam:PassRole".to_owned(), resource: role, owner, context, passes: None, ..request.clone() })
}
// ANCHOR_END: pass_role

// ANCHOR: decide
fn decide(request: &Request, identity: &[Policy], resource: &[Policy], organization: &[Policy]) -> Decision {
    // A service has no account, and so neither policies of its own nor an organization.
    let (identity, organization) = request.account().map_or((&[][..], &[][..]), |_| (identity, organization));
    let by_identity = verdict(identity, request);
    let by_resource = verdict(resource, request);
    let by_organization = verdict(organization, request);
    if [by_identity, by_resource, by_organization].contains(&Some(Effect::Deny)) {
        return Decision::ExplicitDeny;
    }
    if !organization.is_empty() && by_organization.is_none() {
        return Decision::ImplicitDeny;
    }
    let (identity, resource) = (by_identity.is_some(), by_resource.is_some());
    let is_allowed = match request.account() {
        None => resource,
        Some(caller) if caller == request.owner => identity || resource,
        Some(_) => identity && resource,
    };
    if is_allowed { Decision::Allow } else { Decision::ImplicitDeny }
}
// ANCHOR_END: decide

/// What some policies say together: a deny if there is one, else an allow if there is one, else nothing.
fn verdict(policies: &[Policy], request: &Request) -> Option<Effect> {
    let statements = policies.iter().flat_map(|policy| policy.statement.iter());
    let effects: Vec<Effect> =
        statements.filter(|statement| is_about(statement, request)).map(|statement| statement.effect).collect();
    [Effect::Deny, Effect::Allow].into_iter().find(|effect| effects.contains(effect))
}

fn is_about(statement: &Statement, request: &Request) -> bool {
    let Statement { action, not_action, resource, principal, condition, .. } = statement;
    let names = |patterns: &OneOrMany<String>| {
        patterns.iter().any(|pattern| fits(&pattern.to_lowercase(), &request.action.to_lowercase()))
    };
    action.as_ref().is_none_or(names)
        && !not_action.as_ref().is_some_and(names)
        && resource.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| fits(pattern, &request.resource)))
        && principal.as_ref().is_none_or(|principal| principal.means(request))
        && condition
            .iter()
            .all(|(operator, keys)| keys.iter().all(|(key, values)| holds(*operator, key, values, request)))
}

// ANCHOR: holds
/// A key that the request does not have is equal to nothing, and so it is unequal to everything.
fn holds(operator: Operator, key: &str, values: &OneOrMany<String>, request: &Request) -> bool {
    let found = request.context.get(&key.to_lowercase());
    let any =
        |compare: fn(&str, &str) -> bool| found.is_some_and(|found| values.iter().any(|value| compare(value, found)));
    match operator {
        Operator::StringEquals => any(|value, found| value == found),
        Operator::StringNotEquals => !any(|value, found| value == found),
        Operator::ArnLike => any(fits),
        Operator::Bool => any(|value, found| value.eq_ignore_ascii_case(found)),
    }
}
// ANCHOR_END: holds
