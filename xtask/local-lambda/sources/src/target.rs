//! What runs when a function is invoked: a real function process, or a closure that stands for one.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use local_lambda::{Function, Outcome};
use serde_json::{Value, json};

use crate::function::Call;

/// What runs when a function is invoked.
///
/// A [`Function`] runs its real binary. A closure stands for one where thousands of worlds are tried, or where the
/// function is not the subject.
#[derive(Clone)]
pub struct Target {
    name: String,
    runs: Runs,
}

#[derive(Clone)]
enum Runs {
    Binary(Function),
    Closure(Arc<Closure>),
}

type Closure = dyn Fn(&Invocation) -> Result<Value, HandlerError> + Send + Sync;

/// An invocation, as a closure sees it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Invocation {
    /// The event.
    pub event: Value,
    /// The request id; a retry of an asynchronous invocation has the id of the first attempt.
    pub request_id: String,
    /// The ARN as it was invoked, with a version or alias where one was named.
    pub invoked_function_arn: String,
    /// The version that runs: `$LATEST` or a number.
    pub version: String,
    /// The X-Ray trace header with the lineage of this invocation. The AWS SDKs that take part in the detection of
    /// recursive loops send it along with every call that the function makes; a closure does so by
    /// [`SendMessage::trace_header`](crate::sqs::SendMessage::trace_header) and its like.
    pub trace_header: String,
}

/// The error of a closure, as a function's runtime would report it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerError {
    /// `errorType`.
    pub error_type: String,
    /// `errorMessage`.
    pub message: String,
}

impl HandlerError {
    /// An error with a type and a message.
    pub fn new(error_type: impl Into<String>, message: impl Into<String>) -> HandlerError {
        HandlerError { error_type: error_type.into(), message: message.into() }
    }
}

/// An error of no particular type.
impl From<&str> for HandlerError {
    fn from(message: &str) -> HandlerError {
        HandlerError::new("HandlerError", message)
    }
}

/// An error of no particular type.
impl From<String> for HandlerError {
    fn from(message: String) -> HandlerError {
        HandlerError::new("HandlerError", message)
    }
}

impl Target {
    /// A closure that stands for the function of this name. It may own handles of the world (queues, functions), but
    /// not the [`World`](crate::World), which would then never end.
    ///
    /// ```
    /// use local_lambda_sources::{Target, World};
    /// use serde_json::json;
    ///
    /// let world = World::new();
    /// let greeter = world.function(Target::closure("greeter", |call| {
    ///     let name = call.event["name"].as_str().ok_or("no name")?;
    ///     Ok(json!({ "greeting": format!("Hello, {name}") }))
    /// })).create();
    /// let answer = greeter.invoke(json!({ "name": "Ferris" }));
    /// assert_eq!(answer.json(), Some(json!({ "greeting": "Hello, Ferris" })));
    /// ```
    pub fn closure(
        name: impl Into<String>,
        handler: impl Fn(&Invocation) -> Result<Value, HandlerError> + Send + Sync + 'static,
    ) -> Target {
        Target { name: name.into(), runs: Runs::Closure(Arc::new(handler)) }
    }

    /// The function's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The unqualified ARN.
    pub(crate) fn arn(&self, region: &str, account: &str) -> String {
        match &self.runs {
            Runs::Binary(function) => function.arn(None),
            Runs::Closure(_) => format!("arn:aws:lambda:{region}:{account}:function:{}", self.name),
        }
    }

    pub(crate) fn reserved_concurrency(&self) -> Option<usize> {
        match &self.runs {
            Runs::Binary(function) => function.reserved_concurrency(),
            Runs::Closure(_) => None,
        }
    }

