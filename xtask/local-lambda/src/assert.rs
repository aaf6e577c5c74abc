//! Expectations on an outcome, made to teach: each failure says what was sent and why, what was expected, what came,
//! where the two differ first, and what the function logged.

use std::fmt::Write as _;
use std::panic::Location;
use std::time::Duration;

use serde_json::Value;

use crate::json_diff::{Difference, first_difference, short, shorten};
use crate::outcome::{Exit, Fate, FunctionError, InitError, Outcome, Response};
use crate::report_file;
use crate::transcript::What;
use crate::wire::reply::UNKNOWN_TYPE;

/// An expectation that did not hold.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What was expected of the outcome, in a few words.
    pub(crate) expectation: String,
    pub(crate) expected: String,
    pub(crate) got: String,
    pub(crate) difference: Option<Difference>,
}

impl Failure {
    fn new(expectation: &str, expected: impl Into<String>, got: impl Into<String>) -> Failure {
        Failure { expectation: expectation.to_owned(), expected: expected.into(), got: got.into(), difference: None }
    }
}

/// How much of what was sent, expected and got a message shows, in characters.
const SHOWN: usize = 600;

/// How many log lines a message shows.
const LOG_LINES_SHOWN: usize = 20;

/// Expectations. Each gives back the outcome, or what it found in it, so that one can go on from there.
///
/// # Panics
/// When the expectation does not hold, with a message for the reader of a test.
impl Outcome {
    /// The function answered, with exactly this JSON.
    #[track_caller]
    pub fn expect_json(&self, expected: impl Into<Value>) -> &Outcome {
        let expected = expected.into();
        let expectation = "the response is";
        let got = self.parse_response(expectation, &expected.to_string());
        self.compare(expectation, &expected, &got, "")
    }

    /// The function answered with JSON that has this value at a JSON pointer, such as `/items/0/id`.
    #[track_caller]
    pub fn expect_json_at(&self, pointer: &str, expected: impl Into<Value>) -> &Outcome {
        let expected = expected.into();
        let expectation = format!("the response at {pointer} is");
        let got = self.parse_response(&expectation, &expected.to_string());
        match got.pointer(pointer) {
            Some(found) => self.compare(&expectation, &expected, found, pointer),
            None => {
                let difference = Difference { path: pointer.to_owned(), sentence: "there is nothing".to_owned() };
                let failure = Failure::new(&expectation, expected.to_string(), got.to_string());
                self.fail(Failure { difference: Some(difference), ..failure })
            }
        }
    }

    /// The function answered with JSON; gives the value.
    #[track_caller]
    pub fn expect_response(&self) -> Value {
        let expectation = "the function answers with JSON";
        let value = self.parse_response(expectation, "any JSON");
        report_file::held(expectation);
        value
    }

    /// The function answered, with JSON or other bytes; gives the response.
    #[track_caller]
    pub fn expect_answer(&self) -> &Response {
        let expectation = "the function answers";
        let response = self.response(expectation, "an answer");
        report_file::held(expectation);
        response
    }

    /// The function answered with JSON for which a condition holds. `what` says the condition in words.
    #[track_caller]
    pub fn expect_that(&self, what: &str, holds: impl FnOnce(&Value) -> bool) -> &Outcome {
        let got = self.parse_response(what, what);
        if !holds(&got) {
            self.fail(Failure::new(what, what, got.to_string()))
        }
        self.held(what)
    }

    /// Whatever came, a condition holds for it. `what` says the condition in words.
    #[track_caller]
    pub fn expect(&self, what: &str, holds: impl FnOnce(&Outcome) -> bool) -> &Outcome {
        if holds(self) { self.held(what) } else { self.fail(Failure::new(what, what, self.in_words())) }
    }

    /// What the caller gets, be it an answer or an error, does not contain this text.
    #[track_caller]
    pub fn expect_payload_without(&self, text: &str) -> &Outcome {
        let expectation = format!("the caller does not get to see {text:?}");
        let payload = self.payload();
        let payload = String::from_utf8_lossy(&payload);
        match payload.contains(text) {
            false => self.held(&expectation),
            true => self.fail(Failure::new(&expectation, format!("nothing of {text:?}"), shorten(&payload, SHOWN))),
        }
    }

