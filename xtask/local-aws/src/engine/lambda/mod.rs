//! Lambda's own API in front of the world's functions: what is configured stands here, what runs and what takes time
//! stands in the world.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>.

mod aliases;
mod concurrency;
mod functions;
mod invoke;
mod policy;
mod record;
mod versions;

use std::collections::BTreeMap;
use std::sync::Mutex;

use local_lambda_sources::{LambdaFunction, Settling, Target, World};
use serde_json::{Value, json};

use super::{Answering, Engine, written};
use crate::aws::{LocalAws, lock};
use crate::error::AwsError;
use crate::http::HttpRequest;
use crate::identify::Asked;
use crate::permission::{ACCOUNT, REGION};
use record::Record;

/// What Lambda knows beside what runs.
#[derive(Debug)]
pub(crate) struct Account {
    /// What an uploaded code is, by its bytes, its place in S3, or its image.
    pub(crate) artifacts: Mutex<BTreeMap<Vec<u8>, Target>>,
    /// What it takes until a function is created or updated.
    pub(crate) settling: Mutex<Settling>,
    records: Mutex<BTreeMap<String, Record>>,
    /// Held by an operation from its check of a revision id to its change: of two who saw the same one, one wins.
    one_at_a_time: Mutex<()>,
}

impl Default for Account {
    fn default() -> Account {
        Account {
            artifacts: Mutex::default(),
            settling: Mutex::new(Settling::Polls(1)),
            records: Mutex::default(),
            one_at_a_time: Mutex::default(),
        }
    }
}

/// The engine; its state is that of the account.
pub(crate) struct Lambda;

impl Engine for Lambda {
    fn answer<'a>(&'a self, aws: &'a LocalAws, asked: &'a Asked, request: HttpRequest) -> Answering<'a> {
        Box::pin(async move {
            let operation = asked.operation.as_str();
            // A function may run for a while, and everything is behind ordinary locks.
            tokio::task::block_in_place(|| {
                let call = Call { aws, world: &aws.inner.world, params: &asked.params };
                if operation == "Invoke" {
                    let invoked = call.invoke(&request);
                    return invoked.unwrap_or_else(|error| error.response(asked.service, &aws.next_request_id()));
                }
                let mut answer = written(asked.service, operation, call.carry_out(operation), &aws.next_request_id());
                if answer.is_success() {
                    answer.status = status_of(operation);
                    if answer.status == 204 {
                        answer.body = bytes::Bytes::new();
                    }
                }
                answer
            })
        })
    }
}

/// Source: "HTTP Status Code" of each operation's page.
fn status_of(operation: &str) -> u16 {
    match operation {
        "CreateFunction" | "PublishVersion" | "CreateAlias" | "AddPermission" => 201,
        "DeleteFunction" | "DeleteAlias" | "DeleteFunctionConcurrency" | "RemovePermission" => 204,
        _ => 200,
    }
}

/// Invokes a function as a service does, if its policy allows it.
pub(crate) fn invoke_as(aws: &LocalAws, service: &str, source_arn: &str, function: &str, event: &Value) -> Answered {
    let params = json!({ "FunctionName": function });
    let call = Call { aws, world: &aws.inner.world, params: &params };
    call.check_service(service, source_arn)?;
    let answer = call.invoke(&HttpRequest::new("POST", "/", event.to_string()))?;
    Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// Other settings for `$LATEST`, at once.
pub(crate) fn reconfigure(aws: &LocalAws, function: &str, settings: &Value) -> Result<(), AwsError> {
    let params = json!({ "FunctionName": function });
    let call = Call { aws, world: &aws.inner.world, params: &params };
    let (function, revision) = (call.function()?, call.new_revision());
    call.with_record(&function, |record| {
        record.set(settings);
        record.revision = revision;
    });
    Ok(())
}

/// One call of the API.
struct Call<'a> {
    aws: &'a LocalAws,
    world: &'a World,
    params: &'a Value,
}

type Answered = Result<Value, AwsError>;

/// A function that a call names, and by which version or alias.
struct Named {
    function: LambdaFunction,
    qualifier: Option<String>,
}

