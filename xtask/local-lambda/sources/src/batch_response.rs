//! What a function's answer says about the messages or records of its batch, under `ReportBatchItemFailures`.

use std::collections::BTreeSet;

use serde_json::Value;

/// What is to become of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything succeeded.
    Success,
    /// These failed, the others succeeded.
    Failures(BTreeSet<String>),
    /// The answer counts as a failure of the whole batch, for this reason.
    AllFailed(&'static str),
}

/// Reads an answer to a batch with these identifiers.
///
/// Source: "Success and failure conditions" on
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>, and the same for streams,
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>. Not documented, and strict
/// here on purpose: an answer that is neither an object nor null, and a `batchItemFailures` that is not a list, count
/// as a failure of the batch, since they say nothing that could be trusted.
pub(crate) fn read(answer: &[u8], batch: &[String]) -> Verdict {
    if answer.is_empty() {
        return Verdict::Success;
    }
    let failures = match serde_json::from_slice(answer) {
        Err(_) => return Verdict::AllFailed("the answer is not JSON"),
        Ok(Value::Null) => return Verdict::Success,
        Ok(Value::Object(mut answer)) => answer.remove("batchItemFailures").unwrap_or_default(),
        Ok(_) => return Verdict::AllFailed("the answer is not an object"),
    };
    let failures = match failures {
        Value::Null => return Verdict::Success,
        Value::Array(failures) => failures,
        _ => return Verdict::AllFailed("`batchItemFailures` is not a list"),
    };
    let mut failed = BTreeSet::new();
    for failure in &failures {
        match failure.get("itemIdentifier") {
            None => return Verdict::AllFailed("an entry has no `itemIdentifier`"),
            Some(Value::Null) => return Verdict::AllFailed("an `itemIdentifier` is null"),
            Some(Value::String(id)) if id.is_empty() => return Verdict::AllFailed("an `itemIdentifier` is empty"),
            Some(Value::String(id)) if batch.contains(id) => failed.insert(id.clone()),
            Some(_) => return Verdict::AllFailed("an `itemIdentifier` is none of the batch"),
        };
    }
    if failed.is_empty() { Verdict::Success } else { Verdict::Failures(failed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, expected: Verdict) {
        let batch = ["m-1", "m-2", "m-3"].map(str::to_owned);
        assert_eq!(read(answer.as_bytes(), &batch), expected, "{answer}");
    }

    #[test]
    fn nothing_that_failed_is_a_success() {
        for answer in ["", "null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
            check(answer, Verdict::Success);
        }
    }

    #[test]
    fn what_is_listed_failed() {
        let failed = |ids: &[&str]| Verdict::Failures(ids.iter().map(|id| (*id).to_owned()).collect());
        check(r#"{"batchItemFailures":[{"itemIdentifier":"m-2"}]}"#, failed(&["m-2"]));
        check(r#"{"batchItemFailures":[{"itemIdentifier":"m-3"},{"itemIdentifier":"m-1"}]}"#, failed(&["m-1", "m-3"]));
        check(r#"{"batchItemFailures":[{"itemIdentifier":"m-2"},{"itemIdentifier":"m-2"}]}"#, failed(&["m-2"]));
    }

    #[test]
    fn what_cannot_be_read_fails_the_whole_batch() {
        let answers = [
            ("ok", "the answer is not JSON"),
            (r#""ok""#, "the answer is not an object"),
            (r#"{"batchItemFailures":{}}"#, "`batchItemFailures` is not a list"),
            (r#"{"batchItemFailures":[{}]}"#, "an entry has no `itemIdentifier`"),
            (r#"{"batchItemFailures":[{"messageId":"m-1"}]}"#, "an entry has no `itemIdentifier`"),
            (r#"{"batchItemFailures":[{"ItemIdentifier":"m-1"}]}"#, "an entry has no `itemIdentifier`"),
            (r#"{"batchItemFailures":["m-1"]}"#, "an entry has no `itemIdentifier`"),
            (r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, "an `itemIdentifier` is null"),
            (r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, "an `itemIdentifier` is empty"),
            (r#"{"batchItemFailures":[{"itemIdentifier":"m-9"}]}"#, "an `itemIdentifier` is none of the batch"),
            (
                r#"{"batchItemFailures":[{"itemIdentifier":"m-1"},{"itemIdentifier":1}]}"#,
                "an `itemIdentifier` is none of the batch",
            ),
        ];
        for (answer, reason) in answers {
            check(answer, Verdict::AllFailed(reason));
        }
    }
}
