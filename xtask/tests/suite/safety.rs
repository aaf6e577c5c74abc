//! Nothing is lost and nothing is left behind: killed writers, folders that cannot be written, Ctrl-C.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::harness::{MiniCourse, Said, wait_for};

/// Writes its process id to the course's root, then hangs.
const HANGING: &str = r#"fn main() {
    std::fs::write("../../../pid.tmp", std::process::id().to_string()).expect("the root can be written");
    std::fs::rename("../../../pid.tmp", "../../../pid").expect("the root can be written");
    loop {
        std::thread::park();
    }
}
"#;

fn is_alive(pid: &str) -> bool {
    // A zombie that nobody reaps (its parent was killed, and the container has no init) no longer runs.
    let state = Command::new("ps").args(["-o", "stat=", "-p", pid]).output();
    match state {
        Ok(output) => !matches!(output.stdout.first(), None | Some(b'Z')),
        Err(_) => std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| !stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'))),
    }
}

#[test]
fn a_writer_killed_at_any_moment_loses_nothing() {
    let course = MiniCourse::new();
    let known =
        "ch01-fates/01-passes passed 2026-01-01T00:00:00.000Z 1 2\nch77-gone/01-x starred 2026-01-01T00:00:00.000Z\n";
    course.write(".progress/progress.txt", &format!("version 1\n{known}"));
    let mut hit = 0;
    for _ in 0..40 {
        let mut writer = course.xtask("hint 1/2 1").stdout(Stdio::null()).spawn().expect("xtask starts");
        let temporary = course.path(&format!(".progress/.progress.txt.{}.tmp", writer.id()));
        while writer.try_wait().expect("xtask is ours").is_none() {
            if temporary.exists() {
                hit += 1;
                let _ = writer.kill();
            }
        }
        let text = course.read(".progress/progress.txt");
        assert!(known.lines().all(|line| text.contains(line)), "lost: {text}");
        course.say("list").exits(0);
    }
    // Where the disk is too quick to be caught in the act, a half-written temporary file stands in for it.
    if hit == 0 {
        course.write(".progress/.progress.txt.1.tmp", "version 1\nch01-fa");
    }
    course.say("hint 1/2 1").exits(0);
    assert!(course.read(".progress/progress.txt").contains("ch01-fates/02-fails-one-test hint-1 "));
    let files = std::fs::read_dir(course.path(".progress")).expect("the folder is there").flatten();
    let names: Vec<String> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    assert!(!names.iter().any(|name| name.ends_with(".tmp")), "left behind by killed writers: {names:?}");
}

/// No file takes a byte more, as on a full disk.
fn on_a_full_disk(course: &MiniCourse, line: &str) -> Said {
    let xtask = course.xtask(line);
    let mut shell = Command::new("bash");
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "bash"])
        .arg(xtask.get_program())
        .args(xtask.get_args());
    shell.current_dir(&course.root).env("NO_COLOR", "1").env_remove("XTASK_ROOT");
    course.said(&mut shell)
}

#[test]
fn a_full_disk_loses_nothing() {
    let course = MiniCourse::new();
    let main = "exercises/ch01-fates/02-fails-one-test/src/main.rs";
    course.say("hint 1/2").exits(0);
    let (progress, mine) = (course.read(".progress/progress.txt"), course.read(main));
    on_a_full_disk(&course, "hint 1/2").exits(0).says("hint 2 of 4").says("what it held before is untouched");
    on_a_full_disk(&course, "reset 1/2").exits(4).says("what it held before is untouched");
    assert_eq!(course.read(".progress/progress.txt"), progress);
    assert_eq!(course.read(main), mine);
    course.say("reset 1/2 --undo").exits(0).says("nothing was kept");
    course.say("reset 1/2").exits(0);
    course.say("reset 1/2 --undo").exits(0);
    assert_eq!(course.read(main), mine);
}

/// A real full disk, where the test may mount one; elsewhere [`a_full_disk_loses_nothing`] stands for it.
#[test]
fn a_full_tmpfs_loses_nothing() {
    let course = MiniCourse::new();
    let disk = course.path(".progress");
    std::fs::create_dir_all(&disk).expect("the folder can be made");
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&disk).stderr(Stdio::null());
    if !mount.status().is_ok_and(|status| status.success()) {
        eprintln!("not run: this test may not mount a tmpfs");
        return;
    }
    let main = "exercises/ch01-fates/02-fails-one-test/src/main.rs";
    let first = course.say("hint 1/2");
    let (progress, mine) = (course.read(".progress/progress.txt"), course.read(main));
    let filled = std::fs::write(disk.join("filler"), vec![b'x'; 1 << 20]);
    let hint = course.say("hint 1/2");
    let reset = course.say("reset 1/2");
    let after = (course.read(".progress/progress.txt"), course.read(main));
    // Before anything is asserted: a mount that is left behind outlives the test.
    let unmounted = Command::new("umount").arg(&disk).status();
    first.exits(0).says("hint 1 of 4");
    assert!(filled.is_err(), "the disk is not full");
    hint.exits(0).says("hint 2 of 4").says("what it held before is untouched");
    reset.exits(4).says("cannot ");
    assert_eq!(after, (progress, mine));
    assert!(unmounted.is_ok_and(|status| status.success()), "the tmpfs stays mounted at {}", disk.display());
}

