//! Storage that fails at each single call: the process is killed there, half a file written, or the disk is full from
//! there on. Whatever the moment, what the learner had is in its place or in a kept copy, whole.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use crate::harness::MiniCourse;
use crate::update::{Clone, git, with_identity};

const MAIN: &str = "exercises/ch01-fates/02-fails-one-test/src/main.rs";
const HELPER: &str = "exercises/ch01-fates/02-fails-one-test/src/helper.rs";
const MINE: [(&str, &str); 2] =
    [(MAIN, "// Mine.\nfn main() {}\n"), (HELPER, "// Mine too, and long enough to be cut in two.\n")];
const PROGRESS: &str = ".progress/progress.txt";
const KNOWN: &str = "version 1\n\
                     ch01-fates/02-fails-one-test hint-1 2026-01-01T00:00:00.000Z\n\
                     ch77-gone/01-x starred 2026-01-01T00:00:00.000Z\n\
                     a line of nobody\n";

/// `tests/preload/storage.c`, which says what it does; compiled by the linker that every learner has.
static STORAGE: LazyLock<PathBuf> = LazyLock::new(|| {
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("storage.so");
    // Under a name of its own until it is whole: another run of these tests may be loading it.
    let begun = library.with_extension(std::process::id().to_string());
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-o"]).arg(&begun);
    cc.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/preload/storage.c"));
    assert!(cc.status().expect("there is a C compiler").success(), "{cc:?}");
    std::fs::rename(begun, &library).expect("it was written");
    library
});

#[derive(Clone, Copy)]
enum By {
    Kill,
    Full,
}

/// The command, with storage that fails at that call.
fn failing(xtask: &mut Command, at: usize, by: By) -> &mut Command {
    xtask.env("LD_PRELOAD", &*STORAGE).env("STORAGE_FAILS_AT", at.to_string());
    xtask.env("STORAGE_FAILS_BY", if matches!(by, By::Kill) { "kill" } else { "full" })
}

/// Does `line` on a course that `prepare` puts in order each time, killed at its first call, at its second, and so on
/// until it ends by itself; then on a disk that is full from each of these calls on. `look` sees what each left.
#[track_caller]
fn at_each_call(course: &MiniCourse, line: &str, prepare: impl Fn(), look: impl Fn(&str)) {
    let attempt = |at: usize, by: By| {
        prepare();
        let mut xtask = course.xtask(line);
        let output = with_identity(failing(&mut xtask, at, by)).output().expect("xtask starts");
        let how = if matches!(by, By::Kill) { "killed" } else { "full" };
        look(&format!("{line}, {how} at call {at}: {output:?}"));
        output
    };
    let killed = (1..200).take_while(|at| attempt(*at, By::Kill).status.signal() == Some(libc::SIGKILL)).count();
    assert!((5..199).contains(&killed), "{line} changed what is stored by {killed} calls");
    for at in 1..=killed {
        let Output { status, stderr, .. } = attempt(at, By::Full);
        let said = String::from_utf8_lossy(&stderr);
        assert!(matches!(status.code(), Some(0 | 1 | 4)) && !said.contains("panicked"), "{line} at {at}: {said}");
        assert!(status.code() != Some(4) || said.contains("No space left on device"), "{line} at {at}: {said}");
    }
}

/// A course of two exercises: a copy of both is soon kept.
fn small() -> MiniCourse {
    let course = MiniCourse::new();
    make_small(&course);
    course
}

fn make_small(course: &MiniCourse) {
    (3..=8).for_each(|number| course.remove_exercises(&format!("ch01-fates/0{number}")));
    course.remove_exercises("ch02-faults/0");
    course.remove_exercises("ch03-files/0");
}

/// A learner who edited an exercise, wrote a second file for it and has seen a hint.
fn at_work(course: &MiniCourse) {
    let _ = std::fs::remove_dir_all(course.path(".progress"));
    MINE.iter().for_each(|(file, text)| course.write(file, text));
    course.write(PROGRESS, KNOWN);
}

fn kept_copies(course: &MiniCourse) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(course.path(".progress/kept")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| !path.to_string_lossy().contains("/kept/.")).collect()
}

