//! Exercises of the second kind: the learner mends a file that people deploy. What holds for programs holds for it.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use xtask::course::Course;
use xtask::rules::{layout, pages};

use crate::harness::MiniCourse;

const FILE: &str = "exercises/ch03-files/01-opening-hours/hours.txt";
const SOLUTION: &str = "solutions/ch03-files/01-opening-hours";

#[test]
fn a_file_is_judged_in_its_three_states() {
    let course = MiniCourse::new();
    course.say("check 3/1").is("file-fails");
    course.without_cargo("check 3/1").exits(1).says("nothing changed since");
    course.without_cargo(&format!("check {FILE}")).exits(1).says("ch03/01 opening-hours: failed");
    course.write(FILE, "9 18\n");
    course.say("check 3/1").is("file-passes");
    course.write(FILE, "9 17\n");
    course.without_cargo("list").says("ch03/01 opening-hours           5 min  stale");
    course.say("check 3/1 --solutions").exits(0).says("ch03/01 opening-hours (solution): passed");
    std::fs::remove_file(course.path(FILE)).expect("it was there");
    course.say("check 3/1").is("file-gone");
}

#[test]
fn a_file_is_reset_compared_and_hinted_at_like_a_program() {
    let course = MiniCourse::new();
    course.write(FILE, "9 12\n");
    course.say("hint 3/1").exits(0).says("hint 1 of 3");
    course.say("solution 3/1 --give-up").is("file-solution");
    course.say("reset 3/1").exits(0).says("undo: cargo xtask reset ch03/01 --undo");
    assert!(course.read(FILE).starts_with("# TODO: "));
    assert!(course.path("exercises/ch03-files/01-opening-hours/src/main.rs").exists(), "what is given stays");
    course.say("reset 3/1 --undo").exits(0);
    assert_eq!(course.read(FILE), "9 12\n");
}

#[test]
fn a_save_of_the_file_gets_a_verdict() {
    let course = MiniCourse::new();
    let mut watch =
        course.xtask("watch 3/1").stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("xtask starts");
    let mut lines = BufReader::new(watch.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut next = |start: &str| lines.find(|line| line.starts_with(start)).unwrap_or_default();
    assert!(next("ch03/01").contains("failed (2 of 2 tests"));
    assert_eq!(next("watching"), "watching");
    course.write(FILE, "9 18\n");
    assert!(next("ch03/01").contains("passed (2 tests"));
    watch.kill().expect("it still watches");
    watch.wait().expect("it ends");
}

#[test]
fn the_given_function_can_be_invoked_and_a_file_alone_cannot() {
    let course = MiniCourse::new();
    course.say("invoke 3/1 orders/two").exits(1);
    course.say("new ch03/07-alone --file settings.json").exits(0);
    course.say("invoke 3/7 orders/two").exits(2).says("ch03/07 mends settings.json: there is no function to invoke");
}

#[test]
fn a_given_function_that_does_not_compile_is_not_the_learners_failure() {
    let course = MiniCourse::new();
    course.write("exercises/ch03-files/01-opening-hours/src/night_watch.rs", "fn main() { nonsense }\n");
    course.say("check 3/1").exits(4).says("the given function night-watch could not be built").says("`nonsense`");
}

#[test]
fn a_file_exercise_keeps_every_rule() {
    let course = MiniCourse::new();
    course.say("verify 3/1").is("file-verify-clean");
}

#[test]
fn every_breach_around_a_file_is_told() {
    let course = MiniCourse::new();
    let write = |file: &str, text: &str| course.write(&format!("{SOLUTION}/{file}"), text);
    write("hours.txt", "9 12\n");
    write("starter/hours.txt", "9 18\n");
    write("mistakes/never.json", "0 0\n");
    write("mistakes/all-day.txt", "9 18\n");
    write("also-right/longer.txt", "0 24\n");
    write("mistakes.toml", "[all-day]\ncaught-by = \"no_such_test\"\nreason = \"x\"\n\n[gone]\nreason = \"y\"\n");
    write("Cargo.toml", "[package]\n");
    course.say("verify 3/1").is("file-verify-breaches");
}

#[test]
fn a_check_that_accepts_any_file_is_found() {
    let course = MiniCourse::new();
    let check = "exercises/ch03-files/01-opening-hours/tests/check.rs";
    course.replace(check, "assert_eq!(at(hour), \"open\"", "assert_ne!(at(hour), \"ajar\"");
    course.replace(check, "assert_eq!(at(hour), \"closed\"", "assert_ne!(at(hour), \"ajar\"");
    let said = course.say("verify 3/1");
    said.exits(1).says("accepts an answer that ignores the question: an empty file");
    said.says("accepts an answer that ignores the question: another valid file");
}

#[test]
fn mutants_of_a_file_are_judged_without_building_them() {
    let course = MiniCourse::new();
    course.say("mutants 3/1").is("file-mutants");
}

#[test]
fn a_new_file_exercise_keeps_every_rule_of_layout() {
    let course = MiniCourse::new();
    course.say("new ch03/08-policy --file policy.json").is("file-new");
    course.say("new ch03/09-image --file Dockerfile").exits(0);
    let all = Course::at(&course.root).expect("the course opens");
    for exercise in all.exercises.iter().filter(|exercise| exercise.number >= 8 && exercise.chapter == 3) {
        assert_eq!(layout::check(exercise), []);
        assert_eq!(pages::check(&all, exercise), []);
    }
    course.say("new ch03/10-bad --file ../policy.json").exits(2).says("cannot be mended");
    course.say("new ch03/10-bad --file src/main.rs").exits(2).says("cannot be mended");
}
