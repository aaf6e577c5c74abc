#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

// In reading order: facts; time and what happens in it; what is told of it; what runs; where events come from; how it
// is judged.
pub mod limits;
mod agenda;
mod core;
mod real_time;
mod world;

mod table;
mod trace;

mod function;
mod target;

// The languages in which sources are told what to pass on, and when.
pub mod filter_criteria;
pub mod filter_policy;
pub mod pattern;
pub mod s3_notification;
pub mod schedule_expression;

pub mod sqs;

mod assert;

pub use function::{
    Alias, AsFunction, AsyncInvocation, AsyncState, Attempt, Condition, Destination, EventTooLarge, FunctionRef,
    InvokeRequest, LambdaFunction, LambdaFunctionBuilder,
};
pub use jiff::Timestamp;
pub use real_time::RealTime;
pub use sqs::{Queue, QueueMapping};
pub use target::{Answer, Fate, HandlerError, Invocation, Target};
pub use trace::{Entry, Trace, What};
pub use world::{EventSource, World, WorldBuilder};
