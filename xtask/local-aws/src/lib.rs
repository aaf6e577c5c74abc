#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod aws;
mod batch;
mod engine;
mod error;
mod face;
mod faults;
mod http;
mod identify;
mod permission;
mod pipeline;
mod runtime;
mod server;
mod service;
mod tap;
mod xml;

pub use aws::{LocalAws, OnLocalAws};
pub use error::AwsError;
pub use face::{Bucket, QueueFace, Secret, Table, TableKey};
#[cfg(feature = "sfn")]
pub use face::{Execution, StateMachineFace};
pub use faults::FaultBuilder;
pub use local_aws_policy as policy;
pub use service::Service;
pub use tap::{Call, Calls, Outcome};
