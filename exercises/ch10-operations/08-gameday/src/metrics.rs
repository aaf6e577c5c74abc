//! Metrics, as lines of the log. Given: there is nothing to change here.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

/// Counts in CloudWatch's embedded metric format: each metric gets its number, under all of these dimensions together.
pub(crate) fn count(dimensions: &[(&str, &str)], metrics: &[(&str, u64)]) {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    let defined: Vec<_> = metrics.iter().map(|(name, _)| json!({ "Name": name, "Unit": "Count" })).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": at,
            "CloudWatchMetrics": [{ "Namespace": "FerrisPrints", "Dimensions": [names], "Metrics": defined }],
        },
    });
    for (name, value) in dimensions {
        line[*name] = json!(value);
    }
    for (name, value) in metrics {
        line[*name] = json!(value);
    }
    println!("{line}");
}