    /// The function reported an error of this type whose message contains this text; gives the error.
    #[track_caller]
    pub fn expect_error_saying(&self, error_type: &str, text: &str) -> &FunctionError {
        let error = self.expect_error(error_type);
        let expectation = format!("the error's message contains {text:?}");
        if !error.message.contains(text) {
            self.fail(Failure::new(&expectation, format!("a message with {text:?}"), one_line(&error.message)))
        }
        report_file::held(&expectation);
        error
    }

    /// The function reported an error of this type; gives the error.
    #[track_caller]
    pub fn expect_error(&self, error_type: &str) -> &FunctionError {
        let expectation = format!("the function fails with the error type {error_type}");
        match &self.fate {
            Fate::FunctionError(error) if error.error_type == error_type => {
                report_file::held(&expectation);
                error
            }
            Fate::FunctionError(error) => {
                let got = format!("the error type {:?}: {}", error.error_type, one_line(&error.message));
                let sentence = format!("expected {error_type:?}, got {:?}", error.error_type);
                let difference = Some(Difference { path: "/errorType".to_owned(), sentence });
                let failure = Failure::new(&expectation, error_type, got);
                self.fail(Failure { difference, ..failure })
            }
            _ => self.fail(Failure::new(&expectation, format!("an error of type {error_type}"), self.in_words())),
        }
    }

    /// Lambda records this type for the error that was reported, from the header `Lambda-Runtime-Function-Error-Type`.
    #[track_caller]
    pub fn expect_recorded_type(&self, recorded_type: &str) -> &Outcome {
        let expectation = format!("the header Lambda-Runtime-Function-Error-Type says {recorded_type}");
        let (Fate::FunctionError(error) | Fate::InitError(InitError::Reported(error))) = &self.fate else {
            self.fail(Failure::new(&expectation, "an error that is reported", self.in_words()))
        };
        match error.recorded_type.as_str() {
            recorded if recorded == recorded_type => self.held(&expectation),
            UNKNOWN_TYPE => {
                let got = format!("{UNKNOWN_TYPE}, which Lambda records without the header or without its category");
                self.fail(Failure::new(&expectation, recorded_type, got))
            }
            recorded => self.fail(Failure::new(&expectation, recorded_type, recorded)),
        }
    }

    /// The function reported an error, of whatever type; gives the error.
    #[track_caller]
    pub fn expect_function_error(&self) -> &FunctionError {
        let expectation = "the function reports an error";
        match &self.fate {
            Fate::FunctionError(error) => {
                report_file::held(expectation);
                error
            }
            _ => self.fail(Failure::new(expectation, "an error of the function", self.in_words())),
        }
    }

    /// The function ran into its timeout.
    #[track_caller]
    pub fn expect_timeout(&self) -> &Outcome {
        let expectation = "the function times out";
        match self.fate {
            Fate::TimedOut { .. } => self.held(expectation),
            _ => self.fail(Failure::new(expectation, "a time-out", self.in_words())),
        }
    }

    /// The process ended before it answered, in this way.
    #[track_caller]
    pub fn expect_exit(&self, expected: Exit) -> &Outcome {
        let expectation = format!("the process ends with {expected}");
        match self.fate {
            Fate::Exited { exit, .. } if exit == expected => self.held(&expectation),
            _ => self.fail(Failure::new(&expectation, expected.to_string(), self.in_words())),
        }
    }

    /// The function could not be initialized; gives the reason.
    #[track_caller]
    pub fn expect_init_error(&self) -> &InitError {
        let expectation = "the function cannot be initialized";
        match &self.fate {
            Fate::InitError(error) => {
                report_file::held(expectation);
                error
            }
            _ => self.fail(Failure::new(expectation, "a failed initialization", self.in_words())),
        }
    }

    /// The request was throttled.
    #[track_caller]
    pub fn expect_throttled(&self) -> &Outcome {
        let expectation = "the request is throttled";
        match self.fate {
            Fate::Throttled(_) => self.held(expectation),
            _ => self.fail(Failure::new(expectation, "429, too many requests", self.in_words())),
        }
    }

