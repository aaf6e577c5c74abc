//! `update`: a learner's week. He edits and commits, a newer course changes the same exercise, and nothing is lost.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{MiniCourse, Said, wait_for};

const MAIN: &str = "exercises/ch01-fates/02-fails-one-test/src/main.rs";
const CHECK: &str = "exercises/ch01-fates/02-fails-one-test/tests/check.rs";
const PAGE: &str = "src/en/ch01-fates/02-fails-one-test.md";

/// The newer course is made in one copy, the learner works in a clone of it.
pub(crate) struct Clone {
    pub(crate) upstream: MiniCourse,
    pub(crate) learner: MiniCourse,
}

impl Clone {
    fn new() -> Clone {
        Clone::of(MiniCourse::new())
    }

    pub(crate) fn of(upstream: MiniCourse) -> Clone {
        let learner = MiniCourse::new();
        git(&upstream.root, &["init", "--quiet", "--initial-branch", "main"]);
        git(&upstream.root, &["add", "--all"]);
        git(&upstream.root, &["commit", "--quiet", "--message", "the course"]);
        std::fs::remove_dir_all(&learner.root).expect("the copy is there");
        let (from, to) = (upstream.root.to_str().expect("text"), learner.root.to_str().expect("text"));
        git(&upstream.root, &["clone", "--quiet", from, to]);
        Clone { upstream, learner }
    }

    pub(crate) fn publish(&self) {
        git(&self.upstream.root, &["commit", "--quiet", "--all", "--message", "a newer course"]);
    }

    fn update(&self) -> Said {
        let mut update = self.learner.xtask("update");
        self.learner.said(with_identity(&mut update))
    }
}

pub(crate) fn with_identity(command: &mut Command) -> &mut Command {
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Ferris").env(format!("GIT_{who}_EMAIL"), "ferris@example.com");
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null")
}

