//! `check` and `list`: every fate, every form of a name, and that unchanged work costs nothing.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::harness::{MiniCourse, Said};

#[test]
fn a_chapter_with_every_fate_is_judged_by_one_command() {
    let course = MiniCourse::new();
    // The answers of a check's own numbers are in its outputs.
    course.said(course.xtask("check ch01").env("COURSE_SEED", "21")).is("check-chapter");
    course.say("list").is("list-after-chapter");
    course.say("list --format json").is("list-after-chapter-json");
    // Cargo cannot even be started now: only the one that ran into its time limit wants it.
    for number in [1, 2, 3, 4, 6, 7, 8] {
        course.without_cargo(&format!("check 1/{number}")).says("nothing changed since");
    }
    course.without_cargo("check 1/1").is("check-passes");
    course.without_cargo("check 1/2").is("check-fails-one-test");
    course.without_cargo("check 1/2 --format json").is("check-fails-one-test-json");
    course.without_cargo("check 1/3").is("check-does-not-compile");
    course.without_cargo("check 1/3 --format json").is("check-does-not-compile-json");
    course.without_cargo("check 1/4").is("check-warns");
    course.say("check 1/5").is("check-hangs");
    course.without_cargo("check 1/6").is("check-panics-at-start");
    course.without_cargo("check 1/7").is("check-floods");
    course.say("check 1/8 --again").is("check-deletes-its-own-file");
    course.say("check ch01 --format json").is("check-chapter-json");
    course.say("check 1/5 --verbose 1/6").says("doubles_a_number\n    the function failed on 2:").exits(1);
}

#[test]
fn an_exercise_without_page_or_with_broken_metadata_is_still_judged() {
    let course = MiniCourse::new();
    course.say("check ch02").is("check-faults");
    course.say("check ch02 --format json").is("check-faults-json");
    course.say("list ch02").is("list-faults");
    course.say("hint 2/2").is("hint-missing-page");
}

#[test]
fn of_several_that_did_not_pass_the_first_is_shown_and_it_is_said_how_to_see_the_others() {
    let course = MiniCourse::new();
    let others = "the first of them in full; the others by their name, or all with --verbose";
    let said = course.say("check 1/2 1/3");
    said.exits(3).says("2 exercises: 1 failed, 1 does not compile").says(others).says("doubles_a_negative_number");
    assert!(!said.out.contains("error[E0425]"), "{said:#?}");
    let said = course.without_cargo("check 1/2 1/3 --verbose");
    said.exits(3).says("doubles_a_negative_number").says("error[E0425]");
    assert!(!said.out.contains(others), "{said:#?}");
    let said = course.say("check 1/1 1/2");
    assert!(!said.says("doubles_a_negative_number").out.contains(others), "there are no others: {said:#?}");
}

#[test]
fn who_checks_the_starter_as_it_came_is_told_what_to_read_and_to_edit() {
    let course = MiniCourse::new();
    course.say("reset 1/2").exits(0);
    let main = "exercises/ch01-fates/02-fails-one-test/src/main.rs";
    let told = format!("this is the starter, as it came\nread: src/en/ch01-fates/02-fails-one-test.md\nedit: {main}\n");
    course.say("check 1/2").exits(1).says(&told);
    course.write(main, &format!("{}// Mine.\n", course.read(main)));
    let said = course.say("check 1/2");
    assert!(!said.exits(1).out.contains("as it came"), "{said:#?}");
}

#[test]
fn a_part_of_the_course_is_listed_by_its_name() {
    let course = MiniCourse::new();
    let listed = course.say("list ch02 1/1");
    listed
        .exits(0)
        .says("ch01/01 passes")
        .says("ch02/02 missing-page")
        .says("ch01 fates: 0 of 8 passed")
        .says("\n0 of 11 passed; next: ch01/01 passes");
    assert!(!listed.out.contains("ch01/02"), "{listed:#?}");
    let listed = course.say("list 3/1 --format json");
    assert!(!listed.exits(0).says("ch03-files/01-opening-hours").out.contains("ch01/01"), "{listed:#?}");
    course.say("list ch07").exits(2).says("no exercise is called");
}

