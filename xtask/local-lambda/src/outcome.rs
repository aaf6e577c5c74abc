//! What one invocation came to, as data.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::event::Event;
use crate::log::{LogLine, LogSource};
use crate::platform_log;
use crate::transcript::{Step, Violation, What};

/// Everything that one invocation came to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outcome {
    /// How it ended.
    pub fate: Fate,
    /// Its request id.
    pub request_id: String,
    /// Which environment served it, counted from 0; none when it was throttled or too large.
    pub environment: Option<usize>,
    /// Whether a process had to be started for it.
    pub cold: bool,
    /// Times and memory.
    pub report: Report,
    /// The log in order: the function's own lines among START, END and REPORT.
    pub log: Vec<LogLine>,
    /// Bytes of log that were read but not kept, see [`limits::LOG_BYTES_KEPT`](crate::limits::LOG_BYTES_KEPT).
    pub log_bytes_dropped: usize,
    /// Every API call and life-cycle step since the invocation before it.
    pub transcript: Vec<Step>,
    /// What was sent.
    pub(crate) event: Event,
    /// The one sentence that the test gave.
    pub(crate) story: Option<String>,
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fate {
    /// The function answered.
    Response(Response),
    /// The function reported an error of its handler.
    FunctionError(FunctionError),
    /// The function could not be initialized, twice.
    InitError(InitError),
    /// The function ran into its timeout and was killed (with several slots: was given up).
    TimedOut {
        /// The timeout.
        after: Duration,
    },
    /// The process ended before it answered.
    Exited {
        /// How it ended.
        exit: Exit,
        /// Whether it was killed because it used more memory than it has.
        out_of_memory: bool,
    },
    /// No environment was free: the caller gets 429.
    Throttled(ThrottleReason),
    /// Event or response was too large.
    TooLarge(TooLarge),
}

impl Fate {
    /// The name in JSON, `snake_case`.
    pub fn name(&self) -> &'static str {
        match self {
            Fate::Response(_) => "response",
            Fate::FunctionError(_) => "function_error",
            Fate::InitError(_) => "init_error",
            Fate::TimedOut { .. } => "timed_out",
            Fate::Exited { .. } => "exited",
            Fate::Throttled(_) => "throttled",
            Fate::TooLarge(_) => "too_large",
        }
    }
}

/// The answer of a function.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Response {
    /// The bytes, for a stream without its prelude.
    pub body: Bytes,
    /// The content type that the function gave.
    pub content_type: Option<String>,
    /// How it was streamed, if it was.
    pub streamed: Option<Streamed>,
}

/// How a response was streamed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Streamed {
    /// `statusCode`, `headers` and `cookies`, where the stream began with a prelude.
    pub prelude: Option<Value>,
    /// The pieces as they arrived, the prelude's included; a client or the network may merge what was sent apart.
    pub chunks: Vec<Chunk>,
    /// The error that broke the stream off, if one did.
    pub error: Option<StreamError>,
}

/// One piece of a stream.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Chunk {
    /// When it arrived, counted from when the event was sent.
    pub at: Duration,
    /// Its bytes.
    pub bytes: Bytes,
}

/// An error in the middle of a stream.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StreamError {
    /// The error's type.
    pub error_type: String,
    /// What the client sent as the error's body, decoded.
    pub body: Bytes,
    /// How it came.
    pub sent_as: StreamErrorForm,
}

/// How an error in the middle of a stream came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamErrorForm {
    /// As HTTP trailers: the contract's form.
    Trailers,
    /// As text at the end of the body, which a caller takes for payload: what `lambda_runtime` 1.5.0 sends.
    BodyText,
    /// The connection broke before the stream's end.
    BrokenOff,
}

/// An error that the function reported.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FunctionError {
    /// `errorType` of the body; empty when the body has none.
    pub error_type: String,
    /// `errorMessage` of the body; empty when the body has none.
    pub message: String,
    /// The body as posted: what the caller gets.
    pub body: Bytes,
    /// What Lambda records as the type: the header's `Runtime.X` or `Function.X`, else `Runtime.Unknown`.
    pub recorded_type: String,
}

impl FunctionError {
    pub(crate) fn new(body: Bytes, recorded_type: String) -> FunctionError {
        let value: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        FunctionError { error_type: text("errorType"), message: text("errorMessage"), body, recorded_type }
    }
}

