//! One module per command.

pub mod bench;
pub mod book;
pub mod check;
pub mod ci;
pub mod doctor;
pub mod hint;
pub mod invoke;
pub mod list;
pub mod mutants;
pub mod new;
pub mod prefetch;
pub mod progress;
pub mod reset;
pub mod solution;
pub mod update;
pub mod verify;
pub mod watch;
