//! Keeps the target directory small, however many exercises there are.
//!
//! What the compiler keeps to build an edit more quickly takes as much room as all the rest. A learner edits one exercise
//! after the other, and no check. So after a build the state of checks goes, and that of binaries but the last few. Of
//! exercises' programs and checks themselves the last twenty exercises' stay. Who comes back to an older one waits a second
//! longer, once; a verdict that is remembered needs no program.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Binaries that keep their state: who has several exercises open edits all of them quickly.
const KEPT_STATES: usize = 4;

/// Programs and checks that stay: two for an exercise, 8 MB.
const KEPT_PROGRAMS: usize = 40;

/// Another cargo may be at work in what is younger.
pub const AGE: Duration = Duration::from_secs(30);

/// Removes what nobody is likely to need again, but none of the programs that were `asked_for`. What cannot be removed
/// stays: this is room, no result.
pub fn after_a_build<'p>(target_dir: &Path, asked_for: impl Iterator<Item = &'p Path>, now: SystemTime) {
    let debug = target_dir.join("debug");
    states(&debug.join("incremental"), now);
    // Whoever verifies the course needs all of them the next time.
    if !target_dir.join("variants").is_dir() {
        programs(&debug, &asked_for.filter_map(|path| Some(fs::metadata(path).ok()?.ino())).collect(), now);
    }
}

fn states(incremental: &Path, now: SystemTime) {
    let mut binaries: Vec<(SystemTime, PathBuf)> = Vec::new();
    for (path, data) in entries(incremental) {
        let Ok(changed) = data.modified() else { continue };
        match crate_of(&path) {
            Some("check") if is_old(&data, now) => drop(fs::remove_dir_all(path)),
            Some(name) if is_of_an_exercise(name) => binaries.push((changed, path)),
            _ => {}
        }
    }
    binaries.sort();
    binaries.truncate(binaries.len().saturating_sub(KEPT_STATES));
    for (changed, dir) in binaries {
        if now.duration_since(changed).is_ok_and(|age| age >= AGE) {
            let _ = fs::remove_dir_all(dir);
        }
    }
}

/// Cargo gives a binary a second name above `deps`: without both, it builds it anew.
fn programs(debug: &Path, asked_for: &BTreeSet<u64>, now: SystemTime) {
    let is_program = |path: &Path| {
        path.extension().is_none() && crate_of(path).is_some_and(|name| name == "check" || is_of_an_exercise(name))
    };
    let mut programs: Vec<_> = entries(&debug.join("deps")).filter(|(path, _)| is_program(path)).collect();
    programs.sort_by_key(|(_, data)| data.modified().ok());
    programs.truncate(programs.len().saturating_sub(KEPT_PROGRAMS));
    programs.retain(|(_, data)| is_old(data, now) && !asked_for.contains(&data.ino()));
    let removed: BTreeSet<u64> = programs.iter().map(|(_, data)| data.ino()).collect();
    let second_names = entries(debug).filter(|(_, data)| data.is_file() && removed.contains(&data.ino()));
    for (path, _) in second_names.collect::<Vec<_>>().into_iter().chain(programs) {
        let _ = fs::remove_file(path);
    }
}

fn entries(dir: &Path) -> impl Iterator<Item = (PathBuf, Metadata)> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
}

fn is_old(data: &Metadata, now: SystemTime) -> bool {
    data.modified().is_ok_and(|changed| now.duration_since(changed).is_ok_and(|age| age >= AGE))
}

/// `ch05_06_backoff` of `ch05_06_backoff-1a2b3c`.
fn crate_of(path: &Path) -> Option<&str> {
    Some(path.file_name()?.to_str()?.rsplit_once('-')?.0)
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

    /// A target directory of our own.
    struct Room {
        target: PathBuf,
        now: SystemTime,
    }

    impl Room {
        fn new(name: &str) -> Room {
            let target = std::env::temp_dir().join(format!("xtask-tidy-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&target);
            fs::create_dir_all(target.join("debug/deps")).expect("a folder");
            Room { target, now: SystemTime::now() }
        }

        fn age(&self, path: &Path, seconds: u64) {
            let opened = fs::File::open(path).expect("it is there");
            opened.set_modified(self.now - Duration::from_secs(seconds)).expect("its time can be set");
        }

        fn state(&self, name: &str, age: u64) {
            let dir = self.target.join("debug/incremental").join(name);
            fs::create_dir_all(&dir).expect("a folder");
            self.age(&dir, age);
        }

        /// As cargo lays it out: a binary has a second name.
        fn program(&self, name: &str, second: Option<&str>, age: u64) -> PathBuf {
            let path = self.target.join("debug/deps").join(name);
            fs::write(&path, name).expect("a file");
            self.age(&path, age);
            let Some(second) = second else { return path };
            let second = self.target.join("debug").join(second);
            fs::hard_link(&path, &second).expect("a link");
            second
        }

        fn left(&self, folder: &str) -> Vec<String> {
            let entries = fs::read_dir(self.target.join("debug").join(folder)).expect("it is there").flatten();
            let mut left: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            left.sort();
            left
        }
    }

    impl Drop for Room {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.target);
        }
    }

    #[test]
    fn the_last_binaries_keep_their_state_and_checks_lose_it() {
        let room = Room::new("states");
        for number in 1..=6 {
            room.state(&format!("ch05_0{number}_x-1a"), 1000 - number);
        }
        room.state("sol_ch05_01_x-2b", 500);
        room.state("check-3c", 100);
        room.state("check-4d", 1);
        room.state("local_lambda-5e", 1000);
        after_a_build(&room.target, std::iter::empty(), room.now);
        let kept = ["ch05_04_x-1a", "ch05_05_x-1a", "ch05_06_x-1a", "check-4d", "local_lambda-5e", "sol_ch05_01_x-2b"];
        assert_eq!(room.left("incremental"), kept);
    }

    #[test]
    fn old_programs_go_with_both_names_but_for_those_that_were_asked_for() {
        let room = Room::new("programs");
        let asked_for = room.program("ch01_01_x-1a", Some("ch01-01-x"), 2000);
        room.program("check-1b", None, 1999);
        room.program("ch01_02_x-2a", Some("ch01-02-x"), 1998);
        room.program("local_lambda-5e", Some("local-lambda"), 3000);
        room.program("check-1b.d", None, 3000);
        for number in 0..KEPT_PROGRAMS {
            room.program(&format!("check-f{number}"), None, 100);
        }
        after_a_build(&room.target, [asked_for.as_path()].into_iter(), room.now);
        let left = room.left("deps");
        assert!(
            ["ch01_01_x-1a", "check-1b.d", "local_lambda-5e"].iter().all(|name| left.iter().any(|one| one == name))
        );
        assert!(!left.iter().any(|name| name == "check-1b" || name == "ch01_02_x-2a"), "{left:?}");
        assert_eq!(left.len(), KEPT_PROGRAMS + 3);
        assert_eq!(room.left(""), ["ch01-01-x", "deps", "local-lambda"]);
    }

    #[test]
    fn an_authors_programs_stay() {
        let room = Room::new("author");
        fs::create_dir(room.target.join("variants")).expect("a folder");
        (0..=KEPT_PROGRAMS).for_each(|number| drop(room.program(&format!("check-{number}"), None, 100)));
        after_a_build(&room.target, std::iter::empty(), room.now);
        assert_eq!(room.left("deps").len(), KEPT_PROGRAMS + 1);
    }
}
