//! The `book` command, as a writer or reader runs it, on a small book.

mod attacks;
mod build;
mod checks;
mod fixture;
mod mdbook;
mod refusals;
mod serve;
mod server;
mod tool;
