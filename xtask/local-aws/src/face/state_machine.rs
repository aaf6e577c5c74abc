//! A state machine of Step Functions as a test sees it.

use serde_json::{Value, json};

use crate::aws::LocalAws;
use crate::permission::{ACCOUNT, REGION};
use crate::service::Service;

/// A state machine, seen from outside. Made by [`LocalAws::state_machine`]. Its executions run until the test ends them.
#[derive(Debug, Clone)]
pub struct StateMachineFace {
    aws: LocalAws,
    name: String,
    arn: String,
}

/// An execution as it stands.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Execution {
    /// Its name, which makes starts idempotent.
    pub name: String,
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: String,
    /// What it was started with.
    pub input: Value,
}

impl LocalAws {
    /// The state machine with this name; a STANDARD one with a single state is made if there is none.
    ///
    /// # Panics
    /// When Step Functions does not take the name.
    #[track_caller]
    pub fn state_machine(&self, name: &str) -> StateMachineFace {
        let definition =
            json!({ "StartAt": "Work", "States": { "Work": { "Type": "Wait", "Seconds": 1, "End": true } } });
        let params = json!({
            "name": name,
            "definition": definition.to_string(),
            "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/state-machine"),
        });
        let arn = format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}");
        let found = self.call(Service::StepFunctions, "DescribeStateMachine", json!({ "stateMachineArn": arn }));
        let made = found.or_else(|_| self.call(Service::StepFunctions, "CreateStateMachine", params));
        let made = made.unwrap_or_else(|error| panic!("the state machine {name} cannot be made: {error}"));
        let arn = made["stateMachineArn"].as_str().unwrap_or_default().to_owned();
        StateMachineFace { aws: self.clone(), name: name.to_owned(), arn }
    }
}

impl StateMachineFace {
    /// Its ARN, which SDK clients call it by.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// All its executions, in the order of their starts; of more than 1,000, the last 1,000.
    ///
    /// # Panics
    /// When it was deleted.
    #[track_caller]
    pub fn executions(&self) -> Vec<Execution> {
        let params = json!({ "stateMachineArn": self.arn, "maxResults": 1_000 });
        let list = self.call("ListExecutions", params);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let one = |listed: &Value| {
            let told = self.call("DescribeExecution", json!({ "executionArn": listed["executionArn"] }));
            let input = serde_json::from_str(&text(&told["input"])).unwrap_or_default();
            Execution { name: text(&told["name"]), status: text(&told["status"]), input }
        };
        list["executions"].as_array().into_iter().flatten().rev().map(one).collect()
    }

    /// Lets a running execution end well, with this output.
    ///
    /// # Panics
    /// When no execution of this name runs here.
    #[track_caller]
    pub fn succeed(&self, execution: &str, output: &Value) {
        let members = json!({ "output": output.to_string(), "outputDetails": { "included": true } });
        self.end(execution, "SUCCEEDED", members);
    }

    /// Lets a running execution fail.
    ///
    /// # Panics
    /// When no execution of this name runs here.
    #[track_caller]
    pub fn fail(&self, execution: &str, error: &str, cause: &str) {
        self.end(execution, "FAILED", json!({ "error": error, "cause": cause }));
    }

    #[track_caller]
    fn end(&self, execution: &str, status: &'static str, members: Value) {
        let ended = self.aws.inner.engines.state_machines().end(&self.name, execution, status, members);
        assert!(ended, "no execution {execution} of {} runs here", self.name);
    }

    #[track_caller]
    fn call(&self, operation: &str, params: Value) -> Value {
        let answer = self.aws.call(Service::StepFunctions, operation, params);
        answer.unwrap_or_else(|error| panic!("the state machine {} cannot be looked at: {error}", self.name))
    }
}
