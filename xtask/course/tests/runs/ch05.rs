//! What chapter 5 prints of starts, reports, memory and long work. Reports were recorded once, and tables are made from
//! the record by the exercises' solutions; `COURSE_RECORD=1 cargo test -p course --test runs recorded` records anew.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use course::{Service, data, fixture_json, root};
use local_lambda::LogFormat;
use serde_json::{Value, json};

use crate::{builder, function, grouped, same, told, units, usd};

/// A folder that goes when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Folder(folder)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_default()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays is no reason to fail.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_main_fetched_is_there_for_every_event() {
    let folder = Folder::new("ch05-init");
    fs::write(folder.0.join("catalogue.json"), r#"{"prices":{"10x15":19}}"#).expect("a catalogue");
    let desk = builder("ch05_init", "desk").env("WAREHOUSE", folder.0.to_string_lossy()).start();
    let mut text = String::new();
    for copies in [1, 30] {
        let event = format!(r#"{{"format":"10x15","copies":{copies}}}"#);
        let _ = writeln!(text, "{}", told(&event, &desk.invoke(event.as_str())));
    }
    same("ch05", "init.txt", text.trim_end());
}

/// A price service, each of whose answers takes two milliseconds on its way. Counts connections and questions.
fn prices() -> (Service, Arc<[AtomicU32; 2]>) {
    let counts: Arc<[AtomicU32; 2]> = Arc::default();
    let counted = Arc::clone(&counts);
    let service = Service::start(move |stream: &TcpStream| {
        counted[0].fetch_add(1, Ordering::Relaxed);
        let mut answers = stream;
        for _ in BufReader::new(stream).lines().map_while(Result::ok) {
            counted[1].fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(2));
            if answers.write_all(b"19\n").is_err() {
                break;
            }
        }
    });
    (service, counts)
}

#[test]
fn a_client_for_every_call() {
    let mut table =
        String::from("| The client is made | Connections | Round trips | 20 warm events take |\n|---|---|---|---|\n");
    for (client, words) in [("once", "in `main`"), ("each", "in the handler")] {
        let (service, counts) = prices();
        let desk = builder("ch05_client", "desk").env("CLIENT", client).env("PRICES", service.address()).start();
        desk.invoke(json!(0));
        let mut warm = Duration::ZERO;
        for number in 1..=20 {
            let outcome = desk.invoke(json!(number));
            outcome.expect_warm().expect_json("19");
            warm += outcome.report.duration;
        }
        let [connections, questions] = [0, 1].map(|which: usize| counts[which].load(Ordering::Relaxed));
        let _ = writeln!(table, "| {words} | {connections} | {} | {} ms |", connections + questions, warm.as_millis());
    }
    same("ch05", "client.md", &table);
}

const SIZES: [u64; 6] = [128, 256, 512, 1_024, 1_769, 3_008];

/// The reports of thumbnails with several sizes of memory, as they were recorded.
fn record() -> &'static [String] {
    static RECORD: OnceLock<Vec<String>> = OnceLock::new();
    RECORD.get_or_init(|| {
        if env::var_os("COURSE_RECORD").is_some() {
            let log = serde_json::to_string_pretty(&json!({ "lines": run_thumbnails() })).expect("JSON");
            let path = root().join("exercises/fixtures/logs/thumbnails-by-memory.json");
            fs::write(path, log + "\n").expect("the record can be written");
        }
        let lines = &fixture_json("logs/thumbnails-by-memory")["lines"];
        lines.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    })
}

fn run_thumbnails() -> Vec<String> {
    let mut reports = Vec::new();
    for memory_mb in SIZES {
        let thumbnails = builder("ch05_thumbnail", "thumbnails").memory_mb(memory_mb as u32).start();
        for number in 0..14 {
            // Another environment comes in the middle.
            if number == 7 {
                thumbnails.force_cold();
            }
            let outcome = thumbnails.invoke(json!({}));
            let report = outcome.log.iter().find(|line| line.text.starts_with("REPORT "));
            reports.push(report.expect("a report").text.clone());
        }
    }
    reports
}

/// Microseconds as milliseconds with one decimal.
fn millis(micros: &Value) -> String {
    micros.as_f64().map(|us| format!("{:.1}", us / 1_000.0)).unwrap_or_default()
}

