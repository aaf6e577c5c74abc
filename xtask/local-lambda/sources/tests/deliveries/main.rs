//! Streams, buckets, topics, buses and schedules: each rule by itself, real functions behind them, and properties of
//! many seeded worlds.

mod events;
mod filters;
mod properties;
mod s3;
mod schedules;
mod sns;
mod streams;
mod support;