    /// Runs it once.
    pub(crate) fn run(&self, run: &Run<'_>) -> Answer {
        match &self.runs {
            Runs::Binary(function) => {
                let mut request = function.request().request_id(run.request_id).trace_header(run.trace_header);
                if let Some(qualifier) = run.qualifier {
                    request = request.qualifier(qualifier);
                }
                Answer::of(request.invoke(run.event.clone()), run)
            }
            Runs::Closure(closure) => {
                let invocation = Invocation {
                    event: serde_json::from_slice(run.event).unwrap_or(Value::Null),
                    request_id: run.request_id.to_owned(),
                    invoked_function_arn: run.arn.to_owned(),
                    version: run.version.to_owned(),
                    trace_header: run.trace_header.to_owned(),
                };
                let fate = match closure(&invocation) {
                    Ok(value) => Fate::Response(value.to_string().into()),
                    Err(HandlerError { error_type, message }) => {
                        Fate::Error(json!({ "errorType": error_type, "errorMessage": message }).to_string().into())
                    }
                };
                Answer {
                    event: run.event.clone(),
                    fate,
                    request_id: run.request_id.to_owned(),
                    trace_header: Some(run.trace_header.to_owned()),
                    version: run.version.to_owned(),
                    outcome: None,
                }
            }
        }
    }
}

/// What a target is run with.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) event: &'a Bytes,
    pub(crate) request_id: &'a str,
    pub(crate) trace_header: &'a str,
    pub(crate) qualifier: Option<&'a str>,
    pub(crate) arn: &'a str,
    pub(crate) version: &'a str,
}

impl From<Function> for Target {
    fn from(function: Function) -> Target {
        Target { name: function.name().to_owned(), runs: Runs::Binary(function) }
    }
}

impl From<&Function> for Target {
    fn from(function: &Function) -> Target {
        function.clone().into()
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.runs {
            Runs::Binary(_) => "Binary",
            Runs::Closure(_) => "Closure",
        };
        write!(f, "Target::{kind}({:?})", self.name)
    }
}

/// What came of an invocation.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The event that it was invoked with.
    pub event: Bytes,
    /// How it ended.
    pub fate: Fate,
    /// Its request id.
    pub request_id: String,
    /// The X-Ray trace header that it ran with, or was refused with.
    pub trace_header: Option<String>,
    /// The version that ran, or would have run: `$LATEST` or a number.
    pub version: String,
    /// All that the local Lambda service tells of it; none for a closure, and when nothing ran.
    pub outcome: Option<Outcome>,
}

/// How an invocation ended, as the one who invoked the function sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// The function answered with these bytes.
    Response(Bytes),
    /// The function failed: an error of its own, a time-out, a crash. The bytes are the error's JSON.
    Error(Bytes),
    /// There was no concurrency left for it: 429.
    Throttled,
    /// The event was too large: 413.
    TooLarge,
    /// It was stopped as part of a recursive loop.
    LoopStopped,
}

impl Answer {
    fn of(outcome: Outcome, run: &Run<'_>) -> Answer {
        let fate = match (outcome.status_code(), outcome.function_error()) {
            (429, _) => Fate::Throttled,
            (413, _) => Fate::TooLarge,
            (_, Some(_)) => Fate::Error(outcome.payload()),
            (_, None) => Fate::Response(outcome.payload()),
        };
        Answer {
            event: run.event.clone(),
            fate,
            request_id: outcome.request_id.clone(),
            trace_header: Some(run.trace_header.to_owned()),
            version: run.version.to_owned(),
            outcome: Some(outcome),
        }
    }

    /// An answer to an event that nothing ran for.
    pub(crate) fn refused(fate: Fate, version: &str, call: &Call) -> Answer {
        Answer {
            event: call.event.clone(),
            fate,
            request_id: call.request_id.clone(),
            trace_header: call.trace_headers.first().cloned(),
            version: version.to_owned(),
            outcome: None,
        }
    }

    /// The function's answer, if it answered with JSON.
    pub fn json(&self) -> Option<Value> {
        match &self.fate {
            Fate::Response(bytes) => serde_json::from_slice(bytes).ok(),
            _ => None,
        }
    }

    /// Whether the function answered.
    pub fn is_success(&self) -> bool {
        matches!(self.fate, Fate::Response(_))
    }

    /// What went wrong, on one line: `no such print (OrderRefused)`; nothing when the function answered.
    pub fn error(&self) -> Option<String> {
        let bytes = match &self.fate {
            Fate::Response(_) => return None,
            Fate::Error(bytes) => bytes,
            Fate::Throttled => return Some("429, throttled".to_owned()),
            Fate::TooLarge => return Some("413, the event is too large".to_owned()),
            Fate::LoopStopped => return Some("stopped as part of a recursive loop".to_owned()),
        };
        let error: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        Some(format!("{} ({})", text("errorMessage"), text("errorType")))
    }
}
