//! `new`, `verify`, `ci`, `doctor`, `prefetch`, `invoke`: what authors and machines ask for.

use xtask::course::Course;
use xtask::rules::{layout, pages};

use crate::harness::MiniCourse;

const ASKS_THE_SEED: &str = "assert_eq!(answer(&seed.to_string()), (2 * seed).to_string(), \"the double of {seed}\");";

const SOLUTION: &str = "solutions/ch01-fates/01-passes";

#[test]
fn every_breach_of_every_exercise_is_told_in_one_list() {
    let course = MiniCourse::new();
    course.say("verify").is("verify");
    course.say("verify 2/2 --format json").is("verify-json");
    course.say("verify 1/2").is("verify-clean");
    // Cargo cannot even be started now: what was clean is known.
    course.without_cargo("verify 1/2").is("verify-clean");
    // A dependency that comes with another exercise is no news, in whatever file it is named.
    let lockfile = course.read("Cargo.lock");
    course.write("Cargo.lock", &format!("{lockfile}\n[[package]]\nname = \"more\"\nversion = \"1.0.0\"\n"));
    let manifest = course.read("Cargo.toml");
    let more = format!("{manifest}\n[workspace.dependencies]\nmore = \"1\"\n");
    course.write("Cargo.toml", &more);
    course.without_cargo("verify 1/2").is("verify-clean");
    course.write("Cargo.toml", &format!("{more}\n[profile.dev.package.more]\nopt-level = 1\n"));
    course.without_cargo("verify 1/2").exits(4);
    course.write("Cargo.toml", &manifest);
    course.write("Cargo.lock", &lockfile);
    course.without_cargo("verify 1/2 --again").exits(4);
    course.say("verify 1/2 --release").exits(1).says("main.rs:1: is not the starter that reset restores");
}

#[test]
fn known_wrong_answers_are_compiled_as_one_program_where_that_is_possible() {
    let course = MiniCourse::new();
    let mistakes = ["squares", "always-four"].map(|name| format!("{SOLUTION}/mistakes/{name}.rs"));
    let everywhere = |from: &str, to: &str| mistakes.iter().for_each(|file| course.replace(file, from, to));
    // Programs of several files, which name their own crate.
    let twice = "pub(crate) fn twice() -> i64 {\n    crate::TWO\n}\n";
    course.write(&format!("{SOLUTION}/src/twice.rs"), twice);
    let module = "#[path = \"../src/twice.rs\"]\nmod twice;\n\nconst TWO: i64 = 2;\n\nfn main() {\n    assert_eq!(crate::twice::twice(), 2);";
    everywhere("fn main() {", module);
    course.say("verify 1/1").is("verify-clean");
    let alone = course.path("target/debug/sol-ch01-01-passes--squares");
    assert!(course.path("target/debug/sol-ch01-01-passes--variants").exists() && !alone.exists());
    assert!(!course.path("target/variants/plain/target").exists(), "dependencies would be compiled once more");
    // What only one function of a program may be called: now each is compiled by itself.
    everywhere("const TWO", "#[unsafe(no_mangle)]\nextern \"C\" fn only_one() {}\n\nconst TWO");
    course.say("verify 1/1").is("verify-clean");
    assert!(alone.exists());
}

#[test]
fn an_exercise_that_calls_services_shares_no_cargo_call_with_one_that_does_not() {
    let course = MiniCourse::new();
    let manifest = "exercises/ch01-fates/02-fails-one-test/Cargo.toml";
    course.replace(manifest, "services = []", "services = [\"sqs\"]");
    let (log, cargo) = (course.path("calls"), course.path("cargo"));
    course.write("cargo", "#!/bin/sh\necho \"$@\" >> \"$CALLS\"\nexec \"$REAL_CARGO\" \"$@\"\n");
    let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&cargo, runs).expect("it can be made a program");
    let mut check = course.xtask("check 1/1 1/2 1/4");
    let real = std::env::var_os("CARGO").expect("cargo runs the tests");
    course.said(check.env("CARGO", &cargo).env("REAL_CARGO", real).env("CALLS", log)).says("ch01/04");
    let calls = course.read("calls");
    let packages: Vec<Vec<&str>> =
        calls.lines().map(|call| call.split(' ').filter(|word| word.starts_with("ch01-")).collect()).collect();
    assert_eq!(packages, [vec!["ch01-01-passes", "ch01-04-warns"], vec!["ch01-02-fails-one-test"]]);
}

