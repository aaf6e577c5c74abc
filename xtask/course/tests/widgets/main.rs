//! What the book's widgets compute, and the facts that they compute with.
//!
//! A widget's formula is written in JavaScript, in `theme/widgets`. Its truth is in `exercises/fixtures/vectors`:
//! inputs and outputs that this test writes, found in another way than the widget finds them, and with which
//! `.ci/browser/formulas.test.js` compares the widget. Where an exercise solves the same question, a test of its
//! chapter in `tests/runs` puts every case to the solution. `COURSE_RENEW=1 cargo test -p course --test widgets` writes
//! the files anew.

mod alias;
mod cold_start;
mod concurrency;
mod cost;
mod iam;
mod memory;
mod sqs;
mod vpc;

use std::env;
use std::fs;

use course::{data, root};
use serde_json::{Map, Value, json};

/// The facts that the widgets read.
const FACTS: &[(&str, &[&str])] = &[
    ("compute", &["one_vcpu_memory"]),
    (
        "concurrency",
        &[
            "account_concurrency",
            "requests_per_environment",
            "scaling_environments",
            "scaling_interval",
            "unreserved_concurrency",
        ],
    ),
    (
        "prices",
        &[
            "arm64_gigabyte_second",
            "arm64_gigabyte_second_above",
            "free_gigabyte_seconds",
            "free_requests",
            "interface_endpoint_gigabyte",
            "interface_endpoint_hour",
            "logs_free_gigabytes",
            "logs_gigabyte",
            "nat_gateway_gigabyte",
            "nat_gateway_hour",
            "request",
            "x86_64_gigabyte_second",
            "x86_64_gigabyte_second_above",
        ],
    ),
];

/// Compares a file of the course with what it should hold, or writes it.
#[track_caller]
fn same(path: &str, text: &str) {
    let file = root().join(path);
    if env::var_os("COURSE_RENEW").is_some() {
        fs::write(&file, text).expect("the file can be written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == text, "{path} is not up to date: COURSE_RENEW=1 cargo test -p course --test widgets renews it");
}

/// Compares `exercises/fixtures/vectors/<widget>.json` with what `reference` makes of the inputs, or writes it.
#[track_caller]
fn vectors(widget: &str, inputs: &[Value], reference: impl Fn(&Value) -> Value) {
    assert!(inputs.len() >= 8, "{widget} has few vectors: {}", inputs.len());
    let writer = format!("xtask/course/tests/widgets/{}.rs", widget.replace('-', "_"));
    let case = |input: &Value| format!("    {}", json!({ "input": input, "output": reference(input) }));
    let cases = inputs.iter().map(case).collect::<Vec<_>>().join(",\n");
    same(
        &format!("exercises/fixtures/vectors/{widget}.json"),
        &format!(
            "{{\n  \"widget\": \"{widget}\",\n  \"written_by\": \"{writer}\",\n  \"cases\": [\n{cases}\n  ]\n}}\n"
        ),
    );
}

/// A number of an input.
#[track_caller]
fn number(input: &Value, name: &str) -> u64 {
    input[name].as_u64().unwrap_or_else(|| panic!("{name} is no number in {input}"))
}

/// A price in units of 1e-10 USD: all that are published are whole multiples.
fn units(price: &Value) -> u128 {
    let text = price.as_str().expect("a price is a decimal text");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    assert!(decimals.len() <= 10, "{text} has more than ten decimals");
    format!("{whole}{decimals:0<10}").parse().expect("a decimal number")
}

/// `{**base, **change}` for each of the changes.
fn variations(base: &Value, changes: &[Value]) -> Vec<Value> {
    let merge = |change: &Value| {
        let mut merged = base.clone();
        for (name, value) in change.as_object().expect("an object") {
            assert!(base.get(name).is_some(), "{name} is no input");
            merged[name] = value.clone();
        }
        merged
    };
    changes.iter().map(merge).collect()
}

#[test]
fn the_widgets_have_the_facts_of_the_fixtures() {
    let mut files = Map::new();
    for (file, names) in FACTS {
        let facts = data(file);
        let pick = |name: &&str| {
            let fact = &facts[*name];
            assert!(fact.is_object(), "data/{file}.json has no {name}");
            let parts = ["value", "as_of", "source"].map(|part| (part.to_owned(), fact[part].clone()));
            ((*name).to_owned(), Value::Object(parts.into_iter().collect()))
        };
        files.insert((*file).to_owned(), Value::Object(names.iter().map(pick).collect()));
    }
    let json = serde_json::to_string_pretty(&files).expect("JSON");
    let text = format!(
        "/* Facts of exercises/fixtures/data, for the widgets. Written by a test: change the fixtures, then run\n * \
         COURSE_RENEW=1 cargo test -p course --test widgets */\nWidgets.facts = {json};\n"
    );
    same("theme/widgets/data.js", &text);
}
