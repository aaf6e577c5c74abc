//! `check --format jsonl`, and the JSON of the commands that the book's page uses: hint, solution, reset, progress.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{MiniCourse, Said};

/// The lines of a stream; each says its version.
#[track_caller]
fn events(said: &Said) -> Vec<Value> {
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().all(|line| line["version"] == 1), "{said:#?}");
    lines
}

fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == name).collect()
}

fn document(said: &Said) -> Value {
    serde_json::from_str(&said.out.replace("[TIME]", "0")).unwrap_or_else(|error| panic!("{error}: {said:#?}"))
}

#[test]
fn a_check_tells_what_it_does_as_it_does_it() {
    let course = MiniCourse::new();
    let said = course.say("check 1/2 --format jsonl");
    let events = events(said.exits(1));
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap_or_default()).collect();
    assert_eq!(names.first(), Some(&"started"));
    assert_eq!(events[0]["exercises"], json!([{ "exercise": "ch01-fates/02-fails-one-test", "id": "ch01/02" }]));
    let place =
        |name: &str| names.iter().position(|other| *other == name).unwrap_or_else(|| panic!("{name}: {names:?}"));
    assert!(place("compiling") < place("running") && place("running") < place("test"));
    assert!(place("test") < place("verdict"));

    let running = &events[place("running")];
    let in_order = ["doubles_a_number", "doubles_a_negative_number", "doubles_a_number_that_nobody_knows_beforehand"];
    assert_eq!(running["tests"], json!(in_order));
    let outcomes = |name: &str| -> Vec<&str> {
        let of_test = named(&events, "test").into_iter().filter(|event| event["name"] == name);
        of_test.map(|event| event["outcome"].as_str().unwrap_or_default()).collect()
    };
    assert_eq!(outcomes(in_order[0]), ["started", "passed"]);
    assert_eq!(outcomes(in_order[1]), ["started", "failed"]);
    let failed = named(&events, "test").into_iter().find(|event| event["outcome"] == "failed").expect("one failed");
    assert_eq!((&failed["failure"]["got"], &failed["failure"]["path"]), (&json!("6"), &json!("/total")));

    let verdict = &events[place("verdict")];
    let same = document(&course.without_cargo("check 1/2 --format json"));
    assert_eq!(verdict["tests"], same["exercises"][0]["tests"]);
    assert_eq!(verdict["hints"], json!({ "shown": 0, "of": 4 }));
    assert_eq!(events.last(), Some(&json!({ "version": 1, "event": "done", "exit": 1 })));
}

#[test]
fn compiling_is_told_with_how_much_there_is() {
    let course = MiniCourse::new();
    let said = course.say("check 1/1 1/3 --format jsonl");
    let events = events(said.exits(3));
    let crates: Vec<&str> = named(&events, "compiling").iter().filter_map(|event| event["crates"].as_str()).collect();
    assert!(crates.iter().any(|crates| crates.contains("ch01-01-passes")), "{crates:?}");
    assert_eq!(named(&events, "started")[0]["exercises"].as_array().map(Vec::len), Some(2));
    let verdicts = named(&events, "verdict");
    assert_eq!((&verdicts[0]["state"], &verdicts[1]["state"]), (&json!("passed"), &json!("does-not-compile")));
    let rendered = verdicts[1]["diagnostics"][0]["rendered"].as_str().expect("the compiler's words");
    assert!(rendered.starts_with("error") && !rendered.contains('\u{1b}'), "{rendered}");
}

#[test]
fn a_download_is_told_crate_by_crate() {
    let course = MiniCourse::new();
    // Says what cargo says while it downloads, then is the real one: no test has a network.
    let cargo = "#!/bin/sh\necho ' Downloading crates ...' >&2\necho '  Downloaded libc v0.2.0' >&2\n\
                 printf ' Downloading 2 crates, remaining bytes: 1.2MiB\\r' >&2\n\
                 echo '  Downloaded serde v1.0.2' >&2\n\
                 echo '  Downloaded memchr v2.7.4 (registry `mirror`)' >&2\n\
                 echo '  Downloaded 2 crates (1.2MiB) in 0.3s' >&2\nexec \"$REAL_CARGO\" \"$@\"\n";
    course.write("target/cargo", cargo);
    std::fs::set_permissions(course.path("target/cargo"), Permissions::from_mode(0o755)).expect("the script is ours");
    let real = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut check = course.xtask("check 1/1 --format jsonl");
    let said = course.said(check.env("REAL_CARGO", real).env("CARGO", course.path("target/cargo")));
    let told = events(said.exits(0));
    let crates: Vec<_> =
        named(&told, "downloading").iter().map(|e| (e["done"].clone(), e["of"].clone(), e["crates"].clone())).collect();
    let (libc, serde) = ((json!(1), Value::Null, json!("libc")), (json!(2), json!(3), json!("serde")));
    assert_eq!(crates, [libc, serde, (json!(3), json!(3), json!("memchr"))]);
}

#[test]
fn a_remembered_verdict_is_told_without_cargo() {
    let course = MiniCourse::new();
    course.say("check 1/1").exits(0);
    let events = events(course.without_cargo("check 1/1 --format jsonl").exits(0));
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["started", "verdict", "done"]);
    assert_eq!(events[1]["remembered"], true);
}

