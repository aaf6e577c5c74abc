//! What the checks of the course share: events as AWS sends them, and choices that are made when a check runs.

mod fixtures;
mod seed;

pub use fixtures::{data, fixture, fixture_json, root};
pub use seed::Seed;
