//! The course's command line, seen from the book: programs with fixed arguments and JSON answers. What a verdict is,
//! and how it is reached, is theirs.

use std::io::{Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

/// A short command that takes longer is stopped.
const PATIENCE: Duration = Duration::from_secs(30);

/// So much of an answer is read.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Where the command line is, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Tool {
    pub(super) program: PathBuf,
    pub(super) root: PathBuf,
}

/// What a short command said.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl Tool {
    /// A command in a process group of its own, with nothing to read and pipes to write to.
    pub(super) fn start(&self, arguments: &[&str]) -> std::io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.root).env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        group::own(&mut command);
        command.spawn()
    }

    /// Runs a short command to its end. `input` goes to its standard input.
    pub(super) fn run(&self, arguments: &[&str], input: Option<&[u8]>) -> anyhow::Result<Said> {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.root).env("NO_COLOR", "1");
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        group::own(&mut command);
        let mut child = command.spawn().with_context(|| format!("failed to run {}", self.program.display()))?;
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            // A command that reads no further says why on its own.
            let _ = stdin.write_all(input);
        }
        let (out, err) = (child.stdout.take().map(read), child.stderr.take().map(read));
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().context("failed to wait for the command")? {
                break status;
            }
            if started.elapsed() > PATIENCE {
                group::kill(child.id());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let text = |pipe: Option<mpsc::Receiver<String>>| {
            pipe.and_then(|pipe| pipe.recv_timeout(Duration::from_secs(1)).ok()).unwrap_or_default()
        };
        Ok(Said { code: status.code(), out: text(out), err: text(err) })
    }

    /// Runs a short command that answers with JSON; what it says instead is the error.
    pub(super) fn ask(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let said = self.run(arguments, None)?;
        serde_json::from_str(&said.out).map_err(|_| anyhow::anyhow!(said.words()))
    }
}

impl Said {
    /// Its words where it failed.
    pub(super) fn words(&self) -> String {
        let words = if self.err.trim().is_empty() { self.out.trim() } else { self.err.trim() };
        let words = words.strip_prefix("error: ").unwrap_or(words);
        match (words, self.code) {
            ("", Some(code)) => format!("it ended with code {code} and said nothing"),
            ("", None) => "it was stopped before it could answer".to_owned(),
            (words, _) => words.to_owned(),
        }
    }
}

fn read(pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut pipe = pipe.take(LONGEST);
        let _ = pipe.read_to_end(&mut bytes);
        let _ = std::io::copy(pipe.get_mut(), &mut std::io::sink());
        sender.send(String::from_utf8_lossy(&bytes).into_owned())
    });
    receiver
}

/// Process groups, so that a check ends with all that it started.
pub(super) mod group {
    use std::process::Command;

    #[cfg(unix)]
    pub(in super::super) fn own(command: &mut Command) {
        std::os::unix::process::CommandExt::process_group(command, 0);
    }

    #[cfg(not(unix))]
    pub(in super::super) fn own(_command: &mut Command) {}

    /// Asks a group to end: the command line hears it, and ends the groups of its checks and functions as well.
    #[cfg(unix)]
    pub(in super::super) fn end(leader: u32) {
        signal(leader, libc::SIGTERM);
    }

    #[cfg(unix)]
    pub(in super::super) fn kill(leader: u32) {
        signal(leader, libc::SIGKILL);
    }

    #[cfg(unix)]
    #[expect(unsafe_code, reason = "std ends only single processes")]
    fn signal(leader: u32, signal: libc::c_int) {
        if let Ok(leader) = i32::try_from(leader) {
            // SAFETY: kill(2) has no preconditions. Callers have not yet waited for the leader, so its number is its
            // own.
            unsafe { libc::kill(-leader, signal) };
        }
    }

    #[cfg(not(unix))]
    pub(in super::super) fn end(_leader: u32) {}

    #[cfg(not(unix))]
    pub(in super::super) fn kill(_leader: u32) {}
}
