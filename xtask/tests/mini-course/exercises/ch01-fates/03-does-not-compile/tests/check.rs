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
    assert!(output.status.success(), "the function failed on {event}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn doubles_a_number() {
    assert_eq!(answer("2"), "4");
}

#[test]
fn doubles_a_number_that_nobody_knows_beforehand() {
    let seed = i64::from(std::process::id());
    assert_eq!(answer(&seed.to_string()), (2 * seed).to_string());
}
