//! The order desk calls the quote function through Lambda's Invoke API. This reads what came back.

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
    let version = result.executed_version;
    let log = result.log_result.as_deref().map(decode_log).transpose()?;
    // TODO: not every result has a payload.
    let answer: Value = serde_json::from_str(&result.payload.unwrap_or_default())?;
    match (result.status_code, result.function_error) {
        // TODO: 200 says that Lambda ran the function. What says how the function fared?
        (200, _) => Ok(Reading::Answered { answer, version, log }),
        (202, _) => Ok(Reading::Queued),
        (204, _) => Ok(Reading::Allowed),
        // TODO: the payload says what went wrong.
        (_, Some(_)) => Ok(Reading::Failed { error_type: String::new(), message: String::new(), version, log }),
        (status, None) => Err(format!("the call was refused with {status}").into()),
    }
}

/// The readable end of the log.
fn decode_log(base64: &str) -> Result<String, Error> {
    // TODO: what comes is base64 of the last bytes of a log, which may begin inside a character.
    Ok(base64.to_owned())
}
