//! A cargo call: every package that a command needs, however many, and what came of each target.
//!
//! `--keep-going` lets one that does not compile leave the others alone. An artifact counts only when this very call
//! named it: after a failed build the old binary still lies in the target directory.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::advice;
use crate::course::{Course, Exercise};
use crate::lockfile;
use crate::process;
use crate::term::{Progress, without_escapes};

/// How many lines of cargo's own words are kept for an error.
const KEPT_LINES: usize = 40;

/// What cargo built, and what the compiler said.
#[derive(Debug, Default)]
pub struct Built {
    executables: HashMap<Target, PathBuf>,
    diagnostics: Vec<(Target, Diagnostic)>,
    /// The last of cargo's own words.
    pub said: String,
    /// Whether something could not be built.
    pub has_failed: bool,
}

/// One target of one package, known by its folder: every check is called `check`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    pub package_dir: PathBuf,
    /// `bin` or `test`.
    pub kind: String,
    pub name: String,
}

impl Target {
    /// The check of an exercise.
    #[must_use]
    pub fn check_of(exercise: &Exercise) -> Target {
        Target { package_dir: exercise.path.clone(), kind: "test".to_owned(), name: "check".to_owned() }
    }

    /// The binary that the learner writes.
    #[must_use]
    pub fn bin_of(exercise: &Exercise) -> Target {
        Target { package_dir: exercise.path.clone(), kind: "bin".to_owned(), name: exercise.bin_name() }
    }
}

/// One of the compiler's messages, as it renders it for a terminal.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    pub is_error: bool,
    /// Whether clippy says it, and not the compiler.
    pub is_clippys: bool,
    pub rendered: String,
    /// File relative to the root, and line.
    pub place: Option<(String, u64)>,
}

/// Builds with `cargo build ARGUMENTS`; how the build ends for each target is data, `Err` is cargo unable to start it.
pub fn compile<S: AsRef<OsStr>>(course: &Course, arguments: &[S], progress: &Progress) -> Result<Built> {
    compile_with(course.cargo(), arguments, progress, |_, _| {})
}

/// The same with a cargo that is prepared; `told` hears of each program as soon as it is there.
pub fn compile_with<S: AsRef<OsStr>>(
    mut cargo: Command,
    arguments: &[S],
    progress: &Progress,
    told: impl FnMut(&Target, &Path),
) -> Result<Built> {
    cargo.arg("build").args(arguments).args(["--keep-going", "--message-format=json-diagnostic-rendered-ansi"]);
    follow_messages(cargo, progress, told)
}

/// Downloads every crate of the lockfile that is not on this machine; `Err` has what cargo said.
pub fn download(course: &Course, progress: &Progress) -> Result<()> {
    let mut cargo = course.cargo();
    cargo.args(["fetch", "--locked"]).env("CARGO_TERM_COLOR", "never").env_remove("CARGO_TERM_QUIET");
    cargo.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = cargo.spawn().context(advice::NO_CARGO)?;
    let stderr = BufReader::new(child.stderr.take().context("no pipe")?);
    let said = follow_words(stderr, progress, lockfile::missing(course));
    let status = child.wait().context("cannot wait for cargo")?;
    process::end_here_if_interrupted();
    progress.clear();
    if !status.success() {
        bail!("the download did not end\n{}", advice::with_advice(&said));
    }
    Ok(())
}

/// Runs a cargo command that writes JSON messages, and reads them.
pub fn read_messages(cargo: Command, progress: &Progress) -> Result<Built> {
    follow_messages(cargo, progress, |_, _| {})
}

fn follow_messages(mut cargo: Command, progress: &Progress, mut told: impl FnMut(&Target, &Path)) -> Result<Built> {
    // Only cargo's own bar says how many units there are in all.
    cargo.env("CARGO_TERM_COLOR", "never").env("CARGO_TERM_PROGRESS_WHEN", "always");
    cargo.env("CARGO_TERM_PROGRESS_WIDTH", "160");
    cargo.env_remove("CARGO_TERM_QUIET").env_remove("CARGO_TERM_VERBOSE");
    cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = cargo.spawn().context(advice::NO_CARGO)?;
    let (stdout, stderr) = (child.stdout.take().context("no pipe")?, child.stderr.take().context("no pipe")?);
    let mut built = Built::default();
    let mut finished = false;
    std::thread::scope(|scope| {
        let said = scope.spawn(|| follow_words(BufReader::new(stderr), progress, 0));
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            finished |= built.take(&line, &mut told);
        }
        built.said = said.join().unwrap_or_default();
    });
    let status = child.wait().context("cannot wait for cargo")?;
    process::end_here_if_interrupted();
    progress.clear();
    if !finished && !status.success() {
        bail!("cargo could not start the build\n{}", advice::with_advice(&built.said));
    }
    Ok(built)
}

