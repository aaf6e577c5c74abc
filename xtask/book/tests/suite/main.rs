//! The `book` command, as a writer or reader runs it, on a small book.

mod build;
mod fixture;
mod refusals;
mod serve;
mod server;
