//! What the pages print comes from runs. Each test here runs an example of this package as Lambda would and compares
//! what came out with the file that the page includes; `COURSE_RENEW=1 cargo test -p course --test runs` writes the
//! files anew. Times and memory differ from run to run: they are kept in the files and not compared.

mod back;
mod ch01;
mod ch02;
mod ch03;
mod ch04_fronts;
mod ch04_sources;
mod ch05;
mod ch05_work;
mod ch06_logs;
mod ch06_signals;
mod ch07_code;
mod ch07_doors;
mod ch08_beside;
mod ch08_files;
mod ch09_values;
mod ch09_services;
mod ch09_windows;
mod ch10_shares;
mod ch10_versions;
mod ch10_watch;
mod picture;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use course::{data, root};
use local_lambda::{Function, FunctionBuilder, Outcome};
use serde_json::Value;

/// An example as a function, by the name that it has on the page.
fn function(example: &str, name: &str) -> Function {
    builder(example, name).start()
}

/// The same, to be set up further.
fn builder(example: &str, name: &str) -> FunctionBuilder {
    let test = env::current_exe().expect("the path of this test");
    let folder = test.ancestors().nth(2).expect("the folder above").join("examples");
    let program = folder.join(format!("{example}{}", env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} is not built: run `cargo test -p course`", program.display());
    Function::builder(program).name(name)
}

/// Compares with `src/runs/<chapter>/<name>`, or writes it.
#[track_caller]
fn same(chapter: &str, name: &str, text: &str) {
    let path = root().join("src/runs").join(chapter).join(name);
    if env::var_os("COURSE_RENEW").is_some() {
        write(&path, text);
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        without_times(&kept) == without_times(text),
        "{} is not what the run prints now; COURSE_RENEW=1 renews it\n--- in the file\n{kept}\n--- now\n{text}",
        path.display()
    );
}

fn write(path: &PathBuf, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
    fs::write(path, text).expect("the file can be written");
}

/// Every number before ` ms` and ` MB` becomes a `#`.
fn without_times(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    for index in 1..words.len() {
        let unit = words[index].trim_start_matches(|c: char| !c.is_alphabetic());
        let is_measure = unit.starts_with("ms") || unit.starts_with("MB");
        if is_measure && words[index - 1].bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            words[index - 1] = "#";
        }
    }
    words.join(" ")
}

/// What was sent, what came back, and the whole log.
fn told(sent: &str, outcome: &Outcome) -> String {
    let answer = String::from_utf8_lossy(&outcome.payload()).into_owned();
    let log: String = outcome.log.iter().map(|line| format!("{}\n", line.text.trim_end())).collect();
    format!("event   {sent}\nanswer  {answer}\n\n{log}")
}

#[test]
fn numbers_before_a_unit_are_not_compared() {
    assert_eq!(without_times("Duration: 1.20 ms\tBilled Duration: 4 ms\n"), "Duration: # ms\tBilled Duration: # ms\n");
    assert_eq!(without_times("3 copies of 10x15"), "3 copies of 10x15");
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What facts are counted in: the beginning of their `unit`, after which notes follow.
const UNITS: [&str; 12] = [
    "bytes",
    "MB",
    "seconds",
    "days",
    "letters",
    "layers",
    "requests per second",
    "concurrent invocations",
    "new environments",
    "hours",
    "messages",
    "records",
];

/// The unit of a fact and what there is to note about it.
fn unit_and_note(text: &str) -> (&str, &str) {
    let unit = UNITS.into_iter().find(|unit| text.starts_with(unit)).unwrap_or_default();
    (unit, text[unit.len()..].trim_start_matches([',', ';', ' ']))
}

/// A table of facts: the file and the name of each in `exercises/fixtures/data`, and what it is.
fn facts(rows: &[(&str, &str, &str)]) -> String {
    let mut table = String::from("| Limit | Name | Value | Note | Read on |\n|---|---|---|---|---|\n");
    for (file, name, what) in rows {
        let fact = &data(file)[*name];
        let source = fact["source"].as_str().unwrap_or_default();
        let (unit, note) = unit_and_note(fact["unit"].as_str().unwrap_or_default());
        let date = fact["as_of"].as_str().unwrap_or_default();
        let value = fact["value"].as_u64().unwrap_or_else(|| panic!("data/{file}.json has no number {name}"));
        let value = format!("{} {unit}", grouped(value));
        let _ = writeln!(table, "| {what} | `{name}` | {} | {note} | [{date}]({source}) |", value.trim_end());
    }
    table
}

/// A price in ten-billionths of a US dollar: all of Lambda are whole multiples.
fn units(price: &Value) -> u128 {
    let text = price.as_str().unwrap_or_default();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{decimals:0<10}").parse().expect("a price with at most ten decimals")
}

/// Ten-billionths of a US dollar in dollars, rounded to four decimals.
fn usd(units: u128) -> String {
    let units = units + 500_000;
    let dollars = u64::try_from(units / 10_000_000_000).expect("less than the world's money");
    format!("{}.{:04}", grouped(dollars), units % 10_000_000_000 / 1_000_000)
}