#[test]
fn a_pass_says_how_far_the_chapter_is_and_what_comes_after_it() {
    let course = MiniCourse::new();
    let said = course.say("check 1/1");
    said.exits(0).says("ch01 fates: 1 of 8 passed\n\nread on: src/en/ch01-fates/01-passes.md:");
    let line = said.out.split("01-passes.md:").nth(1).and_then(|rest| rest.lines().next()).expect("a line");
    let page = course.read("src/en/ch01-fates/01-passes.md");
    let heading = page.lines().nth(line.parse::<usize>().expect("a number") - 1);
    assert_eq!(heading, Some("## After you pass {#after-you-pass}"));
    course.write(
        "exercises/ch03-files/01-opening-hours/hours.txt",
        &course.read("solutions/ch03-files/01-opening-hours/hours.txt"),
    );
    course.say("check 3/1").exits(0).says("ch03 files: all 1 passed");
}

#[test]
fn every_form_of_a_name_means_the_same_exercise() {
    let course = MiniCourse::new();
    course.say("check ch01/01").exits(0);
    for name in [
        "1/1",
        "ch01-fates/01-passes",
        "passes",
        "01-passes",
        "ch01-01-passes",
        "fates/passes",
        "./exercises/ch01-fates/01-passes/",
        "exercises/ch01-fates/01-passes/src/main.rs",
    ] {
        course
            .without_cargo(&format!("check {name}"))
            .exits(0)
            .says("ch01/01 passes: passed (2 tests, nothing changed");
    }
    let page = course.without_cargo("check src/en/ch01-fates/01-passes.md");
    page.exits(0).says("ch01/01 passes: passed (2 tests, nothing changed");
    course.write("src/en/ch01-fates/README.md", "# Fates {#fates}\n");
    course.without_cargo("list src/en/ch01-fates/README.md").says("ch01/08").says("\n1 of 11 passed; next: ");
    // A folder, as a shell completes it from where the learner stands.
    for (from, folder) in [("exercises/ch01-fates", "01-passes"), ("src", "../exercises/ch01-fates/01-passes/src/")] {
        let mut check = course.xtask(&format!("check {folder}"));
        let said = course.said(check.current_dir(course.path(from)).env("CARGO", "/no/such/cargo"));
        said.exits(0).says("ch01/01 passes: passed (2 tests, nothing changed");
    }
    let inside = course.path("exercises/ch01-fates/01-passes/src");
    let said = course.said(course.xtask("check").current_dir(inside).env("CARGO", "/no/such/cargo"));
    said.exits(0).says("ch01/01 passes: passed").says("../../../../src/en/ch01-fates/02-fails-one-test.md");
}

#[test]
fn wrong_names_and_options_say_what_was_meant() {
    let course = MiniCourse::new();
    course.say("check pases").is("usage-unknown-exercise");
    course.say("chek").is("usage-unknown-command");
    course.say("check --fast").is("usage-unknown-option");
    course.say("check --format yaml").exits(2).says("it is text, json or jsonl");
    course.say("list --format jsonl").exits(2).says("it is text or json");
    course.say("check --al").exits(2).says("did you mean --all?");
    // A word too many is a mistake, not nothing.
    for line in ["update now", "progress ch01", "doctor all", "prefetch ch01", "build here", "serve 8080", "bench 1/1"]
    {
        course.without_cargo(line).exits(2).says("takes no names");
    }
    course.without_cargo("solution 1/1 1/2").exits(2).says("takes one name");
    course.without_cargo("hint 1/1 2 3").exits(2).says("so what is \"3\"?");
    course.say("check --all ch01").exits(2);
    course.say("hint ch01").exits(2).says("such as ch01/01");
    course.say("check something-else").exits(2).says("`cargo xtask list` shows all");
    course.say("").is("help");
    course.say("help chek").exits(2).says("did you mean check?");
}

