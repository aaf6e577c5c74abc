//! The log lines that Lambda writes itself, in its text and its JSON form.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html> and
//! <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>. The tails `Status: …` and
//! `Error Type: …` and the order of the INIT_REPORT lines are as seen in logs that people published; AWS's pages do
//! not give them. A handler's own error has no tail.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::clock;
use crate::config::FunctionConfig;
use crate::outcome::{Report, Status};

/// The form of log lines: those of Lambda, and what the function is told about its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Plain lines.
    #[default]
    Text,
    /// One JSON object a line; the function gets `AWS_LAMBDA_LOG_FORMAT=JSON`.
    Json,
}

/// In which phase an initialization failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Init,
    Invoke,
}

impl Phase {
    fn word(self) -> &'static str {
        match self {
            Phase::Init => "init",
            Phase::Invoke => "invoke",
        }
    }
}

pub(crate) fn is_report(line: &str) -> bool {
    line.starts_with("REPORT ") || line.contains(r#""type":"platform.report""#)
}

fn object(kind: &str, record: Value) -> String {
    json!({ "time": clock::rfc3339_millis(SystemTime::now()), "type": kind, "record": record }).to_string()
}

/// Durations are billed in whole milliseconds, rounded up.
///
/// Source: <https://aws.amazon.com/lambda/pricing/>.
pub(crate) fn whole_millis(duration: Duration) -> Duration {
    Duration::from_millis(duration.as_nanos().div_ceil(1_000_000) as u64)
}

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

impl LogFormat {
    /// `INIT_START`, or `RESTORE_START` after a snapshot.
    pub(crate) fn init_start(self, config: &FunctionConfig) -> String {
        match self {
            LogFormat::Text => "INIT_START Runtime Version: provided:al2023.local".to_owned(),
            LogFormat::Json => object(
                "platform.initStart",
                json!({
                    "initializationType": config.initialization_type(),
                    "phase": "init",
                    "functionName": config.name,
                    "functionVersion": config.version,
                    "runtimeVersion": "provided:al2023.local",
                }),
            ),
        }
    }

    pub(crate) fn restore_start(self, config: &FunctionConfig) -> String {
        match self {
            LogFormat::Text => "RESTORE_START Runtime Version: provided:al2023.local".to_owned(),
            LogFormat::Json => object(
                "platform.restoreStart",
                json!({ "functionName": config.name, "functionVersion": config.version }),
            ),
        }
    }

    /// `INIT_REPORT`, which text logs have only for an initialization that failed.
    pub(crate) fn init_report(self, took: Duration, phase: Phase, status: Status, error_type: Option<&str>) -> String {
        match self {
            LogFormat::Text => {
                let mut line = format!(
                    "INIT_REPORT Init Duration: {:.2} ms\tPhase: {}\tStatus: {}",
                    ms(took),
                    phase.word(),
                    status.word()
                );
                if let Some(error_type) = error_type {
                    line.push_str(&format!("\tError Type: {error_type}"));
                }
                line
            }
            LogFormat::Json => object(
                "platform.initReport",
                json!({
                    "phase": phase.word(),
                    "status": status.word(),
                    "errorType": error_type,
                    "metrics": { "durationMs": ms(took) },
                }),
            ),
        }
    }

    pub(crate) fn start(self, request_id: &str, version: &str) -> String {
        match self {
            LogFormat::Text => format!("START RequestId: {request_id} Version: {version}"),
            LogFormat::Json => object("platform.start", json!({ "requestId": request_id, "version": version })),
        }
    }

    /// `END`, which only text logs have.
    pub(crate) fn end(self, request_id: &str) -> Option<String> {
        (self == LogFormat::Text).then(|| format!("END RequestId: {request_id}"))
    }

    /// The lines before END that say why a text log's invocation ended without an answer: the message, and the type
    /// of the error where it has one.
    pub(crate) fn failure(self, message: &str, error_type: Option<&str>) -> Vec<String> {
        let lines = [Some(message), error_type];
        lines.into_iter().flatten().filter(|_| self == LogFormat::Text).map(str::to_owned).collect()
    }

    pub(crate) fn report(self, request_id: &str, report: &Report) -> String {
        match self {
            LogFormat::Text => report_text(request_id, report),
            LogFormat::Json => {
                let mut metrics = json!({
                    "durationMs": ms(report.duration),
                    "billedDurationMs": report.billed_duration.as_millis() as u64,
                    "memorySizeMB": report.memory_size_mb,
                    "maxMemoryUsedMB": report.max_memory_mb(),
                });
                if let Some(init) = report.init_duration {
                    metrics["initDurationMs"] = json!(ms(init));
                }
                if let Some(restore) = report.restore_duration {
                    metrics["restoreDurationMs"] = json!(ms(restore));
                    metrics["billedRestoreDurationMs"] = json!(whole_millis(restore).as_millis() as u64);
                }
                let mut record = json!({ "requestId": request_id, "metrics": metrics, "status": report.status.word() });
                if let Some(error_type) = &report.error_type {
                    record["errorType"] = json!(error_type);
                }
                object("platform.report", record)
            }
        }
    }
}

/// Fields are parted by tabs; a line without a status ends with one.
fn report_text(request_id: &str, report: &Report) -> String {
    let mut line = format!(
        "REPORT RequestId: {request_id}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
        ms(report.duration),
        report.billed_duration.as_millis(),
        report.memory_size_mb,
        report.max_memory_mb(),
    );
    if let Some(init) = report.init_duration {
        line.push_str(&format!("Init Duration: {:.2} ms\t", ms(init)));
    }
    if let Some(restore) = report.restore_duration {
        let billed = whole_millis(restore).as_millis();
        line.push_str(&format!("Restore Duration: {:.2} ms\tBilled Restore Duration: {billed} ms\t", ms(restore)));
    }
    match report.status {
        Status::Success | Status::Failure => {}
        Status::Timeout => line.push_str("Status: timeout"),
        Status::Error => {
            line.push_str("Status: error");
            if let Some(error_type) = &report.error_type {
                line.push_str(&format!("\tError Type: {error_type}"));
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            duration: Duration::from_micros(2_304),
            init_duration: Some(Duration::from_micros(24_100)),
            restore_duration: None,
            billed_duration: Duration::from_millis(27),
            memory_size_mb: 128,
            max_memory_kib: 14_000,
            status: Status::Success,
            error_type: None,
        }
    }

    #[test]
    fn a_cold_success_is_reported_as_aws_prints_it() {
        assert_eq!(
            LogFormat::Text.report("8f5", &report()),
            "REPORT RequestId: 8f5\tDuration: 2.30 ms\tBilled Duration: 27 ms\tMemory Size: 128 MB\tMax Memory Used: 14 MB\tInit Duration: 24.10 ms\t"
        );
    }

    #[test]
    fn a_restore_is_reported_and_billed() {
        let restored =
            Report { init_duration: None, restore_duration: Some(Duration::from_micros(181_200)), ..report() };
        let line = LogFormat::Text.report("8f5", &restored);
        assert!(line.ends_with("\tRestore Duration: 181.20 ms\tBilled Restore Duration: 182 ms\t"), "{line}");
    }

    #[test]
    fn a_crash_and_a_timeout_have_a_status() {
        let crash = Report { status: Status::Error, error_type: Some("Runtime.ExitError".into()), ..report() };
        assert!(LogFormat::Text.report("8f5", &crash).ends_with("\tStatus: error\tError Type: Runtime.ExitError"));
        let timeout = Report { status: Status::Timeout, init_duration: None, ..report() };
        assert!(LogFormat::Text.report("8f5", &timeout).ends_with("Max Memory Used: 14 MB\tStatus: timeout"));
    }

    #[test]
    fn the_json_report_has_the_metrics_of_the_telemetry_schema() {
        let value: Value = serde_json::from_str(&LogFormat::Json.report("8f5", &report())).unwrap();
        assert_eq!(value["type"], "platform.report");
        assert_eq!(value["record"]["metrics"]["billedDurationMs"], 27);
        assert_eq!(value["record"]["metrics"]["initDurationMs"], 24.1);
        assert_eq!(value["record"]["status"], "success");
    }

    #[test]
    fn a_report_is_recognized_in_both_formats() {
        assert!(is_report(&LogFormat::Text.report("8f5", &report())));
        assert!(is_report(&LogFormat::Json.report("8f5", &report())));
        assert!(!is_report(&LogFormat::Json.start("8f5", "$LATEST")));
    }
}
