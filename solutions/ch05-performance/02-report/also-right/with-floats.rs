//! Floating point, rounded, and a rank counted with `ceil`; at these sizes that is exact.

use std::collections::{BTreeMap, HashMap};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::Number;

#[derive(Deserialize)]
struct Log {
    lines: Vec<String>,
}

#[derive(Serialize)]
struct Summary {
    sizes: Vec<Size>,
}

/// All invocations with one size of memory.
#[derive(Serialize)]
struct Size {
    memory_mb: u64,
    invocations: usize,
    cold: usize,
    failed: usize,
    duration_us: Percentiles,
    /// Of the cold ones; none when all were warm.
    start_us: Option<Percentiles>,
    billed_ms: u64,
    peak_mb: u64,
}

#[derive(Serialize)]
struct Percentiles {
    p50: u64,
    p95: u64,
    p99: u64,
    max: u64,
}

/// What one report says.
struct Report {
    memory_mb: u64,
    duration_us: u64,
    /// How long INIT or the restore of a snapshot took; none for a warm start.
    start_us: Option<u64>,
    billed_ms: u64,
    peak_mb: u64,
    failed: bool,
}

/// A line that Lambda writes itself into a JSON log.
#[derive(Deserialize)]
struct PlatformEvent {
    r#type: String,
    record: Record,
}

#[derive(Deserialize)]
struct Record {
    status: String,
    metrics: Metrics,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    duration_ms: Number,
    init_duration_ms: Option<Number>,
    restore_duration_ms: Option<Number>,
    billed_duration_ms: u64,
    billed_restore_duration_ms: Option<u64>,
    #[serde(rename = "memorySizeMB")]
    memory_size_mb: u64,
    #[serde(rename = "maxMemoryUsedMB")]
    max_memory_used_mb: u64,
}

impl Report {
    /// The report that a line is, if it is one.
    fn of(line: &str) -> Option<Report> {
        Report::from_text(line).or_else(|| Report::from_json(line))
    }

    fn from_text(line: &str) -> Option<Report> {
        let fields = line.strip_prefix("REPORT RequestId: ")?.split('\t');
        let fields: HashMap<_, _> = fields.filter_map(|field| field.trim().split_once(": ")).collect();
        let millis = |name: &str| fields.get(name)?.strip_suffix(" ms");
        let megabytes = |name: &str| fields.get(name)?.strip_suffix(" MB")?.parse().ok();
        let start = millis("Init Duration").or_else(|| millis("Restore Duration"));
        let billed_restore = millis("Billed Restore Duration").and_then(|ms| ms.parse().ok()).unwrap_or(0);
        Some(Report {
            memory_mb: megabytes("Memory Size")?,
            duration_us: micros(millis("Duration")?)?,
            start_us: start.and_then(micros),
            billed_ms: millis("Billed Duration")?.parse::<u64>().ok()? + billed_restore,
            peak_mb: megabytes("Max Memory Used")?,
            failed: fields.contains_key("Status"),
        })
    }

    fn from_json(line: &str) -> Option<Report> {
        let event: PlatformEvent = serde_json::from_str(line).ok()?;
        let PlatformEvent { r#type, record: Record { status, metrics } } = event;
        let start = metrics.init_duration_ms.or(metrics.restore_duration_ms);
        (r#type == "platform.report").then_some(Report {
            memory_mb: metrics.memory_size_mb,
            duration_us: micros(&metrics.duration_ms.to_string())?,
            start_us: start.and_then(|ms| micros(&ms.to_string())),
            billed_ms: metrics.billed_duration_ms + metrics.billed_restore_duration_ms.unwrap_or(0),
            peak_mb: metrics.max_memory_used_mb,
            failed: status != "success",
        })
    }
}

/// Microseconds from a decimal text in milliseconds, such as `2.3` or `17`.
fn micros(millis: &str) -> Option<u64> {
    Some((millis.parse::<f64>().ok()? * 1_000.0).round() as u64)
}

impl Percentiles {
    /// Of at least one value.
    fn of(mut values: Vec<u64>) -> Option<Percentiles> {
        values.sort_unstable();
        let max = *values.last()?;
        let rank = |percent: u32| (values.len() as f64 * f64::from(percent) / 100.0).ceil() as usize;
        let percentile = |percent: u32| values[rank(percent) - 1];
        Some(Percentiles { p50: percentile(50), p95: percentile(95), p99: percentile(99), max })
    }
}

impl Size {
    /// Of at least one report.
    fn of(memory_mb: u64, reports: &[Report]) -> Option<Size> {
        let starts: Vec<u64> = reports.iter().filter_map(|report| report.start_us).collect();
        Some(Size {
            memory_mb,
            invocations: reports.len(),
            cold: starts.len(),
            failed: reports.iter().filter(|report| report.failed).count(),
            duration_us: Percentiles::of(reports.iter().map(|report| report.duration_us).collect())?,
            start_us: Percentiles::of(starts),
            billed_ms: reports.iter().map(|report| report.billed_ms).sum(),
            peak_mb: reports.iter().map(|report| report.peak_mb).max()?,
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(summarize)).await
}

async fn summarize(event: LambdaEvent<Log>) -> Result<Summary, Error> {
    let mut sizes: BTreeMap<u64, Vec<Report>> = BTreeMap::new();
    for report in event.payload.lines.iter().filter_map(|line| Report::of(line)) {
        sizes.entry(report.memory_mb).or_default().push(report);
    }
    Ok(Summary { sizes: sizes.iter().filter_map(|(memory_mb, reports)| Size::of(*memory_mb, reports)).collect() })
}
