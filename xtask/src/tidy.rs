//! Keeps the target directory small: what the compiler keeps to build an edit more quickly takes as much room as all the
//! rest.
//!
//! A learner edits one exercise after the other, and no check. So after a build the state of checks goes, and that of
//! binaries but the last few: who comes back to one of those waits a second longer, once.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Binaries that keep their state: who has several exercises open edits all of them quickly.
const KEPT: usize = 4;

/// Another cargo may be at work in what is younger.
pub const AGE: Duration = Duration::from_secs(30);

/// Removes the state that nobody is likely to need again. What cannot be removed stays: this is room, no result.
pub fn after_a_build(target_dir: &Path, now: SystemTime) {
    let mut binaries: Vec<(SystemTime, PathBuf)> = Vec::new();
    let mut useless: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(target_dir.join("debug/incremental")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(changed) = entry.metadata().and_then(|data| data.modified()) else { continue };
        match name.rsplit_once('-').map(|(name, _)| name) {
            Some("check") => useless.push((changed, entry.path())),
            Some(name) if is_of_an_exercise(name) => binaries.push((changed, entry.path())),
            _ => {}
        }
    }
    binaries.sort();
    binaries.truncate(binaries.len().saturating_sub(KEPT));
    useless.extend(binaries);
    for (changed, dir) in useless {
        if now.duration_since(changed).is_ok_and(|age| age >= AGE) {
            let _ = fs::remove_dir_all(dir);
        }
    }
}

/// `ch05_06_backoff` or `sol_ch05_06_backoff`: a crate's name, as its package says it.
fn is_of_an_exercise(name: &str) -> bool {
    let name = name.strip_prefix("sol_").unwrap_or(name);
    name.strip_prefix("ch")
        .is_some_and(|rest| rest.as_bytes().first_chunk::<2>().is_some_and(|n| n.iter().all(u8::is_ascii_digit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_binaries_keep_their_state_and_checks_lose_it() {
        let target = std::env::temp_dir().join(format!("xtask-tidy-{}", std::process::id()));
        let dir = target.join("debug/incremental");
        let now = SystemTime::now();
        let aged = |name: &str, age: u64| {
            fs::create_dir_all(dir.join(name)).expect("a folder");
            let opened = fs::File::open(dir.join(name)).expect("it is there");
            opened.set_modified(now - Duration::from_secs(age)).expect("its time can be set");
        };
        for number in 1..=6 {
            aged(&format!("ch05_0{number}_x-1a"), 1000 - number);
        }
        aged("sol_ch05_01_x-2b", 500);
        aged("check-3c", 100);
        aged("check-4d", 1);
        aged("local_lambda-5e", 1000);
        after_a_build(&target, now);
        let mut left: Vec<_> =
            fs::read_dir(&dir).expect("it is there").flatten().map(|entry| entry.file_name()).collect();
        left.sort();
        let _ = fs::remove_dir_all(&target);
        let kept = ["ch05_04_x-1a", "ch05_05_x-1a", "ch05_06_x-1a", "check-4d", "local_lambda-5e", "sol_ch05_01_x-2b"];
        assert_eq!(left, kept);
    }
}