/// Why a function could not be initialized.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum InitError {
    /// There is no such program, or it may not be executed.
    NotStarted {
        /// What the operating system said.
        reason: String,
    },
    /// The process ended before its first `next`.
    Exited(Exit),
    /// The function posted to `init/error` or `restore/error`.
    Reported(FunctionError),
    /// It took too long.
    TimedOut {
        /// How long it was given.
        after: Duration,
    },
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It left with a code.
    Code(i32),
    /// It was ended by a signal.
    Signal(i32),
}

/// In the words of AWS's error messages: `exit status 7`, `signal: killed`.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit status {code}"),
            Exit::Signal(signal) => match crate::sys::signal_name(*signal) {
                Some(name) => write!(f, "signal: {name}"),
                None => write!(f, "signal: {signal}"),
            },
        }
    }
}

/// Why no environment was free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThrottleReason {
    /// The function's reserved concurrency is used up.
    ReservedConcurrency {
        /// How much was reserved.
        reserved: usize,
    },
    /// The account's concurrency is used up.
    AccountConcurrency,
}

/// What was too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TooLarge {
    /// The event: the function was not called, the caller gets 413.
    Event {
        /// Its bytes.
        bytes: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// The response. `bytes` is what was read before giving up, at least one more than allowed.
    Response {
        /// Its bytes.
        bytes: usize,
        /// How many are allowed.
        limit: usize,
    },
}

/// Times and memory of one invocation: what the REPORT line says.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// From the event's handing out to the function's next `next` (its answer, where that did not come).
    pub duration: Duration,
    /// From the start of the process to its first `next`; none on a warm start, and none where Lambda initializes
    /// again inside the invocation ("suppressed init"): then it is part of `duration`.
    pub init_duration: Option<Duration>,
    /// From the restore to the first `next`, for SnapStart.
    pub restore_duration: Option<Duration>,
    /// What is billed: init and duration together, rounded up to a millisecond.
    ///
    /// Source: <https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/>.
    pub billed_duration: Duration,
    /// The configured memory, in MiB.
    pub memory_size_mb: u32,
    /// The largest resident set of the function's process so far, in KiB; children that it started do not count.
    pub max_memory_kib: u64,
    /// How it ended, in Lambda's words.
    pub status: Status,
    /// The error type beside `Status: error`.
    pub error_type: Option<String>,
}

impl Report {
    /// Peak memory in MiB, rounded up and no more than the memory size, as the REPORT line has it.
    pub fn max_memory_mb(&self) -> u32 {
        (self.max_memory_kib.div_ceil(1024) as u32).min(self.memory_size_mb)
    }
}

/// How an invocation ended, in the words of `platform.report`.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html> (`Status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The function answered.
    Success,
    /// The function reported an error.
    Failure,
    /// The process ended, or the platform gave up.
    Error,
    /// The timeout was reached.
    Timeout,
}

impl Status {
    /// The word in the REPORT line.
    pub fn word(self) -> &'static str {
        match self {
            Status::Success => "success",
            Status::Failure => "failure",
            Status::Error => "error",
            Status::Timeout => "timeout",
        }
    }
}

impl Outcome {
    /// The bytes that the caller of a synchronous invocation gets: the answer, or the error's JSON.
    pub fn payload(&self) -> Bytes {
        let error = |error_type: &str, message: String| -> Bytes {
            json!({ "errorType": error_type, "errorMessage": message }).to_string().into()
        };
        let id = &self.request_id;
        match &self.fate {
            Fate::Response(response) => response.body.clone(),
            Fate::FunctionError(function_error) => function_error.body.clone(),
            Fate::InitError(InitError::Reported(function_error)) => function_error.body.clone(),
            Fate::InitError(InitError::NotStarted { reason }) => {
                error("Runtime.InvalidEntrypoint", format!("RequestId: {id} Error: {reason}"))
            }
            Fate::InitError(InitError::Exited(exit)) | Fate::Exited { exit, .. } => {
                error("Runtime.ExitError", exit_message(id, *exit))
            }
            Fate::InitError(InitError::TimedOut { after }) | Fate::TimedOut { after } => {
                error("Sandbox.Timedout", format!("RequestId: {id} Error: {}", timeout_message(*after)))
            }
            Fate::Throttled(reason) => {
                json!({ "Reason": reason.api_reason(), "message": "Rate Exceeded." }).to_string().into()
            }
            Fate::TooLarge(TooLarge::Event { bytes, limit }) => json!({
                "Type": "User",
                "message": format!("{bytes} byte payload is too large for the invocation (limit {limit} bytes)"),
            })
            .to_string()
            .into(),
            Fate::TooLarge(TooLarge::Response { bytes, limit }) => error(
                "Function.ResponseSizeTooLarge",
                format!("Response payload size ({bytes} bytes) exceeded maximum allowed payload size ({limit} bytes)."),
            ),
        }
    }

