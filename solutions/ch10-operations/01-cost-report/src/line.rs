//! What a line of a log says about an invocation, and whose line it is. Given as it is: chapter 5 read such lines.

use std::collections::HashMap;

use serde::Deserialize;

/// What one `REPORT` says, as text or as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// The memory that the version had then; it may have another one now.
    pub(crate) memory_mb: u128,
    /// How long the handler ran, in microseconds.
    pub(crate) duration_us: u128,
    /// What is billed, in milliseconds: INIT, restore and handler, rounded up by Lambda.
    pub(crate) billed_ms: u128,
}

impl Report {
    /// The report that a line is, if it is one.
    pub(crate) fn of(line: &str) -> Option<Report> {
        Report::from_text(line).or_else(|| Report::from_json(line))
    }

    fn from_text(line: &str) -> Option<Report> {
        let fields = line.trim_end().strip_prefix("REPORT RequestId: ")?.split('\t');
        let fields: HashMap<_, _> = fields.filter_map(|field| field.trim().split_once(": ")).collect();
        let whole = |name: &str, unit: &str| fields.get(name)?.strip_suffix(unit)?.parse::<u128>().ok();
        Some(Report {
            memory_mb: whole("Memory Size", " MB")?,
            duration_us: micros(fields.get("Duration")?.strip_suffix(" ms")?)?,
            billed_ms: whole("Billed Duration", " ms")? + whole("Billed Restore Duration", " ms").unwrap_or(0),
        })
    }

    fn from_json(line: &str) -> Option<Report> {
        let event: PlatformEvent = serde_json::from_str(line).ok()?;
        let metrics = event.record.metrics;
        (event.r#type == "platform.report").then_some(Report {
            memory_mb: metrics.memory_size_mb,
            duration_us: micros(&metrics.duration_ms.to_string())?,
            billed_ms: metrics.billed_duration_ms + metrics.billed_restore_duration_ms.unwrap_or(0),
        })
    }
}

#[derive(Deserialize)]
struct PlatformEvent {
    r#type: String,
    record: Record,
}

#[derive(Deserialize)]
struct Record {
    metrics: Metrics,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    duration_ms: serde_json::Number,
    billed_duration_ms: u128,
    billed_restore_duration_ms: Option<u128>,
    #[serde(rename = "memorySizeMB")]
    memory_size_mb: u128,
}

fn micros(millis: &str) -> Option<u128> {
    let (whole, fraction) = millis.split_once('.').unwrap_or((millis, ""));
    format!("{whole}{fraction:0<3.3}").parse().ok()
}

/// Whose environment wrote a log stream, as function and version.
///
/// In a function's own log group, `/aws/lambda/orders`, streams are called `2026/11/30/[7]5f1c…`; in a group that
/// functions share, `2026/11/30/orders[7]5f1c…`. Source:
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html>.
pub(crate) fn writer<'s>(group: &'s str, stream: &'s str) -> Option<(&'s str, &'s str)> {
    let (function, rest) = stream.splitn(4, '/').nth(3)?.split_once('[')?;
    let (version, _) = rest.split_once(']')?;
    let function = if function.is_empty() { group.strip_prefix("/aws/lambda/")? } else { function };
    Some((function, version))
}