#[test]
fn recorded_reports_by_memory() {
    let summary = function("ch05_reader", "reader").invoke(json!({ "lines": record() })).expect_response();
    let mut table =
        String::from("| Memory | INIT p50 | p50 | p95 | Billed together | Peak |\n|---|---|---|---|---|---|\n");
    for size in summary["sizes"].as_array().into_iter().flatten() {
        assert_eq!((&size["invocations"], &size["cold"]), (&json!(14), &json!(2)), "what the page says of each size");
        let number = |name: &str| grouped(size[name].as_u64().unwrap_or_default());
        let took = &size["duration_us"];
        let _ = writeln!(
            table,
            "| {}\u{a0}MB | {} | {} | {} | {}\u{a0}ms | {}\u{a0}MB |",
            number("memory_mb"),
            millis(&size["start_us"]["p50"]),
            millis(&took["p50"]),
            millis(&took["p95"]),
            number("billed_ms"),
            number("peak_mb"),
        );
    }
    same("ch05", "reports.md", &table);
}

/// A report's value of this name.
fn field<'a>(report: &'a str, name: &str) -> Option<&'a str> {
    report.split('\t').find_map(|field| field.strip_prefix(name)?.strip_prefix(": ")?.split(' ').next())
}

#[test]
fn recorded_memory_against_time() {
    let mut runs: serde_json::Map<String, Value> = serde_json::Map::new();
    for report in record() {
        let memory_mb = field(report, "Memory Size").expect("a size").to_owned();
        let duration: f64 = field(report, "Duration").and_then(|text| text.parse().ok()).expect("a duration");
        let run = json!({ "duration_us": (duration * 1_000.0).round() as u64, "cold": field(report, "Init Duration").is_some() });
        runs.entry(memory_mb).or_insert_with(|| json!([])).as_array_mut().expect("runs").push(run);
    }
    let price = units(&data("prices")["arm64_gigabyte_second"]["value"]) as u64;
    let tuner = function("ch05_tuner", "tuner");
    let advice = |strategy: Value| {
        let platform = json!({ "memory_mb": 512, "runs": runs });
        let task = json!({ "sizes": SIZES, "runs": 14, "trim_percent": 20, "price": price, "strategy": strategy, "platform": platform });
        tuner.invoke(task).expect_response()
    };
    let strategies =
        [(json!("cost"), "cost"), (json!({ "balanced": 50 }), "balanced, half and half"), (json!("speed"), "speed")];
    let chosen = strategies.map(|(strategy, name)| (advice(strategy)["chosen_mb"].clone(), name));
    let advised = advice(json!("cost"));
    let mut table = String::from("| Memory | Mean of the good runs | A million cost, USD | |\n|---|---|---|---|\n");
    for size in advised["sizes"].as_array().into_iter().flatten() {
        let mut notes: Vec<&str> =
            chosen.iter().filter(|(memory, _)| *memory == size["memory_mb"]).map(|(_, name)| *name).collect();
        if !advised["front_mb"].as_array().is_some_and(|front| front.contains(&size["memory_mb"])) {
            notes.push("beaten");
        }
        let cost = usd(u128::from(size["cost"].as_u64().unwrap_or_default()));
        let memory = grouped(size["memory_mb"].as_u64().unwrap_or_default());
        let _ = writeln!(table, "| {memory}\u{a0}MB | {} | {cost} | {} |", millis(&size["mean_us"]), notes.join("; "));
    }
    same("ch05", "tuned.md", &table);
}

#[test]
fn the_memory_widget_computes_as_the_tuner_does() {
    let tuner = function("ch05_tuner", "tuner");
    for case in fixture_json("vectors/memory")["cases"].as_array().expect("cases") {
        let (input, output) = (&case["input"], &case["output"]);
        let architecture = input["architecture"].as_str().expect("an architecture");
        let price = units(&data("prices")[format!("{architecture}_gigabyte_second")]["value"]) as u64;
        let sizes = output["sizes"].as_array().expect("sizes");
        let runs: serde_json::Map<_, _> = sizes
            .iter()
            .map(|size| {
                (
                    size["memory_mb"].to_string(),
                    json!([{ "duration_us": size["billed_ms"].as_u64().map(|ms| ms * 1_000) }]),
                )
            })
            .collect();
        let memory: Vec<_> = sizes.iter().map(|size| &size["memory_mb"]).collect();
        for (strategy, best) in [("cost", "cheapest"), ("speed", "fastest")] {
            let platform = json!({ "memory_mb": 128, "runs": runs });
            let task = json!({ "sizes": memory, "runs": 1, "trim_percent": 0, "price": price, "strategy": strategy, "platform": platform });
            let outcome = tuner.story(format!("{strategy} of {input}")).invoke(task);
            outcome.expect_json_at("/chosen_mb", output[best].clone());
            for (place, size) in sizes.iter().enumerate() {
                let cost: u64 = size["cost"].as_str().and_then(|text| text.parse().ok()).expect("a cost");
                outcome.expect_json_at(&format!("/sizes/{place}/cost"), cost);
            }
        }
    }
}

