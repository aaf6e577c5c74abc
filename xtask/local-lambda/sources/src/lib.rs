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
pub mod schedule_expression;

mod batch_response;
pub mod sqs;
pub mod streams;

mod route;
pub mod events;
pub mod s3;
pub mod scheduler;
pub mod sns;

mod assert;

pub use events::{Bus, Rule};
pub use function::{
    Alias, AsFunction, AsyncInvocation, AsyncState, Attempt, ChangeInProgress, Condition, Destination, EventTooLarge,
    FunctionRef, InvokeRequest, LambdaFunction, LambdaFunctionBuilder, Settling, Version,
};
pub use jiff::Timestamp;
pub use real_time::RealTime;
pub use s3::Bucket;
pub use scheduler::Schedule;
pub use sns::{Subscription, Topic};
pub use sqs::{Queue, QueueMapping};
pub use streams::{DataStream, StreamMapping, TableStream};
pub use target::{Answer, Fate, HandlerError, Invocation, Target};
pub use trace::{Entry, Trace, What};
pub use world::{EventSource, World, WorldBuilder};
