//! The few things that only the operating system can do: signals to process groups, waiting without reaping, memory
//! of a process. The one file with `unsafe` code, and the one that asks which system it runs on.
#![expect(unsafe_code, reason = "the system calls below have no safe form in the standard library")]

#[cfg(target_os = "linux")]
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
#[cfg(target_os = "linux")]
use std::os::unix::fs::FileExt;
use std::time::Duration;

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!(
    "local-lambda runs on Linux and macOS; on Windows use WSL 2 or a dev container, as the README of this crate says"
);

/// The signals that an environment sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Kill,
    Terminate,
    Stop,
    Continue,
}

impl Signal {
    fn number(self) -> libc::c_int {
        match self {
            Signal::Kill => libc::SIGKILL,
            Signal::Terminate => libc::SIGTERM,
            Signal::Stop => libc::SIGSTOP,
            Signal::Continue => libc::SIGCONT,
        }
    }
}

/// Sends a signal to every process of a group.
///
/// # Errors
/// When the group no longer exists.
pub(crate) fn signal_group(group: u32, signal: Signal) -> io::Result<()> {
    let group = libc::pid_t::try_from(group).map_err(io::Error::other)?;
    // SAFETY: `killpg` takes two integers and touches no memory of ours.
    check(unsafe { libc::killpg(group, signal.number()) })
}

/// Sends a signal to one process.
///
/// # Errors
/// When the process no longer exists.
pub(crate) fn signal_process(pid: u32, signal: Signal) -> io::Result<()> {
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    // SAFETY: `kill` takes two integers and touches no memory of ours.
    check(unsafe { libc::kill(pid, signal.number()) })
}

/// Whether a process with that id exists, whoever owns it.
pub(crate) fn process_exists(pid: u32) -> bool {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return false };
    // SAFETY: signal 0 only asks whether the process exists.
    match check(unsafe { libc::kill(pid, 0) }) {
        Ok(()) => true,
        Err(error) => error.raw_os_error() == Some(libc::EPERM),
    }
}

/// Blocks until a child of ours has ended, and leaves it a zombie: its id, and that of its group, stay taken until
/// somebody reaps it, so that a signal to the group cannot meet a stranger.
///
/// # Errors
/// When `pid` is not an unreaped child of this process.
pub(crate) fn wait_without_reaping(pid: u32) -> io::Result<()> {
    loop {
        // SAFETY: a zeroed `siginfo_t` is a valid value, and `waitid` writes to it and nothing else.
        let result = check(unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(libc::P_PID, pid as libc::id_t, &raw mut info, libc::WEXITED | libc::WNOWAIT)
        });
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Whether a socket has nothing more to give: its peer has closed, or it is broken. Nothing is taken from it.
pub(crate) fn is_at_end(socket: BorrowedFd<'_>) -> bool {
    let mut byte = 0_u8;
    // SAFETY: `recv` writes at most one byte to `byte`; the descriptor is open for as long as it is borrowed.
    let count = unsafe {
        let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
        libc::recv(socket.as_raw_fd(), (&raw mut byte).cast(), 1, flags)
    };
    match count {
        0 => true,
        -1 => !matches!(io::Error::last_os_error().kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
        _ => false,
    }
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Looks at the memory of one process again and again.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(crate) struct Memory(Option<File>);

#[cfg(target_os = "linux")]
impl Memory {
    /// Of the process with that id, which must not have been reaped.
    pub(crate) fn of(pid: u32) -> Memory {
        Memory(File::open(format!("/proc/{pid}/status")).ok())
    }

    /// The largest resident set that the process has had since it began to run its program, in KiB; nothing once it
    /// has ended. (`ru_maxrss` would not do: it also counts what the process was before `exec`, which is us.)
    pub(crate) fn peak_kib(&self) -> Option<u64> {
        // One call: this is done for every invocation.
        let mut buffer = [0; 4096];
        let count = self.0.as_ref()?.read_at(&mut buffer, 0).ok()?;
        let status = String::from_utf8_lossy(&buffer[..count]);
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }
}

/// Looks at the memory of one process again and again.
#[cfg(target_os = "macos")]
#[derive(Debug)]
pub(crate) struct Memory(u32);

#[cfg(target_os = "macos")]
impl Memory {
    /// Of the process with that id, which must not have been reaped.
    pub(crate) fn of(pid: u32) -> Memory {
        Memory(pid)
    }

    /// The largest footprint that the process has had, in KiB; nothing once it has ended.
    pub(crate) fn peak_kib(&self) -> Option<u64> {
        let pid = libc::c_int::try_from(self.0).ok()?;
        // SAFETY: a zeroed `rusage_info_v4` is a valid value, and `proc_pid_rusage` fills exactly that structure for
        // the flavour `RUSAGE_INFO_V4`.
        unsafe {
            let mut info: libc::rusage_info_v4 = std::mem::zeroed();
            let result =
                libc::proc_pid_rusage(pid, libc::RUSAGE_INFO_V4, (&raw mut info).cast::<libc::rusage_info_t>());
            (result == 0).then_some(info.ri_lifetime_max_phys_footprint / 1024)
        }
    }
}

/// Processes that still have `AWS_LAMBDA_RUNTIME_API=address` in their environment: what a function left behind.
#[cfg(target_os = "linux")]
pub(crate) fn processes_with_runtime_api(address: &str) -> Vec<u32> {
    let wanted = format!("AWS_LAMBDA_RUNTIME_API={address}");
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let carries = |pid: &u32| {
        std::fs::read(format!("/proc/{pid}/environ"))
            .is_ok_and(|environ| environ.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes()))
    };
    pids.filter(carries).collect()
}

/// macOS does not show another process's environment: nothing is found.
#[cfg(target_os = "macos")]
pub(crate) fn processes_with_runtime_api(_address: &str) -> Vec<u32> {
    Vec::new()
}

/// A signal in the words of AWS's error messages, which are Go's.
pub(crate) fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        libc::SIGABRT => "aborted",
        libc::SIGBUS => "bus error",
        libc::SIGFPE => "floating point exception",
        libc::SIGHUP => "hangup",
        libc::SIGILL => "illegal instruction",
        libc::SIGINT => "interrupt",
        libc::SIGKILL => "killed",
        libc::SIGPIPE => "broken pipe",
        libc::SIGQUIT => "quit",
        libc::SIGSEGV => "segmentation fault",
        libc::SIGTERM => "terminated",
        libc::SIGTRAP => "trace/breakpoint trap",
        _ => return None,
    })
}

/// How often the memory of a running process is looked at.
pub(crate) const MEMORY_POLL: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn our_own_memory_is_seen() {
        let kib = Memory::of(std::process::id()).peak_kib().expect("this process runs");
        assert!((500..50_000_000).contains(&kib), "{kib}");
    }

    #[test]
    fn a_socket_whose_peer_has_hung_up_is_at_its_end() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (socket, _) = listener.accept().unwrap();
        assert!(!is_at_end(socket.as_fd()));
        drop(peer);
        while !is_at_end(socket.as_fd()) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_process_that_is_gone_does_not_exist() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        assert!(process_exists(child.id()));
        wait_without_reaping(child.id()).unwrap();
        assert!(process_exists(child.id()), "a zombie still holds its id");
        child.wait().unwrap();
        assert!(!process_exists(child.id()));
        assert!(wait_without_reaping(child.id()).is_err());
    }
}
