//! A copy of the miniature course for each test, in a folder with a blank and Chinese characters in its name, and
//! outputs made comparable.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// One copy, removed when it is dropped. It has a target directory of its own: cargo's lock would make tests wait for
/// one another, and say so in their output.
pub(crate) struct MiniCourse {
    pub(crate) root: PathBuf,
}

/// What a command printed, with everything that differs from run to run replaced.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl MiniCourse {
    pub(crate) fn new() -> MiniCourse {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("課程 mini {}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mini-course"), &root);
        MiniCourse { root: root.canonicalize().expect("the copy exists") }
    }

    /// The binary, standing in the root: no terminal, no colour, nothing inherited that could change a verdict.
    pub(crate) fn xtask(&self, line: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("xtask"));
        command.args(line.split_whitespace()).current_dir(&self.root);
        // As a learner has it: the target directory is where cargo puts it by itself.
        let inherited =
            ["XTASK_ROOT", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_INCREMENTAL", "CARGO_TARGET_DIR", "CI"];
        for variable in inherited {
            command.env_remove(variable);
        }
        // Tests that share a cargo home would wait for each other's look at its crates, and say so.
        command.env("CARGO_HOME", self.root.join("target/cargo-home"));
        command.env("NO_COLOR", "1").env("COLUMNS", "80");
        command.env("CARGO_NET_OFFLINE", "true").env("RUST_BACKTRACE", "1").env("LOCAL_LAMBDA_BINARY", "/bin/true");
        command
    }

    pub(crate) fn say(&self, line: &str) -> Said {
        self.said(&mut self.xtask(line))
    }

    pub(crate) fn said(&self, command: &mut Command) -> Said {
        let Output { status, stdout, stderr } = command.output().expect("xtask starts");
        let text = |bytes: &[u8]| self.comparable(&String::from_utf8_lossy(bytes));
        // How far a slow build is, told every few seconds, depends on the machine.
        let is_pace =
            |line: &&str| line.starts_with("building: ") || line.starts_with("checking: ") || line.ends_with(" ...\n");
        let err: String = text(&stderr).split_inclusive('\n').filter(|line| !is_pace(line)).collect();
        Said { code: status.code(), out: text(&stdout), err }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().expect("a folder")).expect("the folder can be created");
        fs::write(self.path(path), text).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
    }

    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}");
        self.write(path, &text.replace(from, to));
    }

    /// Takes every exercise out whose name begins so, with its solution.
    pub(crate) fn remove_exercises(&self, start: &str) {
        let (chapter, start) = start.split_once('/').expect("chapter/exercise");
        for room in ["exercises", "solutions"] {
            for entry in fs::read_dir(self.path(room).join(chapter)).expect("the chapter exists").flatten() {
                if entry.file_name().to_string_lossy().starts_with(start) {
                    fs::remove_dir_all(entry.path()).expect("the exercise can be removed");
                }
            }
        }
    }

    /// Says it while cargo cannot be run at all.
    pub(crate) fn without_cargo(&self, line: &str) -> Said {
        self.said(self.xtask(line).env("CARGO", "/no/such/cargo"))
    }

    fn comparable(&self, text: &str) -> String {
        let text = text.replace(&self.root.display().to_string(), "[ROOT]");
        let text = replace_runs(&text, is_duration);
        replace_runs(&text, is_date)
    }
}

impl Drop for MiniCourse {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

impl Said {
    /// Compares code, output and errors with the snapshot of that name.
    #[track_caller]
    pub(crate) fn is(&self, snapshot: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(format!("{snapshot}.txt"));
        let mut text = format!("exit {}\n--- stdout\n{}", self.code.unwrap_or(-1), self.out);
        if !self.err.is_empty() {
            text.push_str(&format!("--- stderr\n{}", self.err));
        }
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::write(&path, &text).expect("the snapshot can be written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, expected, "{} differs; UPDATE_SNAPSHOTS=1 rewrites it", path.display());
    }

    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Said {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Said {
        assert!(self.out.contains(words) || self.err.contains(words), "not said: {words:?} in {self:#?}");
        self
    }
}

/// Waits for a condition that must come true; a machine that is too busy for this fails loudly.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_true() {
        assert!(Instant::now() < deadline, "waited a minute for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be created");
    for entry in fs::read_dir(from).expect("the miniature course is there").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if name == "target" || name == ".progress" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).expect("the file can be copied");
        }
    }
}

/// Replaces each run of the characters of numbers, dates and times that `name` recognizes.
fn replace_runs(text: &str, name: fn(&str) -> Option<&'static str>) -> String {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ':' | '-' | 'T' | 'Z');
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let end = rest[start..].find(|c| !is_part(c)).map_or(rest.len(), |length| start + length);
        let end = start + rest[start..end].trim_end_matches(['-', '.', ':']).len().max(1);
        let run = &rest[start..end];
        replaced.push_str(&rest[..start]);
        let unit = if rest[end..].starts_with(" s") || replaced.ends_with("\"seconds\": ") { " s" } else { "" };
        replaced.push_str(name(&format!("{run}{unit}")).unwrap_or(run));
        rest = &rest[end..];
    }
    replaced + rest
}

fn is_duration(run: &str) -> Option<&'static str> {
    let seconds = run.strip_suffix(" s")?;
    let (whole, fraction) = seconds.split_once('.')?;
    (whole.parse::<u32>().is_ok() && fraction.parse::<u32>().is_ok()).then_some("[TIME]")
}

fn is_date(run: &str) -> Option<&'static str> {
    (run.len() >= 19 && run.starts_with("20") && run.contains('T') && run.ends_with('Z')).then_some("[DATE]")
}
