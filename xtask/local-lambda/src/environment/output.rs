//! What a process writes: standard output and standard error through one pipe, so that their order is kept.

use std::io::{self, PipeReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::unix::pipe;

use crate::log::{LogBook, LogLine, LogSource};

/// How much is read before others get their turn. More than a pipe holds, so that one [`Output::drain`] reads at
/// least all that was written before it began.
const READ_AT_ONCE: usize = 128 * 1024;

/// What a reading left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drained {
    /// Every writing end is closed.
    Closed,
    /// Nothing for now.
    Empty,
    /// Perhaps more: it was time to let others work.
    MoreToCome,
}

/// The reading end of a process's output and the lines read so far.
#[derive(Debug)]
pub(crate) struct Output {
    /// For waiting until there is something.
    pipe: pipe::Receiver,
    /// The same end, for reading without waiting: tokio's own reading trusts what it knows of the pipe, which may lag
    /// behind a call that has just come in.
    direct: PipeReader,
    book: Mutex<LogBook>,
}

impl Output {
    /// Makes the pipe and gives its writing ends to the command. Call it inside the runtime.
    ///
    /// # Errors
    /// When the process has no file descriptor left.
    pub(crate) fn capture(command: &mut Command, source: LogSource) -> io::Result<Output> {
        let (reader, writer) = io::pipe()?;
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let direct = reader.try_clone()?;
        // This makes both ends non-blocking, since they are one to the system.
        let pipe = pipe::Receiver::from_owned_fd(reader.into())?;
        Ok(Output { pipe, direct, book: Mutex::new(LogBook::new(source)) })
    }

    fn book(&self) -> MutexGuard<'_, LogBook> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is in the pipe now.
    ///
    /// Whatever a process wrote before it made a call is in the pipe when that call arrives here, so draining on
    /// arrival cuts the log at exactly that point.
    pub(crate) fn drain(&self) -> Drained {
        self.read_with(|buffer| (&self.direct).read(buffer))
    }

    fn read_with(&self, read: impl Fn(&mut [u8]) -> io::Result<usize>) -> Drained {
        let mut book = self.book();
        let mut buffer = [0; 8 * 1024];
        let mut total = 0;
        while total < READ_AT_ONCE {
            match read(&mut buffer) {
                Ok(0) => return Drained::Closed,
                Ok(count) => {
                    book.push(&buffer[..count]);
                    total += count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Drained::Empty,
                Err(_) => return Drained::Closed,
            }
        }
        Drained::MoreToCome
    }

    /// Reads until every writing end is closed, also when nobody asks: a full pipe would block the writer.
    pub(crate) async fn drain_to_end(&self) {
        while self.pipe.readable().await.is_ok() {
            match self.read_with(|buffer| self.pipe.try_read(buffer)) {
                Drained::Closed => return,
                Drained::Empty => {}
                Drained::MoreToCome => tokio::task::yield_now().await,
            }
        }
    }

    /// Reads the rest of an ended process's output; says whether the pipe's writing ends are all closed. They are
    /// not when another process, out of our reach, still holds one.
    pub(crate) async fn drain_after_exit(&self) -> bool {
        if self.drain() == Drained::Closed {
            return true;
        }
        const KILLED_PROCESSES_ARE_GONE_WITHIN: Duration = Duration::from_millis(500);
        tokio::time::timeout(KILLED_PROCESSES_ARE_GONE_WITHIN, self.drain_to_end()).await.is_ok()
    }

    /// The lines so far, and how many bytes were not kept.
    pub(crate) fn take(&self) -> (Vec<LogLine>, usize) {
        self.book().take()
    }
}
