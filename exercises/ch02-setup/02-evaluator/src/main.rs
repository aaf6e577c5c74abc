//! Decides as IAM does whether a request is allowed.

mod policy;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use policy::{Effect, OneOrMany, Operator, Policy, Request, Statement, fits};

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
    let Question { request, identity, resource, organization } = event.payload;
    if let Some(role) = &request.passes {
        // TODO: whoever makes a function passes a role to Lambda, and is asked for that as well.
        println!("{} passes the role {role}", request.principal);
    }
    let decision = decide(&request, &identity, resource.as_slice(), &organization);
    println!("{decision:?} for {}: {} on {}", request.principal, request.action, request.resource);
    Ok(Answer { decision })
}

fn decide(request: &Request, identity: &[Policy], resource: &[Policy], organization: &[Policy]) -> Decision {
    // TODO: what denies, wherever it stands.
    // TODO: the organization's limit, which grants nothing.
    // TODO: the policy of the resource: inside an account, between accounts, and for a service.
    println!("the resource belongs to {}", request.owner);
    let policies = identity.iter().chain(resource).chain(organization);
    let mut about =
        policies.flat_map(|policy| policy.statement.iter()).filter(|statement| is_about(statement, request));
    match about.next().map(|statement| statement.effect) {
        Some(Effect::Allow) => Decision::Allow,
        Some(Effect::Deny) => Decision::ExplicitDeny,
        None => Decision::ImplicitDeny,
    }
}

/// Whether a statement speaks about a request.
fn is_about(statement: &Statement, request: &Request) -> bool {
    let Statement { action, not_action, resource, principal, condition, .. } = statement;
    // TODO: what `NotAction` says, and upper and lower case.
    let actions = action.as_ref().or(not_action.as_ref());
    actions.is_some_and(|actions| actions.iter().any(|pattern| fits(pattern, &request.action)))
        && resource.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| fits(pattern, &request.resource)))
        && principal.as_ref().is_none_or(|principal| principal.means(request))
        // TODO: when a condition holds, and what a statement without one is about.
        && condition
            .iter()
            .any(|(operator, keys)| keys.iter().any(|(key, values)| holds(*operator, key, values, request)))
}

/// Whether one line of a condition holds.
fn holds(operator: Operator, key: &str, values: &OneOrMany<String>, request: &Request) -> bool {
    // TODO: the other operators, the case of keys, and a key that the request does not have.
    let found = request.context.get(key).map(String::as_str).unwrap_or_default();
    match operator {
        Operator::StringEquals | Operator::ArnLike | Operator::Bool => values.iter().any(|value| value == found),
        Operator::StringNotEquals => values.iter().any(|value| value != found),
    }
}
