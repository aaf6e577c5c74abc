//! Ending processes: a whole tree with its groups, and everything at once on Ctrl-C. The only unsafe code.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::os::fd::IntoRawFd as _;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use crate::term;

static INTERRUPTS: AtomicI32 = AtomicI32::new(-1);
static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C, a hang-up and a request to terminate end all that we started, put the terminal back, and exit
/// with 130.
pub fn stop_everything_on_interrupt() {
    let Ok((mut reader, writer)) = std::io::pipe() else { return };
    INTERRUPTS.store(writer.into_raw_fd(), Ordering::Relaxed);
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let handler: extern "C" fn(libc::c_int) = note_interrupt;
        #[expect(unsafe_code, reason = "std cannot hear signals; the handler only writes to a pipe")]
        // SAFETY: `note_interrupt` sets a flag and calls write(2), both of which a signal handler may do.
        unsafe {
            libc::signal(signal, handler as libc::sighandler_t);
        }
    }
    std::thread::spawn(move || {
        if reader.read_exact(&mut [0]).is_ok() {
            let _whole = WHOLE.lock();
            kill_descendants(std::process::id());
            term::leave();
            std::process::exit(130);
        }
    });
}

/// Ctrl-C reaches all that we started at the same moment as us. What that looks like from outside, a cargo that ended
/// badly or a check without a verdict, is no result: whoever waited for a child asks this before saying so.
pub fn end_here_if_interrupted() {
    while IS_INTERRUPTED.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// Does what must be done whole or not at all: Ctrl-C ends us after it. What it starts has to be in a process group of
/// its own, or the terminal interrupts that.
pub fn whole<T>(work: impl FnOnce() -> T) -> T {
    let _whole = WHOLE.lock();
    work()
}

static WHOLE: Mutex<()> = Mutex::new(());

/// `cargo xtask list | head` ends as other commands do: Rust makes a panic of it otherwise.
pub fn end_quietly_on_a_broken_pipe() {
    #[expect(unsafe_code, reason = "std has no way to take back that it ignores SIGPIPE")]
    // SAFETY: signal(2) with the default action has no preconditions.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

extern "C" fn note_interrupt(_signal: libc::c_int) {
    IS_INTERRUPTED.store(true, Ordering::SeqCst);
    let pipe = INTERRUPTS.load(Ordering::Relaxed);
    #[expect(unsafe_code, reason = "std's writers may allocate or lock, which a signal handler must not")]
    // SAFETY: the buffer is one static byte and the descriptor stays open as long as the process lives.
    unsafe {
        libc::write(pipe, b"!".as_ptr().cast(), 1);
    }
}

/// The CPU time of every process that we started and that ended, with all that they started.
#[must_use]
pub fn cpu_of_children() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    #[expect(unsafe_code, reason = "std does not tell what children cost")]
    // SAFETY: getrusage(2) fills the struct it is given; all zeroes are a valid one where it fails.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let time = |time: libc::timeval| {
        let (seconds, micros) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_usec));
        Duration::from_secs(seconds.unwrap_or(0)) + Duration::from_micros(micros.unwrap_or(0))
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// Kills a process that leads a group, its group, and every group of its descendants: a check starts functions in
/// groups of their own.
pub fn kill_tree(leader: u32) {
    kill_descendants(leader);
    kill_group(leader);
}

/// Kills whatever is left in a group whose leader has ended.
pub fn kill_group(leader: u32) {
    if let Ok(leader) = i32::try_from(leader) {
        send(-leader, libc::SIGKILL);
    }
}

/// Whoever is looked up may start another one before he is killed, which nobody would find again: so each is stopped
/// first, until a look finds none that is new.
fn kill_descendants(ancestor: u32) {
    let own = std::process::id();
    let mut stopped: BTreeSet<Process> = BTreeSet::new();
    let mut own_group = None;
    for _ in 0..LOOKS {
        let table = process_table();
        own_group = own_group.or_else(|| table.iter().find(|process| process.id == own).map(|process| process.group));
        let mut family = BTreeSet::from([ancestor]);
        while let Some(child) = table.iter().find(|p| family.contains(&p.parent) && !family.contains(&p.id)) {
            family.insert(child.id);
        }
        let is_new = |p: &&Process| family.contains(&p.id) && p.id != own && !stopped.contains(p);
        let new: Vec<Process> = table.iter().filter(is_new).copied().collect();
        if new.is_empty() {
            break;
        }
        new.iter().for_each(|process| signal(process.id, libc::SIGSTOP));
        stopped.extend(new);
    }
    for process in stopped {
        if Some(process.group) != own_group {
            kill_group(process.group);
        }
        signal(process.id, libc::SIGKILL);
    }
}

/// How often a family that grows is looked at.
const LOOKS: usize = 100;

fn signal(id: u32, signal: libc::c_int) {
    if let Ok(id) = i32::try_from(id) {
        send(id, signal);
    }
}

fn send(target: i32, signal: libc::c_int) {
    #[expect(unsafe_code, reason = "std ends only single children")]
    // SAFETY: kill(2) has no preconditions; a target that is gone is an error that nobody needs.
    unsafe {
        libc::kill(target, signal);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Process {
    id: u32,
    parent: u32,
    group: u32,
}

/// Every process, from `/proc` where there is one, else from `ps`.
fn process_table() -> Vec<Process> {
    let from_proc: Vec<Process> = std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok())
        .filter_map(|stat| {
            // The second field is the command in parentheses and may hold blanks; state, parent, group follow it.
            let (id, rest) = (stat.split(' ').next()?, stat.rsplit_once(')')?.1);
            let mut fields = rest.split_whitespace().skip(1).map(|field| field.parse().ok());
            Some(Process { id: id.parse().ok()?, parent: fields.next()??, group: fields.next()?? })
        })
        .collect();
    if !from_proc.is_empty() {
        return from_proc;
    }
    let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid=,pgid="]).output();
    let listed = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    listed
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace().map(|field| field.parse().ok());
            Some(Process { id: fields.next()??, parent: fields.next()??, group: fields.next()?? })
        })
        .collect()
}