#[test]
fn a_test_that_never_ends_has_only_its_start() {
    let course = MiniCourse::new();
    let events = events(course.say("check 1/5 --format jsonl").exits(1));
    let tests = named(&events, "test");
    assert!(!tests.is_empty() && tests.iter().all(|test| test["outcome"] == "started"), "{tests:?}");
    let note = named(&events, "verdict")[0]["note"].as_str().expect("a note");
    assert!(note.contains("did not end within"), "{note}");
}

#[test]
fn the_tools_own_failure_is_an_event_too() {
    let course = MiniCourse::new();
    let said = course.without_cargo("check 1/1 --format jsonl");
    let events = events(said.exits(4));
    let error = named(&events, "error");
    assert!(error[0]["words"].as_str().is_some_and(|words| words.contains("cannot run cargo")), "{said:#?}");
    assert_eq!(events.last().map(|event| &event["exit"]), Some(&json!(4)));
    let said = course.say("check nobody --format jsonl");
    assert_eq!(named(&self::events(said.exits(2)), "done")[0]["exit"], 2);
    course.say("list --format jsonl").exits(2).says("it is text or json");
}

#[test]
fn waiting_for_another_cargo_is_told() {
    let course = MiniCourse::new();
    std::fs::create_dir_all(course.path("target/debug")).expect("the folder can be created");
    let lock = std::fs::File::create(course.path("target/debug/.cargo-lock")).expect("the lock can be created");
    lock.lock().expect("the lock is free");
    let mut child = course.xtask("check 1/1 --format jsonl").stdout(Stdio::piped()).spawn().expect("xtask starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(r#""event":"waiting""#) && line.contains("another cargo")));
    lock.unlock().expect("the lock is ours");
    assert!(lines.last().is_some_and(|line| line.contains(r#""exit":0"#)));
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn hints_and_their_numbers_can_be_read_by_a_program() {
    let course = MiniCourse::new();
    course.say("check 1/2").exits(1);
    let first = document(&course.say("hint 1/2 --format json"));
    assert_eq!(first["hint"]["for"], "doubles_a_negative_number");
    assert_eq!((&first["of"], first["seen"].as_array().map(Vec::len)), (&json!(4), Some(1)));
    for _ in 0..3 {
        course.say("hint 1/2 --format json").exits(0);
    }
    let last = document(&course.say("hint 1/2 --format json"));
    assert_eq!((&last["hint"], &last["seen"]), (&Value::Null, &json!([1, 2, 3, 4])));
    let again = document(&course.say("hint 1/2 2 --format json"));
    assert_eq!(again["hint"]["number"], 2);
    assert!(again["hint"]["text"].as_str().is_some_and(|text| text.contains("Multiply before you print.")));
}

#[test]
fn a_solution_can_be_read_by_a_program_once_it_is_open() {
    let course = MiniCourse::new();
    let closed = document(course.say("solution 1/2 --format json").exits(1));
    assert_eq!((&closed["open"], &closed["files"]), (&json!(false), &json!([])));
    let open = document(course.say("solution 1/2 --give-up --format json").exits(0));
    assert_eq!(open["open"], true);
    let lines = open["files"][0]["lines"].as_array().expect("lines");
    let of_kind = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    assert!(of_kind("mine") > 0 && of_kind("theirs") > 0, "{lines:?}");
    assert!(open["mistakes"].as_array().is_some_and(|mistakes| mistakes.len() == 2), "{open}");
}

#[test]
fn a_reset_says_to_a_program_what_it_did() {
    let course = MiniCourse::new();
    let reset = document(&course.say("reset 1/2 --format json"));
    assert!(reset["exercises"][0]["words"].as_str().is_some_and(|words| words.contains("the starter again")));
    assert_eq!(reset["exercises"][0]["can_undo"], true);
    let undone = document(&course.say("reset 1/2 --undo --format json"));
    assert!(undone["exercises"][0]["words"].as_str().is_some_and(|words| words.contains("yours again")));
}

#[test]
fn progress_travels_to_another_course_and_merges_there() {
    let (here, there) = (MiniCourse::new(), MiniCourse::new());
    here.say("check 1/1").exits(0);
    there.say("hint 1/2").exits(0);
    let text = String::from_utf8(here.xtask("progress").output().expect("xtask starts").stdout).expect("text");
    there.write("carried.txt", &text);
    there.say("progress --import carried.txt").exits(0).says("2 facts imported");
    there.say("progress --import carried.txt").exits(0).says("0 facts imported");
    let kept = there.read(".progress/progress.txt");
    assert!(kept.contains("ch01-fates/01-passes passed ") && kept.contains("hint-"), "{kept}");
    there.write("other.txt", "A shopping list\n");
    there.say("progress --import other.txt").exits(4).says("has no progress in it");
    there.write("newer.txt", &text.replace("version 1", "version 7"));
    there.say("progress --import newer.txt").exits(4).says("a newer course");
    there.say("progress --import gone.txt").exits(4).says("cannot read gone.txt");
    assert_eq!(there.read(".progress/progress.txt"), kept, "nothing lost on bad input");
}
