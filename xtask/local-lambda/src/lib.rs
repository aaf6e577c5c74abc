#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod assert;
mod binary;
mod clock;
mod config;
mod environment;
mod ids;
mod json_diff;
pub mod limits;
mod log;
mod outcome;
mod platform_log;
mod pool;
mod report_file;
mod service;
mod sys;
mod transcript;
mod watchdog;
mod wire;

pub use binary::find_binary;
pub use environment::Shutdown;
pub use log::{LogLine, LogSource};
pub use outcome::{
    Chunk, Exit, Fate, FunctionError, InitError, Outcome, Report, Response, Status, StreamError, StreamErrorForm,
    Streamed, ThrottleReason, TooLarge,
};
pub use platform_log::LogFormat;
pub use service::{Event, Function, FunctionBuilder, InvocationType, Pending, Request};
pub use transcript::{KillReason, Step, Violation, ViolationKind, What, to_json_lines};
