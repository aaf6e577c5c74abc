//! What chapter 10 prints of plans, versions and aliases: answers of its exercises' solutions.

use std::fmt::Write as _;

use course::fixture_json;
use serde_json::{Value, json};

use crate::{function, same};

/// A step in a word or two.
fn in_words(step: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match step["do"].as_str() {
        Some("point_alias") if step["to"] == "published" => format!("{} to what was published", text(&step["alias"])),
        Some("point_alias") => format!("{} to {}", text(&step["alias"]), text(&step["to"]["version"])),
        _ => format!("`{}`", text(&step["do"])),
    }
}

/// A field a line, also of the configuration and of the environment.
fn in_lines(value: &Value, depth: usize) -> String {
    let Some(fields) = value.as_object().filter(|_| depth < 3) else { return value.to_string() };
    let indent = "  ".repeat(depth);
    let lines: Vec<String> =
        fields.iter().map(|(name, it)| format!("{indent}  \"{name}\": {}", in_lines(it, depth + 1))).collect();
    format!("{{\n{}\n{indent}}}", lines.join(",\n"))
}

#[test]
fn plans_to_have_a_function_again() {
    let planner = function("ch10_restore", "restore");
    let kept = fixture_json("lambda-api/get-function");
    let plain = json!(["LOG_LEVEL", "TABLE"]);
    let manifest = planner
        .invoke(json!({ "action": "manifest", "function": kept, "plain": plain, "aliases": ["live"] }))
        .expect_response();
    same("ch10", "manifest.json", &(in_lines(&manifest, 0) + "\n"));

    let version = |number: &str, changes: &[(&str, Value)]| {
        let mut version = kept["Configuration"].clone();
        version["Version"] = json!(number);
        for (field, value) in changes {
            version[*field] = value.clone();
        }
        version
    };
    let live = |number: &str, routing: Value| json!([{ "Name": "live", "FunctionVersion": number, "RevisionId": "r-1", "RoutingConfig": routing }]);
    let memory: &[(&str, Value)] = &[("MemorySize", json!(1769))];
    let code: &[(&str, Value)] = &[("CodeSha256", json!("another")), ("MemorySize", json!(1769))];
    let busy: &[(&str, Value)] = &[("MemorySize", json!(1769)), ("LastUpdateStatus", json!("InProgress"))];
    let cases = [
        ("nothing", Value::Null),
        (
            "`live` serves version 7, as it was",
            json!({ "versions": [version("$LATEST", &[]), version("7", &[])], "aliases": live("7", Value::Null) }),
        ),
        (
            "`live` serves version 8, which has more memory; 7 is there",
            json!({ "versions": [version("$LATEST", memory), version("7", &[]), version("8", memory)], "aliases": live("8", Value::Null) }),
        ),
        (
            "`live` serves version 7, and a tenth of its calls goes to 8",
            json!({
                "versions": [version("$LATEST", memory), version("7", &[]), version("8", memory)],
                "aliases": live("7", json!({ "AdditionalVersionWeights": { "8": 0.1 } })),
            }),
        ),
        (
            "version 8 only, which has more memory",
            json!({ "versions": [version("$LATEST", memory), version("8", memory)], "aliases": live("8", Value::Null) }),
        ),
        (
            "the same, and somebody's update is in progress",
            json!({ "versions": [version("$LATEST", busy), version("8", memory)], "aliases": live("8", Value::Null) }),
        ),
        (
            "version 9 only, with another code, too",
            json!({ "versions": [version("$LATEST", code), version("9", code)], "aliases": live("9", Value::Null) }),
        ),
    ];
    let mut table = String::from("| What is there | The plan |\n|---|---|\n");
    for (what, mut have) in cases {
        if have.is_object() {
            have["reserved_concurrency"] = manifest["reserved_concurrency"].clone();
        }
        let plan = planner.invoke(json!({ "action": "plan", "want": manifest, "have": have })).expect_response();
        let steps: Vec<String> = plan["steps"].as_array().expect("steps").iter().map(in_words).collect();
        let steps = if steps.is_empty() { "nothing to do".to_owned() } else { steps.join(", ") };
        writeln!(table, "| {what} | {steps} |").expect("a text takes everything");
    }
    same("ch10", "plans.md", &table);
}

#[test]
fn a_script_of_versions_and_aliases() {
    let double = function("ch10_double", "double");
    let calls = [
        ("publish", json!({ "call": "publish" })),
        ("publish", json!({ "call": "publish" })),
        ("update the memory to 256", json!({ "call": "update_config", "memory_mb": 256 })),
        ("publish", json!({ "call": "publish" })),
        ("invoke version 1", json!({ "call": "invoke", "qualifier": "1", "draw": 0.5 })),
        ("create live, which serves 1", json!({ "call": "create_alias", "alias": "live", "version": "1" })),
        (
            "a tenth of live to 2",
            json!({ "call": "update_alias", "alias": "live", "routing": { "2": 0.1 }, "revision": "1" }),
        ),
        (
            "live to 2, by who saw revision 1",
            json!({ "call": "update_alias", "alias": "live", "version": "2", "revision": "1" }),
        ),
        ("delete version 2", json!({ "call": "delete_version", "version": "2" })),
        (
            "no second version for live",
            json!({ "call": "update_alias", "alias": "live", "routing": {}, "revision": "2" }),
        ),
        ("delete version 2", json!({ "call": "delete_version", "version": "2" })),
        ("update the memory to 512", json!({ "call": "update_config", "memory_mb": 512 })),
        ("publish", json!({ "call": "publish" })),
    ];
    let script: Vec<&Value> = calls.iter().map(|(_, call)| call).collect();
    let answers = double.invoke(json!({ "calls": script })).expect_response();
    let bare = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut text = String::new();
    for ((what, _), answer) in calls.iter().zip(answers["answers"].as_array().expect("answers")) {
        let said = match (&answer["ok"], answer["error"].as_str()) {
            (_, Some(error)) => error.to_owned(),
            (Value::Null, None) => "done".to_owned(),
            (ok, None) if ok["alias"].is_string() => {
                format!("serves {}, {}; revision {}", bare(&ok["version"]), ok["routing"], bare(&ok["revision"]))
            }
            (ok, None) if ok["code"].is_string() => format!("version {}, {} MB", bare(&ok["version"]), ok["memory_mb"]),
            (ok, None) => format!("version {}", bare(&ok["version"])),
        };
        writeln!(text, "{what:<34}{said}").expect("a text takes everything");
    }
    same("ch10", "versions.txt", text.trim_end());
}