#[test]
fn a_hole_in_a_check_is_found() {
    let course = MiniCourse::new();
    let check = "exercises/ch01-fates/01-passes/tests/check.rs";
    // Accepts whatever is not an error: the starter, every mistake, and answers that ignore the question.
    course.replace(
        check,
        "assert_eq!(answer(event), double, \"the double of {event}\");",
        "drop((answer(event), double));",
    );
    course.replace(check, ASKS_THE_SEED, "answer(&seed.to_string());");
    course.say("verify 1/1").is("verify-a-hole");
}

#[test]
fn a_check_whose_answers_can_be_copied_is_found() {
    let course = MiniCourse::new();
    let check = "exercises/ch01-fates/01-passes/tests/check.rs";
    course.replace(check, ", (\"21\", \"42\")", "");
    course.replace(check, "given.unwrap_or_else(|| i64::from(std::process::id()))", "given.map_or(7, |_: i64| 7)");
    course.say("verify 1/1").is("verify-copied-answers");
    // What no report tells, the source must: a check may be about something else than invocations.
    course.write(check, &course.read(check).replace("\"step\":\"invoked\"", "\"step\":\"other\""));
    course.say("verify 1/1").exits(1).says("check.rs:1: draws nothing from a Seed: its answers can be copied");
}

#[test]
fn a_mistake_that_is_caught_without_a_word_is_found() {
    let course = MiniCourse::new();
    let check = "exercises/ch01-fates/01-passes/tests/check.rs";
    course.write(check, &course.read(check).replace(", \"the double of {seed}\"", ""));
    course.say("verify 1/1").exits(1).says(
        "mistakes/squares.rs:1: doubles_a_number_that_nobody_knows_beforehand catches it without a word that helps",
    );
}

#[test]
fn wrong_solutions_starters_and_mistakes_are_found() {
    let course = MiniCourse::new();
    let replace = |file: &str, from: &str, to: &str| course.replace(&format!("{SOLUTION}/{file}"), from, to);
    replace("src/main.rs", "number * 2", "number * 3");
    replace("also-right/adds.rs", "number + number", "number - number");
    replace("starter/src/main.rs", "// TODO: ", "let unused = 1; // ");
    replace("mistakes/squares.rs", "number * number", "nothing");
    replace("mistakes/always-four.rs", "caught-by: doubles_a_number_that", "caught-by: doubles_a_number_which");
    course.write(&format!("{SOLUTION}/notes.txt"), "stray\n");
    let gone = "\n[[bin]]\nname = \"sol-ch01-01-passes--gone\"\npath = \"mistakes/gone.rs\"\ntest = false\n";
    course.write(&format!("{SOLUTION}/Cargo.toml"), &(course.read(&format!("{SOLUTION}/Cargo.toml")) + gone));
    course.replace("src/en/ch01-fates/01-passes.md", "## Task {#task}", "## Task");
    course.say("verify 1/1").is("verify-wrong-parts");
}

#[test]
fn a_solution_that_clippy_does_not_like_is_found() {
    let course = MiniCourse::new();
    course.replace(&format!("{SOLUTION}/src/main.rs"), "println!(", "let number = number.clone();\n    println!(");
    let right = format!("{SOLUTION}/also-right/adds.rs");
    course.replace(&right, "number + number", "number.clone() + number");
    course.replace(&format!("{SOLUTION}/mistakes/squares.rs"), "number * number", "number.clone() * number");
    let said = course.say("verify 1/1");
    let told = "clippy: warning: using `clone` on type `i64`";
    said.exits(1).says(&format!("src/main.rs:9: {told}")).says(&format!("{right}:")).says("2 violations");
    // What clippy says about a starter is no breach, and what the compiler says about a right answer is one.
    course.replace(&right, "number.clone() + number", "{ let twice = (number); twice + twice }");
    course.replace(&format!("{SOLUTION}/src/main.rs"), "let number = number.clone();", "");
    course.replace(&format!("{SOLUTION}/starter/src/main.rs"), "fn main() {", "fn main() {\n    let _ = 1.clone();");
    let said = course.say("verify 1/1");
    said.exits(1).says("unnecessary parentheses");
    assert!(!said.out.contains("clippy") && !said.out.contains("starter"), "{said:#?}");
}

