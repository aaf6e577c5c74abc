//! What the shop expects of who reads its reports.

use std::slice;
use std::time::Duration;

use course::Seed;
use local_lambda::{Function, LogFormat, binary};
use serde_json::{Value, json};

/// What one report says.
#[derive(Clone)]
struct Invocation {
    memory_mb: u64,
    duration_us: u64,
    start: Start,
    peak_mb: u64,
    status: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Start {
    Warm,
    Init(u64),
    Restore(u64),
}

impl Invocation {
    fn any(seed: &mut Seed, memory_mb: u64) -> Invocation {
        // Text reports have two decimals.
        let duration_us = seed.number(10..=300_000) * 10;
        Invocation {
            memory_mb,
            duration_us,
            start: Start::Warm,
            peak_mb: seed.number(20..=memory_mb),
            status: "success",
        }
    }

    fn billed_ms(&self) -> u64 {
        let init = if let Start::Init(us) = self.start { us } else { 0 };
        (self.duration_us + init).div_ceil(1_000)
    }

    fn billed_restore_ms(&self) -> u64 {
        if let Start::Restore(us) = self.start { us.div_ceil(1_000) } else { 0 }
    }

    /// As a line of a text log, fields parted by tabs.
    fn text(&self) -> String {
        let ms = |us: u64| format!("{}.{:02} ms", us / 1_000, us % 1_000 / 10);
        let (duration, billed, peak) = (ms(self.duration_us), self.billed_ms(), self.peak_mb);
        let memory = self.memory_mb;
        let mut line = format!(
            "REPORT RequestId: 6f7f0961-83cc-4f6b-a8d1-d5f1f5a0b8f2\tDuration: {duration}\tBilled Duration: {billed} ms\tMemory Size: {memory} MB\tMax Memory Used: {peak} MB\t"
        );
        match self.start {
            Start::Warm => {}
            Start::Init(us) => line += &format!("Init Duration: {}\t", ms(us)),
            Start::Restore(us) => {
                line += &format!(
                    "Restore Duration: {}\tBilled Restore Duration: {} ms\t",
                    ms(us),
                    self.billed_restore_ms()
                );
            }
        }
        match self.status {
            "timeout" => line += "Status: timeout",
            "error" => line += "Status: error\tError Type: Runtime.ExitError",
            // An error that the handler returned leaves no trace here.
            _ => {}
        }
        line
    }

