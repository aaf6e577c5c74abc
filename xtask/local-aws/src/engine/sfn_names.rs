//! What names and ARNs Step Functions takes.

use crate::error::AwsError;
use crate::permission::{ACCOUNT, REGION};

/// The ARN of a state machine or an execution, taken apart.
pub(super) struct Arn<'a> {
    pub(super) text: &'a str,
    /// The name of the state machine.
    pub(super) machine: &'a str,
}

impl<'a> Arn<'a> {
    /// `arn:aws:states:us-east-1:123456789012:stateMachine:prints`.
    pub(super) fn state_machine(text: &'a str) -> Result<Arn<'a>, AwsError> {
        Arn::of(text, "stateMachine")
    }

    /// `arn:aws:states:us-east-1:123456789012:execution:prints:o-1`. Those of EXPRESS executions are not described.
    pub(super) fn execution(text: &'a str) -> Result<Arn<'a>, AwsError> {
        Arn::of(text, "execution")
    }

    fn of(text: &'a str, kind: &str) -> Result<Arn<'a>, AwsError> {
        let rest = text.strip_prefix("arn:aws:states:");
        let rest = rest.ok_or_else(|| invalid_arn(&format!("Invalid ARN prefix: {text}")))?;
        let rest = rest.strip_prefix(&format!("{REGION}:{ACCOUNT}:"));
        // Another account or Region is another endpoint; nothing of it is here.
        let rest = rest.ok_or_else(|| invalid_arn("Request region or account does not match the ARN"))?;
        let (given, name) = rest.split_once(':').unwrap_or((rest, ""));
        if given != kind {
            let given = given.to_lowercase();
            return Err(invalid_arn(&format!("Resource type not valid in this context: {given}")));
        }
        Ok(Arn { text, machine: name.split(':').next().unwrap_or_default() })
    }
}

/// A name of a state machine or an execution, if it may be one.
///
/// Source: `name` of <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>.
pub(super) fn checked(name: &str) -> Result<&str, AwsError> {
    let is_forbidden = |c: char| {
        c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/\u{fffe}\u{ffff}\u{10ffff}".contains(c)
    };
    match (1..=80).contains(&name.chars().count()) && !name.contains(is_forbidden) {
        true => Ok(name),
        false => Err(AwsError::client("InvalidName", format!("Invalid Name: '{name}'"))),
    }
}

pub(super) fn invalid_arn(reason: &str) -> AwsError {
    AwsError::client("InvalidArn", format!("Invalid Arn: '{reason}'"))
}
