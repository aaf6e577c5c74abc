//! A world for a test, and names that nobody else uses at an endpoint that others share.

use std::fmt::Debug;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use local_aws::LocalAws;

/// The services and a configuration that points at them.
pub(crate) struct Aws {
    pub(crate) local: LocalAws,
    pub(crate) config: SdkConfig,
}

/// Runs a test.
pub(crate) fn with_aws<F: Future<Output = ()>>(test: impl FnOnce(Aws) -> F) {
    let local = LocalAws::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(local.endpoint())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test"))
            .load()
            .await;
        test(Aws { local, config }).await;
    });
}

/// A name that no other test has, nor another run.
pub(crate) fn unique(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{name}-{:x}-{}-{count}", now.as_millis() & 0xffff_ffff, std::process::id())
}

/// The code and message of an error that the service answered.
#[track_caller]
pub(crate) fn refused<T: Debug, E: ProvideErrorMetadata + Debug, R: Debug>(
    result: Result<T, SdkError<E, R>>,
) -> (String, String) {
    match result {
        Ok(answer) => panic!("expected an error, got {answer:?}"),
        Err(SdkError::ServiceError(error)) => {
            let error = error.into_err();
            (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
        }
        Err(other) => panic!("expected an error of the service, got {other:?}"),
    }
}
