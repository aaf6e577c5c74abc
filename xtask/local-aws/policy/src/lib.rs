//! Decides as AWS IAM does whether a request is allowed. Pure: policies and a request go in, a decision with its reason
//! comes out.
//!
//! ```
//! use local_aws_policy::{Decision, Policies, Policy, Request};
//! use serde_json::json;
//!
//! let policy = Policy::identity(&json!({
//!     "Version": "2012-10-17",
//!     "Statement": { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*" },
//! }))?;
//! let policies = Policies::new().with_identity(policy);
//!
//! let read = Request::new("s3:GetObject", "arn:aws:s3:::photos/cat.jpg");
//! assert!(policies.decide(&read).is_allowed());
//! let write = Request::new("s3:PutObject", "arn:aws:s3:::photos/cat.jpg");
//! assert_eq!(policies.decide(&write), Decision::NotAllowed { missing: local_aws_policy::Kind::Identity });
//! # Ok::<(), local_aws_policy::PolicyError>(())
//! ```
//!
//! What it follows: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>. What it
//! leaves out: permissions boundaries, session policies, and the policies of an organization. A caller that has some
//! asks once per policy and joins the answers.

#![deny(missing_docs)]

mod condition;
mod decision;
mod document;
mod pattern;
mod request;

pub use decision::{Decision, Policies};
pub use document::{Effect, Kind, Policy, PolicyError};
pub use request::Request;
