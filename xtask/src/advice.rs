//! What to do about a failure that is neither the work's nor the check's. Only the words that cargo, rustup, the
//! compiler and the operating system choose themselves are looked at, never what somebody's code or file says.

use std::io::ErrorKind;

/// Run where cargo cannot be started at all.
pub const NO_CARGO: &str = "cannot run cargo; install rustup (https://rustup.rs), then open a new terminal";

const DISK_FULL: &str = "the disk is full; `cargo clean` removes what was built";
const READ_ONLY: &str = "point CARGO_TARGET_DIR at a folder that can be written, and try again";
const OFFLINE: &str = "crates are missing: connect to a network, then `cargo xtask prefetch`";

/// Words that a failure of cargo has, each of them, and what mends it. The first that fits holds.
const KNOWN: [(&[&str], &str); 9] = [
    (&["(os error 28)"], DISK_FULL),
    (&["(os error 122)"], "your share of the disk is used up; `cargo clean` removes what was built"),
    (&["two packages named"], "a copy of an exercise lies beside it: move it out of the course's folder"),
    (&["toolchain", "is not installed"], "install it with `rustup toolchain install`, in the course's folder"),
    (&["(os error 30)"], READ_ONLY),
    (&["(os error 13)"], READ_ONLY),
    (&["--offline"], OFFLINE),
    (&["failed to download"], OFFLINE),
    (&["Could not resolve host"], OFFLINE),
];

/// What mends a failure of cargo, where that is known.
#[must_use]
pub fn on_cargo(said: &str) -> Option<&'static str> {
    let own = own_words(said);
    let fits = |words: &&(&[&str], &str)| words.0.iter().all(|word| own.contains(word));
    KNOWN.iter().find(fits).map(|(_, advice)| *advice)
}

/// What mends an error of the compiler that has no place in a file: no linker, a full disk. `None` for any other, such
/// as a symbol that does not link.
#[must_use]
pub fn on_compiler(message: &str) -> Option<&'static str> {
    let first = message.lines().next().unwrap_or_default();
    if first.contains("linker `") && first.contains("not found") {
        return Some("a C linker is missing; `cargo xtask doctor` says how to install one");
    }
    message.contains("No space left on device").then_some(DISK_FULL)
}

/// What mends it when a file of the course cannot be written.
#[must_use]
pub fn on_writing(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Some("make the course's folder writable, or clone it into a folder of yours")
        }
        ErrorKind::StorageFull => Some(DISK_FULL),
        _ => None,
    }
}

/// Cargo's words, and below them what to do.
#[must_use]
pub fn with_advice(said: &str) -> String {
    below(said, on_cargo(said))
}

/// The words, and below them what to do: the known remedy, or to have the machine looked at.
#[must_use]
pub fn below(said: &str, advice: Option<&str>) -> String {
    let said = said.trim_end();
    let blank = if said.is_empty() { "" } else { "\n\n" };
    // A manifest or a lockfile that was edited says by itself where.
    let is_told = said.contains("failed to parse manifest") || said.contains("-->");
    match advice {
        Some(advice) => format!("{said}{blank}{advice}"),
        None if is_told => said.to_owned(),
        None => format!("{said}{blank}`cargo xtask doctor` looks whether this machine is ready"),
    }
}

/// Cargo's errors with their causes, without warnings, without lines of a file that it points into, and without what a
/// build script printed.
fn own_words(said: &str) -> String {
    let mut is_own = false;
    let mut own = String::new();
    for line in said.lines() {
        if line.starts_with("error") {
            is_own = true;
        } else if line.starts_with("warning") || line.trim_start().starts_with("--- std") {
            is_own = false;
        }
        let is_source = line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit()).starts_with('|');
        if is_own && !is_source {
            own.push_str(line);
            own.push('\n');
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_beginner_meets_has_an_advice() {
        for (said, advice) in [
            ("error: toolchain '1.95.0-x86_64-unknown-linux-gnu' is not installed", "rustup toolchain install"),
            (
                "error: two packages named `ch05-06-backoff` in this workspace:\n- exercises/a\n- exercises/b",
                "move it out",
            ),
            ("error: failed to write: No space left on device (os error 28)", "the disk is full"),
            (
                "error: failed to open: target/debug/.cargo-lock\n\nCaused by:\n  Read-only file system (os error 30)",
                "CARGO_TARGET_DIR",
            ),
            ("error: attempting to make an HTTP request, but --offline was specified", "cargo xtask prefetch"),
            ("something that nobody foresaw", "cargo xtask doctor"),
        ] {
            assert!(with_advice(said).contains(advice), "{said}: {}", with_advice(said));
        }
    }

    #[test]
    fn words_that_cargo_only_passes_on_get_no_remedy() {
        for said in [
            "warning: retry without --offline\nerror: could not compile `a` (bin \"a\") due to 1 previous error",
            "error: unclosed table\n --> Cargo.toml:3:1\n  |\n3 | # --offline, Permission denied (os error 13)\n  | ^",
            "error: failed to run custom build command for `a`\n\nCaused by:\n  process didn't exit successfully\n  \
             --- stderr\n  error: Permission denied (os error 13), failed to download",
        ] {
            assert_eq!(on_cargo(said), None, "{said}");
        }
    }

    #[test]
    fn a_missing_linker_is_told_from_a_symbol_that_does_not_link() {
        assert!(on_compiler("error: linker `cc` not found\n  |\n  = note: No such file").is_some());
        let undefined = "error: linking with `cc` failed: exit status: 1\n  = note: undefined symbol: --offline";
        assert_eq!(on_compiler(undefined), None);
    }

    #[test]
    fn every_advice_fits_80_columns_when_it_is_indented() {
        let all = KNOWN.iter().map(|(_, advice)| *advice).chain(on_writing(ErrorKind::ReadOnlyFilesystem));
        all.for_each(|advice| assert!(advice.chars().count() <= 78, "{advice}"));
    }
}
