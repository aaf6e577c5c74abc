//! How verdicts are shown: words for people, JSON for programs.

pub mod failure;
pub mod json;
pub mod text;
