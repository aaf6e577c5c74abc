//! `watch`: a verdict on every save, also by editors that rename; without a terminal.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::harness::MiniCourse;

#[test]
fn every_save_gets_a_verdict() {
    let course = MiniCourse::new();
    let main = "exercises/ch01-fates/02-fails-one-test/src/main.rs";
    let mut watch =
        course.xtask("watch 1/2").stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("xtask starts");
    let mut lines = BufReader::new(watch.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut next = |start: &str| lines.find(|line| line.starts_with(start)).unwrap_or_default();

    assert!(next("ch01/02").contains("failed (1 of 3 tests"));
    assert_eq!(next("watching"), "watching", "no keys without a terminal");
    course.replace(main, "number.abs() * 2", "number * 2");
    assert!(next("ch01/02").contains("passed (3 tests"));
    assert_eq!(next("watching"), "watching");
    // As an editor does it that never writes into the file itself.
    course.write("exercises/ch01-fates/02-fails-one-test/src/main.rs.new~", &course.read(main).replace("* 2", "* two"));
    std::fs::rename(course.path(&format!("{main}.new~")), course.path(main)).expect("the file can be renamed");
    assert!(next("ch01/02").contains("does not compile (1 error"));
    watch.kill().expect("it still watches");
    watch.wait().expect("it ends");
}
