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

/// Fronts with a wire protocol hold handles on threads of their own.
#[test]
fn all_handles_can_be_cloned_and_shared() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<local_lambda_sources::World>();
    check::<local_lambda_sources::TableStream>();
    check::<local_lambda_sources::DataStream>();
    check::<local_lambda_sources::StreamMapping>();
    check::<local_lambda_sources::Bucket>();
    check::<local_lambda_sources::s3::Notification>();
    check::<local_lambda_sources::Topic>();
    check::<local_lambda_sources::Subscription>();
    check::<local_lambda_sources::Bus>();
    check::<local_lambda_sources::Rule>();
    check::<local_lambda_sources::events::RuleTarget>();
    check::<local_lambda_sources::Schedule>();
}
