//! What to do about a failure that is neither the work's nor the check's: told by the words of cargo, rustc and rustup.

/// Run where cargo cannot be started at all.
pub const NO_CARGO: &str = "cannot run cargo; install rustup (https://rustup.rs), then open a new terminal";

/// Words that a failure has, each of them, and what mends it. The first that fits holds.
const KNOWN: [(&[&str], &str); 9] = [
    (
        &["No space left on device"],
        "the disk is full: `cargo clean` removes what was built, `cargo xtask doctor` looks again",
    ),
    (&["os error 122"], "your share of the disk is used up: `cargo clean` removes what was built"),
    (&["toolchain", "is not installed"], "install it with `rustup toolchain install`, in the course's folder"),
    (&["Read-only file system"], READ_ONLY),
    (&["Permission denied"], READ_ONLY),
    (&["linker", "not found"], "a C linker is missing; `cargo xtask doctor` says how to install one"),
    (&["offline"], OFFLINE),
    (&["failed to download"], OFFLINE),
    (&["Could not resolve host"], OFFLINE),
];

const READ_ONLY: &str = "point CARGO_TARGET_DIR at a folder that can be written, and try again";
const OFFLINE: &str = "crates are missing: connect to a network, then `cargo xtask prefetch` brings all of them";

/// What mends it, where that is known.
#[must_use]
pub fn on(said: &str) -> Option<&'static str> {
    let fits = |words: &&(&[&str], &str)| words.0.iter().all(|word| said.contains(word));
    KNOWN.iter().find(fits).map(|(_, advice)| *advice)
}

/// The words, and below them what to do: the known remedy, or to have the machine looked at.
#[must_use]
pub fn with_advice(said: &str) -> String {
    let said = said.trim_end();
    let blank = if said.is_empty() { "" } else { "\n\n" };
    // A manifest or a lockfile that was edited says by itself where.
    let is_told = said.contains("failed to parse manifest") || said.contains("-->");
    match on(said) {
        Some(advice) => format!("{said}{blank}{advice}"),
        None if is_told => said.to_owned(),
        None => format!("{said}{blank}`cargo xtask doctor` looks whether this machine is ready"),
    }
}

/// Whether a message of the compiler without a place is about this machine, not about the code.
#[must_use]
pub fn is_of_the_machine(message: &str) -> bool {
    let first = message.lines().next().unwrap_or_default();
    (first.contains("linker `") && first.contains("not found")) || message.contains("No space left on device")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_beginner_meets_has_an_advice() {
        for (said, advice) in [
            ("error: toolchain '1.95.0-x86_64-unknown-linux-gnu' is not installed", "rustup toolchain install"),
            ("failed to write: No space left on device (os error 28)", "the disk is full"),
            ("failed to open: target/debug/.cargo-lock\n  Read-only file system (os error 30)", "CARGO_TARGET_DIR"),
            ("attempting to make an HTTP request, but --offline was specified", "cargo xtask prefetch"),
            ("something that nobody foresaw", "cargo xtask doctor"),
        ] {
            assert!(with_advice(said).contains(advice), "{said}: {}", with_advice(said));
        }
    }

    #[test]
    fn a_missing_linker_is_told_from_a_symbol_that_does_not_link() {
        assert!(is_of_the_machine("error: linker `cc` not found\n  |\n  = note: No such file"));
        assert!(!is_of_the_machine("error: linking with `cc` failed: exit status: 1\n  = note: undefined symbol"));
    }
}
