#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

// In reading order: facts; what goes over the wire; what comes back; how a function is run; how it is judged.
pub mod limits;
mod clock;
mod ids;
mod wire;

mod event;
mod log;
mod outcome;
mod platform_log;
mod transcript;

mod config;
mod sys;
mod folder;
mod watchdog;
mod environment;
mod pool;
mod driver;
mod request;
mod service;

mod assert;
mod binary;
mod json_diff;
mod report_file;

pub use binary::find_binary;
pub use environment::Shutdown;
pub use event::Event;
pub use ids::Ids;
pub use log::{LogLine, LogSource};
pub use outcome::{
    Chunk, Exit, Fate, FunctionError, InitError, Outcome, Report, Response, Status, StreamError, StreamErrorForm,
    Streamed, ThrottleReason, TooLarge,
};
pub use platform_log::LogFormat;
pub use report_file::{held as report_held, not_held as report_not_held};
pub use request::{InvocationType, Pending, Request};
pub use service::{Function, FunctionBuilder};
pub use transcript::{KillReason, Step, Violation, ViolationKind, What, to_json_lines};