/// Both files of the learner lie in their places, or in one kept copy.
#[track_caller]
fn has_the_work(course: &MiniCourse, how: &str) {
    let is_whole = |dir: &Path| {
        MINE.iter().all(|(file, text)| {
            let inside = file.strip_prefix("exercises/ch01-fates/02-fails-one-test/").expect("a file of it");
            std::fs::read(dir.join(inside)).is_ok_and(|now| now == text.as_bytes())
        })
    };
    let in_place = course.path("exercises/ch01-fates/02-fails-one-test");
    let places = [vec![in_place], kept_copies(course)].concat();
    assert!(places.iter().any(|dir| is_whole(dir)), "the work is lost: {how}");
}

/// Every line that was known is there, also those that only others understand.
#[track_caller]
fn has_the_progress(course: &MiniCourse, how: &str) {
    let text = course.read(PROGRESS);
    assert!(KNOWN.lines().all(|line| text.lines().any(|now| now == line)), "progress is lost: {text:?}, {how}");
    assert!(text.ends_with('\n'), "half a line: {text:?}, {how}");
    course.without_cargo("list").exits(0);
}

#[test]
fn a_hint_that_fails_anywhere_keeps_the_progress() {
    let course = small();
    let look = |how: &str| {
        has_the_progress(&course, how);
        course.say("hint 1/2").exits(0);
        assert!(course.read(PROGRESS).contains(" hint-2 "), "the next one is remembered: {how}");
    };
    at_each_call(&course, "hint 1/2", || at_work(&course), look);
}

#[test]
fn giving_up_that_fails_anywhere_keeps_the_progress() {
    let course = small();
    at_each_call(&course, "solution 1/2 --give-up", || at_work(&course), |how| has_the_progress(&course, how));
}

#[test]
fn an_import_of_progress_that_fails_anywhere_keeps_the_progress() {
    let course = small();
    course.write("other.txt", "version 1\nch01-fates/01-passes hint-1 2026-02-01T00:00:00.000Z\n");
    at_each_call(&course, "progress --import other.txt", || at_work(&course), |how| has_the_progress(&course, how));
}

#[test]
fn a_reset_that_fails_anywhere_keeps_the_work() {
    let course = small();
    let starter = course.read(&MAIN.replace("exercises/", "solutions/").replace("src/", "starter/src/"));
    let look = |how: &str| {
        has_the_work(&course, how);
        has_the_progress(&course, how);
        course.say("reset 1/2").exits(0);
        assert_eq!(course.read(MAIN), starter, "the next reset does it: {how}");
        has_the_work(&course, how);
    };
    at_each_call(&course, "reset 1/2", || at_work(&course), look);
}

#[test]
fn an_undo_that_fails_anywhere_keeps_the_work_and_what_was_done_since() {
    let course = small();
    let since = "// Done since the reset.\n";
    let prepare = || {
        at_work(&course);
        course.say("reset 1/2").exits(0);
        course.write(MAIN, since);
    };
    let look = |how: &str| {
        has_the_work(&course, how);
        let mut copies = kept_copies(&course).into_iter().map(|dir| dir.join("src/main.rs")).chain([course.path(MAIN)]);
        let is_there = copies.any(|file| std::fs::read(file).is_ok_and(|text| text == since.as_bytes()));
        assert!(is_there, "what was done since the reset is lost: {how}");
    };
    at_each_call(&course, "reset 1/2 --undo", prepare, look);
}

#[test]
fn an_update_that_fails_anywhere_keeps_the_work_and_the_progress() {
    let clone = Clone::of(small());
    let course = &clone.learner;
    clone.upstream.write(MAIN, "// Newer.\nfn main() {}\n");
    clone.publish();
    git(&course.root, &["tag", "before"]);
    let prepare = || {
        git(&course.root, &["reset", "--quiet", "--hard", "before"]);
        at_work(course);
    };
    let look = |how: &str| {
        has_the_work(course, how);
        has_the_progress(course, how);
    };
    at_each_call(course, "update", prepare, look);
}

#[test]
fn a_verdict_that_fails_anywhere_keeps_the_progress() {
    let course = small();
    course.say("check 1/1").exits(0);
    let mut calls = 0;
    loop {
        calls += 1;
        at_work(&course);
        let mut check = course.xtask("check 1/1 --again");
        let output = failing(&mut check, calls, By::Kill).output().expect("xtask starts");
        let how = format!("killed at call {calls}: {output:?}");
        has_the_progress(&course, &how);
        if output.status.signal() != Some(libc::SIGKILL) {
            assert_eq!(output.status.code(), Some(0), "{how}");
            break;
        }
        // A verdict that was kept by half is none.
        course.say("check 1/1").exits(0).says("passed (2 tests");
    }
    assert!((5..100).contains(&calls), "a verdict changed what is stored by {calls} calls");
}
