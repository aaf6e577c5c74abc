//! The answer to `next`: one event and the headers that describe its invocation.

use bytes::Bytes;
use hyper::StatusCode;

use super::header;
use super::reply::Reply;

/// One invocation as the function gets it.
#[derive(Debug, Clone)]
pub(crate) struct Handout {
    pub(crate) request_id: String,
    pub(crate) invocation_id: String,
    pub(crate) deadline_ms: u64,
    pub(crate) function_arn: String,
    pub(crate) trace_id: Option<String>,
    pub(crate) client_context: Option<String>,
    pub(crate) cognito_identity: Option<String>,
    pub(crate) tenant_id: Option<String>,
    pub(crate) event: Bytes,
}

impl Handout {
    /// The reply to `next`. A header without a value is absent, not empty.
    pub(crate) fn reply(&self) -> Reply {
        let headers = [
            (header::REQUEST_ID, Some(self.request_id.clone())),
            (header::DEADLINE_MS, Some(self.deadline_ms.to_string())),
            (header::INVOKED_FUNCTION_ARN, Some(self.function_arn.clone())),
            (header::TRACE_ID, self.trace_id.clone()),
            (header::CLIENT_CONTEXT, self.client_context.clone()),
            (header::COGNITO_IDENTITY, self.cognito_identity.clone()),
            (header::TENANT_ID, self.tenant_id.clone()),
            (header::INVOCATION_ID, Some(self.invocation_id.clone())),
        ];
        Reply {
            status: StatusCode::OK,
            headers: headers.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect(),
            content_type: "application/json",
            body: self.event.clone(),
        }
    }
}