#[test]
fn features_that_would_build_a_crate_twice_are_found() {
    let course = MiniCourse::new();
    for exercise in [
        "ch01-fates/03",
        "ch01-fates/04",
        "ch01-fates/05",
        "ch01-fates/06",
        "ch01-fates/07",
        "ch01-fates/08",
        "ch02-faults/0",
        "ch03-files/0",
    ] {
        course.remove_exercises(exercise);
    }
    course.replace("tools/adder/Cargo.toml", "publish = false", "publish = false\n\n[features]\nfancy = []");
    for (room, features) in [("exercises", "[]"), ("solutions", "[\"fancy\"]")] {
        let manifest = format!("{room}/ch01-fates/01-passes/Cargo.toml");
        let dependency =
            format!("[dependencies]\nadder = {{ path = \"../../../tools/adder\", features = {features} }}\n");
        course.write(&manifest, &format!("{}\n{dependency}", course.read(&manifest)));
    }
    let said = course.say("verify");
    said.exits(1)
        .says("exercises/ch01-fates/01-passes/Cargo.toml:1: builds adder v0.0.0 with the features [], which no");
    said.says("2 exercises: 1 violation");
}

#[test]
fn what_an_exercise_compiles_beside_the_first_one_is_declared_and_told() {
    let course = MiniCourse::new();
    let manifest = "exercises/ch01-fates/02-fails-one-test/Cargo.toml";
    let dependency = "\n[dependencies]\nadder = { path = \"../../../tools/adder\" }\n";
    course.write(manifest, &format!("{}{dependency}", course.read(manifest)));
    let told = "compiles adder, which the first exercise does not: `compiles` must name it";
    course.say("verify 1/2").exits(1).says(&format!("{manifest}:")).says(told);
    course.replace(manifest, "services = []", "services = []\ncompiles = [\"adder\", \"libc\"]");
    let said = course.say("verify 1/2");
    said.exits(1).says("compiles nothing more for libc, which `compiles` names");
    said.says("names adder, of which [workspace.metadata.compiles] in Cargo.toml must say the CPU seconds");
    course.replace(manifest, ", \"libc\"", "");
    course.replace("Cargo.toml", "[profile.dev]", "[workspace.metadata.compiles]\nadder = 3\n\n[profile.dev]");
    course.say("verify 1/2").is("verify-clean");
    std::fs::remove_dir_all(course.path("target")).expect("the target directory can be removed");
    let once = "compiles adder once, about 3 s of one processor";
    course.say("check 1/2").exits(1).says(once);
    assert!(!course.say("check 1/2 --again").err.contains("once"), "it is compiled now");
}

#[test]
fn an_exercise_that_names_no_service_compiles_none_of_the_sdk() {
    let course = MiniCourse::new();
    (3..=8).for_each(|number| course.remove_exercises(&format!("ch01-fates/0{number}")));
    for rest in ["ch02-faults/0", "ch03-files/0"] {
        course.remove_exercises(rest);
    }
    // The name is what the rule goes by.
    let adder = course.read("tools/adder/Cargo.toml");
    course.write("tools/aws-sdk-adder/Cargo.toml", &adder.replace("name = \"adder\"", "name = \"aws-sdk-adder\""));
    course.write("tools/aws-sdk-adder/src/lib.rs", &course.read("tools/adder/src/lib.rs"));
    let manifest = "exercises/ch01-fates/01-passes/Cargo.toml";
    let dependency = "[dependencies]\naws-sdk-adder = { path = \"../../../tools/aws-sdk-adder\" }\n";
    course.write(manifest, &format!("{}\n{dependency}", course.read(manifest)));
    course.say("verify").exits(1).says(
        "exercises/ch01-fates/01-passes/Cargo.toml:1: compiles aws-sdk-adder v0.0.0 of the AWS SDK, but `services` names none",
    );
}

