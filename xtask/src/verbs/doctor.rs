//! `doctor`: is this machine ready, offline too? Each finding with the command that mends it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::{Format, Options};
use crate::course::Course;
use crate::remember::Scratch;
use crate::store;
use crate::term::Style;
use crate::view::json::to_text;
use crate::wrap;

/// Below this, a build may fill the disk: a learner's target directory takes under 1 GB.
const WANTED_GIB: u64 = 2;

/// One thing looked at.
#[derive(Debug)]
struct Finding {
    what: &'static str,
    how: How,
    words: String,
    mend: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Good,
    /// Works, but worse than it could.
    Slow,
    Bad,
}

impl How {
    fn word(self) -> &'static str {
        match self {
            How::Good => "ok",
            How::Slow => "note",
            How::Bad => "wrong",
        }
    }
}

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let crates_are_here = crates_are_here(course);
    let findings = [
        toolchain(course),
        linker(),
        registry(crates_are_here),
        crates(course, crates_are_here),
        disk(course),
        progress(course),
        drive(course),
        git(course),
        editor(),
    ];
    let is_bad = findings.iter().any(|finding| finding.how == How::Bad);
    match options.format {
        Format::Json => print!("{}", to_text(&document(&findings))),
        Format::Text => print!("{}", told(&findings, Style::of_stdout())),
    }
    Ok(if is_bad { 4 } else { 0 })
}