    /// One of the function's log lines contains this text.
    #[track_caller]
    pub fn expect_logged(&self, text: &str) -> &Outcome {
        let expectation = format!("a log line contains {text:?}");
        if self.function_log().any(|line| line.contains(text)) {
            return self.held(&expectation);
        }
        let got = match self.function_log().count() {
            0 => "the function logged nothing",
            _ => "no such line among those that it logged",
        };
        self.fail(Failure::new(&expectation, format!("a line with {text:?}"), got))
    }

    /// None of the function's log lines contains this text.
    #[track_caller]
    pub fn expect_not_logged(&self, text: &str) -> &Outcome {
        let expectation = format!("no log line contains {text:?}");
        match self.function_log().find(|line| line.contains(text)) {
            None => self.held(&expectation),
            Some(line) => self.fail(Failure::new(&expectation, format!("no line with {text:?}"), shorten(line, SHOWN))),
        }
    }

    /// A process had to be started for this invocation.
    #[track_caller]
    pub fn expect_cold(&self) -> &Outcome {
        let expectation = "the start is cold";
        if self.cold {
            self.held(expectation)
        } else {
            self.fail(Failure::new(expectation, "a cold start", "a warm one"))
        }
    }

    /// The invocation met a running process.
    #[track_caller]
    pub fn expect_warm(&self) -> &Outcome {
        let expectation = "the start is warm";
        if self.cold {
            let ended = self.transcript.iter().find_map(|step| match step.what {
                What::Exited(exit) => Some(format!("a cold one: the process from before had ended ({exit})")),
                _ => None,
            });
            self.fail(Failure::new(expectation, "a warm start", ended.unwrap_or_else(|| "a cold one".to_owned())))
        } else {
            self.held(expectation)
        }
    }

    /// The invocation took no longer than this. Machines are noisy: leave room.
    #[track_caller]
    pub fn expect_within(&self, limit: Duration) -> &Outcome {
        let expectation = format!("the invocation takes at most {limit:?}");
        let took = self.report.duration;
        if took <= limit {
            return self.held(&expectation);
        }
        self.fail(Failure::new(&expectation, format!("at most {limit:?}"), format!("{took:?}")))
    }

    /// The invocation took at least this long.
    #[track_caller]
    pub fn expect_at_least(&self, limit: Duration) -> &Outcome {
        let expectation = format!("the invocation takes at least {limit:?}");
        let took = self.report.duration;
        if took >= limit {
            return self.held(&expectation);
        }
        self.fail(Failure::new(&expectation, format!("at least {limit:?}"), format!("{took:?}")))
    }

    /// The function kept to the contract of the Runtime API.
    #[track_caller]
    pub fn expect_no_violations(&self) -> &Outcome {
        let expectation = "the function keeps to the Runtime API";
        match self.violations().next() {
            None => self.held(expectation),
            Some(violation) => {
                let got = format!("{}: {}", violation.kind.name(), violation.detail);
                self.fail(Failure::new(expectation, "no violation", got))
            }
        }
    }

    fn held(&self, expectation: &str) -> &Outcome {
        report_file::held(expectation);
        self
    }

    #[track_caller]
    fn compare(&self, expectation: &str, expected: &Value, got: &Value, below: &str) -> &Outcome {
        match first_difference(expected, got) {
            None => self.held(expectation),
            Some(difference) => {
                let difference = Difference { path: format!("{below}{}", difference.path), ..difference };
                let failure = Failure::new(expectation, expected.to_string(), got.to_string());
                self.fail(Failure { difference: Some(difference), ..failure })
            }
        }
    }

    #[track_caller]
    fn response(&self, expectation: &str, expected: &str) -> &Response {
        match &self.fate {
            Fate::Response(response) => response,
            _ => self.fail(Failure::new(expectation, expected, self.in_words())),
        }
    }

    #[track_caller]
    fn parse_response(&self, expectation: &str, expected: &str) -> Value {
        let response = self.response(expectation, expected);
        match serde_json::from_slice(&response.body) {
            Ok(value) => value,
            Err(error) => {
                let text = String::from_utf8_lossy(&response.body);
                let got = format!("an answer that is not JSON ({error}): {}", shorten(&text, SHOWN));
                self.fail(Failure::new(expectation, expected, got))
            }
        }
    }