#[test]
fn the_cold_start_widget_bills_as_the_reader_adds_up() {
    let reader = function("ch05_reader", "reader");
    for case in fixture_json("vectors/cold-start")["cases"].as_array().expect("cases") {
        let (input, output) = (&case["input"], &case["output"]);
        let of = |name: &str| input[name].as_u64().expect("milliseconds");
        let in_main = input["setup_in"] == "main";
        let mut known = Vec::new();
        let lines = output["requests"].as_array().expect("requests").iter().map(|request| {
            let cold = !known.contains(&&request["environment"]);
            known.push(&request["environment"]);
            let init = if cold { of("init_ms") + if in_main { of("setup_ms") } else { 0 } } else { 0 };
            let handler = of("handler_ms") + if in_main { 0 } else { of("setup_ms") };
            let start = if cold { format!("Init Duration: {init}.00 ms\t") } else { String::new() };
            format!("REPORT RequestId: r\tDuration: {handler}.00 ms\tBilled Duration: {} ms\tMemory Size: 128 MB\tMax Memory Used: 20 MB\t{start}", init + handler)
        });
        let outcome = reader.story(input.to_string()).invoke(json!({ "lines": lines.collect::<Vec<_>>() }));
        if output["requests"][0].is_object() {
            outcome.expect_json_at("/sizes/0/cold", output["environments"].clone());
            outcome.expect_json_at("/sizes/0/billed_ms", output["billed_ms"].clone());
        }
    }
}

#[test]
fn a_report_in_json() {
    let folder = Folder::new("ch05-json");
    fs::write(folder.0.join("catalogue.json"), r#"{"prices":{"10x15":19}}"#).expect("a catalogue");
    let desk =
        builder("ch05_init", "desk").env("WAREHOUSE", folder.0.to_string_lossy()).log_format(LogFormat::Json).start();
    let outcome = desk.invoke(r#"{"format":"10x15","copies":1}"#);
    let line = outcome.log.iter().find(|line| line.text.contains("platform.report")).expect("a report");
    let mut report: Value = serde_json::from_str(&line.text).expect("JSON");
    // Numbers differ from run to run; what the page shows are the names.
    report["time"] = json!("2026-05-10T09:00:00.000Z");
    for (name, value) in [
        ("durationMs", json!(1.27)),
        ("billedDurationMs", json!(34)),
        ("initDurationMs", json!(32.51)),
        ("maxMemoryUsedMB", json!(14)),
    ] {
        assert!(report["record"]["metrics"][name].is_number(), "the report has no {name}: {report}");
        report["record"]["metrics"][name] = value;
    }
    same("ch05", "report.json", &serde_json::to_string_pretty(&report).expect("JSON"));
}

#[test]
fn an_album_goes_on_where_it_stopped() {
    let folder = Folder::new("ch05-album");
    let maker = builder("ch05_replay", "album").env("FOLDER", folder.0.to_string_lossy()).start();
    let mut text = String::new();
    let order = r#"{"id":"W-7","photos":["kiss.jpg","cake.jpg"]}"#;
    for event in [format!(r#"{{"order":{order},"crash_at":8}}"#), format!(r#"{{"order":{order}}}"#)] {
        let outcome = maker.invoke(event.as_str());
        let answer = String::from_utf8_lossy(&outcome.payload()).replace(&outcome.request_id, "…");
        let _ = writeln!(text, "event    {event}\nanswer   {answer}\n\nthe journal now");
        for line in folder.read("album-+w-7.journal").lines() {
            let _ = writeln!(text, "  {line}");
        }
        text.push_str("what the workshop did, by token\n");
        for line in folder.read("workshop.txt").lines() {
            let _ = writeln!(text, "  {}", line.replace('\t', "  "));
        }
        text.push('\n');
    }
    same("ch05", "album.txt", text.trim_end());
}

#[test]
fn the_limits_of_long_work() {
    let table = crate::facts(&[
        ("invoke-limits", "maximum_timeout", "one invocation"),
        ("long-work", "durable_execution", "an execution of a durable function"),
        ("long-work", "standard_workflow", "an execution of a Standard workflow"),
        ("long-work", "express_workflow", "an execution of an Express workflow"),
        ("long-work", "execution_name", "name of an execution of Step Functions"),
        ("long-work", "execution_name_kept", "a name is not free again for"),
        ("long-work", "state_payload", "input or output of a state"),
    ]);
    same("ch05", "long-work.md", &table);
}
