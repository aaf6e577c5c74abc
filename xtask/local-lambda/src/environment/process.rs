//! One process of a function with its process group: started, signalled, waited for.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread};

use tokio::sync::{oneshot, watch};

use crate::outcome::Exit;
use crate::sys::{self, Memory, Signal};
use crate::watchdog;

/// A running or ended process, the leader of a group of its own.
#[derive(Debug)]
pub(crate) struct Process {
    pid: u32,
    /// `true` once the process id may belong to somebody else.
    reaped: Arc<Mutex<bool>>,
    exit: watch::Receiver<Option<Exit>>,
    memory: Memory,
}

impl Process {
    /// Starts the command in a process group of its own. A thread waits for its end, and then kills what is left of
    /// the group, as Lambda does with an environment whose runtime has ended.
    ///
    /// # Errors
    /// What the operating system says of the program, or that no watchdog could be started for it.
    pub(crate) async fn spawn(mut command: Command) -> io::Result<Process> {
        let (started, start) = oneshot::channel();
        let (ended, exit) = watch::channel(None);
        let reaped = Arc::new(Mutex::new(false));
        let waiter = {
            let reaped = Arc::clone(&reaped);
            move || {
                command.process_group(0);
                let mut child = match spawn_when_free(&mut command) {
                    Ok(child) => child,
                    Err(error) => return drop(started.send(Err(error))),
                };
                // Our copies of the pipe's writing ends; the child has its own.
                drop(command);
                let pid = child.id();
                let guarded = watchdog::guard(pid);
                if guarded.is_err() {
                    let _ = sys::signal_group(pid, Signal::Kill);
                }
                let _ = started.send(guarded.map(|()| pid));
                let _ = sys::wait_without_reaping(pid);
                let _ = sys::signal_group(pid, Signal::Kill);
                let status = {
                    let mut reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
                    *reaped = true;
                    child.wait()
                };
                watchdog::release(pid);
                let exit = match status {
                    Ok(status) => status.code().map_or_else(|| Exit::Signal(status.signal().unwrap_or(0)), Exit::Code),
                    Err(_) => Exit::Code(-1),
                };
                let _ = ended.send(Some(exit));
            }
        };
        thread::Builder::new().name("local-lambda-wait".to_owned()).stack_size(128 * 1024).spawn(waiter)?;
        let pid = start.await.map_err(|_| io::Error::other("the thread that starts the process has died"))??;
        Ok(Process { pid, reaped, exit, memory: Memory::of(pid) })
    }

    /// Sends a signal to the whole group; nothing happens once it is gone.
    pub(crate) fn signal_group(&self, signal: Signal) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped {
            let _ = sys::signal_group(self.pid, signal);
        }
    }

    /// Sends a signal to the process alone; nothing happens once it is gone.
    pub(crate) fn signal(&self, signal: Signal) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped {
            let _ = sys::signal_process(self.pid, signal);
        }
    }

    /// How it ended, if it has.
    pub(crate) fn exit(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// Waits for its end.
    pub(crate) async fn wait(&self) -> Exit {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(exit) => exit.unwrap_or(Exit::Code(-1)),
            Err(_) => Exit::Code(-1),
        }
    }

    /// Its largest resident set so far in KiB; nothing once it has ended.
    pub(crate) fn peak_memory_kib(&self) -> Option<u64> {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if *reaped { None } else { self.memory.peak_kib() }
    }
}

/// Nothing outlives its value; the waiting thread reaps it.
impl Drop for Process {
    fn drop(&mut self) {
        self.signal_group(Signal::Kill);
    }
}

/// Spawns a program that somebody may still hold open for writing: whoever copies a program in one thread while
/// another thread starts a process lends that process the descriptor for a moment.
fn spawn_when_free(command: &mut Command) -> io::Result<Child> {
    const TRIES: u32 = 50;
    for _ in 0..TRIES {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                thread::sleep(Duration::from_millis(2));
            }
            result => return result,
        }
    }
    command.spawn()
}
