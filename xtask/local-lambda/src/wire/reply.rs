//! What Lambda answers to a call: status and JSON body, in RAPID's words.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::CONTENT_TYPE;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use crate::limits;

/// An answer to one call.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
}

impl Reply {
    /// A JSON body.
    pub(crate) fn json(status: StatusCode, body: &Value) -> Reply {
        Reply { status, headers: Vec::new(), content_type: "application/json", body: body.to_string().into() }
    }

    /// Plain text.
    pub(crate) fn text(status: StatusCode, body: &'static str) -> Reply {
        let body = Bytes::from_static(body.as_bytes());
        Reply { status, headers: Vec::new(), content_type: "text/plain; charset=utf-8", body }
    }

    /// The same with one more header.
    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Reply {
        self.headers.push((name, value));
        self
    }

    /// 202 `{"status":"OK"}`: the answer was taken.
    pub(crate) fn accepted() -> Reply {
        Reply::json(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
    }

    fn error(status: StatusCode, error_type: &str, message: &str) -> Reply {
        Reply::json(status, &json!({ "errorMessage": message, "errorType": error_type }))
    }

    /// 400: not the id of the current invocation.
    pub(crate) fn invalid_request_id() -> Reply {
        Reply::error(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
    }

    /// 400: a response mode that is not `streaming`.
    pub(crate) fn invalid_response_mode() -> Reply {
        Reply::error(StatusCode::BAD_REQUEST, "InvalidFunctionResponseMode", "Invalid function response mode")
    }

    /// 400: the body broke off.
    pub(crate) fn truncated() -> Reply {
        Reply::error(StatusCode::BAD_REQUEST, "TruncatedHTTPRequest", "HTTP request detected as truncated")
    }

    /// 403: the runtime may not make this call now.
    pub(crate) fn invalid_transition(from: &str, to: &str) -> Reply {
        let message =
            format!("State transition from {from} to {to} failed for runtime. Error: State transition is not allowed");
        Reply::error(StatusCode::FORBIDDEN, "InvalidStateTransition", &message)
    }

    /// 403: refused to an extension.
    pub(crate) fn extension_refused(error_type: &str, message: &str) -> Reply {
        Reply::error(StatusCode::FORBIDDEN, error_type, message)
    }

    /// 410: the invocation has timed out, or the invocation id is that of an earlier one.
    pub(crate) fn invoke_timeout() -> Reply {
        Reply::error(StatusCode::GONE, "InvokeTimeout", "Invoke timeout")
    }

    /// 413: the response is too large.
    pub(crate) fn too_large() -> Reply {
        let message = format!("Exceeded maximum allowed payload size ({} bytes).", limits::RESPONSE_BYTES);
        Reply::error(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
    }

    /// 202 with an error body: what RAPID answers where the Logs and Telemetry APIs are not offered.
    pub(crate) fn not_supported(error_type: &str, message: &str) -> Reply {
        Reply::error(StatusCode::ACCEPTED, error_type, message)
    }
}

impl From<Reply> for Response<Full<Bytes>> {
    fn from(reply: Reply) -> Self {
        let mut builder = Response::builder().status(reply.status).header(CONTENT_TYPE, reply.content_type);
        for (name, value) in reply.headers {
            builder = builder.header(name, value);
        }
        builder.body(Full::new(reply.body)).unwrap_or_else(|_| {
            // A header value that HTTP cannot carry; callers check theirs, so this is the last resort.
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
    }
}

/// What Lambda records where no type was sent in the form that it wants.
pub(crate) const UNKNOWN_TYPE: &str = "Runtime.Unknown";

/// The error type that Lambda records for what the client sent: itself when it has the form `Runtime.X` or
/// `Function.X`, else `Runtime.Unknown`.
///
/// Source: `GetValidRuntimeOrFunctionErrorType` of RAPID.
pub(crate) fn recorded_error_type(sent: Option<&str>) -> String {
    let well_formed = |text: &&str| {
        text.strip_prefix("Runtime.").or_else(|| text.strip_prefix("Function.")).is_some_and(|name| {
            name.len() > 1
                && name.starts_with(|c: char| c.is_ascii_uppercase())
                && name.chars().all(|c| c.is_ascii_alphabetic())
        })
    };
    sent.filter(well_formed).unwrap_or(UNKNOWN_TYPE).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_error_types_are_recorded() {
        assert_eq!(recorded_error_type(Some("Runtime.ExitError")), "Runtime.ExitError");
        assert_eq!(recorded_error_type(Some("Function.ValidationError")), "Function.ValidationError");
        for odd in ["unhandled", "Runtime.", "Runtime.x", "Function.A1", "Runtime.A.B", ""] {
            assert_eq!(recorded_error_type(Some(odd)), "Runtime.Unknown", "{odd}");
        }
        assert_eq!(recorded_error_type(None), "Runtime.Unknown");
    }
}
