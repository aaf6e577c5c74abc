//! The check: numbers go in, doubles come out.

use std::io::Write as _;
use std::process::{Command, Stdio};

fn answer(event: &str) -> String {
    let binary = std::env::var_os("LOCAL_LAMBDA_BINARY").expect("LOCAL_LAMBDA_BINARY names the binary to judge");
    let mut child = Command::new(binary)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the function starts");
    // A function that does not read its event is judged by its answer.
    let _ = child.stdin.take().expect("a pipe").write_all(event.as_bytes());
    let output = child.wait_with_output().expect("the function ends");
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    report(&format!(r#"{{"version":1,"step":"invoked","test":"{test}","event":{{"bytes":1,"text":"{event}"}}}}"#));
    assert!(output.status.success(), "the function failed on {event}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Tells more than a panic can, where the one who runs the check asks for it.
fn report(line: &str) {
    if let Some(path) = std::env::var_os("LOCAL_LAMBDA_REPORT") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        file.expect("the report can be written").write_all(format!("{line}\n").as_bytes()).expect("it can be written");
    }
}

fn seed() -> i64 {
    let given = std::env::var("COURSE_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| i64::from(std::process::id()))
}

#[test]
fn doubles_a_number() {
    for (event, double) in [("2", "4"), ("21", "42")] {
        assert_eq!(answer(event), double, "the double of {event}");
    }
}

#[test]
fn doubles_a_number_that_nobody_knows_beforehand() {
    let seed = seed();
    assert_eq!(answer(&seed.to_string()), (2 * seed).to_string(), "the double of {seed}");
}