#[test]
fn a_course_without_a_book_says_so() {
    let course = MiniCourse::new();
    course.say("build").exits(4).says("this course has no book");
    course.say("serve --no-open").exits(4).says("this course has no book");
    course.say("serve --port many").exits(2);
}

#[test]
fn solutions_are_judged_by_the_same_checks() {
    let course = MiniCourse::new();
    let said = course.say("check --solutions 1/1 1/2 1/3 1/6");
    said.exits(0).says("4 exercises: 4 passed").says("ch01/03 does-not-compile (solution): passed (2 tests");
    course.without_cargo("check --solutions 1/3").exits(0).says("nothing changed since");
    course.without_cargo("list").says("ch01/01 passes                  5 min  not started       <- next");
}

#[test]
fn an_old_binary_is_never_graded_for_a_file_that_does_not_compile() {
    let course = MiniCourse::new();
    course.say("check 1/1").exits(0);
    course.replace("exercises/ch01-fates/01-passes/src/main.rs", "number * 2", "number * zwei");
    course
        .say("check 1/1")
        .exits(3)
        .says("cannot find value `zwei`")
        .says("exercises/ch01-fates/01-passes/src/main.rs:9");
    course.without_cargo("check 1/1").exits(3).says("nothing changed since");
    course.replace("exercises/ch01-fates/01-passes/src/main.rs", "number * zwei", "number * 2");
    course.say("check 1/1").exits(0);
}

#[test]
fn a_file_that_is_gone_leads_to_reset() {
    let course = MiniCourse::new();
    std::fs::remove_file(course.path("exercises/ch01-fates/01-passes/src/main.rs")).expect("the file was there");
    course.say("check 1/1").exits(3).says("couldn't read").says("reset: cargo xtask reset ch01/01");
    course.say("reset 1/1").exits(0).says("there was nothing to keep");
    course.say("check 1/1").exits(1).says("doubles_a_number");
}

#[test]
fn a_changed_check_is_said_and_a_pass_is_kept() {
    let course = MiniCourse::new();
    course.say("check 1/1").exits(0);
    let check = "exercises/ch01-fates/01-passes/tests/check.rs";
    course.write(check, &format!("{}\n// Changed.\n", course.read(check)));
    let listed = course.say("list");
    assert!(!listed.says("passed, will be checked again").out.contains("stale"), "explained where none is stale");
    course.say("check 1/1").exits(0).says("tests/check.rs changed since");
    course.replace("exercises/ch01-fates/01-passes/src/main.rs", "number * 2", "2 * number");
    course
        .say("list")
        .says("5 min  stale")
        .says("\nstale: it passed and was edited since; `cargo xtask check ch01/01`");
}

#[test]
fn a_manifest_that_cargo_cannot_read_is_the_environments_failure() {
    let course = MiniCourse::new();
    course.write("exercises/ch01-fates/01-passes/Cargo.toml", "[package\n");
    course.say("check 1/1").exits(4).says("cargo could not start the build").says("unclosed table");
    course.say("list").exits(0).says("ch01/01 passes                  ? min");
}

#[test]
fn where_the_learner_left_off_is_what_was_judged_last_or_the_next() {
    let course = MiniCourse::new();
    course.say("check 1/6").exits(1);
    course.without_cargo("check").exits(1).says("ch01/06 panics-at-start");
    course.say("check 1/1").exits(0);
    course.without_cargo("list").says("ch01/02 fails-one-test          5 min  not started       <- next");
}

#[test]
fn a_check_that_cannot_judge_is_not_the_learners_failure() {
    let course = MiniCourse::new();
    let check = "exercises/ch01-fates/01-passes/tests/check.rs";
    let good = course.read(check);
    course.write(check, "fn main( {}\n");
    course
        .say("check 1/1")
        .exits(4)
        .says("could not be judged")
        .says("its check does not compile")
        .says("tests/check.rs:1");
    course.write(check, &good.replace("#[test]", "#[test]\n#[ignore]"));
    course.say("check 1/1").exits(4).says("its check ran no test");
    course.write(
        check,
        &good.replace("assert_eq!(answer(event), double, \"the double of {event}\");", "std::process::abort();"),
    );
    course.say("check 1/1").exits(1).says("the check itself ended badly").says("not finished\n    doubles_a_number");
    course.say("list").says("ch01/01 passes                  5 min  failed");
}

