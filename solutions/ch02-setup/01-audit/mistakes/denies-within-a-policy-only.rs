//! caught-by: a_deny_takes_away_wherever_it_stands
//!
//! Lets a Deny count in its own policy only. It counts wherever it stands.
#![allow(unused)]

#[path = "../src/policy.rs"]
mod policy;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use policy::{OneOrMany, Policy, names};

/// One statement. Without an effect it is none: guessing one would grant or refuse what nobody wrote.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Statement {
    effect: Effect,
    action: OneOrMany<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

impl Statement {
    fn is_about(&self, action: &str) -> bool {
        self.action.iter().any(|pattern| names(pattern, action))
    }
}

#[derive(Deserialize)]
struct Question {
    policies: Vec<Policy>,
    actions: Vec<String>,
}

#[derive(Serialize)]
struct Audit {
    granted: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(audit)).await
}

async fn audit(event: LambdaEvent<Question>) -> Result<Audit, Error> {
    let Question { policies, actions } = event.payload;
    Ok(Audit { granted: actions.into_iter().filter(|action| is_granted(&policies, action)).collect() })
}

/// What somebody allows and nobody denies.
fn is_granted(policies: &[Policy], action: &str) -> bool {
    policies.iter().any(|policy| {
        let about: Vec<Effect> = policy
            .statement
            .iter()
            .filter(|statement| statement.is_about(action))
            .map(|statement| statement.effect)
            .collect();
        about.contains(&Effect::Allow) && !about.contains(&Effect::Deny)
    })
}
