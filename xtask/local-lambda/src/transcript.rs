//! What happened in an environment, step by step: every call of its APIs and every turn of its life.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::outcome::Exit;

/// One step of the record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// When, counted from the start of the function (real time, monotonic).
    pub at: Duration,
    /// Which environment of the function: 0 is the first.
    pub environment: usize,
    /// The request that it belongs to, where it belongs to one.
    pub request_id: Option<String>,
    /// What happened.
    pub what: What,
}

/// What a [`Step`] tells.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// The function's process was started; `attempt` counts from 1 within one environment.
    ProcessStarted {
        /// How many processes this environment has had, this one included.
        attempt: u32,
    },
    /// The runtime (and every registered extension) asked for its first event.
    InitDone,
    /// SnapStart: the function waits to be snapshotted.
    SnapshotTaken,
    /// SnapStart: the function was told that it has been restored.
    Restored,
    /// A call of the Runtime or Extensions API and what it was answered.
    Call {
        /// The HTTP method.
        method: String,
        /// The path with its query.
        path: String,
        /// The HTTP status of the answer.
        status: u16,
        /// Bytes of the request's body.
        bytes: usize,
    },
    /// The event was handed to the function.
    EventSent {
        /// Bytes of the event.
        bytes: usize,
    },
    /// The process group was stopped until the next event.
    Frozen,
    /// The process group goes on.
    Thawed,
    /// The function broke the contract.
    Violation(Violation),
    /// The process group was killed by this crate.
    Killed(KillReason),
    /// A process ended.
    Exited(Exit),
    /// A process of the function had left its process group and could not be killed with it.
    Escaped {
        /// Its process id, where it could be found.
        pid: Option<u32>,
    },
    /// SIGTERM, or a SHUTDOWN event for an extension, was sent.
    ShutdownSent {
        /// Who was told: `runtime`, or the extension's name.
        to: String,
    },
}

/// Why a process group was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KillReason {
    /// The function ran longer than its timeout.
    Timeout,
    /// It used more memory than its memory size.
    OutOfMemory,
    /// It failed, and its environment is reset.
    Reset,
    /// The environment is no longer needed.
    Shutdown,
}

/// A breach of the Runtime API's contract, and the answer that it got.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Which rule was broken.
    pub kind: ViolationKind,
    /// The call, and what was wrong with it.
    pub detail: String,
    /// The HTTP status that the call was answered with; 0 where there was no call to answer.
    pub status: u16,
}

/// The rules of the Runtime API that a client can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViolationKind {
    /// An answer for a request that is not the current one.
    WrongRequestId,
    /// A second answer to the same request.
    SecondAnswer,
    /// An answer after the invocation had timed out.
    AnswerAfterTimeout,
    /// An answer that carries the invocation id of another invocation.
    StaleInvocationId,
    /// `next` before the current event was answered.
    NextBeforeAnswer,
    /// More parallel `next` calls than the environment has slots.
    TooManyPollers,
    /// A call that this state does not allow.
    WrongState,
    /// A response mode other than `streaming`.
    InvalidResponseMode,
    /// A response larger than Lambda takes.
    ResponseTooLarge,
    /// A body that broke off before its end.
    Truncated,
    /// A path or method that no API has.
    UnknownCall,
    /// Bytes that are not HTTP.
    MalformedHttp,
    /// A refused call of an extension.
    Extension,
}

impl ViolationKind {
    /// The name in JSON, `snake_case`.
    pub fn name(self) -> &'static str {
        match self {
            ViolationKind::WrongRequestId => "wrong_request_id",
            ViolationKind::SecondAnswer => "second_answer",
            ViolationKind::AnswerAfterTimeout => "answer_after_timeout",
            ViolationKind::StaleInvocationId => "stale_invocation_id",
            ViolationKind::NextBeforeAnswer => "next_before_answer",
            ViolationKind::TooManyPollers => "too_many_pollers",
            ViolationKind::WrongState => "wrong_state",
            ViolationKind::InvalidResponseMode => "invalid_response_mode",
            ViolationKind::ResponseTooLarge => "response_too_large",
            ViolationKind::Truncated => "truncated",
            ViolationKind::UnknownCall => "unknown_call",
            ViolationKind::MalformedHttp => "malformed_http",
            ViolationKind::Extension => "extension",
        }
    }
}

