//! Step Functions: state machines and their executions, which start, are described and end when somebody says so; no
//! state runs. Dates, and the 90 days for which a name is taken, are those of the world's clock.
//!
//! Source: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html>.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local_lambda_sources::{Timestamp, World};
use serde_json::{Value, json};

use super::JsonEngine;
use super::sfn_names::{self, Arn};
use crate::aws::lock;
use crate::error::AwsError;
use crate::permission::{ACCOUNT, REGION};

/// For so long after its end an execution's name is taken.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>.
const NAME_IS_TAKEN: Duration = Duration::from_secs(90 * 24 * 60 * 60);

type Answer = Result<Value, AwsError>;

/// The state machines of an account.
#[derive(Debug)]
pub(crate) struct StateMachines {
    world: World,
    machines: Mutex<BTreeMap<String, Machine>>,
}

#[derive(Debug)]
struct Machine {
    name: String,
    definition: String,
    role: Value,
    is_express: bool,
    created: Timestamp,
    executions: Vec<Execution>,
    /// How many executions it ever had; what nobody named is named after it.
    started: u64,
}

#[derive(Debug)]
struct Execution {
    arn: String,
    name: String,
    input: String,
    started: Timestamp,
    end: Option<End>,
}

/// How an execution ended: its status, and the members of DescribeExecution that tell of it.
#[derive(Debug)]
struct End {
    at: Timestamp,
    status: &'static str,
    members: Value,
}

impl StateMachines {
    pub(crate) fn new(world: &World) -> StateMachines {
        StateMachines { world: world.clone(), machines: Mutex::default() }
    }

    /// Ends a running execution; false when none of this name runs.
    pub(crate) fn end(&self, machine: &str, execution: &str, status: &'static str, members: Value) -> bool {
        let now = self.world.now();
        let mut machines = lock(&self.machines);
        let executions = machines.get_mut(machine).map(|machine| machine.executions.iter_mut());
        let running = executions.into_iter().flatten().find(|one| one.name == execution && one.end.is_none());
        let Some(running) = running else { return false };
        running.end = Some(End { at: now, status, members });
        true
    }

