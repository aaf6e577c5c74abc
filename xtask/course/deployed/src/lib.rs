//! What a file that people deploy would make, read as the service reads it that carries it out: so that a check can ask
//! what would be there, and what would happen, instead of looking for words.
//!
//! - [`template`]: a CloudFormation template, SAM's included, as the resources of a stack
//! - [`alarm`]: the alarms of a stack, evaluated over metrics
//! - [`dockerfile`]: a Dockerfile, as the image that it builds and what Lambda makes of it
//! - [`workflow`]: a workflow of GitHub Actions, as the jobs that an event starts
//! - [`serverless`]: a file of the Serverless Framework, as the template that it becomes
//! - [`yaml`]: the text of three of them as JSON
//!
//! Each knows a part of what its service knows. Where a file goes beyond that part, it is said and not guessed.

#![deny(missing_docs)]

pub mod alarm;
pub mod dockerfile;
mod invalid;
pub mod serverless;
pub mod template;
pub mod workflow;
pub mod yaml;
