//! Starts the functions of `examples/`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use local_lambda::{Function, FunctionBuilder, Outcome, Violation};

/// The path of one of this package's examples, which `cargo test` builds beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test.parent().and_then(Path::parent).expect("it lies in target/<profile>/deps");
    let path = folder.join("examples").join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(format!("{name}.rs"));
    let changed = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    // `cargo test --test service` builds no examples, and an old one would be a puzzle.
    assert!(changed(&path) >= changed(&source), "{name} is not up to date: run `cargo test -p local-lambda`");
    path
}

/// A function of `lambda_runtime` with a fate of its own; see `examples/fates.rs`.
pub(crate) fn fates() -> FunctionBuilder {
    Function::builder(example("fates"))
}

/// The same in another mode.
pub(crate) fn fates_in(mode: &str) -> FunctionBuilder {
    fates().env("MODE", mode)
}

/// A function that speaks HTTP by hand; see `examples/raw.rs`.
pub(crate) fn raw(mode: &str) -> FunctionBuilder {
    Function::builder(example("raw")).env("MODE", mode).timeout(Duration::from_secs(2))
}

/// What the function broke, by name, with the status that it got.
pub(crate) fn violations(outcome: &Outcome) -> Vec<(&'static str, u16)> {
    outcome.violations().map(|Violation { kind, status, .. }| (kind.name(), *status)).collect()
}

/// Whether a process runs; a zombie does not.
pub(crate) fn is_running(pid: u64) -> bool {
    let state = match cfg!(target_os = "linux") {
        true => std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .ok()
            .and_then(|stat| Some(stat.rsplit_once(')')?.1.to_owned())),
        false => std::process::Command::new("ps")
            .args(["-o", "stat=", "-p", &pid.to_string()])
            .output()
            .ok()
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned()),
    };
    state.is_some_and(|state| !state.trim().is_empty() && !state.trim().starts_with('Z'))
}

/// Waits for what another process will do soon; `false` when it has not within five seconds.
pub(crate) fn eventually(condition: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    condition()
}
