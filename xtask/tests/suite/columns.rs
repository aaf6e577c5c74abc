//! What we say fits a terminal of 80 columns.

use crate::harness::{MiniCourse, Said};

/// Lines of ours that are longer than 80 columns. A path, a command to copy and a link stay whole; what the compiler
/// rendered, and what the learner's function and its check say, stays as it is.
fn too_long(said: &Said) -> Vec<&str> {
    let all = said.out.lines().chain(said.err.lines());
    let is_whole = |line: &str| {
        let start = line.trim_start();
        let is_of_compiler = start.starts_with(|c: char| c.is_ascii_digit() || c == '|' || c == '=');
        let is_of_learner = ["sent ", "expected ", "got ", "differs "].iter().any(|field| start.starts_with(field));
        // A line of an error holds one clause, which may be a path; with blanks, as here, it is several words.
        let has_path = start.contains("[ROOT]");
        is_of_compiler || is_of_learner || has_path || start.split_whitespace().any(|word| word.len() > 60)
    };
    all.filter(|line| line.chars().count() > 80 && !is_whole(line)).collect()
}

#[track_caller]
fn fits(said: &Said) {
    assert_eq!(too_long(said), [""; 0], "{said:#?}");
}

#[test]
fn what_a_learner_reads_fits_80_columns() {
    let course = MiniCourse::new();
    let page = "src/en/ch01-fates/02-fails-one-test.md";
    let long = "Multiply before you print, ".repeat(8);
    course.replace(page, "Multiply before you print.", &format!("{long}\nand then some more.\n\n- {long}"));
    for line in [
        "check ch01",
        "check 1/1",
        "check 1/2",
        "check 1/3",
        "check 1/5",
        "check 1/6",
        "check ch02",
        "list",
        "solution 1/2",
        "solution 1/2 --give-up",
        "reset 1/2",
        "reset 1/2 --undo",
        "doctor",
    ] {
        fits(&course.say(line));
    }
    for number in 1..=4 {
        fits(&course.say(&format!("hint 1/2 {number}")));
    }
    fits(course.say("hint 1/2").says("all 4 hints were shown"));
    // The end of the paragraph is filled in, and the item of the list goes on below its own text.
    let hint = course.say("hint 1/2 2");
    hint.says("and then some more.\n\n- Multiply before you print, Multiply").says("\n  ");
}

#[test]
fn errors_fit_80_columns() {
    let course = MiniCourse::new();
    for line in [
        "check pases",
        "check something-that-no-exercise-of-any-course-was-ever-called-by-anybody-so-far",
        "check --fast",
        "invoke --fast",
        "check --format yaml",
        "check --all ch01",
        "hint ch01",
        "hint 1/2 9",
        "hint 1/2 many",
        "chek",
        "serve --port many",
        "solution ch02",
    ] {
        fits(course.say(line).exits(2));
    }
    fits(course.without_cargo("check 1/1").exits(4));
    // What is wrong with the machine, which the course's own path is part of.
    let doctor = course.said(course.xtask("doctor").env("PATH", "/no/such/folder"));
    fits(doctor.exits(4).says("cannot"));
    std::fs::remove_dir_all(course.path(".progress")).expect("the doctor tried to write there");
    course.write(".progress", "A file where the folder should be.\n");
    fits(course.say("hint 1/2").exits(0));
    fits(course.say("reset 1/2").exits(4));
}

#[test]
fn a_finding_of_the_doctor_is_broken_below_its_own_beginning() {
    let course = MiniCourse::new();
    let manifest = "exercises/ch01-fates/01-passes/Cargo.toml";
    let services = "\"dynamodb\", \"sqs\", \"sns\", \"kms\", \"secretsmanager\", \"stepfunctions\", \"eventbridge\"";
    course.replace(manifest, "services = []", &format!("services = [{services}]"));
    let said = course.say("doctor");
    fits(&said);
    assert!(said.out.contains("eventbridge") && said.out.contains("\n       "), "{said:#?}");
}
