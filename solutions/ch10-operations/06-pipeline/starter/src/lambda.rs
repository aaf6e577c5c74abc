//! Lambda's control plane as the pipeline needs it: one function, one alias, errors by what they mean.

use std::fmt;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{AliasRoutingConfiguration, LastUpdateStatus};
use serde_json::Value;

/// A function, and the alias that customers call.
#[derive(Clone)]
pub(crate) struct Lambda<'a> {
    pub(crate) client: &'a Client,
    pub(crate) function: &'a str,
    pub(crate) alias: &'a str,
}

/// Why a call failed, after the SDK has tried it again where that may help.
pub(crate) enum CallError {
    /// Another change of the function is under way.
    InProgress(String),
    /// The RevisionId or CodeSha256 that was named is not that of now.
    Stale(String),
    /// Throttled, denied, not reached.
    Other(String),
}

/// Where the alias points.
pub(crate) struct Alias {
    pub(crate) version: String,
    /// Another version has a share.
    pub(crate) is_shared: bool,
    pub(crate) revision_id: String,
}

/// What `$LATEST` is at a moment.
pub(crate) struct Latest {
    pub(crate) is_updating: bool,
}

pub(crate) struct Published {
    pub(crate) version: String,
    pub(crate) memory_mb: i32,
}

/// How an invocation ended.
pub(crate) struct Reply {
    pub(crate) executed_version: String,
    /// The function failed; the payload says how, and the status is 200 all the same.
    pub(crate) function_error: Option<String>,
    pub(crate) payload: Value,
}

impl Lambda<'_> {
    pub(crate) async fn alias(&self) -> Result<Alias, CallError> {
        let get = self.client.get_alias().function_name(self.function).name(self.alias);
        let alias = get.send().await?;
        Ok(Alias {
            version: alias.function_version.unwrap_or_default(),
            is_shared: is_shared(alias.routing_config.as_ref()),
            revision_id: alias.revision_id.unwrap_or_default(),
        })
    }

    /// Points the alias to a version, if it still has this RevisionId, or in any case.
    pub(crate) async fn point_alias_to(&self, version: &str, revision_id: Option<&str>) -> Result<Alias, CallError> {
        let update = self.client.update_alias().function_name(self.function).name(self.alias);
        let alias = update.function_version(version).set_revision_id(revision_id.map(str::to_owned)).send().await?;
        Ok(Alias {
            version: alias.function_version.unwrap_or_default(),
            is_shared: is_shared(alias.routing_config.as_ref()),
            revision_id: alias.revision_id.unwrap_or_default(),
        })
    }

    /// Begins to bring other code to `$LATEST`.
    pub(crate) async fn update_code(&self, bucket: &str, key: &str) -> Result<(), CallError> {
        let update = self.client.update_function_code().function_name(self.function);
        update.s3_bucket(bucket).s3_key(key).send().await?;
        Ok(())
    }

    /// Begins to give `$LATEST` another size of memory.
    pub(crate) async fn update_memory(&self, memory_mb: i32) -> Result<(), CallError> {
        let update = self.client.update_function_configuration().function_name(self.function);
        update.memory_size(memory_mb).send().await?;
        Ok(())
    }

    /// How `$LATEST` is now. An update that failed is an error.
    pub(crate) async fn latest(&self) -> Result<Latest, CallError> {
        let latest = self.client.get_function_configuration().function_name(self.function).send().await?;
        match latest.last_update_status {
            Some(LastUpdateStatus::Failed) => {
                let reason = latest.last_update_status_reason.unwrap_or_default();
                Err(CallError::Other(format!("the update failed: {reason}")))
            }
            status => Ok(Latest { is_updating: status == Some(LastUpdateStatus::InProgress) }),
        }
    }

    /// Makes a version of `$LATEST`, if its code is this one, or in any case. What was published already, and has not
    /// changed since, is given again.
    pub(crate) async fn publish(&self, code_sha256: Option<&str>) -> Result<Published, CallError> {
        let publish = self.client.publish_version().function_name(self.function);
        let version =
            publish.set_code_sha256(code_sha256.map(str::to_owned)).send().await.map_err(|error| {
                match error.code() {
                    Some("InvalidParameterValueException") => CallError::Stale(DisplayErrorContext(error).to_string()),
                    _ => error.into(),
                }
            })?;
        Ok(Published {
            version: version.version.unwrap_or_default(),
            memory_mb: version.memory_size.unwrap_or_default(),
        })
    }

    /// Invokes a version or an alias; without a qualifier it is `$LATEST`.
    pub(crate) async fn invoke(&self, qualifier: Option<&str>, event: &Value) -> Result<Reply, CallError> {
        let invoke = self.client.invoke().function_name(self.function).payload(Blob::new(event.to_string()));
        let reply = invoke.set_qualifier(qualifier.map(str::to_owned)).send().await?;
        let payload = reply.payload.unwrap_or_else(|| Blob::new("null"));
        Ok(Reply {
            executed_version: reply.executed_version.unwrap_or_default(),
            function_error: reply.function_error,
            payload: serde_json::from_slice(payload.as_ref()).unwrap_or_default(),
        })
    }
}

fn is_shared(routing: Option<&AliasRoutingConfiguration>) -> bool {
    let weights = routing.and_then(|routing| routing.additional_version_weights());
    weights.is_some_and(|weights| !weights.is_empty())
}

impl<E, R> From<SdkError<E, R>> for CallError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug + 'static,
{
    fn from(error: SdkError<E, R>) -> CallError {
        let code = error.code().map(str::to_owned);
        let message = DisplayErrorContext(error).to_string();
        match code.as_deref() {
            Some("ResourceConflictException") => CallError::InProgress(message),
            Some("PreconditionFailedException") => CallError::Stale(message),
            _ => CallError::Other(message),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (CallError::InProgress(message) | CallError::Stale(message) | CallError::Other(message)) = self;
        f.write_str(message)
    }
}
