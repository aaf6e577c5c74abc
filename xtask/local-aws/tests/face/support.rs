//! SDK clients that tests call without waiting by hand.

use std::future::Future;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use local_aws::LocalAws;

/// Waits for a future.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A configuration that points at the services. Retries wait a millisecond at the most.
pub(crate) fn config(aws: &LocalAws) -> SdkConfig {
    let retries = RetryConfig::standard().with_max_backoff(std::time::Duration::from_millis(1));
    wait(
        aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(aws.endpoint())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test"))
            .retry_config(retries)
            .load(),
    )
}
