//! A function as a debug and as a release build: how large, how long until it is ready, how long for its work.
//!
//! `cargo bench -p course --bench builds` builds the example `ch05_copies` in both profiles, runs both by turns on this
//! machine, and prints a table of medians. Only the ratios mean something elsewhere. The page of chapter 5 shows what it
//! printed into `src/runs/ch05/builds.md`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use local_lambda::Function;
use serde_json::{Value, json};

const TURNS: usize = 31;

/// What was measured of one build.
#[derive(Default)]
struct Measured {
    bytes: u64,
    init: Vec<Duration>,
    warm: Vec<Duration>,
    clones: Vec<u64>,
    borrows: Vec<u64>,
}

fn main() {
    let programs = [build(&[]), build(&["--release"])];
    let mut measured = [Measured::default(), Measured::default()];
    for (program, measured) in programs.iter().zip(&mut measured) {
        measured.bytes = fs::metadata(program).expect("the program was built").len();
    }
    for _ in 0..TURNS {
        for (program, measured) in programs.iter().zip(&mut measured) {
            let function = Function::builder(program).timeout(Duration::from_secs(30)).start();
            let cold = function.invoke(json!({ "photos": 2000 }));
            let warm = function.invoke(json!({ "photos": 2000 }));
            let answer = warm.expect_response();
            let nanoseconds = |index: usize| answer[index]["nanoseconds"].as_u64().unwrap_or_default();
            measured.init.push(cold.report.init_duration.expect("the first invocation is cold"));
            measured.warm.push(warm.report.duration);
            measured.clones.push(nanoseconds(0));
            measured.borrows.push(nanoseconds(2));
        }
    }
    let [debug, release] = &measured;
    println!("| | debug | release | debug : release |\n|---|---|---|---|");
    row("size of the program, KB", [debug.bytes / 1024, release.bytes / 1024]);
    row("`Init Duration`, µs", [median(micros(&debug.init)), median(micros(&release.init))]);
    row("`Duration` of the event, µs", [median(micros(&debug.warm)), median(micros(&release.warm))]);
    let (debug_clones, release_clones) = (median(debug.clones.clone()), median(release.clones.clone()));
    row("one question, cloning 2,000 photos, ns", [debug_clones, release_clones]);
    let (debug_borrows, release_borrows) = (median(debug.borrows.clone()), median(release.borrows.clone()));
    row("one question, borrowing, ns", [debug_borrows, release_borrows]);
    println!(
        "\nIn the release build, cloning takes {} times as long as borrowing.",
        ratio(release_clones, release_borrows)
    );
}

/// Builds the example with these arguments and gives its path.
fn build(arguments: &[&str]) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "-p", "course", "--example", "ch05_copies", "--message-format", "json"])
        .args(arguments)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo build failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    programs.next_back().expect("cargo names the program")
}

fn micros(times: &[Duration]) -> Vec<u64> {
    times.iter().map(|time| time.as_micros() as u64).collect()
}

fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

fn row(what: &str, [debug, release]: [u64; 2]) {
    println!("| {what} | {debug} | {release} | {} |", ratio(debug, release));
}

fn ratio(one: u64, other: u64) -> String {
    format!("{:.1}", one as f64 / other.max(1) as f64)
}
