//! Invoke: runs what the world has for the function.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use local_lambda_sources::{Answer, Fate};
use serde_json::json;

use super::{Call, conflict};
use crate::error::AwsError;
use crate::http::{HttpRequest, HttpResponse};

/// How much of the log is told.
const LOG_TAIL: usize = 4 * 1024;

impl Call<'_> {
    pub(super) fn invoke(&self, request: &HttpRequest) -> Result<HttpResponse, AwsError> {
        let named = self.named()?;
        let function = &named.function;
        if function.is_changing() && self.latest(function, true)["State"] == "Pending" {
            return Err(conflict(
                "The operation cannot be performed at this time. The function is currently in the following state: \
                 Pending",
            ));
        }
        let event = if request.body.is_empty() { "null".into() } else { request.body.clone() };
        let mut invocation = match named.qualifier.as_deref().and_then(|qualifier| function.find_qualified(qualifier)) {
            Some(qualified) => qualified.request(event),
            None => function.request(event),
        };
        if let Some(header) = request.header("x-amzn-trace-id") {
            invocation = invocation.trace_header(header);
        }
        match request.header("x-amz-invocation-type").unwrap_or("RequestResponse") {
            "DryRun" => Ok(self.empty(204)),
            "Event" => {
                let accepted = invocation.send().map_err(|_| too_large())?;
                Ok(HttpResponse::new(202, "application/json", "").with("x-amzn-requestid", accepted.request_id()))
            }
            "RequestResponse" => {
                let wants_log = request.header("x-amz-log-type") == Some("Tail");
                told(&invocation.invoke(), function.reserved_concurrency().is_some(), wants_log)
            }
            other => Err(super::invalid(format!("{other} is not an InvocationType"))),
        }
    }

    fn empty(&self, status: u16) -> HttpResponse {
        HttpResponse::new(status, "application/json", "").with("x-amzn-requestid", &self.aws.next_request_id())
    }
}

fn told(answer: &Answer, is_reserved: bool, wants_log: bool) -> Result<HttpResponse, AwsError> {
    let (body, is_error) = match &answer.fate {
        Fate::Response(body) => (body, false),
        Fate::Error(body) => (body, true),
        Fate::Throttled => {
            let mut error = AwsError::new("TooManyRequestsException", 429, "Rate Exceeded.");
            // Source: `Reason` of https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html.
            let of = if is_reserved { "ReservedFunctionConcurrent" } else { "Concurrent" };
            error.members.insert("Reason".to_owned(), json!(format!("{of}InvocationLimitExceeded")));
            return Err(error);
        }
        Fate::LoopStopped => {
            let message =
                "Lambda has detected your function being invoked in a recursive loop with other AWS resources";
            return Err(AwsError::client("RecursiveInvocationException", message));
        }
        _ => return Err(too_large()),
    };
    let mut response = HttpResponse::new(200, "application/json", body.clone())
        .with("x-amzn-requestid", &answer.request_id)
        .with("x-amz-executed-version", &answer.version);
    if is_error {
        response = response.with("x-amz-function-error", "Unhandled");
    }
    if wants_log {
        response = response.with("x-amz-log-result", &BASE64_STANDARD.encode(log_tail(answer)));
    }
    Ok(response)
}

/// The end of the log; a closure has none.
fn log_tail(answer: &Answer) -> String {
    let lines = answer.outcome.iter().flat_map(|outcome| &outcome.log);
    let log: String = lines.map(|line| format!("{}\n", line.text)).collect();
    let mut start = log.len().saturating_sub(LOG_TAIL);
    while !log.is_char_boundary(start) {
        start += 1;
    }
    log[start..].to_owned()
}

fn too_large() -> AwsError {
    AwsError::new("RequestTooLargeException", 413, "Request must be smaller than the payload limit")
}