#[test]
fn a_new_exercise_keeps_every_rule_of_layout() {
    let course = MiniCourse::new();
    course.say("new ch01/09-new-one").is("new");
    let all = Course::at(&course.root).expect("the course opens");
    let new = all.exercises.iter().find(|exercise| exercise.dir == "09-new-one").expect("it is found");
    assert_eq!(layout::check(new), []);
    assert_eq!(pages::check(&all, new), []);
    course.say("new ch01/09-another").exits(2).says("ch01/09 is taken by ch01-fates/09-new-one");
    course.say("new ch01/nine").exits(2).says("it is like ch05/09-name");
    course.say("new ch05/01-warm").exits(0).says("exercises/ch05-performance/01-warm/src/main.rs");
    course.say("new ch42/01-warm").exits(2).says("there is no chapter \"ch42\"");
}

#[test]
fn ci_runs_every_step_and_shows_failures_last() {
    let course = MiniCourse::new();
    for exercise in [
        "ch01-fates/03",
        "ch01-fates/04",
        "ch01-fates/05",
        "ch01-fates/06",
        "ch01-fates/07",
        "ch01-fates/08",
        "ch02-faults/0",
        "ch03-files/0",
    ] {
        course.remove_exercises(exercise);
    }
    course.say("ci").is("ci-passes");
    // A learner's own file decides nothing; a tool's test does.
    course.write("exercises/ch01-fates/01-passes/src/main.rs", "fn main() { nonsense }\n");
    course.replace("tools/adder/src/lib.rs", "    a + b\n", "    a  - b\n");
    let said = course.say("ci --full");
    said.exits(1)
        .says("format: failed")
        .says("lint: ok")
        .says("test: failed")
        .says("verify: ok")
        .says("documentation: ok");
    said.says("tests: 0 passed, 1 failed\nin all: [TIME] s\n\nformat failed:\n").says("test failed:\n");
    course.replace("tools/adder/src/lib.rs", "    a  - b\n", "    return a + b;\n");
    let said = course.say("ci tools");
    said.exits(1).says("format: ok").says("lint: failed").says("test: ok");
    said.says("warning: unneeded `return` statement").says("tests: 1 passed, 0 failed");
    assert!(!said.out.contains("verify"), "another part: {said:#?}");
    course.say("ci tolls").exits(2).says("ci has no part \"tolls\", but tools, exercises, book, services");
}

#[test]
fn a_bench_tells_each_figure_and_leaves_nothing() {
    let course = MiniCourse::new();
    for exercise in
        ["ch01-fates/03", "ch01-fates/05", "ch01-fates/06", "ch01-fates/07", "ch01-fates/08", "ch02-faults/01"]
    {
        course.remove_exercises(exercise);
    }
    let mine = course.read("exercises/ch01-fates/01-passes/src/main.rs");
    let said = course.say("bench --format json");
    assert!(matches!(said.code, Some(0 | 1)), "{said:#?}");
    said.says("check after a one-line edit")
        .says("check with nothing changed")
        .says("the same, after a failure")
        .says("the next exercise compiles")
        .says("a learner's target directory")
        .says("\"rounds\": 7");
    assert_eq!(course.read("exercises/ch01-fates/01-passes/src/main.rs"), mine);
    assert!(!course.path("target/bench").exists());
}

#[test]
fn mutants_that_survive_are_listed() {
    let course = MiniCourse::new();
    course.say("mutants 1/1").is("mutants-caught");
    let check = "exercises/ch01-fates/02-fails-one-test/tests/check.rs";
    course.replace(check, ", (\"21\", \"42\")", "");
    course.replace(check, "assert_eq!(got, \"-6\", \"the sign is lost\");", "assert!(!got.is_empty());");
    course.replace(check, "assert_eq!(answer(\"-21\"), \"-42\", \"the sign is lost\");", "");
    course.replace(check, ASKS_THE_SEED, "answer(&seed.to_string());");
    course.say("mutants 1/2").is("mutants-survive");
    let explained =
        "[[equivalent]]\nline = \"println!(\\\"{}\\\", number * 2);\"\nfrom = \"*\"\nto = \"+\"\nreason = \"x\"\n";
    course.write("solutions/ch01-fates/02-fails-one-test/equivalents.toml", explained);
    course.say("mutants 1/2").exits(0).says("3 of 3 mutants caught, 1 more explained");
    course.write("solutions/ch01-fates/01-passes/equivalents.toml", explained);
    course.say("mutants 1/1").exits(1).says("is explained, but the check catches it");
    course.write("solutions/ch01-fates/01-passes/equivalents.toml", &explained.replace("number * 2", "number * 3"));
    course
        .say("verify 1/1")
        .exits(1)
        .says("equivalents.toml:1: `+` for `*` in")
        .says("is no mutant of the solution any more");
    course.say("mutants").exits(2).says("name the exercises");
    assert!(!course.path("target/mutants").exists());
}

