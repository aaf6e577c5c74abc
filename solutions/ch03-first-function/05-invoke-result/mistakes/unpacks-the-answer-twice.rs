//! caught-by: takes_an_answer_for_an_answer_whatever_it_looks_like
//!
//! Parses the text that it finds in the payload once more: an answer that is text with JSON in it becomes another one.
#![allow(unused)]

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The result of an Invoke call, as the API names its parts.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InvokeResult {
    status_code: u16,
    function_error: Option<String>,
    /// The end of the log, in base64.
    log_result: Option<String>,
    executed_version: Option<String>,
    /// What the function answered, or the error, as text.
    payload: Option<String>,
}

/// The error that a function's caller gets.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionError {
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error_message: String,
}

/// What the order desk goes on with.
#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Reading {
    /// The function answered; an empty answer is `null`.
    Answered { answer: Value, version: Option<String>, log: Option<String> },
    /// The function failed.
    Failed { error_type: String, message: String, version: Option<String>, log: Option<String> },
    /// An asynchronous call was accepted.
    Queued,
    /// A dry run: the call would be allowed.
    Allowed,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(read)).await
}

async fn read(event: LambdaEvent<InvokeResult>) -> Result<Reading, Error> {
    let result = event.payload;
    let payload = result.payload.unwrap_or_default();
    let version = result.executed_version;
    let log = result.log_result.as_deref().map(decode_log).transpose()?;
    match (result.status_code, result.function_error) {
        (200, Some(_)) => {
            let FunctionError { error_type, error_message: message } = serde_json::from_str(&payload)?;
            Ok(Reading::Failed { error_type, message, version, log })
        }
        (200, None) => {
            let answer = if payload.is_empty() { Value::Null } else { serde_json::from_str(&payload)? };
            let answer = match answer.as_str().map(serde_json::from_str) {
                Some(Ok(inner)) => inner,
                _ => answer,
            };
            Ok(Reading::Answered { answer, version, log })
        }
        (202, _) => Ok(Reading::Queued),
        (204, _) => Ok(Reading::Allowed),
        (status, _) => Err(format!("the call was refused with {status}").into()),
    }
}

/// The readable end of the log: the API gives the last 4 KB, and cuts between bytes, not between characters.
fn decode_log(base64: &str) -> Result<String, Error> {
    let bytes = BASE64_STANDARD.decode(base64)?;
    let is_inside_a_character = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let start = bytes.iter().position(|byte| !is_inside_a_character(byte)).unwrap_or(bytes.len());
    Ok(String::from_utf8_lossy(&bytes[start..]).into_owned())
}
