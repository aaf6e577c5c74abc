//! What a test says about Lambda's own API: which code runs, how long changes take, and calls of other services.

use local_lambda_sources::{Settling, Target};
use serde_json::Value;

use crate::aws::{LocalAws, lock};
use crate::engine::lambda::{invoke_as, reconfigure};
use crate::error::AwsError;

impl LocalAws {
    /// Says what an uploaded code is: `what` are the bytes of `ZipFile`, or `s3://bucket/key`, or an image's URI. A
    /// client that creates or updates a function with it gets this target.
    ///
    /// A function that is simply to be there is made in the [`world`](LocalAws::world).
    pub fn code(&self, what: impl AsRef<[u8]>, target: impl Into<Target>) {
        lock(&self.inner.lambda.artifacts).insert(what.as_ref().to_vec(), target.into());
    }

    /// What it takes until a function that a client creates or updates is ready; if not given, the first who asks
    /// hears that it is not, the second that it is.
    pub fn functions_settle(&self, settling: Settling) {
        *lock(&self.inner.lambda.settling) = settling;
    }

    /// Changes settings of a function at once, under the names of the API, as somebody else does between two calls of a
    /// client.
    ///
    /// # Panics
    /// When there is no such function.
    #[track_caller]
    pub fn reconfigure(&self, function: &str, settings: &Value) {
        reconfigure(self, function, settings).unwrap_or_else(|error| panic!("{function}: {error:?}"));
    }

    /// Invokes a function as a service does (`s3.amazonaws.com`) on behalf of one of its resources: the function's
    /// policy must allow it. `function` may name a version or alias: `shop:live`.
    ///
    /// # Errors
    /// Lambda's, among them `AccessDeniedException`; an error of the function's own is in its answer.
    pub fn invoke_as(&self, service: &str, source_arn: &str, function: &str, event: &Value) -> Result<Value, AwsError> {
        invoke_as(self, service, source_arn, function, event)
    }
}