    fn create(&self, params: &Value) -> Answer {
        let name = sfn_names::checked(text(params, "name")?)?;
        let definition = text(params, "definition")?;
        check_definition(definition)?;
        if !text(params, "roleArn")?.starts_with("arn:") {
            return Err(sfn_names::invalid_arn(&format!("Invalid ARN prefix: {}", text(params, "roleArn")?)));
        }
        let is_express = params["type"].as_str() == Some("EXPRESS");
        let arn = format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}");
        let mut machines = lock(&self.machines);
        if let Some(there) = machines.get(name) {
            // The same again is no error; another role is not looked at.
            return match there.definition == definition && there.is_express == is_express {
                true => Ok(json!({ "stateMachineArn": arn, "creationDate": seconds(there.created) })),
                false => {
                    Err(AwsError::client("StateMachineAlreadyExists", format!("State Machine Already Exists: '{arn}'")))
                }
            };
        }
        let created = self.world.now();
        let machine = Machine {
            name: name.to_owned(),
            definition: definition.to_owned(),
            role: params["roleArn"].clone(),
            is_express,
            created,
            executions: Vec::new(),
            started: 0,
        };
        machines.insert(name.to_owned(), machine);
        Ok(json!({ "stateMachineArn": arn, "creationDate": seconds(created) }))
    }

    fn start(&self, params: &Value) -> Answer {
        let arn = Arn::state_machine(text(params, "stateMachineArn")?)?;
        let given = params["name"].as_str().map(sfn_names::checked).transpose()?;
        let input = params["input"].as_str().unwrap_or("{}");
        if input.len() > 262_144 {
            let message = "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must \
                           have length less than or equal to 262144";
            return Err(AwsError::client("ValidationException", message));
        }
        if let Err(error) = serde_json::from_str::<Value>(input) {
            let message = format!("Invalid State Machine Execution Input: '{error}'");
            return Err(AwsError::client("InvalidExecutionInput", message));
        }
        let now = self.world.now();
        let mut machines = lock(&self.machines);
        let machine = machines.get_mut(arn.machine).ok_or_else(|| no_machine(arn.text))?;
        let unique = format!("00000000-0000-4000-9000-{:012x}", machine.started + 1);
        let name = given.unwrap_or(&unique);
        let prefix = format!("arn:aws:states:{REGION}:{ACCOUNT}");
        let execution_arn = match machine.is_express {
            true => format!("{prefix}:express:{}:{name}:{unique}", machine.name),
            false => format!("{prefix}:execution:{}:{name}", machine.name),
        };
        if !machine.is_express {
            let is_free = |end: &End| now.duration_since(end.at).as_secs() >= NAME_IS_TAKEN.as_secs() as i64;
            machine.executions.retain(|one| one.name != name || !one.end.as_ref().is_some_and(is_free));
            if let Some(there) = machine.executions.iter().find(|one| one.name == name) {
                return match there.end.is_none() && there.input == input {
                    true => Ok(json!({ "executionArn": there.arn, "startDate": seconds(there.started) })),
                    false => Err(AwsError::client(
                        "ExecutionAlreadyExists",
                        format!("Execution Already Exists: '{}'", there.arn),
                    )),
                };
            }
        }
        machine.started += 1;
        let (name, input) = (name.to_owned(), input.to_owned());
        machine.executions.push(Execution { arn: execution_arn.clone(), name, input, started: now, end: None });
        Ok(json!({ "executionArn": execution_arn, "startDate": seconds(now) }))
    }

    fn describe(&self, params: &Value) -> Answer {
        let arn = Arn::execution(text(params, "executionArn")?)?;
        let machines = lock(&self.machines);
        let machine = machines.get(arn.machine).ok_or_else(|| no_execution(arn.text))?;
        let found = machine.executions.iter().find(|one| one.arn == arn.text).ok_or_else(|| no_execution(arn.text))?;
        let mut told = found.listed(machine);
        told["input"] = json!(found.input);
        told["inputDetails"] = json!({ "included": true });
        told["redriveCount"] = json!(0);
        let members = found.end.iter().flat_map(|end| end.members.as_object()).flatten();
        members.for_each(|(name, value)| told[name] = value.clone());
        Ok(told)
    }

    /// One that has ended stays as it is.
    fn stop(&self, params: &Value) -> Answer {
        let arn = Arn::execution(text(params, "executionArn")?)?;
        let now = self.world.now();
        let mut machines = lock(&self.machines);
        let machine = machines.get_mut(arn.machine).ok_or_else(|| no_execution(arn.text))?;
        let found = machine.executions.iter_mut().find(|one| one.arn == arn.text);
        let found = found.ok_or_else(|| no_execution(arn.text))?;
        let members = ["error", "cause"].into_iter().filter(|name| params[*name].is_string());
        let members: Value = members.map(|name| (name.to_owned(), params[name].clone())).collect();
        let end = found.end.get_or_insert(End { at: now, status: "ABORTED", members });
        Ok(json!({ "stopDate": seconds(end.at) }))
    }

    /// The newest first.
    fn executions(&self, params: &Value) -> Answer {
        let arn = Arn::state_machine(text(params, "stateMachineArn")?)?;
        let machines = lock(&self.machines);
        let machine = machines.get(arn.machine).ok_or_else(|| no_machine(arn.text))?;
        if machine.is_express {
            let message = "This operation is not supported by this type of state machine";
            return Err(AwsError::client("StateMachineTypeNotSupported", message));
        }
        let wanted = params["statusFilter"].as_str();
        let all = machine.executions.iter().rev().map(|one| one.listed(machine));
        page("executions", all.filter(|one| wanted.is_none_or(|wanted| one["status"] == wanted)).collect(), params)
    }

    fn describe_machine(&self, params: &Value) -> Answer {
        let arn = Arn::state_machine(text(params, "stateMachineArn")?)?;
        let machines = lock(&self.machines);
        let machine = machines.get(arn.machine).ok_or_else(|| no_machine(arn.text))?;
        let mut told = machine.listed();
        told["status"] = json!("ACTIVE");
        told["definition"] = json!(machine.definition);
        told["roleArn"] = machine.role.clone();
        Ok(told)
    }
}

