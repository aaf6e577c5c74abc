//! caught-by: what_is_no_number_for_cloudwatch_is_refused_alone
//!
//! Cuts blanks off before it reads a number, and counts what the page refuses.
#![allow(unused)]

use std::collections::BTreeSet;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "FerrisPrints/Press";

/// CloudWatch's limits: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
const MOST_DIMENSIONS: usize = 30;
const MOST_METRICS: usize = 100;
const MOST_VALUES: usize = 100;

/// The shop's own limit: how many values a dimension may have.
const MOST_CHOICES: usize = 20;

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
    let mut metrics = Metrics::of(labels);
    let mut refused = Vec::new();
    for reading in readings {
        if let Err(reason) = metrics.add(&reading) {
            refused.push(Refused { metric: reading.metric, reason });
        }
    }
    let lines = metrics.lines(at_ms);
    for line in &lines {
        println!("{line}");
    }
    match jam {
        Some(what) => {
            Err(Diagnostic { error_type: "Jammed".to_owned(), error_message: format!("the press stopped: {what}") })
        }
        None => Ok(Counted { lines: lines.len(), properties: metrics.properties(), refused }),
    }
}

/// What one invocation has to say. Each invocation makes its own, so that nothing is left of the one before.
struct Metrics {
    dimensions: Vec<String>,
    labels: Vec<Label>,
    metrics: Vec<Metric>,
}

struct Metric {
    name: String,
    unit: String,
    values: Vec<f64>,
}

impl Metrics {
    fn of(labels: Vec<Label>) -> Metrics {
        let dimensions = labels.iter().filter(|label| label.is_bounded()).take(MOST_DIMENSIONS);
        Metrics { dimensions: dimensions.map(|label| label.name.clone()).collect(), labels, metrics: Vec::new() }
    }

    fn add(&mut self, reading: &Reading) -> Result<(), Reason> {
        let Reading { metric: name, unit, value } = reading;
        // Labels and metrics are members of the same object.
        if name.is_empty() || name == "_aws" || self.labels.iter().any(|label| label.name == *name) {
            return Err(Reason::Name);
        }
        let unit = unit.as_deref().unwrap_or("None");
        let known = self.metrics.iter_mut().find(|metric| metric.name == *name);
        if !UNITS.contains(&unit) || known.as_ref().is_some_and(|metric| metric.unit != unit) {
            return Err(Reason::Unit);
        }
        let value = value.trim().parse().ok().filter(|value| can_be_counted(*value)).ok_or(Reason::Value)?;
        match known {
            Some(metric) => metric.values.push(value),
            None => self.metrics.push(Metric { name: name.clone(), unit: unit.to_owned(), values: vec![value] }),
        }
        Ok(())
    }

    /// The labels that are no dimensions. They stand in the line, where a query finds them, and make no metric.
    fn properties(&self) -> Vec<String> {
        let dimensions: BTreeSet<&String> = self.dimensions.iter().collect();
        self.labels.iter().map(|label| &label.name).filter(|name| !dimensions.contains(name)).cloned().collect()
    }

    /// As few documents as the limits allow, without one when there is nothing to say.
    fn lines(&self, at_ms: u64) -> Vec<String> {
        let most = self.metrics.iter().map(|metric| metric.values.len()).max().unwrap_or_default();
        let mut lines = Vec::new();
        for part in 0..most.div_ceil(MOST_VALUES) {
            let parts: Vec<(&Metric, &[f64])> = self
                .metrics
                .iter()
                .filter_map(|metric| metric.values.chunks(MOST_VALUES).nth(part).map(|values| (metric, values)))
                .collect();
            lines.extend(parts.chunks(MOST_METRICS).map(|parts| self.line(at_ms, parts)));
        }
        lines
    }

    fn line(&self, at_ms: u64, parts: &[(&Metric, &[f64])]) -> String {
        let definitions: Vec<Value> =
            parts.iter().map(|(metric, _)| json!({ "Name": metric.name, "Unit": metric.unit })).collect();
        let metadata = json!({
            "Timestamp": at_ms,
            "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [self.dimensions], "Metrics": definitions }],
        });
        let mut root = Map::from_iter([("_aws".to_owned(), metadata)]);
        root.extend(self.labels.iter().map(|label| (label.name.clone(), json!(label.value))));
        root.extend(parts.iter().map(|(metric, values)| (metric.name.clone(), json!(values))));
        Value::Object(root).to_string()
    }
}

impl Label {
    /// Whether it has few values, and this is one of them. Each new value of a dimension is a metric that is paid for.
    fn is_bounded(&self) -> bool {
        self.of.as_ref().is_some_and(|of| of.len() <= MOST_CHOICES && of.contains(&self.value))
    }
}

/// Neither NaN nor infinite, and within what CloudWatch takes.
fn can_be_counted(value: f64) -> bool {
    value.abs() <= 2_f64.powi(360)
}