impl Call<'_> {
    fn carry_out(&self, operation: &str) -> Answered {
        let _guard = lock(&self.aws.inner.lambda.one_at_a_time);
        match operation {
            "CreateFunction" => self.create_function(),
            "GetFunction" => self.get_function(),
            "GetFunctionConfiguration" => self.get_function_configuration(),
            "UpdateFunctionCode" => self.update_function_code(),
            "UpdateFunctionConfiguration" => self.update_function_configuration(),
            "DeleteFunction" => self.delete_function(),
            "ListFunctions" => self.list_functions(),
            "PublishVersion" => self.publish_version(),
            "ListVersionsByFunction" => self.list_versions(),
            "CreateAlias" => self.create_alias(),
            "UpdateAlias" => self.update_alias(),
            "GetAlias" => self.get_alias(),
            "DeleteAlias" => self.delete_alias(),
            "ListAliases" => self.list_aliases(),
            "PutFunctionConcurrency" => self.put_concurrency(),
            "GetFunctionConcurrency" => self.get_concurrency(),
            "DeleteFunctionConcurrency" => self.delete_concurrency(),
            "AddPermission" => self.add_permission(),
            "GetPolicy" => self.get_policy(),
            "RemovePermission" => self.remove_permission(),
            other => Err(AwsError::new("UnknownOperationException", 404, format!("{other} is not served here"))),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.params[name].as_str()
    }

    fn is_true(&self, name: &str) -> bool {
        self.params[name] == true
    }

    /// The function that the call is about. It must exist, and so must the version or alias.
    fn named(&self) -> Result<Named, AwsError> {
        let (name, derived) = split_name(self.text("FunctionName").unwrap_or_default());
        let given = self.text("Qualifier");
        if let (Some(derived), Some(given)) = (derived, given)
            && derived != given
        {
            return Err(invalid(
                "The derived qualifier from the function name does not match the specified qualifier.",
            ));
        }
        let qualifier = derived.or(given).map(str::to_owned);
        let function = self.world.find_function(name).ok_or_else(|| not_found(name, qualifier.as_deref()))?;
        if let Some(qualifier) = &qualifier
            && function.find_qualified(qualifier).is_none()
        {
            return Err(not_found(name, Some(qualifier)));
        }
        Ok(Named { function, qualifier })
    }

    /// The function that the call is about, as a whole.
    fn function(&self) -> Result<LambdaFunction, AwsError> {
        self.named().map(|named| named.function)
    }

    /// What is kept of a function; one that a test made in the world gets defaults.
    fn with_record<T>(&self, function: &LambdaFunction, act: impl FnOnce(&mut Record) -> T) -> T {
        let mut records = lock(&self.aws.inner.lambda.records);
        let new = || Record::of_the_world(function, self.now(), self.new_revision());
        act(records.entry(function.name().to_owned()).or_insert_with(new))
    }

    /// A new revision id, which looks as those of AWS do.
    fn new_revision(&self) -> String {
        self.aws.next_request_id()
    }

    /// The time as Lambda writes it.
    fn now(&self) -> String {
        self.world.now().strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
    }

    /// The revision id that the caller has seen must be that of now.
    fn check_revision(&self, current: &str, ask: &str) -> Result<(), AwsError> {
        match self.text("RevisionId") {
            Some(seen) if seen != current => Err(AwsError::new(
                "PreconditionFailedException",
                412,
                format!(
                    "The Revision Id provided does not match the latest Revision Id. Call the {ask} API to retrieve \
                     the latest Revision Id"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// One page of a list, at most 50.
    fn page(&self, member: &str, all: Vec<Value>) -> Answered {
        let number = |name: &str| match &self.params[name] {
            Value::String(text) => text.parse::<usize>().ok(),
            other => other.as_u64().map(|number| number as usize),
        };
        let first = match self.text("Marker") {
            None => 0,
            Some(_) => number("Marker").ok_or_else(|| invalid("Invalid Marker"))?,
        };
        let size = number("MaxItems").unwrap_or(50).clamp(1, 50);
        let end = first.saturating_add(size).min(all.len());
        let next = if end < all.len() { json!(end.to_string()) } else { Value::Null };
        Ok(json!({ member: all.get(first..end).unwrap_or_default(), "NextMarker": next }))
    }
}

/// Name and qualifier of `shop`, `shop:live`, `123456789012:function:shop`, and ARNs.
fn split_name(text: &str) -> (&str, Option<&str>) {
    let rest = text.rsplit_once("function:").map_or(text, |(_, rest)| rest);
    match rest.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (rest, None),
    }
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterValueException", message)
}

/// What stands in the way of a request before the service looks at it.
fn validation(member: &str, value: &str, constraint: &str) -> AwsError {
    let message = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
    );
    AwsError::client("ValidationException", message)
}

fn required(member: &str) -> AwsError {
    let message = format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    );
    AwsError::client("ValidationException", message)
}

fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new("ResourceConflictException", 409, message)
}

fn missing(message: impl Into<String>) -> AwsError {
    AwsError::new("ResourceNotFoundException", 404, message)
}

fn not_found(name: &str, qualifier: Option<&str>) -> AwsError {
    let qualifier = qualifier.map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
    missing(format!("Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}{qualifier}"))
}