#[test]
fn waiting_for_another_cargo_is_said() {
    let course = MiniCourse::new();
    course.say("check 1/1").exits(0);
    let lock = File::open(course.path("target/debug/.cargo-lock")).expect("cargo left its lock file");
    lock.lock().expect("nobody else builds here");
    let mut check = course.xtask("check 1/1 --again");
    let mut check = check.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("xtask starts");
    let first = BufReader::new(check.stderr.take().expect("a pipe")).lines().next();
    let first = first.expect("it says something").expect("it says text");
    assert_eq!(first, "waiting for another cargo (an editor, a second terminal) to end its build");
    drop(lock);
    assert_eq!(check.wait().expect("it ends").code(), Some(0));
}

#[test]
fn every_command_has_a_help_of_its_own() {
    let course = MiniCourse::new();
    for verb in &xtask::help::VERBS {
        let asked = course.without_cargo(&format!("{} --help", verb.name));
        asked.is(&format!("help-{}", verb.name));
        assert_eq!(course.without_cargo(&format!("help {}", verb.name)).out, asked.out);
    }
}

#[test]
fn a_machine_without_cargo_or_with_missing_crates_is_told_what_to_do() {
    let course = MiniCourse::new();
    course.without_cargo("check 1/1").exits(4).says("install rustup (https://rustup.rs)");
    let manifest = "exercises/ch01-fates/01-passes/Cargo.toml";
    course.write(manifest, &format!("{}\n[dependencies]\nanyhow = \"1\"\n", course.read(manifest)));
    course.say("check 1/1").exits(4).says("connect to a network, then `cargo xtask prefetch`");
}

#[test]
fn a_learners_own_words_get_no_remedy_for_the_machine() {
    let course = MiniCourse::new();
    let main = "exercises/ch01-fates/01-passes/src/main.rs";
    let words = "error: Permission denied (os error 13), you are --offline, failed to download";
    let is_left_alone = |said: &Said| {
        let text = format!("{}{}", said.out, said.err);
        ["prefetch", "CARGO_TARGET_DIR", "writable"].iter().all(|remedy| !text.contains(remedy))
    };
    let good = course.read(main);
    course.write(main, &format!("{good}\ncompile_error!({words:?});\n"));
    let said = course.say("check 1/1");
    assert!(is_left_alone(said.exits(3).says(words)), "{said:#?}");
    course.write(main, &good);
    // Cargo passes on what a build script says.
    course.write("exercises/ch01-fates/01-passes/build.rs", &format!("fn main() {{ panic!({words:?}) }}\n"));
    let said = course.say("check 1/1");
    assert!(is_left_alone(said.exits(4).says(words).says("cargo xtask doctor")), "{said:#?}");
}

#[test]
fn folders_of_the_learners_own_beside_an_exercise_change_nothing_or_are_told() {
    let course = MiniCourse::new();
    course.write("exercises/ch01-fates/notes/monday.txt", "What I learned.\n");
    course.write("exercises/ch01-fates/notes.txt", "What I learned.\n");
    course.say("check 1/1").exits(0).says("passed (2 tests");
    // A copy is a second exercise of that number, and cargo takes no two packages of one name.
    let copy = "exercises/ch01-fates/01-passes-before";
    for file in ["Cargo.toml", "src/main.rs", "tests/check.rs"] {
        course.write(&format!("{copy}/{file}"), &course.read(&format!("exercises/ch01-fates/01-passes/{file}")));
    }
    let advice = "a copy of an exercise lies beside it: move it out of the course's folder";
    course.say("check 1/2").exits(4).says("01-passes-before").says(advice);
    course.say("check 1/1").exits(2).says("names several exercises");
    std::fs::remove_dir_all(course.path(copy)).expect("it was written");
    course.say("check 1/2").exits(1).says("doubles_a_negative_number");
}
