//! What is left when a function is dropped, a test panics, or the test process is killed: nothing.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use local_lambda::{Function, What};
use serde_json::{Value, json};

use crate::support::{eventually, fates, is_running};

/// The process, port and folder of a running function.
struct Traces {
    pid: u64,
    address: String,
    folder: String,
}

impl Traces {
    fn of(function: &Function) -> Traces {
        let env = function.invoke(json!({ "fate": "env" })).expect_response();
        let child = function.invoke(json!({ "fate": "fork" })).expect_response()["child"].as_u64().unwrap();
        let text = |name: &str| env[name].as_str().unwrap().to_owned();
        Traces { pid: child, address: text("AWS_LAMBDA_RUNTIME_API"), folder: text("TMPDIR") }
    }

    fn assert_there(&self) {
        assert!(is_running(self.pid) && Path::new(&self.folder).is_dir());
        assert!(TcpStream::connect(&self.address).is_ok());
    }

    fn assert_gone(&self) {
        assert!(eventually(|| !is_running(self.pid)), "process {} is left", self.pid);
        assert!(eventually(|| !Path::new(&self.folder).exists()), "{} is left", self.folder);
        assert!(eventually(|| TcpStream::connect(&self.address).is_err()), "{} still listens", self.address);
    }
}

#[test]
fn a_dropped_function_leaves_nothing() {
    let function = fates().start();
    let clone = function.clone();
    let traces = Traces::of(&function);
    drop(function);
    traces.assert_there();
    drop(clone);
    traces.assert_gone();
}

#[test]
fn a_panic_leaves_nothing() {
    let mut traces = None;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let function = fates().freeze(true).start();
        traces = Some(Traces::of(&function));
        function.invoke(json!({})).expect_timeout();
    }));
    assert!(panicked.is_err());
    traces.unwrap().assert_gone();
}

#[test]
fn a_function_dropped_while_it_works_leaves_nothing() {
    let function = fates().start();
    let traces = Traces::of(&function);
    drop(function.request().send(json!({ "fate": "block" })));
    drop(function);
    traces.assert_gone();
}

#[test]
fn a_function_dropped_while_it_initializes_does_not_wait_for_it() {
    let function = fates().env("INIT", "hang").start();
    let pending = function.request().send(json!({}));
    assert!(eventually(|| function.environments() == 1));
    drop(pending);
    let started = std::time::Instant::now();
    drop(function);
    assert!(started.elapsed() < std::time::Duration::from_secs(2), "{:?}", started.elapsed());
}

/// Starts this very test program again, so that it can be killed: it runs only `the_victim` below, which says what
/// its function's traces are.
fn victim() -> (Child, Traces) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "leftovers::the_victim", "--nocapture"])
        .env("LEFTOVERS_VICTIM", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // libtest writes the test's name on the same line.
    let line = lines.find_map(|line| line.ok()?.split_once("TRACES ").map(|(_, traces)| traces.to_owned())).unwrap();
    let traces: Value = serde_json::from_str(&line).unwrap();
    let text = |key: &str| traces[key].as_str().unwrap().to_owned();
    (child, Traces { pid: traces["pid"].as_u64().unwrap(), address: text("address"), folder: text("folder") })
}

#[test]
fn the_victim() {
    if std::env::var_os("LEFTOVERS_VICTIM").is_none() {
        return;
    }
    let function = fates().start();
    let Traces { pid, address, folder } = Traces::of(&function);
    println!("TRACES {}", json!({ "pid": pid, "address": address, "folder": folder }));
    function.invoke(json!({ "fate": "sleep", "ms": 2_500 }));
}

#[test]
fn a_killed_or_interrupted_test_leaves_nothing() {
    for signal in ["-KILL", "-INT", "-TERM"] {
        let (mut child, traces) = victim();
        traces.assert_there();
        let pid = child.id().to_string();
        assert!(Command::new("/bin/kill").args([signal, &pid]).status().unwrap().success());
        child.wait().unwrap();
        let started = std::time::Instant::now();
        traces.assert_gone();
        assert!(started.elapsed() < std::time::Duration::from_secs(1), "{signal}: {:?}", started.elapsed());
    }
}

#[test]
fn a_process_that_left_its_group_is_reported() {
    let function = fates().start();
    let child = function.invoke(json!({ "fate": "leave-group" })).expect_response()["child"].as_u64().unwrap();
    let shutdowns = function.shut_down();
    let escaped: Vec<_> = shutdowns[0]
        .transcript
        .iter()
        .filter_map(|step| match step.what {
            What::Escaped { pid } => Some(pid.map(u64::from)),
            _ => None,
        })
        .collect();
    let _ = Command::new("/bin/kill").args(["-KILL", &child.to_string()]).status();
    assert_eq!(escaped, [Some(child)]);
}