fn toolchain(course: &Course) -> Finding {
    let wanted = fs::read_to_string(course.root.join("rust-toolchain.toml")).unwrap_or_default();
    let wanted = wanted.split_once("channel = \"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
    let said = said(course.cargo().arg("--version"));
    match said {
        Some(version) if version.starts_with(&format!("cargo {wanted}")) => good("toolchain", version),
        Some(version) => bad(
            "toolchain",
            format!("{version}, but the course is made for {wanted}"),
            format!("rustup toolchain install {wanted}"),
        ),
        None => bad("toolchain", "cargo cannot be run", "install rustup, then open a new terminal"),
    }
}

/// Compiles and links the smallest program: proves rustc, the linker and the C library at once.
fn linker() -> Finding {
    let (source, program) = (Scratch::new("linker.rs"), Scratch::new("linker"));
    let built = fs::write(source.path(), "fn main() {}\n").is_ok()
        && Command::new("rustc")
            .arg(source.path())
            .arg("-o")
            .arg(program.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    let runs = built && Command::new(program.path()).status().is_ok_and(|status| status.success());
    if runs {
        return good("linker", "a program was linked and ran");
    }
    let mend = if cfg!(target_os = "macos") { "xcode-select --install" } else { "sudo apt-get install gcc libc6-dev" };
    bad("linker", "no program can be linked", mend)
}

/// Whether cargo is told to stay away from the network; then it is not asked.
fn is_told_to_stay_offline() -> bool {
    std::env::var_os("CARGO_NET_OFFLINE").is_some_and(|value| value == "true" || value == "1")
}

/// Asks the registry that cargo is configured for about one small crate, as a fresh project would.
fn registry(crates_are_here: bool) -> Finding {
    let project = Scratch::new("registry");
    let manifest = "[package]\nname = \"probe\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nlibc = \"0.2\"\n\n[workspace]\n";
    let written = store::write_cache(&project.path().join("Cargo.toml"), manifest.as_bytes())
        .and_then(|()| store::write_cache(&project.path().join("src/lib.rs"), b""));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .arg("generate-lockfile")
        .current_dir(project.path())
        .env("CARGO_NET_RETRY", "0")
        .env("CARGO_HTTP_TIMEOUT", "10");
    let told = is_told_to_stay_offline();
    // From what it remembers, an offline cargo would answer for the registry.
    cargo.env("CARGO_NET_OFFLINE", "false");
    let answers = !told && written.is_ok() && said(cargo.stderr(Stdio::null())).is_some();
    let _ = fs::remove_dir_all(project.path());
    match (answers, crates_are_here) {
        (true, _) => good("registry", "can be reached"),
        (false, true) if told => good("registry", "not asked, since CARGO_NET_OFFLINE is set: every crate is here"),
        (false, true) => good("registry", "cannot be reached, and need not be: every crate is here"),
        (false, false) => bad(
            "registry",
            "cannot be reached, and crates are missing",
            "connect to a network, set HTTPS_PROXY, or unset CARGO_NET_OFFLINE; then cargo xtask prefetch",
        ),
    }
}

/// Whether every crate of the lockfile is on this machine, as cargo sees it without network.
fn crates_are_here(course: &Course) -> bool {
    let mut cargo = course.cargo();
    cargo.args(["metadata", "--offline", "--locked", "--format-version", "1"]);
    cargo.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn crates(course: &Course, are_here: bool) -> Finding {
    let services = course.services().into_iter().collect::<Vec<_>>().join(", ");
    let with = if services.is_empty() { String::new() } else { format!(", the clients of {services} among them") };
    match are_here {
        true => good("crates", format!("the offline copy is complete{with}; no network is needed")),
        false => bad("crates", format!("the offline copy is not complete{with}"), "cargo xtask prefetch"),
    }
}

fn disk(course: &Course) -> Finding {
    let target = course.target_dir();
    let nearest = target.ancestors().find(|dir| dir.is_dir()).unwrap_or(Path::new("/"));
    let listed = said(Command::new("df").arg("-Pk").arg(nearest)).unwrap_or_default();
    let free = listed.lines().last().and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    match free.map(|kib| kib / (1024 * 1024)) {
        Some(gib) if gib >= WANTED_GIB => good("disk", format!("{gib} GiB free for {}", target.display())),
        Some(gib) => bad(
            "disk",
            format!("{gib} GiB free for {}, {WANTED_GIB} are wanted", target.display()),
            "cargo clean, or point CARGO_TARGET_DIR at a larger disk",
        ),
        None => slow("disk", "how much is free cannot be told", "df"),
    }
}

fn progress(course: &Course) -> Finding {
    let dir = course.progress_dir();
    let probe = dir.join("doctor");
    let written = store::write_whole(&probe, b"ok\n");
    let _ = fs::remove_file(probe);
    match written {
        Ok(()) => good("progress", "can be saved"),
        Err(error) => {
            bad("progress", format!("cannot be saved: {error:#}"), format!("make {} writable", dir.display()))
        }
    }
}

/// `watch` looks at files itself, so no file system lacks events for it; but Windows' drives are slow from WSL.
fn drive(course: &Course) -> Finding {
    let kernel = fs::read_to_string("/proc/version").unwrap_or_default().to_lowercase();
    if kernel.contains("microsoft") && course.root.starts_with("/mnt") {
        return slow(
            "drive",
            "a Windows drive seen from WSL builds several times slower",
            "clone into ~ instead of /mnt",
        );
    }
    good("drive", "watch sees every save; it needs no file-system events")
}

/// Only `update` needs it.
fn git(course: &Course) -> Finding {
    match (said(Command::new("git").arg("--version")), course.root.join(".git").exists()) {
        (Some(version), true) => good("git", version),
        (Some(_), false) => slow("git", "this course is no clone, so `update` cannot renew it", "git clone it anew"),
        (None, _) => slow("git", "cannot be run, so `update` cannot renew the course", "install git"),
    }
}

fn editor() -> Finding {
    let variable = ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    if let Some(editor) = variable {
        return good("editor", editor);
    }
    match ["code", "zed", "nvim", "vim", "emacs", "nano"].into_iter().find(|name| is_on_path(name)) {
        Some(editor) => good("editor", editor),
        None => slow("editor", "none found", "set EDITOR; any editor will do"),
    }
}

fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

fn said(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn good(what: &'static str, words: impl Into<String>) -> Finding {
    Finding { what, how: How::Good, words: words.into(), mend: None }
}

fn slow(what: &'static str, words: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { what, how: How::Slow, words: words.into(), mend: Some(mend.into()) }
}

fn bad(what: &'static str, words: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { what, how: How::Bad, words: words.into(), mend: Some(mend.into()) }
}

fn told(findings: &[Finding], style: Style) -> String {
    let mut text = String::new();
    for Finding { what, how, words, mend } in findings {
        let word = format!("{:<5}", how.word());
        let word = if *how == How::Bad { style.bad(&word) } else { style.good(&word) };
        // Wrapped without the word, whose colours take no room on the screen.
        let indent = " ".repeat(7);
        let words = wrap::prose(&format!("{indent}{what}: {words}"), &indent);
        text.push_str(&format!("{word}  {}\n", words.trim_start()));
        if let Some(mend) = mend {
            text.push_str(&format!("{}\n", wrap::prose(&format!("{indent}mend: {mend}"), &indent)));
        }
    }
    text
}

fn document(findings: &[Finding]) -> Value {
    let list: Vec<Value> = findings
        .iter()
        .map(|Finding { what, how, words, mend }| json!({ "what": what, "state": how.word(), "words": words, "mend": mend }))
        .collect();
    json!({ "version": 1, "command": "doctor", "findings": list })
}
