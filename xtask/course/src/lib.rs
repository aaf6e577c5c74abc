//! What the checks of the course share: events as AWS sends them, choices that are made when a check runs, a service to
//! play for a function, and the file to judge where the learner mends one.

#![deny(missing_docs)]

mod fixtures;
mod judged_file;
mod seed;
mod service;

pub use fixtures::{data, fixture, fixture_json, root, values};
pub use judged_file::JudgedFile;
pub use seed::Seed;
pub use service::Service;
