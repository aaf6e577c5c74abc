//! What the second half of chapter 5 prints: memory, many jobs at once, time limits.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Shutdown;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use course::Service;
use local_lambda::{Fate, Outcome, TooLarge};
use serde_json::{Value, json};

use crate::{builder, facts, function, grouped, same};

/// A store whose log `N` has N MB of prints, and which throws their invoices away.
fn store() -> Service {
    Service::start(|stream| {
        let mut reader = BufReader::new(stream);
        let mut megabytes = String::new();
        let _ = reader.read_line(&mut megabytes);
        thread::scope(|scope| {
            scope.spawn(|| {
                let note = "n".repeat(980);
                let print = format!("{{\"order\":1042,\"sheets\":2,\"note\":\"{note}\"}}\n");
                for _ in 0..megabytes.trim().parse().unwrap_or(0) {
                    if { stream }.write_all(print.repeat(1000).as_bytes()).is_err() {
                        break;
                    }
                }
                let _ = stream.shutdown(Shutdown::Write);
            });
            let _ = std::io::copy(&mut reader, &mut std::io::sink());
        });
    })
}

#[test]
fn memory_grows_with_the_log_or_does_not() {
    let store = store();
    let peak = |example: &str, megabytes: u64| {
        let function = builder(example, "invoices")
            .env("STORE", store.address())
            .memory_mb(1_024)
            .timeout(Duration::from_secs(60))
            .start();
        let outcome = function.invoke(json!({ "log": megabytes.to_string(), "longest_line": 4096 }));
        outcome.expect_json_at("/invoices", megabytes * 1000);
        u64::from(outcome.report.max_memory_mb())
    };
    let mut table = String::from("| `Max Memory Used` for a log of | 1 MB | 4 MB | 8 MB |\n|---|---|---|---|\n");
    let mut row = |how: &str, example: &str| {
        let peaks = [1, 4, 8].map(|megabytes| peak(example, megabytes));
        let cells: String = peaks.iter().map(|peak| format!(" {peak} MB |")).collect();
        let _ = writeln!(table, "| {how} |{cells}");
        peaks
    };
    let whole = row("reads the log, then makes its invoices, then writes them", "ch05_stream_whole");
    let results = row("reads line by line, and keeps the invoices for the end", "ch05_stream_results");
    let streamed = row("reads a line, writes its invoice", "ch05_stream");
    assert!(whole[2] > whole[0] + 7 && results[2] > results[0] + 4 && streamed[2] <= streamed[0] + 2, "{table}");
    same("ch05", "memory.md", &table);
}

#[test]
fn an_answer_as_a_whole_and_as_a_stream() {
    let mut table = String::from("| Report of | as one answer | as a stream |\n|---|---|---|\n");
    for megabytes in [2, 7] {
        let told = |how: &str| {
            let function = builder("ch05_report", "report").env("HOW", how).timeout(Duration::from_secs(30)).start();
            in_words(&function.invoke(json!({ "megabytes": megabytes })))
        };
        let _ = writeln!(table, "| {megabytes} pages of a megabyte | {} | {} |", told("whole"), told("stream"));
    }
    same("ch05", "answers.md", &table);
}

fn in_words(outcome: &Outcome) -> String {
    match &outcome.fate {
        Fate::Response(response) => format!("{} bytes arrive", grouped(response.body.len() as u64)),
        Fate::TooLarge(TooLarge::Response { limit, .. }) => {
            format!("`Function.ResponseSizeTooLarge`: more than {} bytes", grouped(*limit as u64))
        }
        fate => panic!("nobody expected {fate:?}"),
    }
}

#[test]
fn who_waits_for_a_slow_job() {
    let function = function("ch05_places", "print");
    let mut table = String::from(
        "| Two at once, of six jobs, the first slow | printed in this order | results in this order |\n|---|---|---|\n",
    );
    for (how, what) in [
        ("groups", "groups of two, each waited for"),
        ("buffered", "`buffered(2)`"),
        ("buffer_unordered", "`buffer_unordered(2)`"),
        ("permits", "`join_all` and two permits"),
    ] {
        let answer = function.invoke(json!({ "how": how })).expect_response();
        let list = |name: &str| {
            let numbers = answer[name].as_array().into_iter().flatten();
            numbers.map(Value::to_string).collect::<Vec<_>>().join(" ")
        };
        let _ = writeln!(table, "| {what} | {} | {} |", list("printed"), list("results"));
    }
    same("ch05", "places.md", &table);
}

#[test]
fn a_time_limit_ends_what_waits_and_not_what_computes() {
    let function = function("ch05_blocked", "limit");
    let mut table = String::from("| Work of 400 ms, with a limit of 50 ms | the answer | after |\n|---|---|---|\n");
    for (how, what) in [
        ("waits", "`sleep(…).await`"),
        ("computes", "computes without an `.await`"),
        ("computes elsewhere", "computes in `spawn_blocking`"),
    ] {
        let outcome = function.invoke(json!({ "how": how }));
        let answer = outcome.expect_response();
        let text = answer.as_str().unwrap_or_default();
        let _ = writeln!(table, "| {what} | {text} | {} ms |", outcome.report.duration.as_millis());
    }
    same("ch05", "blocked.md", &table);
}

