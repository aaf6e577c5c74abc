//! `hint`, `solution`, `reset`: what a learner asks for when a check fails.

use crate::harness::MiniCourse;

const MAIN: &str = "exercises/ch01-fates/02-fails-one-test/src/main.rs";

#[test]
fn hints_come_one_by_one_and_the_failing_test_chooses_the_first() {
    let course = MiniCourse::new();
    course.say("check 1/2").exits(1).says("hint: cargo xtask hint ch01/02 (1 of 4)");
    course.say("hint 1/2").is("hint-for-the-failing-test");
    course.say("hint 1/2").is("hint-first");
    course.say("hint 1/2").says("hint 2 of 4");
    course.say("check 1/2").exits(1).says("(4 of 4)");
    course.say("hint 1/2").says("hint 3 of 4").says("that was the last");
    course.say("hint 1/2").is("hint-all-again");
    course
        .say("check 1/2")
        .exits(1)
        .says("all 4 hints again: cargo xtask hint ch01/02\nthe answer: cargo xtask solution");
    course.say("hint 1/2 2").exits(0).says("Multiply before you print.");
    course.say("hint 1/2 9").exits(2).says("has hints 1 to 4, not 9");
    // A number alone is no chapter: it is the hint's, where the learner left off.
    course.say("hint 2").exits(0).says("ch01/02 fails-one-test: hint 2 of 4").says("Multiply before you print.");
    course.say("hint 9").exits(2).says("ch01/02 has hints 1 to 4, not 9");
    course.say("hint 2/2").exits(4).says("has no hints");
}

#[test]
fn a_solution_is_shown_after_passing_or_giving_up() {
    let course = MiniCourse::new();
    course.say("solution 1/2").is("solution-not-yet");
    course.say("solution 1/2 --give-up").is("solution-after-giving-up");
    assert!(course.read(".progress/progress.txt").contains("ch01-fates/02-fails-one-test gave-up "));
    course.replace(MAIN, "number.abs() * 2", "number * 2");
    course.say("check 1/2").exits(0);
    assert!(!course.read(".progress/progress.txt").contains("gave-up"), "passing takes it back");
    course.say("solution 1/2").exits(0).says("is the solution, to the letter");
}

#[test]
fn without_a_name_the_solution_is_that_of_what_has_just_passed() {
    let course = MiniCourse::new();
    course.say("check 1/1").exits(0);
    course.say("solution").exits(0).says("solutions/ch01-fates/01-passes/src/main.rs");
    course.say("check 1/2").exits(1);
    course.say("solution").is("solution-not-yet");
}

#[test]
fn a_solution_is_shown_as_text_for_people() {
    let course = MiniCourse::new();
    let solution = "solutions/ch01-fates/02-fails-one-test/src/main.rs";
    let anchored = format!("// ANCHOR: all\n{}    // ANCHOR_END: all\n// ANCHORS AWEIGH\n", course.read(solution));
    course.write(solution, &anchored);
    let mistakes = "solutions/ch01-fates/02-fails-one-test/mistakes";
    let reason = "Takes what it got for what it was asked, line after line.\n//! ".repeat(4);
    course
        .write(&format!("{mistakes}/talks-much.rs"), &format!("//! caught-by: x\n//!\n//! {reason}\nfn main() {{}}\n"));
    let said = course.say("solution 1/2 --give-up");
    assert!(!said.exits(0).says("+ // ANCHORS AWEIGH").out.contains("ANCHOR:"), "{said:#?}");
    assert!(!said.out.contains("ANCHOR_END"), "{said:#?}");
    let told = said.out.split_once("  talks much\n").expect("the mistake is told").1;
    let lines: Vec<&str> = told.lines().take_while(|line| !line.contains("caught by")).collect();
    assert!(lines.len() == 4 && lines.iter().all(|line| line.starts_with("    ") && line.len() <= 80), "{lines:#?}");
    course.replace(MAIN, "number.abs() * 2", "number * 2");
    course.say("check 1/2").exits(0);
    course.replace(MAIN, "number * 2", "number");
    (1..=4).for_each(|number| drop(course.say(&format!("hint 1/2 {number}"))));
    // It passed once, so nobody gives up any more.
    course.say("check 1/2").exits(1).says("the answer: cargo xtask solution ch01/02\n");
}

#[test]
fn a_reset_keeps_the_work_and_undo_brings_it_back() {
    let course = MiniCourse::new();
    let mine = course.read(MAIN);
    course.write("exercises/ch01-fates/02-fails-one-test/src/helper.rs", "// Mine too.\n");
    course.say("reset 1/2").is("reset");
    assert_eq!(course.read(MAIN), course.read("solutions/ch01-fates/02-fails-one-test/starter/src/main.rs"));
    assert!(!course.path("exercises/ch01-fates/02-fails-one-test/src/helper.rs").exists());
    course.say("reset 1/2").exits(0).says("is the starter already");
    course
        .say("reset 1/2 --undo")
        .exits(0)
        .says("yours again\n  from .progress/kept/[DATE]--ch01-fates--02-fails-one-test");
    assert_eq!(course.read(MAIN), mine);
    assert!(course.path("exercises/ch01-fates/02-fails-one-test/src/helper.rs").exists());
    course.say("reset 1/1 --undo").exits(0).says("nothing was kept");
    course.say("reset ch02/01").exits(4).says("has no starter");
}

#[test]
fn a_reset_of_everything_keeps_everything() {
    let course = MiniCourse::new();
    std::fs::remove_dir_all(course.path("exercises/ch02-faults/01-broken-metadata")).expect("it was there");
    let said = course.say("reset --all");
    said.exits(0).says("the starter already: 1 exercise\n");
    assert!(!said.out.contains("nothing to reset"), "{said:#?}");
    let kept = std::fs::read_dir(course.path(".progress/kept")).expect("copies are kept").count();
    assert_eq!(kept, 9, "nine exercises differed from their starters");
}