impl Built {
    /// Adds what another call built.
    pub fn extend(&mut self, other: Built) {
        self.executables.extend(other.executables);
        self.diagnostics.extend(other.diagnostics);
        self.has_failed |= other.has_failed;
        if !other.said.is_empty() {
            self.said = other.said;
        }
    }

    #[must_use]
    pub fn executable(&self, target: &Target) -> Option<&Path> {
        self.executables.get(target).map(PathBuf::as_path)
    }

    /// All that cargo named, whether it was built just now or before.
    pub fn programs(&self) -> impl Iterator<Item = &Path> {
        self.executables.values().map(PathBuf::as_path)
    }

    /// What the compiler said about one target, errors first.
    #[must_use]
    pub fn diagnostics(&self, target: &Target) -> Vec<Diagnostic> {
        let of_target = self.diagnostics.iter().filter(|(of, _)| of == target).map(|(_, diagnostic)| diagnostic);
        let (mut errors, warnings): (Vec<_>, Vec<_>) = of_target.cloned().partition(|d| d.is_error);
        errors.extend(warnings);
        errors
    }

    /// Everything that the compiler said.
    pub fn all_diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().map(|(_, diagnostic)| diagnostic)
    }

    /// Errors in packages outside `expected`: not the learner's doing.
    #[must_use]
    pub fn foreign_errors(&self, expected: &BTreeSet<PathBuf>) -> Vec<&Diagnostic> {
        let foreign = |target: &Target| !expected.contains(&target.package_dir);
        self.diagnostics.iter().filter(|(of, d)| d.is_error && foreign(of)).map(|(_, d)| d).collect()
    }

    /// Takes one line of JSON; true for the last one.
    fn take(&mut self, line: &str, told: &mut impl FnMut(&Target, &Path)) -> bool {
        let Ok(message) = serde_json::from_str::<Value>(line) else { return false };
        match message["reason"].as_str() {
            Some("build-finished") => {
                self.has_failed = message["success"] != true;
                return true;
            }
            Some("compiler-artifact") => {
                if let (Some(target), Some(path)) = (target_of(&message), message["executable"].as_str()) {
                    told(&target, Path::new(path));
                    self.executables.insert(target, PathBuf::from(path));
                }
            }
            Some("compiler-message") => {
                self.diagnostics.extend(target_of(&message).zip(Diagnostic::from_rustc(&message["message"])));
            }
            _ => {}
        }
        false
    }
}

impl Diagnostic {
    /// Sums ("aborting due to 2 errors") have no code and no place, and say nothing new.
    fn from_rustc(message: &Value) -> Option<Diagnostic> {
        let is_error = message["level"].as_str().is_some_and(|level| level.starts_with("error"));
        let primary = message["spans"].as_array()?.iter().find(|span| span["is_primary"] == true);
        let place =
            primary.and_then(|span| Some((span["file_name"].as_str()?.to_owned(), span["line_start"].as_u64()?)));
        let text = message["message"].as_str()?;
        let is_sum = ["aborting due to", "For more information", "Some errors have detailed"]
            .iter()
            .any(|s| text.starts_with(s))
            || text.ends_with("warning emitted")
            || text.ends_with("warnings emitted");
        let is_sum = is_sum && place.is_none();
        (!is_sum).then(|| Diagnostic {
            is_error,
            is_clippys: message["code"]["code"].as_str().is_some_and(|code| code.starts_with("clippy::")),
            rendered: message["rendered"].as_str().unwrap_or(text).trim_end().to_owned(),
            place,
        })
    }

    /// No linker, a full disk: an error that no edit of the file mends.
    #[must_use]
    pub fn is_of_the_machine(&self) -> bool {
        self.advice().is_some()
    }

    /// What mends an error of the machine; `None` for one of the code, whatever words it has.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        let has_no_place = self.is_error && self.place.is_none();
        has_no_place.then(|| advice::on_compiler(&without_escapes(&self.rendered))).flatten()
    }

    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "level": if self.is_error { "error" } else { "warning" },
            "rendered": self.rendered,
            "file": self.place.as_ref().map(|(file, _)| file),
            "line": self.place.as_ref().map(|(_, line)| line),
        })
    }

    #[must_use]
    pub fn from_json(value: &Value) -> Diagnostic {
        let place = value["file"].as_str().zip(value["line"].as_u64());
        Diagnostic {
            is_error: value["level"] == "error",
            is_clippys: false,
            rendered: value["rendered"].as_str().unwrap_or_default().to_owned(),
            place: place.map(|(file, line)| (file.to_owned(), line)),
        }
    }
}