/// Allocations are counted, so they are the same on every machine; times are not, and stand in no table of this kind.
#[test]
fn what_a_clone_costs() {
    let function = function("ch05_copies", "copies");
    let mut table = String::from("| 2,000 photos, three sizes | allocations | bytes |\n|---|---|---|\n");
    let answer = function.invoke(json!({ "photos": 2000 })).expect_response();
    for way in answer.as_array().into_iter().flatten() {
        let number = |name: &str| grouped(way[name].as_u64().unwrap_or_default());
        let how = way["how"].as_str().unwrap_or_default();
        let _ = writeln!(table, "| {how} | {} | {} |", number("allocations"), number("bytes"));
    }
    same("ch05", "copies.md", &table);
}

#[test]
fn limits_of_answers_and_of_waiting() {
    let table = facts(&[
        ("answers", "buffered", "an answer as a whole"),
        ("limits", "streamed_response", "an answer as a stream"),
        ("answers", "streamed_burst", "of a stream as fast as it goes"),
        ("answers", "streamed_rate", "after that"),
        ("answers", "rest_api_burst", "of a stream behind a REST API as fast as it goes"),
        ("answers", "rest_api_stream_time", "a stream behind a REST API"),
        ("answers", "rest_api_timeout", "how long a REST API waits"),
        ("answers", "http_api_timeout", "how long an HTTP API waits"),
    ]);
    same("ch05", "answer-limits.md", &table);
}

/// When twenty functions come back whose first attempt failed at the same moment: doubling from 16 ms, without jitter
/// and as the solution of exercise 6 draws its waits.
#[test]
fn how_attempts_spread_out() {
    const CLIENTS: u64 = 20;
    const WAITS: [u64; 3] = [16, 32, 64];
    let asked = AtomicUsize::new(0);
    let courier = Service::start(move |mut stream| {
        let _ = BufReader::new(stream).read_line(&mut String::new());
        let fails = asked.fetch_add(1, Ordering::SeqCst) % (WAITS.len() + 1) < WAITS.len();
        let _ = stream.write_all(if fails { b"503" } else { b"200" });
    });
    let function = builder("ch05_backoff", "deliver").env("COURIER", courier.address()).start();
    let policy = json!({ "attempts": 4, "base_ms": WAITS[0], "cap_ms": WAITS[2], "margin_ms": 500 });
    let drawn = (1..=CLIENTS).map(|seed| {
        let outcome = function.invoke(json!({ "parcel": "p-1042", "seed": seed, "policy": policy }));
        let answer = outcome.expect_response();
        answer["waits_ms"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect::<Vec<_>>()
    });
    let drawn: Vec<u64> = drawn.flat_map(|waits| arrivals(&waits)).collect();
    let without: Vec<u64> = (0..CLIENTS).flat_map(|_| arrivals(&WAITS)).collect();
    same("ch05", "jitter.svg", &histogram(&[("doubling, without jitter", without), ("doubling, full jitter", drawn)]));
}

/// When attempts come that wait so long before each, in milliseconds since the first failure.
fn arrivals(waits: &[u64]) -> Vec<u64> {
    waits
        .iter()
        .scan(0, |now, wait| {
            *now += wait;
            Some(*now)
        })
        .collect()
}

/// How many arrivals there are in each four milliseconds, row under row.
fn histogram(rows: &[(&str, Vec<u64>)]) -> String {
    const BIN: u64 = 4;
    const BINS: usize = 29;
    const WIDTH: usize = 23;
    const HEIGHT: usize = 150;
    let mut bars = String::new();
    let mut told = Vec::new();
    for (row, (name, arrivals)) in rows.iter().enumerate() {
        let floor = (row + 1) * HEIGHT - 26;
        let mut bins = [0_usize; BINS];
        arrivals.iter().for_each(|at| bins[(*at / BIN) as usize] += 1);
        let most = bins.iter().max().copied().unwrap_or_default();
        let class = if row == 0 { "bad" } else { "good" };
        let _ = writeln!(bars, "<text class=\"strong\" x=\"14\" y=\"{}\">{name}</text>", floor - 96);
        for (bin, count) in bins.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (x, height) = (14 + bin * WIDTH, count * 3);
            let _ = writeln!(
                bars,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{}\" width=\"{}\" height=\"{height}\"/>",
                floor - height,
                WIDTH - 5
            );
            let _ = writeln!(
                bars,
                "<text class=\"middle small\" x=\"{}\" y=\"{}\">{count}</text>",
                x + WIDTH / 2 - 2,
                floor - height - 5
            );
        }
        let _ = writeln!(bars, "<path class=\"line\" d=\"M14 {floor}H686\"/>");
        for bin in (0..BINS).step_by(8) {
            let _ = writeln!(
                bars,
                "<text class=\"small\" x=\"{}\" y=\"{}\">{} ms</text>",
                14 + bin * WIDTH,
                floor + 17,
                bin as u64 * BIN
            );
        }
        told.push(format!("{name}: up to {most} attempts within four milliseconds"));
    }
    format!(
        "<svg class=\"pic\" role=\"img\" aria-labelledby=\"ch05-jitter-title ch05-jitter-desc\" viewBox=\"0 0 700 {}\">\n\
         <title id=\"ch05-jitter-title\">When twenty functions try again</title>\n\
         <desc id=\"ch05-jitter-desc\">Bars show how many attempts reach the service in each four milliseconds. {}.</desc>\n\
         {bars}</svg>\n",
        rows.len() * HEIGHT,
        told.join("; ")
    )
}
