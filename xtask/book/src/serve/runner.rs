//! Runs the checks, one after the other: starts the command line, reads its events, and ends it with all that it
//! started when it is cancelled, too late or too loud.

use std::io::{BufRead as _, BufReader, Read};
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::checks::{End, How};
use super::live::Live;
use super::tool::{Tool, group};

/// How often a running check is looked at.
const LOOK: Duration = Duration::from_millis(15);

/// A check that was asked to end has so long to end what it started.
const GRACE: Duration = Duration::from_secs(3);

/// A line may be this long.
const LONGEST_LINE: u64 = 2 * 1024 * 1024;

/// So much of its standard error is kept.
const KEPT_WORDS: usize = 4 * 1024;

/// Runs whatever waits until the server closes. `limit` is the longest that one check may take, building included.
pub(super) fn start(tool: Tool, live: Arc<Live>, limit: Duration) -> JoinHandle<()> {
    std::thread::spawn(move || {
        while let Some((target, id)) = live.next_check() {
            let end = match tool.start(&["check", &target, "--format", "jsonl"]) {
                Ok(child) => follow(child, &target, id, &live, limit),
                Err(error) => {
                    let words = format!("failed to run {}: {error}", tool.program.display());
                    End { how: How::NotStarted, code: None, words }
                }
            };
            live.end_check(&target, end);
        }
    })
}

fn follow(mut child: Child, target: &str, id: u64, live: &Arc<Live>, limit: Duration) -> End {
    let started = Instant::now();
    let words = Arc::new(Mutex::new(Vec::new()));
    let stderr = child.stderr.take().map(|pipe| keep_tail(pipe, Arc::clone(&words)));
    let stdout = child.stdout.take().map(|pipe| pass_on(pipe, target.to_owned(), id, Arc::clone(live)));
    let mut asked: Option<Instant> = None;
    let status = loop {
        match child.try_wait() {
            Ok(None) => {}
            Ok(Some(status)) => break Some(status),
            Err(_) => break None,
        }
        if started.elapsed() > limit {
            live.stop_check(How::Late);
        }
        match (live.why_to_stop(), asked) {
            (Some(_), None) => {
                group::end(child.id());
                asked = Some(Instant::now());
            }
            (Some(_), Some(since)) if since.elapsed() > GRACE => group::kill(child.id()),
            _ => {}
        }
        std::thread::sleep(LOOK);
    };
    // Whatever is left in the group keeps the pipes open.
    let done = stdout.and_then(|done| done.recv_timeout(GRACE).ok()).unwrap_or(false);
    if let Some(closed) = stderr {
        let _ = closed.recv_timeout(Duration::from_millis(200));
    }
    let how = match live.why_to_stop() {
        // It was quicker than we.
        Some(How::Cancelled | How::Late | How::Closing) if done => How::Done,
        Some(how) => how,
        None if done => How::Done,
        None => How::Died,
    };
    let words = String::from_utf8_lossy(&words.lock().unwrap_or_else(PoisonError::into_inner)).trim().to_owned();
    End { how, code: status.and_then(|status| status.code()), words }
}

/// Hands on every line that is one JSON object; tells whether the last event came.
fn pass_on(pipe: impl Read + Send + 'static, target: String, id: u64, live: Arc<Live>) -> Receiver<bool> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut done = false;
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) if !line.ends_with(b"\n") => live.stop_check(How::Flood),
                Ok(_) => {
                    let event: Option<serde_json::Value> = serde_json::from_slice(&line).ok();
                    if let Some(event) = event.filter(serde_json::Value::is_object) {
                        done |= event["event"] == "done";
                        live.push_line(&target, id, event.to_string());
                    }
                }
            }
        }
        sender.send(done)
    });
    receiver
}

fn keep_tail(mut pipe: impl Read + Send + 'static, words: Arc<Mutex<Vec<u8>>>) -> Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
            words.extend_from_slice(&buffer[..read]);
            let over = words.len().saturating_sub(KEPT_WORDS);
            words.drain(..over);
        }
        sender.send(())
    });
    receiver
}