/// The course as a read-only file system, which binds root as well; given back when it is dropped.
struct ReadOnly<'a>(&'a MiniCourse);

impl ReadOnly<'_> {
    /// `None` where the test may not mount.
    fn over(course: &MiniCourse) -> Option<ReadOnly<'_>> {
        let mount = |options: &[&str]| {
            let status = Command::new("mount").args(options).arg(&course.root).stderr(Stdio::null()).status();
            status.is_ok_and(|status| status.success())
        };
        let root = course.root.to_str().expect("a path of text");
        if !mount(&["--bind", root]) {
            return None;
        }
        let bound = ReadOnly(course);
        mount(&["-o", "remount,bind,ro"]).then_some(bound)
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0.root).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "stays mounted: {}", self.0.root.display());
    }
}

#[test]
fn a_read_only_tree_is_judged_with_a_target_directory_elsewhere_and_loses_nothing() {
    let (course, elsewhere) = (MiniCourse::new(), MiniCourse::new());
    let say = |line: &str| {
        let mut command = course.xtask(line);
        command.env("CARGO_TARGET_DIR", elsewhere.path("target")).env("CARGO_HOME", elsewhere.path("cargo-home"));
        course.said(&mut command)
    };
    let main = "exercises/ch01-fates/02-fails-one-test/src/main.rs";
    say("hint 1/2").exits(0);
    say("check 1/1").exits(0);
    let before = (course.read(".progress/progress.txt"), course.read(main));
    let Some(read_only) = ReadOnly::over(&course) else {
        eprintln!("not run: this test may not mount a read-only tree");
        return;
    };
    let remedy = "make the course's folder writable, or clone it into a folder of yours";
    let said = say("check 1/1 1/2");
    said.exits(1).says("ch01/01 passes: passed").says("ch01/02 fails-one-test: failed");
    said.says("the verdict counts, but it is not remembered, nor is your progress").says(remedy);
    say("check 1/1 --again --format json").exits(0).says("\"state\": \"passed\"").says("nor is your progress");
    say("hint 1/2").exits(0).says("hint 2 of 4").says("not remembered that you saw this hint").says(remedy);
    say("reset 1/2").exits(4).says("Read-only file system").says(remedy);
    say("solution 1/2 --give-up").exits(0).says("giving up is not remembered").says(remedy);
    say("list").exits(0).says("ch01/01 passes                  5 min  passed");
    assert_eq!((course.read(".progress/progress.txt"), course.read(main)), before);
    // Without a target directory elsewhere there is nowhere to build.
    let said = course.said(course.xtask("check 1/3").env("CARGO_HOME", elsewhere.path("cargo-home")));
    said.exits(4).says("point CARGO_TARGET_DIR at a folder that can be written");
    drop(read_only);
    say("reset 1/2").exits(0).says("yours is kept in");
    say("reset 1/2 --undo").exits(0);
    assert_eq!(course.read(main), before.1);
}

#[test]
fn lines_of_the_progress_that_cannot_be_read_outlive_the_next_write() {
    let course = MiniCourse::new();
    let odd = "# a note of mine\nch01-fates/02-fails-one-test starred yesterday\n";
    course.write(".progress/progress.txt", &format!("version 1\n{odd}"));
    course.say("hint 1/2").exits(0);
    let text = course.read(".progress/progress.txt");
    assert!(text.contains("hint-") && text.ends_with(odd), "{text}");
}

#[test]
fn a_progress_folder_that_cannot_be_written_costs_a_warning_not_the_verdict() {
    let course = MiniCourse::new();
    course.write(".progress", "A file where the folder should be.\n");
    course
        .say("check 1/1")
        .exits(0)
        .says("passed (2 tests")
        .says("warning: the verdict counts, but it is not remembered");
    course.say("hint 1/2").exits(0).says("it is not remembered that you saw this hint");
}

#[test]
fn a_progress_file_of_a_newer_course_is_left_alone() {
    let course = MiniCourse::new();
    let newer = "version 2\nwhatever it may hold\n";
    course.write(".progress/progress.txt", newer);
    course.say("check 1/1").exits(0).says("has version 2, which a newer course wrote");
    assert_eq!(course.read(".progress/progress.txt"), newer);
}

