//! The check: the given function opens and closes the shop by the file that is mended.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn run(program: &str, event: &str) -> Output {
    let variable = |name: &str| std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set"));
    let mut child = Command::new(variable(program))
        .env("HOURS", variable("COURSE_FILE"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the function starts");
    let _ = child.stdin.take().expect("a pipe").write_all(event.as_bytes());
    child.wait_with_output().expect("the function ends")
}

fn at(hour: u64) -> String {
    let output = run("LOCAL_LAMBDA_BINARY", &hour.to_string());
    if let Some(path) = std::env::var_os("LOCAL_LAMBDA_REPORT") {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        let line = format!(r#"{{"version":1,"step":"invoked","test":"{test}","event":{{"bytes":2,"text":"{hour}"}}}}"#);
        file.expect("the report can be written").write_all(format!("{line}\n").as_bytes()).expect("it can be written");
    }
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn seed() -> u64 {
    let given = std::env::var("COURSE_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| u64::from(std::process::id()))
}

#[test]
fn the_shop_is_open_in_the_afternoon() {
    for hour in [12, 13 + seed() % 5] {
        assert_eq!(at(hour), "open", "a customer comes at {hour} o'clock");
    }
}

#[test]
fn the_shop_is_closed_at_night() {
    for hour in [23, 2 + seed() % 4] {
        assert_eq!(at(hour), "closed", "a burglar comes at {hour} o'clock");
    }
    let watch = run("LOCAL_LAMBDA_BINARY_night-watch", "");
    assert!(watch.status.success(), "the night watch says: {}", String::from_utf8_lossy(&watch.stderr));
}
