//! Runs one check executable directly: in a process group of its own, with a time limit, its output capped.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::process;

/// The start and the end of what a check prints are kept, the middle of a flood is not.
const KEPT_HEAD: usize = 256 * 1024;
const KEPT_TAIL: usize = 64 * 1024;

/// A line may be this long; a flood in one line must not push out the lines that tell the result.
const KEPT_OF_LINE: usize = 4 * 1024;

/// How often a check that closed nothing is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How long the pipes may stay open after the check itself ended.
const GRACE: Duration = Duration::from_millis(500);

/// How a check ended.
#[derive(Debug)]
pub struct Ran {
    pub ended: Ended,
    pub output: String,
    pub took: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With exit code 0.
    Well,
    /// With another exit code, or by a signal.
    Badly,
    /// We killed it at its time limit.
    TimedOut,
}

/// Runs `check`, or `only` one of its tests, with what it judges in the `variables`; it appends to `report` and stands in
/// `dir` as under `cargo test`. `look` is called again and again while it runs, with the lines that it printed since.
pub fn run(
    check: &Path,
    only: Option<&str>,
    variables: &[(String, OsString)],
    dir: &Path,
    report: &Path,
    limit: Duration,
    mut look: impl FnMut(&[String]),
) -> Result<Ran> {
    let started = Instant::now();
    let mut command = Command::new(check);
    // What is left over in the learner's shell must not change a verdict.
    let is_ours = |name: &OsString| name.as_encoded_bytes().starts_with(b"LOCAL_LAMBDA_") || name == "COURSE_FILE";
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours(name)) {
        command.env_remove(name);
    }
    command
        .current_dir(dir)
        .args(["--color", "never"])
        .args(only.into_iter().flat_map(|test| ["--exact", test]))
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .env("LOCAL_LAMBDA_REPORT", report)
        .env("CARGO_MANIFEST_DIR", dir)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command.spawn().with_context(|| {
        let advice = "if its disk forbids to run programs, point CARGO_TARGET_DIR elsewhere";
        format!("cannot start the check {}; {advice}", check.display())
    })?;
    let (alive, all_closed) = mpsc::channel::<()>();
    let stdout = child.stdout.take().map(|pipe| keep(pipe, alive.clone()));
    let stderr = child.stderr.take().map(|pipe| keep(pipe, alive));
    let mut timed_out = false;
    let status = loop {
        if let Some(status) = child.try_wait().context("cannot wait for the check")? {
            break status;
        }
        look(&new_lines(stdout.as_ref()));
        if !timed_out && started.elapsed() > limit {
            timed_out = true;
            process::kill_tree(child.id());
        }
        if all_closed.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
            // Both pipes are closed: it is about to end.
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    process::end_here_if_interrupted();
    process::kill_group(child.id());
    let _ = all_closed.recv_timeout(GRACE);
    look(&new_lines(stdout.as_ref()));
    let text = |kept: Arc<Mutex<Kept>>| kept.lock().map(|kept| kept.to_text()).unwrap_or_default();
    let output = [stdout, stderr].into_iter().flatten().map(text).collect::<Vec<_>>().join("\n");
    let ended = match (timed_out, status.success()) {
        (true, _) => Ended::TimedOut,
        (false, true) => Ended::Well,
        (false, false) => Ended::Badly,
    };
    Ok(Ran { ended, output, took: started.elapsed() })
}

fn new_lines(pipe: Option<&Arc<Mutex<Kept>>>) -> Vec<String> {
    pipe.and_then(|kept| kept.lock().ok().map(|mut kept| std::mem::take(&mut kept.results))).unwrap_or_default()
}

/// Reads a pipe to its end on a thread of its own; dropping `alive` tells that it is closed.
fn keep(mut pipe: impl Read + Send + 'static, alive: mpsc::Sender<()>) -> Arc<Mutex<Kept>> {
    let kept = Arc::new(Mutex::new(Kept::default()));
    let keeper = Arc::clone(&kept);
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            if let Ok(mut kept) = keeper.lock() {
                kept.push(&buffer[..read]);
            }
        }
        drop(alive);
    });
    kept
}

#[derive(Debug, Default)]
struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    cut: usize,
    /// How long the line is that is being read.
    line: usize,
    /// The start of that line.
    begun: Vec<u8>,
    /// Whole lines that tell the result of a test and were not looked at yet.
    results: Vec<String>,
}

impl Kept {
    fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let ends = piece.ends_with(b"\n");
            let (text, end) = piece.split_at(piece.len() - usize::from(ends));
            let room = KEPT_OF_LINE.saturating_sub(self.line);
            self.begun.extend(&text[..text.len().min(room)]);
            self.keep(&text[..text.len().min(room)]);
            if self.line <= KEPT_OF_LINE && self.line + text.len() > KEPT_OF_LINE {
                self.keep(b" [cut]");
            }
            self.line = if ends { 0 } else { self.line + text.len() };
            if ends {
                let line = std::mem::take(&mut self.begun);
                self.results.extend(String::from_utf8(line).ok().filter(|line| line.starts_with("test ")));
            }
            self.keep(end);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let to_head = bytes.len().min(KEPT_HEAD - self.head.len());
        self.head.extend(&bytes[..to_head]);
        self.tail.extend(&bytes[to_head..]);
        let over = self.tail.len().saturating_sub(KEPT_TAIL);
        self.tail.drain(..over);
        self.cut += over;
    }

    fn to_text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.head).into_owned();
        if self.cut > 0 {
            text.push_str(&format!("\n[{} bytes are not shown]\n", self.cut));
        }
        let (front, back) = self.tail.as_slices();
        text.push_str(&String::from_utf8_lossy(&[front, back].concat()));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_keeps_its_start_and_its_end() {
        let mut kept = Kept::default();
        kept.push(b"start\n");
        for _ in 0..10_000 {
            kept.push(&[b'.'; 99]);
            kept.push(b"\n");
        }
        kept.push(b"end");
        let text = kept.to_text();
        assert!(text.starts_with("start\n.") && text.ends_with(".\nend"));
        assert!(text.contains("bytes are not shown") && text.len() < KEPT_HEAD + KEPT_TAIL + 100);
    }

    #[test]
    fn a_flood_in_one_line_keeps_the_lines_after_it() {
        let mut kept = Kept::default();
        for _ in 0..100 {
            kept.push(&[b'.'; 10_000]);
        }
        kept.push(b"\nend");
        let text = kept.to_text();
        assert!(text.starts_with("...") && text.ends_with(". [cut]\nend"), "{text}");
        assert!(text.len() < KEPT_OF_LINE + 100);
    }
}