#[test]
fn a_doctor_tells_each_finding() {
    let course = MiniCourse::new();
    let said = course.say("doctor");
    said.exits(0)
        .says("ok     toolchain: cargo ")
        .says("ok     linker: a program was linked and ran")
        .says("ok     registry: not asked, since CARGO_NET_OFFLINE is set: every crate is here")
        .says("ok     crates: the offline copy is complete; no network is needed");
    course.replace("exercises/ch01-fates/01-passes/Cargo.toml", "services = []", "services = [\"s3\", \"sqs\"]");
    course.say("doctor").says("crates: the offline copy is complete, the clients of s3, sqs among them");
    // A crate that is in nobody's cargo home, and no network.
    let manifest = "tools/adder/Cargo.toml";
    let mine = course.read(manifest);
    course.write(manifest, &format!("{mine}\n[dependencies]\nlibc = \"0.2\"\n"));
    course
        .say("doctor")
        .exits(4)
        .says("registry: cannot be reached, and crates are missing")
        .says("mend: cargo xtask prefetch");
    course.say("prefetch").exits(4).says("`cargo xtask prefetch` goes on where it stopped");
    course.write(manifest, &mine);
    std::fs::remove_dir_all(course.path(".progress")).expect("the doctor tried to write there");
    course.write(".progress", "a file where the folder should be");
    course.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.2.3\"\n");
    let said = course.say("doctor --format json");
    said.exits(4).says("\"mend\": \"rustup toolchain install 1.2.3\"").says("cannot be saved");
}

#[test]
fn what_was_prefetched_needs_nothing_more() {
    let course = MiniCourse::new();
    let said = course.say("prefetch");
    said.exits(0)
        .says("4 of 4: the same once more, with the network forbidden")
        .says("ready: 11 exercises can be checked without network");
}

#[test]
fn an_invocation_hands_the_event_to_the_function() {
    let course = MiniCourse::new();
    course.write("exercises/fixtures/data/prices.json", "{}\n");
    course.write("an event.json", "21\n");
    course.say("invoke 1/1 orders/two --times 3 --freeze").is("invoke");
    let event = course.path("an event.json");
    course.said(course.xtask("invoke 1/1").arg(event)).exits(0).says("\n42\n");
    course.say("invoke 1/1 --all-fixtures --transcript").is("invoke-all-fixtures");
    let with_options = course.say("invoke 1/1 orders/two --env TABLE=orders --env A=b=c --timeout 1.5");
    with_options.exits(0).says("--timeout 1.5 --env TABLE=orders --env A=b=c");
    course.say("invoke 1/3 orders/two").exits(3).says("does not compile\n\nerror[E0425]");
    course.say("invoke 1/6 orders/two").exits(1);
}

#[test]
fn an_invocation_that_makes_no_sense_is_refused_before_anything_is_compiled() {
    let course = MiniCourse::new();
    course.write("half.json", "{\"number\":\n");
    course.without_cargo("invoke 1/1 half.json").exits(2).says("half.json is not JSON").says("line 2");
    course.without_cargo("invoke 1/1 orders/two --env TABLE").exits(2).says("--env wants NAME=VALUE");
    course.without_cargo("invoke 1/1 orders/two --times 0").exits(2).says("--times is at least 1");
    for seconds in ["0", "901", "-1", "NaN"] {
        course
            .without_cargo(&format!("invoke 1/1 orders/two --timeout={seconds}"))
            .exits(2)
            .says("at most 900 seconds");
    }
}

#[test]
fn an_invocation_of_an_unknown_event_says_which_there_are() {
    let course = MiniCourse::new();
    course.say("invoke 1/1 orders/tow").exits(2).says("did you mean orders/two?");
    course.say("invoke 1/1").exits(2).says("`cargo xtask invoke ch01/01 EVENT`").says("\n  orders/two\n");
    course.say("invoke").exits(2).says("which function and which event?");
    course.say("invoke 1/1 orders/nine").exits(2).says("there are\n\n  orders/two\n");
}
