//! The fields that Logs Insights finds in the lines that Lambda itself writes as text.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html>.

use serde_json::{Map, Value};

/// `@type`, `@requestId`, and in `REPORT` lines `@duration`, `@billedDuration` and `@initDuration` in milliseconds,
/// `@memorySize` and `@maxMemoryUsed` in bytes, a million for each MB. None for other lines.
pub(crate) fn fields(line: &str) -> Option<Map<String, Value>> {
    let (kind, rest) = line.split_once(" RequestId: ")?;
    let kind = ["START", "END", "REPORT"].into_iter().find(|known| *known == kind)?;
    let id = rest.split_whitespace().next()?;
    let mut fields = Map::from_iter([("@type".to_owned(), kind.into()), ("@requestId".to_owned(), id.into())]);
    for part in rest.split('\t') {
        let Some((label, value)) = part.split_once(": ") else { continue };
        let number = value.split_once(' ').and_then(|(number, _)| number.parse::<f64>().ok());
        let (name, factor) = match label {
            "Duration" => ("@duration", 1.0),
            "Billed Duration" => ("@billedDuration", 1.0),
            "Init Duration" => ("@initDuration", 1.0),
            "Memory Size" => ("@memorySize", 1e6),
            "Max Memory Used" => ("@maxMemoryUsed", 1e6),
            _ => continue,
        };
        if let Some(number) = number {
            fields.insert(name.to_owned(), (number * factor).into());
        }
    }
    Some(fields)
}
