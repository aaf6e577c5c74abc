//! The local service against real functions: those of `examples/`, which meet any fate on request.

mod answers;
mod assertions;
mod concurrency;
mod contract;
mod extensions;
mod failures;
mod leftovers;
mod life_cycle;
mod logs;
mod report;
mod snap_start;
mod streaming;
mod support;
mod world;