fn target_of(message: &Value) -> Option<Target> {
    Some(Target {
        package_dir: Path::new(message["manifest_path"].as_str()?).parent()?.to_path_buf(),
        kind: message["target"]["kind"][0].as_str()?.to_owned(),
        name: message["target"]["name"].as_str()?.to_owned(),
    })
}

/// `missing` is how many crates are to be downloaded; 0 where only cargo can tell.
fn follow_words(stderr: impl BufRead, progress: &Progress, mut missing: usize) -> String {
    let mut kept: Vec<String> = Vec::new();
    let mut downloaded = 0;
    for_each_line(stderr, |line, overwritten| {
        let words = line.trim();
        if overwritten {
            missing = missing.max(remaining(words).map_or(0, |remaining| downloaded + remaining));
            progress.built(bar(words));
        } else if words.starts_with("Blocking waiting for file lock on package cache") {
            progress.waiting("waiting for another cargo, which looks through the downloaded crates");
        } else if words.starts_with("Blocking waiting for file lock") {
            progress.waiting("waiting for another cargo (an editor, a second terminal) to end its build");
        } else if let Some(name) = words.strip_prefix("Downloaded ") {
            downloaded += 1;
            // The last such line sums up: `Downloaded 12 crates (3.4MB) in 2.1s`.
            if !name.contains(" crates (") && !name.contains(" crate (") {
                progress.downloaded(name.split(' ').next().unwrap_or(name), downloaded, missing);
            }
        } else if let Some(name) = words.strip_prefix("Compiling ") {
            progress.step(name.split(' ').next().unwrap_or(name));
        } else if !words.starts_with("Finished ") {
            kept.push(line.to_owned());
        }
        if kept.len() > KEPT_LINES {
            kept.remove(0);
        }
    });
    kept.join("\n")
}

/// The numbers of `Building [==> ] 12/94: serde, tokio`, and what follows them.
fn bar(words: &str) -> Option<(usize, usize, &str)> {
    let (_, counts) = words.strip_prefix("Building [")?.split_once("] ")?;
    let (counts, crates) = counts.split_once(": ").unwrap_or((counts, ""));
    let (done, of) = counts.trim_end_matches(':').split_once('/')?;
    Some((done.trim().parse().ok()?, of.trim().parse().ok()?, crates))
}

/// The number of `Downloading 97 crates, remaining bytes: 1.2MiB`.
fn remaining(words: &str) -> Option<usize> {
    let (number, rest) = words.strip_prefix("Downloading ")?.split_once(' ')?;
    rest.starts_with("crate").then(|| number.parse().ok()).flatten()
}

/// Calls `take` with every line as soon as it is there, and whether the next one is written over it.
fn for_each_line(mut reader: impl BufRead, mut take: impl FnMut(&str, bool)) {
    let mut line = Vec::new();
    while let Ok(buffer) = reader.fill_buf() {
        if buffer.is_empty() {
            break;
        }
        let end = buffer.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let length = end.map_or(buffer.len(), |end| end + 1);
        line.extend(&buffer[..end.unwrap_or(length)]);
        let overwritten = end.is_some_and(|end| buffer[end] == b'\r');
        reader.consume(length);
        if end.is_some() {
            take(&String::from_utf8_lossy(&line), overwritten);
            line.clear();
        }
    }
    if !line.is_empty() {
        take(&String::from_utf8_lossy(&line), false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_bar_says_how_far_it_is() {
        assert_eq!(bar("Building [==>   ] 12/94: serde, build(bin)"), Some((12, 94, "serde, build(bin)")));
        assert_eq!(bar("Building [======]  94/94"), Some((94, 94, "")));
        assert_eq!(bar("Compiling serde v1.0.0"), None);
        assert_eq!(remaining("Downloading 97 crates, remaining bytes: 1.2MiB"), Some(97));
        assert_eq!(remaining("Downloading 1 crate"), Some(1));
        assert_eq!(remaining("Downloading crates ..."), None);
    }

    #[test]
    fn a_line_that_is_written_over_is_told_from_one_that_stays() {
        let mut lines = Vec::new();
        for_each_line(
            &b"   Compiling a\n  Building [>] 1/2: a\r  Building [=>] 2/2: b\r    Finished\nend"[..],
            |line, over| {
                lines.push((line.trim().to_owned(), over));
            },
        );
        let told: Vec<_> = lines.iter().map(|(line, over)| (line.as_str(), *over)).collect();
        let bars = [("Building [>] 1/2: a", true), ("Building [=>] 2/2: b", true)];
        assert_eq!(told, [("Compiling a", false), bars[0], bars[1], ("Finished", false), ("end", false)]);
    }
}