    /// The HTTP status that the Invoke API gives a synchronous caller: 200 also for an error of the function.
    pub fn status_code(&self) -> u16 {
        match &self.fate {
            Fate::Throttled(_) => 429,
            Fate::TooLarge(TooLarge::Event { .. }) => 413,
            _ => 200,
        }
    }

    /// The value of `X-Amz-Function-Error`, by which a caller tells an error of the function from an answer.
    pub fn function_error(&self) -> Option<&'static str> {
        match &self.fate {
            Fate::Response(_) | Fate::Throttled(_) | Fate::TooLarge(TooLarge::Event { .. }) => None,
            _ => Some("Unhandled"),
        }
    }

    /// The function's own log lines, without START, END, REPORT and the like.
    pub fn function_log(&self) -> impl Iterator<Item = &str> {
        self.log.iter().filter(|line| line.source == LogSource::Function).map(|line| line.text.as_str())
    }

    /// The REPORT line (or, with JSON logging, the `platform.report` object); none when the function was not called.
    pub fn report_line(&self) -> Option<&str> {
        let is_report = |line: &&LogLine| line.source == LogSource::Platform && platform_log::is_report(&line.text);
        self.log.iter().rev().find(is_report).map(|line| line.text.as_str())
    }

    /// What the function did that the Runtime API does not allow.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.transcript.iter().filter_map(|step| match &step.what {
            What::Violation(violation) => Some(violation),
            _ => None,
        })
    }

    /// The whole outcome as one JSON object.
    pub fn to_json(&self) -> Value {
        let payload = self.payload();
        let payload = serde_json::from_slice(&payload)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&payload).into_owned()));
        let ms = |duration: Duration| duration.as_micros() as f64 / 1_000.0;
        json!({
            "version": 1,
            "fate": self.fate.name(),
            "payload": payload,
            "function_error": self.function_error(),
            "status_code": self.status_code(),
            "request_id": self.request_id,
            "environment": self.environment,
            "cold": self.cold,
            "duration_ms": ms(self.report.duration),
            "init_ms": self.report.init_duration.map(ms),
            "restore_ms": self.report.restore_duration.map(ms),
            "billed_ms": self.report.billed_duration.as_millis() as u64,
            "memory_size_mb": self.report.memory_size_mb,
            "max_memory_mb": self.report.max_memory_mb(),
            "status": self.report.status.word(),
            "log": self.log.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(),
            "log_bytes_dropped": self.log_bytes_dropped,
            "transcript": self.transcript.iter().map(Step::to_json).collect::<Vec<_>>(),
        })
    }

    /// An outcome of an event that no environment saw.
    pub(crate) fn refused(fate: Fate, request_id: String, memory_size_mb: u32) -> Outcome {
        Outcome {
            fate,
            request_id,
            environment: None,
            cold: false,
            report: Report {
                duration: Duration::ZERO,
                init_duration: None,
                restore_duration: None,
                billed_duration: Duration::ZERO,
                memory_size_mb,
                max_memory_kib: 0,
                status: Status::Error,
                error_type: None,
            },
            log: Vec::new(),
            log_bytes_dropped: 0,
            transcript: Vec::new(),
            event: Event::default(),
            story: None,
        }
    }
}

impl ThrottleReason {
    /// The `Reason` of `TooManyRequestsException`.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
    pub fn api_reason(self) -> &'static str {
        match self {
            ThrottleReason::ReservedConcurrency { .. } => "ReservedFunctionConcurrentInvocationLimitExceeded",
            ThrottleReason::AccountConcurrency => "ConcurrentInvocationLimitExceeded",
        }
    }
}

/// `Task timed out after 3.00 seconds`.
pub(crate) fn timeout_message(after: Duration) -> String {
    format!("Task timed out after {:.2} seconds", after.as_secs_f64())
}

/// `RequestId: … Error: Runtime exited with error: exit status 7`.
pub(crate) fn exit_message(request_id: &str, exit: Exit) -> String {
    match exit {
        Exit::Code(0) => format!("RequestId: {request_id} Error: Runtime exited without providing a reason"),
        exit => format!("RequestId: {request_id} Error: Runtime exited with error: {exit}"),
    }
}
