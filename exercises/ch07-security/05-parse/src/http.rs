//! What an HTTP API sends to a function and gets from it, in the payload format 2.0.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The parts of a request that a form needs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    /// What was posted, as text. Nothing where nothing was.
    pub(crate) body: Option<String>,
    /// Whether the text is base64 of what was posted: API Gateway decides that by the content type.
    #[serde(default)]
    pub(crate) is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) status_code: u16,
    headers: Value,
    body: String,
}

impl Answer {
    /// An answer with this JSON in its body.
    pub(crate) fn new(status_code: u16, body: &impl Serialize) -> Answer {
        let body = serde_json::to_value(body).unwrap_or_default().to_string();
        Answer { status_code, headers: json!({ "content-type": "application/json" }), body }
    }
}
