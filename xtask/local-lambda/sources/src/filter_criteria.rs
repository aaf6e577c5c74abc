//! Filter criteria of event source mappings: which records of a queue or stream a function gets to see. What does not
//! match is gone: a message is deleted from its queue, a stream is read on.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use crate::pattern::{Dialect, InvalidPattern, Pattern};

/// How many filters a mapping may have; AWS raises it to 10 on request.
pub const MAX_FILTERS: usize = 5;

/// How long a pattern may be, in characters.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Filter.html>.
pub const MAX_PATTERN_CHARS: usize = 4_096;

/// What kind of records a mapping reads, which decides where their data stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecordSource {
    /// Messages of a queue; their data is `body`, JSON or plain text.
    #[default]
    Sqs,
    /// Records of a Kinesis stream; their data is `data`, JSON or plain text, decoded from base64. The fields beside
    /// it (`partitionKey` and so on) stand beside it in a pattern too.
    Kinesis,
    /// Records of a table's stream; their data is `dynamodb`. Numbers are strings there, so that no numeric operator
    /// ever matches.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html>.
    DynamoDb,
}

/// Up to five filters, of which one has to match.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FilterCriteria {
    source: RecordSource,
    filters: Vec<Filter>,
}

#[derive(Debug, Clone, PartialEq)]
struct Filter {
    pattern: Pattern,
    /// How the pattern takes the data to be written; none when it does not look at it.
    data: Option<DataFormat>,
}

/// How data is written. JSON is an object or an array; a number or a quoted string alone is taken for plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DataFormat {
    Json,
    PlainText,
}

/// Why filter criteria are refused when a mapping is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidFilterCriteria {
    /// More than [`MAX_FILTERS`].
    TooManyFilters(usize),
    /// A pattern longer than [`MAX_PATTERN_CHARS`].
    TooLong(usize),
    /// Not a pattern, or an operator that filter criteria do not have.
    Pattern(InvalidPattern),
    /// A pattern for a table's stream that takes `dynamodb` for text.
    NotJson,
}

impl FilterCriteria {
    /// Reads the patterns of a mapping. Without any, every record matches.
    ///
    /// # Errors
    /// When AWS refuses to make the mapping.
    pub fn parse<S: AsRef<str>>(
        source: RecordSource,
        patterns: impl IntoIterator<Item = S>,
    ) -> Result<FilterCriteria, InvalidFilterCriteria> {
        let filters = patterns.into_iter().map(|text| Filter::parse(source, text.as_ref()));
        let filters = filters.collect::<Result<Vec<_>, _>>()?;
        if filters.len() > MAX_FILTERS {
            return Err(InvalidFilterCriteria::TooManyFilters(filters.len()));
        }
        Ok(FilterCriteria { source, filters })
    }

    /// Whether the function gets to see a record. `record`: as it stands in the function's event.
    pub fn matches(&self, record: &Value) -> bool {
        if self.filters.is_empty() {
            return true;
        }
        let (view, format) = self.source.view(record);
        self.filters
            .iter()
            .any(|filter| filter.data.is_none_or(|wanted| Some(wanted) == format) && filter.pattern.matches(&view))
    }
}

impl Filter {
    fn parse(source: RecordSource, text: &str) -> Result<Filter, InvalidFilterCriteria> {
        let length = text.chars().count();
        if length > MAX_PATTERN_CHARS {
            return Err(InvalidFilterCriteria::TooLong(length));
        }
        let pattern = Pattern::parse_as(Dialect::Lambda, text).map_err(InvalidFilterCriteria::Pattern)?;
        let json: Value = serde_json::from_str(text).unwrap_or_default();
        let data = match &json[source.data_key()] {
            Value::Object(_) => Some(DataFormat::Json),
            Value::Array(_) if source == RecordSource::DynamoDb => return Err(InvalidFilterCriteria::NotJson),
            Value::Array(_) => Some(DataFormat::PlainText),
            _ => None,
        };
        Ok(Filter { pattern, data })
    }
}

impl RecordSource {
    fn data_key(self) -> &'static str {
        match self {
            RecordSource::Sqs => "body",
            RecordSource::Kinesis => "data",
            RecordSource::DynamoDb => "dynamodb",
        }
    }

    /// The record as patterns see it, and how its data is written.
    fn view(self, record: &Value) -> (Value, Option<DataFormat>) {
        let mut view = record.clone();
        let text = match self {
            RecordSource::Sqs => record["body"].as_str().map(str::to_owned),
            RecordSource::Kinesis => {
                if let (Some(view), Some(inner)) = (view.as_object_mut(), record["kinesis"].as_object()) {
                    view.extend(inner.clone());
                }
                let data = record["kinesis"]["data"].as_str().and_then(|data| BASE64.decode(data).ok());
                data.and_then(|bytes| String::from_utf8(bytes).ok())
            }
            RecordSource::DynamoDb => return (view, Some(DataFormat::Json)),
        };
        let Some(text) = text else { return (view, None) };
        let json = serde_json::from_str::<Value>(&text).ok().filter(|json| json.is_object() || json.is_array());
        let format = if json.is_some() { DataFormat::Json } else { DataFormat::PlainText };
        if let Some(view) = view.as_object_mut() {
            view.insert(self.data_key().to_owned(), json.unwrap_or(Value::String(text)));
        }
        (view, Some(format))
    }
}