    /// What came, for somebody who expected something else.
    pub(crate) fn in_words(&self) -> String {
        match &self.fate {
            Fate::Response(response) => {
                format!("the answer {}", shorten(&String::from_utf8_lossy(&response.body), SHOWN))
            }
            Fate::FunctionError(error) => {
                format!("an error of the function: {} ({})", one_line(&error.message), error.error_type)
            }
            Fate::InitError(InitError::NotStarted { reason }) => format!("the program cannot be started: {reason}"),
            Fate::InitError(InitError::Exited(exit)) => {
                format!("the process ended before it asked for an event ({exit}): did `main` return or panic?")
            }
            Fate::InitError(InitError::Reported(error)) if error.error_type.is_empty() => {
                let body = String::from_utf8_lossy(&error.body);
                format!("the initialization failed, and the report has no errorType: {}", shorten(&body, SHOWN))
            }
            Fate::InitError(InitError::Reported(error)) => {
                format!("the initialization failed: {} ({})", error.message, error.error_type)
            }
            Fate::InitError(InitError::TimedOut { after }) => {
                format!("the function did not ask for an event within {after:?}")
            }
            Fate::TimedOut { after } => format!("no answer within the timeout of {after:?}"),
            Fate::Exited { out_of_memory: true, .. } => {
                format!("the process was killed: it used more than its {} MB", self.report.memory_size_mb)
            }
            Fate::Exited { exit, .. } => format!("the process ended without an answer ({exit})"),
            Fate::Throttled(reason) => format!("429, throttled: {}", reason.api_reason()),
            Fate::TooLarge(crate::outcome::TooLarge::Event { bytes, limit }) => {
                format!("413, the event is too large: {bytes} bytes, {limit} are allowed")
            }
            Fate::TooLarge(crate::outcome::TooLarge::Response { bytes, limit }) => {
                format!("the response is too large: {bytes} bytes, {limit} are allowed")
            }
        }
    }

    #[track_caller]
    fn fail(&self, failure: Failure) -> ! {
        let location = Location::caller();
        report_file::failed(self, &failure, location.file(), location.line());
        panic!("{}", self.message(&failure));
    }

    /// What was sent, expected and got; the first difference; the log.
    fn message(&self, failure: &Failure) -> String {
        let mut text = String::new();
        if let Some(story) = &self.story {
            let _ = writeln!(text, "{story}");
        }
        let sent = shorten(&self.event.on_one_line(), SHOWN);
        let name = self.event.name.as_deref().map(|name| format!("{name}  ")).unwrap_or_default();
        let _ = writeln!(text, "  sent      {name}{sent}");
        let _ = writeln!(text, "  expected  {}", shorten(&failure.expected, SHOWN));
        let _ = writeln!(text, "  got       {}", shorten(&failure.got, SHOWN));
        if let Some(difference) = &failure.difference {
            let at = if difference.path.is_empty() { "at the top" } else { &difference.path };
            let _ = writeln!(text, "  differs   {at}: {}", difference.sentence);
        }
        for violation in self.violations().take(3) {
            let _ = writeln!(text, "  contract  {}: {}", violation.kind.name(), violation.detail);
        }
        let lines: Vec<&str> = self.function_log().collect();
        match lines.len() {
            0 => text.push_str("  the function logged nothing"),
            count => {
                let _ = write!(text, "  the function logged");
                for line in lines.iter().take(LOG_LINES_SHOWN) {
                    let _ = write!(text, "\n    | {}", shorten(line, 200));
                }
                if count > LOG_LINES_SHOWN {
                    let _ = write!(text, "\n    | … {} more lines", count - LOG_LINES_SHOWN);
                }
            }
        }
        text
    }
}

/// A message that may have line breaks, on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line on how it ended, for messages and tables: `response {"ok":true}`.
impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let payload = self.payload();
        match serde_json::from_slice::<Value>(&payload) {
            Ok(value) => write!(f, "{} {}", self.fate.name(), short(&value)),
            Err(_) => write!(f, "{} {}", self.fate.name(), shorten(&String::from_utf8_lossy(&payload), 80)),
        }
    }
}
