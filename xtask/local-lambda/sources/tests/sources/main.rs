//! Event sources in front of real functions (`examples/batches.rs`, which does what its messages say), and of closures
//! where thousands of worlds are tried.

mod aliases;
mod asynchronous;
mod batches;
mod expectations;
mod fifo;
mod loops;
mod mapping;
mod properties;
mod queue;
mod real_time;
mod speed;
mod support;
mod trace;
mod world;