impl Machine {
    fn listed(&self) -> Value {
        json!({
            "stateMachineArn": format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{}", self.name),
            "name": self.name,
            "type": if self.is_express { "EXPRESS" } else { "STANDARD" },
            "creationDate": seconds(self.created),
        })
    }
}

impl Execution {
    fn listed(&self, machine: &Machine) -> Value {
        let mut told = json!({
            "executionArn": self.arn,
            "stateMachineArn": machine.listed()["stateMachineArn"],
            "name": self.name,
            "status": self.end.as_ref().map_or("RUNNING", |end| end.status),
            "startDate": seconds(self.started),
        });
        if let Some(end) = &self.end {
            told["stopDate"] = seconds(end.at);
        }
        told
    }
}

/// The engine, whose state a test's own face knows too.
pub(crate) struct StepFunctions(pub(crate) Arc<StateMachines>);

impl JsonEngine for StepFunctions {
    fn call(&self, operation: &str, params: &Value) -> Answer {
        let StepFunctions(machines) = self;
        match operation {
            "CreateStateMachine" => machines.create(params),
            "DescribeStateMachine" => machines.describe_machine(params),
            "DeleteStateMachine" => {
                // To delete one that is not there is a success.
                lock(&machines.machines).remove(Arn::state_machine(text(params, "stateMachineArn")?)?.machine);
                Ok(Value::Null)
            }
            "ListStateMachines" => {
                let all = lock(&machines.machines).values().map(Machine::listed).collect();
                page("stateMachines", all, params)
            }
            "StartExecution" => machines.start(params),
            "DescribeExecution" => machines.describe(params),
            "StopExecution" => machines.stop(params),
            "ListExecutions" => machines.executions(params),
            _ => Err(AwsError::client("UnknownOperationException", "")),
        }
    }
}

/// The least that every definition has; what the states say is not looked at.
///
/// Source: <https://states-language.net/spec.html#toplevelfields>.
fn check_definition(definition: &str) -> Result<(), AwsError> {
    let invalid =
        |reason: &str| AwsError::client("InvalidDefinition", format!("Invalid State Machine Definition: '{reason}'"));
    let parsed: Value =
        serde_json::from_str(definition).map_err(|error| invalid(&format!("INVALID_JSON_DESCRIPTION: {error}")))?;
    let first = parsed["StartAt"].as_str();
    let first = first.ok_or_else(|| invalid("SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /"))?;
    match parsed["States"].get(first) {
        Some(_) => Ok(()),
        None => Err(invalid(&format!("MISSING_TRANSITION_TARGET: Missing 'Next' target: {first} at /StartAt"))),
    }
}

/// A page of a list; its token is where the next begins.
fn page(name: &str, all: Vec<Value>, params: &Value) -> Answer {
    let invalid = || AwsError::client("InvalidToken", "Invalid Token: 'Invalid token'");
    let begin: usize = match params["nextToken"].as_str() {
        Some(token) => token.parse().map_err(|_| invalid())?,
        None => 0,
    };
    // Source: API_ListExecutions, `maxResults`: 100 if it is 0 or missing, 1,000 at the most.
    let size = match params["maxResults"].as_u64() {
        None | Some(0) => 100,
        Some(size) => size.min(1_000) as usize,
    };
    let end = begin.saturating_add(size).min(all.len());
    let mut answer = json!({ name: all.get(begin..end).unwrap_or_default() });
    if end < all.len() {
        answer["nextToken"] = json!(end.to_string());
    }
    Ok(answer)
}

fn text<'a>(params: &'a Value, name: &str) -> Result<&'a str, AwsError> {
    params[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| {
        let message = format!(
            "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
        );
        AwsError::client("ValidationException", message)
    })
}

fn no_machine(arn: &str) -> AwsError {
    AwsError::client("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

fn no_execution(arn: &str) -> AwsError {
    AwsError::client("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
}

/// A date as this protocol has it: seconds with their fraction.
fn seconds(time: Timestamp) -> Value {
    json!(time.as_millisecond() as f64 / 1_000.0)
}
