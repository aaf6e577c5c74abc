//! `update`: a learner's week. He edits and commits, a newer course changes the same exercise, and nothing is lost.

use std::path::Path;
use std::process::Command;

use crate::harness::{MiniCourse, Said};

const MAIN: &str = "exercises/ch01-fates/02-fails-one-test/src/main.rs";
const CHECK: &str = "exercises/ch01-fates/02-fails-one-test/tests/check.rs";
const PAGE: &str = "src/en/ch01-fates/02-fails-one-test.md";

/// The newer course is made in one copy, the learner works in a clone of it.
struct Clone {
    upstream: MiniCourse,
    learner: MiniCourse,
}

impl Clone {
    fn new() -> Clone {
        let (upstream, learner) = (MiniCourse::new(), MiniCourse::new());
        git(&upstream.root, &["init", "--quiet", "--initial-branch", "main"]);
        git(&upstream.root, &["add", "--all"]);
        git(&upstream.root, &["commit", "--quiet", "--message", "the course"]);
        std::fs::remove_dir_all(&learner.root).expect("the copy is there");
        let (from, to) = (upstream.root.to_str().expect("text"), learner.root.to_str().expect("text"));
        git(&upstream.root, &["clone", "--quiet", from, to]);
        Clone { upstream, learner }
    }

    fn publish(&self) {
        git(&self.upstream.root, &["commit", "--quiet", "--all", "--message", "a newer course"]);
    }

    fn update(&self) -> Said {
        let mut update = self.learner.xtask("update");
        self.learner.said(with_identity(&mut update))
    }
}

fn with_identity(command: &mut Command) -> &mut Command {
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Ferris").env(format!("GIT_{who}_EMAIL"), "ferris@example.com");
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null")
}

#[track_caller]
fn git(dir: &Path, arguments: &[&str]) {
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
fn work_on_an_exercise_that_is_gone_is_kept() {
    let clone = Clone::new();
    clone.learner.replace(MAIN, "number.abs() * 2", "number * 2 // mine");
    clone.upstream.remove_exercises("ch01-fates/02");
    clone.publish();
    clone
        .update()
        .exits(0)
        .says(&format!("{MAIN}: its exercise is gone in the newer course; yours is in .progress/kept"));
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
