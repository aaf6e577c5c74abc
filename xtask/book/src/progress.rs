//! Progress: says that the tool is still at work when something takes longer than a second.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Speaks on standard error until it is dropped: one line that counts on a terminal, plain lines elsewhere.
#[derive(Debug)]
pub struct Progress {
    stop: Option<Sender<()>>,
    speaker: Option<JoinHandle<()>>,
}

impl Progress {
    pub fn start(what: &str) -> Progress {
        let (stop, stopped) = channel();
        let what = what.to_owned();
        let speaker = std::thread::spawn(move || {
            let started = Instant::now();
            let terminal = std::io::stderr().is_terminal();
            let mut spoke = false;
            let pause = |spoke: bool| Duration::from_secs(if terminal || !spoke { 1 } else { 10 });
            while stopped.recv_timeout(pause(spoke)) == Err(RecvTimeoutError::Timeout) {
                let seconds = started.elapsed().as_secs();
                if terminal {
                    write_error(&format!("\r{what}, {seconds} s"));
                } else {
                    write_error(&format!("{what}, {seconds} s so far\n"));
                }
                spoke = true;
            }
            if terminal && spoke {
                write_error("\r\x1b[K");
            }
        });
        Progress { stop: Some(stop), speaker: Some(speaker) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(speaker) = self.speaker.take() {
            // A speaker that panicked has nothing more to say.
            let _ = speaker.join();
        }
    }
}

/// A closed standard error is no reason to stop building a book.
fn write_error(words: &str) {
    let mut stderr = std::io::stderr();
    let _ = stderr.write_all(words.as_bytes()).and_then(|()| stderr.flush());
}
