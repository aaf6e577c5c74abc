//! What happens to functions when the test process ends in whatever way, `kill -9` included.
//!
//! A small shell process holds the reading end of a pipe whose writing end only this process has. It is told which
//! process groups are running and which folder is ours. When this process ends, the system closes the pipe, and the
//! shell kills the groups and removes the folder. That needs no signal handler here, so Ctrl-C, a panic in a
//! destructor, `abort` and SIGKILL are all the same.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::folder;

/// Reads lines `guard GROUP`, `release GROUP`, `folder PATH` until the pipe closes. Signals that a terminal sends to
/// everybody are ignored, since the work begins when the others have died of them.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
groups=' '
folder=
while read -r verb argument; do
  case $verb in
    guard) groups="$groups$argument " ;;
    release) case $groups in *" $argument "*) groups="${groups%%" $argument "*} ${groups#*" $argument "}" ;; esac ;;
    folder) folder=$argument ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
if [ -n "$folder" ]; then rm -rf -- "$folder"; fi
"#;

/// The watchdog of this process and the groups that it guards.
#[derive(Debug)]
struct Watchdog {
    child: Child,
    pipe: ChildStdin,
}

static WATCHDOG: Mutex<(Option<Watchdog>, Vec<u32>)> = Mutex::new((None, Vec::new()));

fn lock() -> MutexGuard<'static, (Option<Watchdog>, Vec<u32>)> {
    WATCHDOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kill this process group should this process end before [`release`].
///
/// # Errors
/// When the shell cannot be started.
pub(crate) fn guard(group: u32) -> io::Result<()> {
    let mut state = lock();
    let (watchdog, groups) = &mut *state;
    groups.push(group);
    let told = watchdog.as_mut().is_some_and(|watchdog| writeln!(watchdog.pipe, "guard {group}").is_ok());
    if !told {
        // The first group, or the shell was killed: a new one is told all.
        if let Some(mut dead) = watchdog.take() {
            let _ = dead.child.kill();
            let _ = dead.child.wait();
        }
        *watchdog = Some(Watchdog::start(groups)?);
    }
    Ok(())
}

/// The process group is gone.
pub(crate) fn release(group: u32) {
    let mut state = lock();
    let (watchdog, groups) = &mut *state;
    groups.retain(|guarded| *guarded != group);
    if let Some(watchdog) = watchdog {
        // A shell that no longer listens is replaced by the next `guard`.
        let _ = writeln!(watchdog.pipe, "release {group}");
    }
}

impl Watchdog {
    fn start(groups: &[u32]) -> io::Result<Watchdog> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let mut pipe = child.stdin.take().ok_or_else(|| io::Error::other("the watchdog has no standard input"))?;
        writeln!(pipe, "folder {}", folder::root().display())?;
        for group in groups {
            writeln!(pipe, "guard {group}")?;
        }
        Ok(Watchdog { child, pipe })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watchdog_that_was_killed_is_replaced() {
        let mut child = Command::new("sleep").arg("30").process_group(0).spawn().unwrap();
        guard(child.id()).unwrap();
        {
            let mut state = lock();
            let watchdog = state.0.as_mut().unwrap();
            watchdog.child.kill().unwrap();
            watchdog.child.wait().unwrap();
        }
        let mut other = Command::new("sleep").arg("30").process_group(0).spawn().unwrap();
        guard(other.id()).unwrap();
        assert!(lock().0.as_mut().unwrap().child.try_wait().unwrap().is_none(), "a new shell runs");
        for child in [&mut child, &mut other] {
            release(child.id());
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
