//! The entries of a batch: what they must be, and the result of each.

use local_lambda_sources::sqs::BatchError;
use local_lambda_sources::{Queue, limits};
use serde_json::{Value, json};

use super::{Answer, required};
use crate::error::AwsError;

/// The entries of a call, each with an id in good order.
pub(super) fn of(params: &Value) -> Result<Vec<Value>, AwsError> {
    let entries = params["Entries"].as_array().cloned().unwrap_or_default();
    for entry in &entries {
        let id = required(entry, "Id")?;
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.len() > 80 || !id.chars().all(is_allowed) {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at \
                           most 80 letters long.";
            return Err(AwsError::client("InvalidBatchEntryId", message));
        }
    }
    Ok(entries)
}

/// Refuses what no batch may be. `sizes`: the bytes of each message.
pub(super) fn check(entries: &[Value], sizes: Vec<usize>) -> Result<(), AwsError> {
    let ids: Vec<&str> = entries.iter().map(|entry| entry["Id"].as_str().unwrap_or_default()).collect();
    let total: usize = sizes.iter().sum();
    let Err(error) = Queue::check_batch(ids.iter().copied().zip(sizes)) else { return Ok(()) };
    let (code, message) = match error {
        BatchError::Empty => ("EmptyBatchRequest", "There should be at least one entry in the request.".to_owned()),
        BatchError::TooManyEntries => (
            "TooManyEntriesInBatchRequest",
            format!("Maximum number of entries per request are 10. You have sent {}.", entries.len()),
        ),
        BatchError::IdsNotDistinct => {
            let twice = ids.iter().enumerate().find(|(index, id)| ids[..*index].contains(id)).map_or("", |(_, id)| id);
            ("BatchEntryIdsNotDistinct", format!("Id {twice} repeated."))
        }
        BatchError::TooLong => (
            "BatchRequestTooLong",
            format!(
                "Batch requests cannot be longer than {} bytes. You have sent {total} bytes.",
                limits::MESSAGE_BYTES
            ),
        ),
        other => ("InvalidParameterValue", other.to_string()),
    };
    Err(AwsError::client(code, message))
}

/// Does the same for each entry.
pub(super) fn for_each(params: &Value, carry_out: impl Fn(&Value) -> Answer) -> Answer {
    let entries = of(params)?;
    check(&entries, vec![0; entries.len()])?;
    let results = entries.iter().map(carry_out).collect();
    Ok(answer(&entries, results))
}

/// Each entry's own result under its id.
pub(super) fn answer(entries: &[Value], results: Vec<Answer>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (entry, result) in entries.iter().zip(results) {
        match result {
            Ok(answer) => {
                let mut answer = answer.as_object().cloned().unwrap_or_default();
                answer.insert("Id".to_owned(), entry["Id"].clone());
                successful.push(Value::Object(answer));
            }
            Err(error) => failed.push(json!({
                "Id": entry["Id"], "SenderFault": error.status < 500, "Code": error.code, "Message": error.message,
            })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}