#[track_caller]
pub(crate) fn git(dir: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    let output = with_identity(git.current_dir(dir).args(arguments)).output().expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn uncommitted_work_survives_a_newer_course_that_changed_the_same_file() {
    let clone = Clone::new();
    clone.learner.replace(MAIN, "number.abs() * 2", "number * 2 // mine");
    let mine = clone.learner.read(MAIN);
    clone.learner.say("hint 1/2").exits(0);
    clone.upstream.replace(MAIN, "number.abs() * 2", "0");
    clone.upstream.replace(PAGE, "About 5 minutes", "About 6 minutes");
    clone.publish();
    clone.update().is("update-uncommitted");
    assert_eq!(clone.learner.read(MAIN), mine);
    assert!(clone.learner.read(PAGE).contains("About 6 minutes"));
    assert!(clone.learner.read(".progress/progress.txt").contains("hint-1"));
    clone.update().exits(0).says("this is the newest course already");
}

#[test]
fn committed_work_is_settled_in_the_learners_favour() {
    let clone = Clone::new();
    clone.learner.replace(MAIN, "number.abs() * 2", "number * 2 // mine");
    git(&clone.learner.root, &["commit", "--quiet", "--all", "--message", "mine"]);
    let mine = clone.learner.read(MAIN);
    clone.upstream.replace(MAIN, "number.abs() * 2", "0");
    clone.upstream.write(CHECK, &format!("{}\n// Newer.\n", clone.upstream.read(CHECK)));
    clone.publish();
    clone.update().is("update-committed");
    assert_eq!(clone.learner.read(MAIN), mine);
    assert!(clone.learner.read(CHECK).ends_with("// Newer.\n"));
    git(&clone.learner.root, &["diff", "--exit-code", "HEAD"]);
}

#[test]
fn a_conflict_elsewhere_undoes_the_whole_update() {
    let clone = Clone::new();
    clone.learner.replace(PAGE, "About 5 minutes", "About 7 minutes");
    git(&clone.learner.root, &["commit", "--quiet", "--all", "--message", "mine"]);
    clone.learner.replace(MAIN, "number.abs() * 2", "number * 2 // mine");
    let mine = clone.learner.read(MAIN);
    clone.upstream.replace(PAGE, "About 5 minutes", "About 6 minutes");
    clone.publish();
    clone.update().is("update-conflict");
    assert_eq!(clone.learner.read(MAIN), mine);
    assert!(clone.learner.read(PAGE).contains("About 7 minutes"));
}

#[test]
fn other_edits_stop_an_update_before_it_begins() {
    let clone = Clone::new();
    clone.learner.replace(PAGE, "About 5 minutes", "About 7 minutes");
    clone.upstream.replace(MAIN, "number.abs() * 2", "0");
    clone.publish();
    clone.update().is("update-other-edits");
}

#[test]
fn an_old_state_of_the_course_is_no_place_to_update() {
    let clone = Clone::new();
    git(&clone.learner.root, &["checkout", "--quiet", "--detach"]);
    clone.update().exits(1).says("an old state of the course").says("\n  git switch main\n");
}

#[test]
fn a_new_exercise_is_told() {
    let clone = Clone::new();
    for room in ["exercises", "solutions"] {
        let from = clone.upstream.path(&format!("{room}/ch01-fates/01-passes"));
        let to = clone.upstream.path(&format!("{room}/ch01-fates/11-is-new"));
        let copied = Command::new("cp").arg("-r").args([from, to]).status().expect("there is a cp");
        assert!(copied.success());
    }
    git(&clone.upstream.root, &["add", "--all"]);
    clone.publish();
    let said = clone.update();
    assert_eq!(said.exits(0).says("ch01/11 is-new is new").out.matches("is new").count(), 1, "{said:#?}");
}

#[test]
fn an_update_that_is_interrupted_while_it_merges_brings_the_work_back_first() {
    let clone = Clone::new();
    clone.learner.replace(MAIN, "number.abs() * 2", "number * 2 // mine");
    let mine = clone.learner.read(MAIN);
    clone.upstream.replace(PAGE, "About 5 minutes", "About 6 minutes");
    clone.publish();
    // The merge stands still here, with the learner's file put aside.
    let hook = clone.learner.path(".git/hooks/post-merge");
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("it can be made");
    std::fs::write(&hook, "#!/bin/sh\ntouch \"$(git rev-parse --git-dir)/merging\"\nsleep 2\n").expect("a hook");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    let mut update = clone.learner.xtask("update");
    let mut update = with_identity(&mut update).stdout(Stdio::null()).process_group(0).spawn().expect("xtask starts");
    wait_for("the merge", || clone.learner.path(".git/merging").exists());
    assert_ne!(clone.learner.read(MAIN), mine, "it was not put aside yet");
    // As the terminal does it: the whole group at once.
    let group = format!("-{}", update.id());
    assert!(Command::new("kill").args(["-INT", "--", &group]).status().expect("there is a kill").success());
    assert_eq!(update.wait().expect("it ends").code(), Some(130));
    assert_eq!(clone.learner.read(MAIN), mine);
    assert!(clone.learner.read(PAGE).contains("About 6 minutes"), "the merge went to its end");
    git(&clone.learner.root, &["merge-base", "--is-ancestor", "origin/main", "HEAD"]);
}

#[test]
fn work_on_an_exercise_that_is_gone_is_kept() {
    let clone = Clone::new();
    clone.learner.replace(MAIN, "number.abs() * 2", "number * 2 // mine");
    clone.upstream.remove_exercises("ch01-fates/02");
    clone.publish();
    clone
        .update()
        .exits(0)
        .says(&format!("{MAIN}\n  its exercise is gone in the newer course; yours is in .progress/kept"));
    let kept = std::fs::read_dir(clone.learner.path(".progress/kept")).expect("copies are kept").flatten();
    let kept = kept.map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with("02-fails-one-test"));
    let kept = std::fs::read_to_string(kept.expect("it was kept").join("src/main.rs")).expect("its file was kept");
    assert!(kept.contains("number * 2 // mine"));
}