    /// As a line of a JSON log.
    fn json(&self) -> String {
        let ms = |us: u64| if us.is_multiple_of(1_000) { json!(us / 1_000) } else { json!(us as f64 / 1_000.0) };
        let mut metrics = json!({ "durationMs": ms(self.duration_us), "billedDurationMs": self.billed_ms(), "memorySizeMB": self.memory_mb, "maxMemoryUsedMB": self.peak_mb });
        match self.start {
            Start::Warm => {}
            Start::Init(us) => metrics["initDurationMs"] = ms(us),
            Start::Restore(us) => {
                metrics["restoreDurationMs"] = ms(us);
                metrics["billedRestoreDurationMs"] = json!(self.billed_restore_ms());
            }
        }
        let record =
            json!({ "requestId": "6f7f0961-83cc-4f6b-a8d1-d5f1f5a0b8f2", "status": self.status, "metrics": metrics });
        json!({ "time": "2026-05-10T09:00:00.000Z", "type": "platform.report", "record": record }).to_string()
    }
}

/// The smallest value that at least `percent` of all values do not exceed.
fn percentile(values: &[u64], percent: usize) -> u64 {
    let reached = |limit: u64| values.iter().filter(|value| **value <= limit).count() * 100 >= percent * values.len();
    values.iter().copied().filter(|value| reached(*value)).min().expect("values")
}

fn percentiles(values: &[u64]) -> Value {
    if values.is_empty() {
        return Value::Null;
    }
    json!({ "p50": percentile(values, 50), "p95": percentile(values, 95), "p99": percentile(values, 99), "max": percentile(values, 100) })
}

/// What is to be said of these, all with the same memory. `failed`: how many of them the log tells to have failed.
fn size(invocations: &[Invocation], failed: usize) -> Value {
    let durations: Vec<u64> = invocations.iter().map(|it| it.duration_us).collect();
    let starts: Vec<u64> = invocations
        .iter()
        .filter_map(|it| match it.start {
            Start::Warm => None,
            Start::Init(us) | Start::Restore(us) => Some(us),
        })
        .collect();
    json!({
        "memory_mb": invocations[0].memory_mb,
        "invocations": invocations.len(),
        "cold": starts.len(),
        "failed": failed,
        "duration_us": percentiles(&durations),
        "start_us": percentiles(&starts),
        "billed_ms": invocations.iter().map(|it| it.billed_ms() + it.billed_restore_ms()).sum::<u64>(),
        "peak_mb": invocations.iter().map(|it| it.peak_mb).max(),
    })
}

fn log(lines: impl IntoIterator<Item = String>) -> Value {
    json!({ "lines": lines.into_iter().collect::<Vec<_>>() })
}

/// A story with the lines of its log, as long as one can still read them. A message shows no event of this length.
fn with_lines(story: &str, log: &Value) -> String {
    let lines: Vec<&str> = log["lines"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let text = lines.join("\n");
    if text.len() <= 4_000 { format!("{story}\n{text}") } else { story.to_owned() }
}

#[test]
fn reads_a_report_in_text() {
    let mut seed = Seed::at_run_time();
    let reader = Function::start(binary!());
    for memory_mb in [128, 512] {
        let invocation = Invocation::any(&mut seed, memory_mb);
        let outcome = reader.story("a log of one line, a REPORT in text").invoke(log([invocation.text()]));
        outcome.expect_json(json!({ "sizes": [size(slice::from_ref(&invocation), 0)] }));
        let whole = Invocation { duration_us: seed.number(1..=3_000) * 1_000, ..invocation };
        let event = log([whole.text().replace(".00 ms", " ms")]);
        let outcome = reader.story("a REPORT in text whose milliseconds are whole").invoke(event);
        outcome.expect_json(json!({ "sizes": [size(&[whole], 0)] }));
    }
}

#[test]
fn reads_a_report_in_json() {
    let mut seed = Seed::at_run_time();
    let reader = Function::start(binary!());
    for memory_mb in [128, 512] {
        let mut invocation = Invocation::any(&mut seed, memory_mb);
        // JSON has a third decimal, and none where the milliseconds are whole.
        for duration_us in [invocation.duration_us + 3, 1_005, 2_300, 17_000] {
            invocation.duration_us = duration_us;
            let outcome = reader.story("a log of one line, a platform.report").invoke(log([invocation.json()]));
            outcome.expect_json(json!({ "sizes": [size(slice::from_ref(&invocation), 0)] }));
        }
    }
}

#[test]
fn passes_over_other_lines() {
    let mut seed = Seed::at_run_time();
    let reader = Function::start(binary!());
    let invocation = Invocation::any(&mut seed, 256);
    let other = [
        "INIT_START Runtime Version: provided:al2023.v147".to_owned(),
        "START RequestId: 6f7f0961-83cc-4f6b-a8d1-d5f1f5a0b8f2 Version: $LATEST".to_owned(),
        "REPORT of the day: 17 albums, Duration: 4 h".to_owned(),
        format!("says {}", invocation.text()),
        format!(" {}", invocation.text()),
        invocation.text().replace("REPORT RequestId: ", "REPORT of Monday\t"),
        json!({ "level": "INFO", "message": invocation.text() }).to_string(),
        json!({ "type": "platform.initReport", "record": { "phase": "init", "status": "success", "metrics": { "durationMs": 24.1 } } }).to_string(),
        invocation.json().replace("platform.report", "printer.report"),
        "{ not JSON".to_owned(),
        String::new(),
        "END RequestId: 6f7f0961-83cc-4f6b-a8d1-d5f1f5a0b8f2".to_owned(),
    ];
    let outcome = reader.story("a log without any report").invoke(log(other.clone()));
    outcome.expect_json(json!({ "sizes": [] }));
    for report in [invocation.text(), invocation.json()] {
        let story = format!("other lines that look a little like it, and one report:\n{report}");
        let outcome = reader.story(story).invoke(log(other.iter().cloned().chain([report])));
        outcome.expect_json(json!({ "sizes": [size(slice::from_ref(&invocation), 0)] }));
    }
}

#[test]
fn tells_cold_starts_from_warm_ones() {
    let mut seed = Seed::at_run_time();
    let reader = Function::start(binary!());
    let mut invocations: Vec<_> = (0..6).map(|_| Invocation::any(&mut seed, 512)).collect();
    invocations[0].start = Start::Init(seed.number(100..=90_000) * 10);
    invocations[3].start = Start::Restore(seed.number(100..=90_000) * 10);
    let lines = [Invocation::text, Invocation::json].map(|form| log(invocations.iter().map(form)));
    for (event, form) in lines.into_iter().zip(["text", "JSON"]) {
        let story = format!("{form}: the first of six had an INIT, the fourth was restored from a snapshot");
        let story = with_lines(&story, &event);
        reader.story(story).invoke(event).expect_json(json!({ "sizes": [size(&invocations, 0)] }));
    }
}

#[test]
fn counts_what_failed_as_far_as_the_report_tells() {
    let mut seed = Seed::at_run_time();
    let reader = Function::start(binary!());
    let mut invocations: Vec<_> = (0..5).map(|_| Invocation::any(&mut seed, 512)).collect();
    for (invocation, status) in invocations.iter_mut().zip(["timeout", "error", "failure", "failure"]) {
        invocation.status = status;
    }
    invocations[0].start = Start::Init(seed.number(100..=90_000) * 10);
    let event = log(invocations.iter().map(Invocation::json));
    let story = with_lines("JSON: a cold timeout, a crash, two errors of the handler, a success", &event);
    reader.story(story).invoke(event).expect_json(json!({ "sizes": [size(&invocations, 4)] }));
    let event = log(invocations.iter().map(Invocation::text));
    let story = "the same in text, which tells timeout and crash by a Status, and nothing of the handler's errors";
    let outcome = reader.story(with_lines(story, &event)).invoke(event);
    outcome.expect_json(json!({ "sizes": [size(&invocations, 2)] }));
}

#[test]
fn takes_the_nearest_rank() {
    let mut seed = Seed::at_run_time();
    let reader = Function::start(binary!());
    let any = seed.number(2..=250);
    for count in [1, 2, 20, 40, 100, 101, any] {
        let mut invocations: Vec<_> = (0..count).map(|_| Invocation::any(&mut seed, 1_024)).collect();
        invocations.last_mut().expect("one at least").start = Start::Init(20_000);
        let story = format!("{count} invocations, the last of them cold");
        let event = log(invocations.iter().map(Invocation::text));
        let outcome = reader.story(with_lines(&story, &event)).invoke(event);
        outcome.expect_json(json!({ "sizes": [size(&invocations, 0)] }));
    }
}

#[test]
fn keeps_sizes_apart() {
    let mut seed = Seed::at_run_time();
    let reader = Function::start(binary!());
    let sizes: Vec<Vec<Invocation>> = [128, 1_024, 10_240]
        .map(|memory_mb| (0..seed.number(3..=9)).map(|_| Invocation::any(&mut seed, memory_mb)).collect())
        .into();
    // The largest first, and taken in turns.
    let mixed = (0..9).flat_map(|turn| sizes.iter().rev().filter_map(move |size| size.get(turn)));
    let lines = mixed.enumerate().map(|(place, it)| if place % 2 == 0 { it.text() } else { it.json() });
    let outcome = reader
        .story("the memory was changed to and fro, and so was the log's format; the smallest size comes first")
        .invoke(log(lines));
    outcome.expect_json(json!({ "sizes": sizes.iter().map(|it| size(it, 0)).collect::<Vec<_>>() }));
}

/// Microseconds as a text log shows them: a hundredth of a millisecond is all it has.
fn hundredths(took: Duration) -> u64 {
    // Lambda's line is made from whole microseconds, so this rounds twice as well.
    let millis = (took.as_secs_f64() * 1e6).round() / 1e3;
    format!("{millis:.2}").replace('.', "").parse::<u64>().expect("digits") * 10
}

#[test]
fn reads_its_own_reports() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let reader = Function::builder(binary!()).memory_mb(256).log_format(format).start();
        let mut invocations = Vec::new();
        let mut lines = Vec::new();
        for _ in 0..3 {
            let outcome = reader.story("an empty log").invoke(log([]));
            outcome.expect_json(json!({ "sizes": [] }));
            lines.extend(outcome.log.iter().map(|line| line.text.clone()));
            let shown = |took: Duration| match format {
                LogFormat::Text => hundredths(took),
                LogFormat::Json => (took.as_secs_f64() * 1e6).round() as u64,
            };
            let start = outcome.report.init_duration.map_or(Start::Warm, |init| Start::Init(shown(init)));
            let peak_mb = u64::from(outcome.report.max_memory_mb());
            let duration_us = shown(outcome.report.duration);
            let billed_ms = outcome.report.billed_duration.as_millis() as u64;
            invocations
                .push((Invocation { memory_mb: 256, duration_us, start, peak_mb, status: "success" }, billed_ms));
        }
        let billed: u64 = invocations.iter().map(|(_, billed)| billed).sum();
        let mut expected = size(&invocations.into_iter().map(|(it, _)| it).collect::<Vec<_>>(), 0);
        expected["billed_ms"] = json!(billed);
        let story = "the whole log of three invocations of this very function, as the local Lambda wrote it";
        reader.story(story).invoke(log(lines)).expect_json(json!({ "sizes": [expected] }));
    }
}