/// What the API answers: `Invalid filter pattern definition.`, and what is wrong.
impl fmt::Display for InvalidFilterCriteria {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidFilterCriteria::TooManyFilters(count) => {
                write!(f, "{count} filters, a mapping may have {MAX_FILTERS}")
            }
            InvalidFilterCriteria::TooLong(chars) => {
                write!(f, "Invalid filter pattern definition. {chars} characters, {MAX_PATTERN_CHARS} are allowed")
            }
            InvalidFilterCriteria::Pattern(error) => {
                write!(f, "Invalid filter pattern definition. {}", error.reason())?;
                if error.path().is_empty() { Ok(()) } else { write!(f, " (at {})", error.path()) }
            }
            InvalidFilterCriteria::NotJson => {
                f.write_str("Invalid filter pattern definition. the pattern for `dynamodb` has to be an object")
            }
        }
    }
}

impl std::error::Error for InvalidFilterCriteria {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sqs(body: &str) -> Value {
        json!({ "messageId": "m-1", "body": body, "messageAttributes": {} })
    }

    fn kinesis(data: &str) -> Value {
        json!({ "kinesis": { "partitionKey": "k-1", "data": BASE64.encode(data) }, "eventSource": "aws:kinesis" })
    }

    #[track_caller]
    fn check(source: RecordSource, pattern: Value, record: &Value, expected: bool) {
        let criteria = FilterCriteria::parse(source, [pattern.to_string()]).unwrap();
        assert_eq!(criteria.matches(record), expected, "{pattern} {record}");
    }

    #[test]
    fn a_message_is_dropped_when_body_and_pattern_have_different_formats() {
        let (json_body, text_body) = (sqs(r#"{"code":"BBBB","n":5}"#), sqs("BBBB"));
        for (pattern, json_expected, text_expected) in [
            (json!({ "body": { "code": ["BBBB"] } }), true, false),
            (json!({ "body": { "n": [{ "numeric": [">", 4] }] } }), true, false),
            (json!({ "body": { "other": [{ "exists": false }] } }), true, false),
            (json!({ "body": ["BBBB"] }), false, true),
            (json!({ "body": [{ "prefix": "BB" }] }), false, true),
            (json!({ "body": [{ "anything-but": ["AAAA"] }] }), false, true),
            (json!({ "messageId": ["m-1"] }), true, true),
            (json!({ "messageId": ["m-2"] }), false, false),
        ] {
            check(RecordSource::Sqs, pattern.clone(), &json_body, json_expected);
            check(RecordSource::Sqs, pattern, &text_body, text_expected);
        }
    }

    #[test]
    fn data_of_kinesis_is_decoded_first() {
        check(RecordSource::Kinesis, json!({ "data": { "a": [1] } }), &kinesis(r#"{"a":1}"#), true);
        check(RecordSource::Kinesis, json!({ "data": { "a": [1] } }), &kinesis("a=1"), false);
        check(RecordSource::Kinesis, json!({ "data": ["a=1"] }), &kinesis("a=1"), true);
        check(RecordSource::Kinesis, json!({ "partitionKey": ["k-1"] }), &kinesis("a=1"), true);
        check(RecordSource::Kinesis, json!({ "eventSource": ["aws:kinesis"] }), &kinesis("a=1"), true);
    }

    #[test]
    fn numbers_of_a_table_are_text() {
        let image = json!({ "total": { "N": "12" }, "tags": { "L": [{ "S": "rush" }] } });
        let record = json!({ "eventName": "INSERT", "dynamodb": { "NewImage": image } });
        for (pattern, expected) in [
            (json!({ "dynamodb": { "NewImage": { "total": { "N": ["12"] } } } }), true),
            (json!({ "dynamodb": { "NewImage": { "total": { "N": [12] } } } }), false),
            (json!({ "dynamodb": { "NewImage": { "total": { "N": [{ "numeric": [">", 1] }] } } } }), false),
            (json!({ "dynamodb": { "NewImage": { "tags": [{ "exists": true }] } } }), false),
            (json!({ "dynamodb": { "NewImage": { "tags": { "L": { "S": [{ "exists": true }] } } } } }), true),
            (json!({ "eventName": ["INSERT"] }), true),
        ] {
            check(RecordSource::DynamoDb, pattern, &record, expected);
        }
        let error = FilterCriteria::parse(RecordSource::DynamoDb, [r#"{"dynamodb":["x"]}"#]).unwrap_err();
        assert_eq!(error, InvalidFilterCriteria::NotJson);
    }

    #[test]
    fn one_of_up_to_five_filters_has_to_match() {
        let patterns: Vec<String> = (0..6).map(|n| json!({ "body": { "n": [n] } }).to_string()).collect();
        let criteria = FilterCriteria::parse(RecordSource::Sqs, &patterns[..5]).unwrap();
        assert!(criteria.matches(&sqs(r#"{"n":4}"#)));
        assert!(!criteria.matches(&sqs(r#"{"n":5}"#)));
        let error = FilterCriteria::parse(RecordSource::Sqs, &patterns).unwrap_err();
        assert_eq!(error.to_string(), "6 filters, a mapping may have 5");
        assert!(FilterCriteria::parse::<&str>(RecordSource::Sqs, []).unwrap().matches(&sqs("anything")));
    }

    #[test]
    fn a_pattern_that_is_none_is_refused_when_the_mapping_is_made() {
        let refused = |pattern: &str| FilterCriteria::parse(RecordSource::Sqs, [pattern]).unwrap_err().to_string();
        assert_eq!(
            refused(r#"{"body":{"a":[{"wildcard":"x*"}]}}"#),
            "Invalid filter pattern definition. Unrecognized match type wildcard (at /body/a)"
        );
        assert!(refused(&format!(r#"{{"a":["{}"]}}"#, "x".repeat(MAX_PATTERN_CHARS))).contains("4096 are allowed"));
    }
}