#[test]
fn work_follows_an_exercise_that_was_renamed() {
    let clone = Clone::new();
    clone.learner.replace(MAIN, "number.abs() * 2", "number * 2 // mine");
    let mine = clone.learner.read(MAIN);
    for room in ["exercises", "solutions"] {
        let (from, to) =
            (format!("{room}/ch01-fates/02-fails-one-test"), format!("{room}/ch01-fates/09-fails-one-test"));
        git(&clone.upstream.root, &["mv", &from, &to]);
    }
    clone.upstream.replace(
        "exercises/ch01-fates/09-fails-one-test/Cargo.toml",
        "services = []",
        "services = []\nformerly = [\"ch01-fates/02-fails-one-test\"]",
    );
    clone.publish();
    clone.update().exits(0).says("updated: ");
    assert_eq!(clone.learner.read(&MAIN.replace("02-", "09-")), mine);
    assert!(!clone.learner.path(MAIN).exists());
}

#[test]
fn a_course_that_is_no_clone_says_so() {
    let course = MiniCourse::new();
    course.say("update").exits(1).says("no git clone");
}

#[test]
fn a_learners_week_loses_nothing() {
    let clone = Clone::new();
    let learner = &clone.learner;
    learner.say("check 1/2").exits(1);
    learner.replace(MAIN, "number.abs() * 2", "number * 2 /* mine */");
    let mine = learner.read(MAIN);
    learner.say("check 1/2").exits(0).says("next: ");
    git(&learner.root, &["commit", "--quiet", "--all", "--message", "mine"]);
    learner.say("hint 1/3").exits(0);
    // The newer course begins the same exercise otherwise, checks it otherwise, and calls another one otherwise.
    let upstream = &clone.upstream;
    for file in [MAIN.to_owned(), "solutions/ch01-fates/02-fails-one-test/starter/src/main.rs".to_owned()] {
        upstream.write(&file, &format!("// Begins otherwise.\n{}", upstream.read(&file)));
    }
    upstream.replace(MAIN, "number.abs() * 2", "0");
    upstream.write(CHECK, &format!("{}\n// Newer.\n", upstream.read(CHECK)));
    for room in ["exercises", "solutions"] {
        let name = |number| format!("{room}/ch01-fates/{number}-does-not-compile");
        git(&upstream.root, &["mv", &name("03"), &name("09")]);
    }
    git(
        &upstream.root,
        &["mv", "src/en/ch01-fates/03-does-not-compile.md", "src/en/ch01-fates/09-does-not-compile.md"],
    );
    upstream.replace(
        "exercises/ch01-fates/09-does-not-compile/Cargo.toml",
        "services = []",
        "services = []\nformerly = [\"ch01-fates/03-does-not-compile\"]",
    );
    clone.publish();
    clone.update().exits(0).says("ch01/02: the newer course begins it otherwise; yours stays");
    assert_eq!(learner.read(MAIN), mine);
    assert!(learner.read(CHECK).ends_with("// Newer.\n"));
    learner.say("list").says("ch01/02 fails-one-test          5 min  passed, will be checked again");
    learner.say("hint 1/9").exits(0).says("hint 2 of 3");
    learner.say("check 1/2").exits(0).says("tests/check.rs changed since");
    learner.say("reset 1/2").exits(0).says("the starter again");
    assert!(learner.read(MAIN).starts_with("// Begins otherwise.\n"));
    learner.say("check 1/2").exits(1);
    learner.say("list").says("ch01/02 fails-one-test          5 min  failed");
    learner.say("reset 1/2 --undo").exits(0).says("yours again");
    assert_eq!(learner.read(MAIN), mine);
    learner.say("check 1/2").exits(0).says("passed (3 tests");
    assert!(learner.path(".progress/kept").is_dir());
}

#[test]
fn a_mended_file_survives_a_newer_course_that_begins_it_otherwise() {
    let clone = Clone::new();
    let file = "exercises/ch03-files/01-opening-hours/hours.txt";
    clone.learner.write(file, "9 18\n");
    clone.upstream.write(file, "# TODO: begins otherwise.\n0 0\n");
    clone.publish();
    clone.update().exits(0).says("ch03/01: the newer course begins it otherwise; yours stays");
    assert_eq!(clone.learner.read(file), "9 18\n");
}
