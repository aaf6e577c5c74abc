//! Counts what the presses do, in CloudWatch's embedded metric format: one line of the log, and no call.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::json;

const NAMESPACE: &str = "FerrisPrints/Press";

/// All that CloudWatch knows: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

/// What a press says about a job.
#[derive(Deserialize)]
struct Report {
    /// When it was measured, in milliseconds since 1970.
    at_ms: u64,
    /// What the readings belong to. No name comes twice, and none is `_aws`.
    labels: Vec<Label>,
    readings: Vec<Reading>,
    /// What stopped the press, if anything did.
    jam: Option<String>,
}

#[derive(Deserialize)]
struct Label {
    name: String,
    value: String,
    /// All values that there are, where somebody knows them.
    of: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Reading {
    metric: String,
    unit: Option<String>,
    /// As the press writes it.
    value: String,
}

#[derive(Serialize)]
struct Counted {
    lines: usize,
    /// The labels that are no dimensions.
    properties: Vec<String>,
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Refused {
    metric: String,
    reason: Reason,
}

#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Reason {
    Name,
    Unit,
    Value,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(count)).await
}

async fn count(event: LambdaEvent<Report>) -> Result<Counted, Diagnostic> {
    let Report { at_ms, labels, readings, jam } = event.payload;
    if let Some(what) = jam {
        return Err(Diagnostic {
            error_type: "Jammed".to_owned(),
            error_message: format!("the press stopped: {what}"),
        });
    }
    // TODO: only labels with few values are dimensions, and no more of them than CloudWatch takes.
    let (dimensions, properties): (Vec<&Label>, Vec<&Label>) = labels.iter().partition(|label| label.of.is_some());
    let names: Vec<&String> = dimensions.iter().map(|label| &label.name).collect();
    let mut counted = Counted {
        lines: 0,
        properties: properties.iter().map(|label| label.name.clone()).collect(),
        refused: Vec::new(),
    };
    for Reading { metric, unit, value } in readings {
        // TODO: refuse all that CloudWatch would refuse, each for its reason.
        let unit = unit.unwrap_or("None".to_owned());
        let reason = match value.parse::<f64>() {
            _ if metric.is_empty() => Reason::Name,
            _ if !UNITS.contains(&unit.as_str()) => Reason::Unit,
            Err(_) => Reason::Value,
            Ok(number) => {
                // TODO: gather all readings, and write as few lines as the limits allow.
                let definition = json!({ "Name": metric, "Unit": unit });
                let mut document = json!({
                    "_aws": {
                        "Timestamp": at_ms,
                        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [names], "Metrics": [definition] }],
                    },
                });
                for label in &dimensions {
                    document[&label.name] = json!(label.value);
                }
                document[&metric] = json!(number);
                println!("{document}");
                counted.lines += 1;
                continue;
            }
        };
        counted.refused.push(Refused { metric, reason });
    }
    Ok(counted)
}