#[test]
fn a_progress_file_that_cannot_be_read_is_not_written_over() {
    let course = MiniCourse::new();
    course.write(".progress/progress.txt/inside", "a folder where the file should be\n");
    course.say("hint 1/2").exits(0).says("cannot read").says("what it holds is untouched");
    assert_eq!(course.read(".progress/progress.txt/inside"), "a folder where the file should be\n");
}

#[test]
fn progress_follows_an_exercise_that_was_renamed() {
    let course = MiniCourse::new();
    course.write(".progress/progress.txt", "version 1\nch01-fates/09-old hint-1 2026-01-01T00:00:00.000Z\n");
    course.replace(
        "exercises/ch01-fates/01-passes/Cargo.toml",
        "services = []",
        "services = []\nformerly = [\"ch01-fates/09-old\"]",
    );
    course.say("hint 1/1").exits(0).says("hint 2 of 3");
    assert!(course.read(".progress/progress.txt").contains("ch01-fates/01-passes hint-1 2026-01-01T00:00:00.000Z"));
}

#[test]
fn a_hanging_function_is_gone_after_the_time_limit() {
    let course = MiniCourse::new();
    course.write("exercises/ch01-fates/05-hangs/src/main.rs", HANGING);
    // Long enough for a busy machine to start it.
    course.replace("exercises/ch01-fates/05-hangs/Cargo.toml", "time-limit-seconds = 1", "time-limit-seconds = 5");
    course.say("check 1/5").exits(1).says("did not end within 5 s and was stopped");
    assert!(!is_alive(&course.read("pid")), "it was left behind");
}

#[test]
fn an_interrupt_stops_everything() {
    let course = MiniCourse::new();
    course.write("exercises/ch01-fates/05-hangs/src/main.rs", HANGING);
    course.replace("exercises/ch01-fates/05-hangs/Cargo.toml", "time-limit-seconds = 1", "time-limit-seconds = 600");
    let mut check = course.xtask("check 1/5").stdout(Stdio::null()).spawn().expect("xtask starts");
    wait_for("the function", || course.path("pid").exists());
    let sent = Command::new("kill").args(["-INT", &check.id().to_string()]).status().expect("there is a kill command");
    assert!(sent.success());
    assert_eq!(check.wait().expect("xtask ends").code(), Some(130));
    let pid = course.read("pid");
    wait_for("the function's end", || !is_alive(&pid));
}

/// Ctrl-C reaches cargo too, which ends first: that is no failure of the build.
#[test]
fn an_interrupt_while_cargo_builds_is_told_as_nothing_else() {
    let course = MiniCourse::new();
    let cargo = course.path("cargo");
    let script = "#!/bin/sh\ntrap 'exit 101' INT\ntouch building\nwhile :; do sleep 0.05; done\n";
    std::fs::write(&cargo, script).expect("a script");
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    for _ in 0..5 {
        let mut check = course.xtask("check 1/1");
        check.env("CARGO", &cargo).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let check = check.spawn().expect("xtask starts");
        wait_for("the build", || course.path("building").exists());
        let group = format!("-{}", check.id());
        assert!(Command::new("kill").args(["-INT", "--", &group]).status().expect("there is a kill").success());
        let output = check.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        std::fs::remove_file(course.path("building")).expect("it was there");
    }
}

#[test]
fn an_interrupted_ci_leaves_nothing_that_its_tests_started() {
    let course = MiniCourse::new();
    // As a test does that drives cargo: one process after the other.
    let starts = "use std::io::Write as _;\n        \
                  let mut pids = std::fs::File::create(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/pids\")).unwrap();\n        \
                  for _ in 0..2000 {\n            \
                  let child = std::process::Command::new(\"sleep\").arg(\"60\").spawn().unwrap();\n            \
                  writeln!(pids, \"{}\", child.id()).unwrap();\n        }";
    course.replace("tools/adder/src/lib.rs", "assert_eq!(super::add(1, 2), 3);", starts);
    let mut ci = course.xtask("ci tools").stdout(Stdio::null()).spawn().expect("xtask starts");
    let pids = || std::fs::read_to_string(course.path("tools/adder/pids")).unwrap_or_default();
    wait_for("some processes", || pids().lines().count() > 50);
    let sent = Command::new("kill").args(["-INT", &ci.id().to_string()]).status().expect("there is a kill command");
    assert!(sent.success());
    assert_eq!(ci.wait().expect("xtask ends").code(), Some(130));
    let pids = pids();
    assert!(pids.lines().count() < 2000, "it was interrupted too late");
    wait_for("the end of all", || !pids.lines().any(is_alive));
}