impl KillReason {
    /// The name in JSON, `snake_case`.
    pub fn name(self) -> &'static str {
        match self {
            KillReason::Timeout => "timeout",
            KillReason::OutOfMemory => "out_of_memory",
            KillReason::Reset => "reset",
            KillReason::Shutdown => "shutdown",
        }
    }
}

impl Step {
    /// The step as one JSON object: `at_us`, `environment`, `request_id`, `what`, and what belongs to it.
    pub fn to_json(&self) -> Value {
        let (what, detail) = match &self.what {
            What::ProcessStarted { attempt } => ("process_started", json!({ "attempt": attempt })),
            What::InitDone => ("init_done", json!({})),
            What::SnapshotTaken => ("snapshot_taken", json!({})),
            What::Restored => ("restored", json!({})),
            What::Call { method, path, status, bytes } => {
                ("call", json!({ "method": method, "path": path, "status": status, "bytes": bytes }))
            }
            What::EventSent { bytes } => ("event_sent", json!({ "bytes": bytes })),
            What::Frozen => ("frozen", json!({})),
            What::Thawed => ("thawed", json!({})),
            What::Violation(violation) => (
                "violation",
                json!({ "kind": violation.kind.name(), "detail": violation.detail, "status": violation.status }),
            ),
            What::Killed(reason) => ("killed", json!({ "reason": reason.name() })),
            What::Exited(exit) => ("exited", json!({ "exit": exit.to_string() })),
            What::Escaped { pid } => ("escaped", json!({ "pid": pid })),
            What::ShutdownSent { to } => ("shutdown_sent", json!({ "to": to })),
        };
        let mut object = json!({
            "at_us": self.at.as_micros() as u64,
            "environment": self.environment,
            "request_id": self.request_id,
            "what": what,
        });
        if let (Value::Object(object), Value::Object(detail)) = (&mut object, detail) {
            object.extend(detail);
        }
        object
    }
}

/// One line for people: time, environment, what.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>9.3} ms  environment {}  ", self.at.as_secs_f64() * 1_000.0, self.environment)?;
        match &self.what {
            What::ProcessStarted { attempt } => write!(f, "process started (attempt {attempt})"),
            What::InitDone => write!(f, "initialized"),
            What::SnapshotTaken => write!(f, "snapshot taken"),
            What::Restored => write!(f, "restored"),
            What::Call { method, path, status, bytes: 0 } => write!(f, "{method} {path} -> {status}"),
            What::Call { method, path, status, bytes } => write!(f, "{method} {path} ({bytes} bytes) -> {status}"),
            What::EventSent { bytes } => write!(f, "event sent ({bytes} bytes)"),
            What::Frozen => write!(f, "frozen"),
            What::Thawed => write!(f, "thawed"),
            What::Violation(violation) => write!(f, "VIOLATION {}: {}", violation.kind.name(), violation.detail),
            What::Killed(reason) => write!(f, "killed ({})", reason.name()),
            What::Exited(exit) => write!(f, "process ended: {exit}"),
            What::Escaped { pid: Some(pid) } => write!(f, "process {pid} left the process group and is still running"),
            What::Escaped { pid: None } => write!(f, "a process left the process group and may still be running"),
            What::ShutdownSent { to } => write!(f, "shutdown sent to {to}"),
        }
    }
}

/// Steps as JSON lines, one object a line, each with `"version": 1`.
pub fn to_json_lines<'a>(steps: impl IntoIterator<Item = &'a Step>) -> String {
    let mut text = String::new();
    for step in steps {
        let mut object = step.to_json();
        object["version"] = json!(1);
        text.push_str(&object.to_string());
        text.push('\n');
    }
    text
}
