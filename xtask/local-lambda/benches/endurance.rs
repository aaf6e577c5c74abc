//! What a thousand cold starts, time-outs and crashes leave behind: no process, no file, no descriptor, no thread, no
//! memory that is still in use.
//!
//! ```console
//! $ cargo bench -p local-lambda --bench endurance           # a thousand of each
//! $ cargo bench -p local-lambda --bench endurance -- 100    # a hundred of each
//! ```
//!
//! Linux only: it counts in `/proc`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use local_lambda::{Exit, Function, Status};
use serde_json::json;

const CALLERS: usize = 8;

/// How much more memory may be in use after a thousand than before, in bytes: lists keep the room that they once
/// needed. A leak of a hundred bytes each is more than that.
const HEAP_TOLERANCE: usize = 64 * 1024;

/// Counts the bytes that are in use. The resident set would not do: the allocator gives memory back as it likes.
#[expect(unsafe_code, reason = "an allocator is written in unsafe code")]
mod heap {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::sync::atomic::{AtomicUsize, Ordering};

    pub(crate) static IN_USE: AtomicUsize = AtomicUsize::new(0);

    struct Counting;

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    // SAFETY: every call is the system allocator's own.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
            // SAFETY: the caller keeps the contract of `alloc`.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
            // SAFETY: the caller keeps the contract of `dealloc`.
            unsafe { System.dealloc(pointer, layout) }
        }
    }
}

fn main() {
    let count: usize = env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000);
    let binary = build_function();
    let mut failed = false;
    for fate in [Fate::ColdStart, Fate::Timeout, Fate::Crash] {
        // The functions live through it all: what one of them held back would show.
        let functions: Vec<Function> = (0..CALLERS).map(|seed| fate.function(&binary, seed as u64)).collect();
        let run = |count: usize| {
            thread::scope(|scope| {
                for function in &functions {
                    scope.spawn(move || fate.meet(function, count.div_ceil(CALLERS)));
                }
            });
        };
        // A tenth first, so that what is made once is made.
        run(count.div_ceil(10));
        let before = Left::now();
        let started = Instant::now();
        run(count);
        let took = started.elapsed();
        let after = Left::settled(&before);
        let problems = after.problems(&before);
        failed |= !problems.is_empty();
        let memory = format!("{} -> {} bytes in use", before.heap, after.heap);
        println!("{count} {} in {took:.1?}: {memory}{}", fate.name(), verdict(&problems));
    }
    println!("{}", json!({ "version": 1, "count": count, "clean": !failed }));
    if failed {
        process::exit(1);
    }
}

/// What a function meets again and again.
#[derive(Clone, Copy)]
enum Fate {
    ColdStart,
    Timeout,
    Crash,
}

impl Fate {
    fn name(self) -> &'static str {
        match self {
            Fate::ColdStart => "cold starts",
            Fate::Timeout => "time-outs of 50 ms",
            Fate::Crash => "crashes",
        }
    }

    fn function(self, binary: &Path, seed: u64) -> Function {
        Function::builder(binary).seed(seed).timeout(self.timeout()).start()
    }

    fn meet(self, function: &Function, times: usize) {
        for _ in 0..times {
            match self {
                Fate::ColdStart => {
                    function.invoke("{}").expect_cold().expect_answer();
                    function.force_cold();
                }
                Fate::Timeout => {
                    // On a busy machine the 50 ms may be over before the new process asks for its event.
                    let outcome = function.invoke(r#"{"fate":"block"}"#);
                    assert_eq!(outcome.report.status, Status::Timeout, "{outcome}");
                }
                Fate::Crash => {
                    function.invoke(r#"{"fate":"exit","code":7}"#).expect_exit(Exit::Code(7));
                }
            }
        }
    }

    fn timeout(self) -> Duration {
        match self {
            Fate::Timeout => Duration::from_millis(50),
            Fate::ColdStart | Fate::Crash => Duration::from_secs(10),
        }
    }
}

fn verdict(problems: &[String]) -> String {
    match problems {
        [] => ", nothing left".to_owned(),
        problems => format!(", LEFT: {}", problems.join("; ")),
    }
}

fn build_function() -> PathBuf {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = Command::new(cargo).args(["build", "--package", "local-lambda", "--example", "fates"]).status();
    assert!(built.is_ok_and(|status| status.success()), "the function does not build");
    let target = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    target.join("debug/examples/fates")
}

/// What this process has at one moment.
struct Left {
    processes: BTreeMap<u32, String>,
    folders: usize,
    descriptors: usize,
    threads: usize,
    heap: usize,
}

impl Left {
    fn now() -> Left {
        let ours = format!("{}", process::id());
        let field = |path: &Path, name: &str| {
            let text = fs::read_to_string(path.join("status")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim_start_matches(':').trim().to_owned())
        };
        let pids = fs::read_dir("/proc").expect("/proc is there").flatten();
        let processes = pids
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
            // The one shell is the watchdog.
            .filter(|(_, path)| field(path, "PPid").is_some_and(|parent| parent == ours))
            .filter_map(|(pid, path)| Some((pid, field(&path, "Name")?)))
            .filter(|(_, name)| name != "sh")
            .collect();
        let folder = env::temp_dir().join(format!("local-lambda-{ours}"));
        let entries = |path: &Path| fs::read_dir(path).map(Iterator::count).unwrap_or_default();
        Left {
            processes,
            folders: entries(&folder),
            descriptors: entries(Path::new("/proc/self/fd")),
            threads: entries(Path::new("/proc/self/task")),
            heap: heap::IN_USE.load(Ordering::Relaxed),
        }
    }

    /// What is there once threads that were on their way out are gone.
    fn settled(before: &Left) -> Left {
        let deadline = Instant::now() + Duration::from_secs(1);
        loop {
            let left = Left::now();
            if left.problems(before).is_empty() || Instant::now() > deadline {
                return left;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn problems(&self, before: &Left) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.processes.is_empty() {
            problems.push(format!("processes {:?}", self.processes));
        }
        if self.folders > before.folders {
            problems.push(format!("{} more folders", self.folders - before.folders));
        }
        if self.descriptors > before.descriptors {
            problems.push(format!("{} more descriptors", self.descriptors - before.descriptors));
        }
        if self.threads > before.threads {
            problems.push(format!("{} more threads", self.threads - before.threads));
        }
        if self.heap > before.heap + HEAP_TOLERANCE {
            problems.push(format!("{} more bytes in use", self.heap - before.heap));
        }
        problems
    }
}
