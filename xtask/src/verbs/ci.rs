//! `ci`: all that CI runs, the same everywhere. A line per step with its time; what a failing step printed comes last.
//!
//! A learner's edits change nothing: the steps look at the tools, and `verify` at starters and solutions. Steps belong to
//! parts, which a host may run beside each other on machines of their own; without a name all of them run.
//!
//! Lints come with the build: clippy compiles what is tested (`Course::linting`), so that no dependency is compiled twice.
//! A step that waits more than it computes runs beside the next one, where that one only compiles.

use std::process::{Command, Output};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::advice;
use crate::cli::{Options, Usage};
use crate::compile;
use crate::course::Course;
use crate::store;
use crate::term::{Progress, Style, without_escapes};

/// What can be asked for by itself.
const PARTS: [&str; 4] = ["tools", "exercises", "book", "services"];

/// One step, as it would be typed.
#[derive(Debug)]
struct Step {
    part: &'static str,
    name: &'static str,
    work: Work,
    /// Whether it waits more than it computes, so that the next step may begin with it.
    waits: bool,
}

/// A step that ended: what was printed, and the seconds that it took.
#[derive(Debug)]
struct Done {
    name: &'static str,
    is_good: bool,
    text: String,
    seconds: f64,
}

#[derive(Debug)]
enum Work {
    Run(Command),
    /// A cargo command that builds: whatever is said about our own packages is a failure.
    Lint(Command),
}

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    if let Some(unknown) = options.names.iter().find(|name| !PARTS.contains(&name.as_str())) {
        return Err(Usage(format!("ci has no part {unknown:?}, but {}", PARTS.join(", "))).into());
    }
    let (style, progress) = (Style::of_stdout(), Progress::new());
    let mut failures = Vec::new();
    let (mut passed, mut failed) = (0, 0);
    let mut steps = steps(course, options)?;
    steps.retain(|step| options.names.is_empty() || options.names.iter().any(|name| name == step.part));
    let started = Instant::now();
    let mut steps = steps.into_iter().peekable();
    while let Some(step) = steps.next() {
        let beside = steps.next_if(|next| step.waits && matches!(next.work, Work::Lint(_)));
        let both = beside.as_ref().map_or_else(|| step.name.to_owned(), |next| format!("{}; {}", step.name, next.name));
        progress.doing(&both);
        for Done { name, is_good, text, seconds } in together(step, beside)? {
            let word = if is_good { style.good("ok") } else { style.bad("failed") };
            progress.clear();
            println!("{name}: {word} ({seconds:.1} s)");
            if name.starts_with("test") {
                let (more_passed, more_failed) = count_tests(&text);
                (passed, failed) = (passed + more_passed, failed + more_failed);
            }
            if !is_good {
                failures.push((name, text));
            }
        }
    }
    println!("\ntests: {passed} passed, {failed} failed");
    if options.names.is_empty() {
        println!("in all: {:.1} s", started.elapsed().as_secs_f64());
    }
    for (name, text) in &failures {
        println!("\n{}\n\n{}", style.bold(&format!("{name} failed:")), text.trim());
    }
    Ok(u8::from(!failures.is_empty()))
}

/// Does a step, and another one at the same time.
fn together(step: Step, beside: Option<Step>) -> Result<Vec<Done>> {
    std::thread::scope(|scope| {
        let beside = beside.map(|step| scope.spawn(|| step.do_it()));
        let mut done = vec![step.do_it()?];
        if let Some(beside) = beside {
            done.push(beside.join().unwrap_or_else(|_| bail!("a step could not be followed"))?);
        }
        Ok(done)
    })
}

impl Step {
    fn new(part: &'static str, name: &'static str, work: Work) -> Step {
        Step { part, name, work, waits: false }
    }

    fn do_it(self) -> Result<Done> {
        let (name, started) = (self.name, Instant::now());
        let (is_good, text) = self.work.do_it(name)?;
        Ok(Done { name, is_good, text, seconds: started.elapsed().as_secs_f64() })
    }
}

impl Work {
    /// Whether it went well, and what was printed.
    fn do_it(self, name: &str) -> Result<(bool, String)> {
        match self {
            Work::Run(mut command) => {
                let output = command.output().with_context(|| format!("cannot run the step {name}: {command:?}"))?;
                Ok((output.status.success(), text_of(&output)))
            }
            Work::Lint(cargo) => {
                let built = compile::read_messages(cargo, &Progress::silent())?;
                let mut text: Vec<String> =
                    built.all_diagnostics().map(|said| without_escapes(&said.rendered)).collect();
                let is_good = !built.has_failed && text.is_empty();
                text.push(without_escapes(&built.said));
                Ok((is_good, text.join("\n\n")))
            }
        }
    }
}

fn steps(course: &Course, options: &Options) -> Result<Vec<Step>> {
    let is_hosted = std::env::var_os("CI").is_some();
    let prepared = |mut command: Command| {
        // Half the disk and two thirds of the time for what is built once.
        if is_hosted {
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    };
    let cargo = |course: &Course, arguments: &[&str]| {
        let mut command = course.cargo();
        command.args(arguments);
        prepared(command)
    };
    // Cargo puts the program that is tested in our place.
    let own = course.target_dir().join("ci").join("xtask");
    let this = std::env::current_exe().context("cannot tell where this program lies")?;
    store::copy(&this, &own)?;
    let ourselves = |part, name, arguments: &[&str]| {
        let mut command = Command::new(&own);
        command.args(arguments).current_dir(&course.root).env("XTASK_ROOT", &course.root);
        Step::new(part, name, Work::Run(prepared(command)))
    };
    let linting = course.clone().linting();
    let lint = |part, name, packages: &[&str]| {
        let arguments = [&["build"], packages, &["--all-targets", "--keep-going", "--message-format", "json"]];
        Step::new(part, name, Work::Lint(cargo(&linting, &arguments.concat())))
    };
    let test = |part, name, packages: &[&str]| {
        Step::new(part, name, Work::Run(cargo(&linting, &[&["test"], packages].concat())))
    };

    let has_book = course.root.join("xtask/book/Cargo.toml").is_file();
    let has_aws = course.root.join("xtask/local-aws/Cargo.toml").is_file();
    let others = has_book.then_some("book").into_iter().chain(has_aws.then_some("local-aws"));
    let mut format = cargo(course, &["fmt", "--check"]);
    for package in tools(course)?.iter().map(String::as_str).chain(others) {
        format.args(["-p", package]);
    }
    let mut steps =
        vec![Step::new("tools", "format", Work::Run(format)), lint("tools", "lint", &[]), test("tools", "test", &[])];
    if has_book {
        // Its builder is no default member: a learner who only checks never compiles it.
        steps.push(lint("book", "lint, book", &["-p", "book"]));
        steps.push(test("book", "test, book", &["-p", "book"]));
        steps.push(ourselves("book", "book", &["build"]));
        let mut browser = script(course, "book", "test, browser", ".ci/browser/run", |command| {
            command.env("BOOK_PAGES", if options.full { "all" } else { "of each kind" });
            // Both are built by now. Cargo would wait for the one beside it, and the tests with it.
            command.env("BOOK_BIN", course.target_dir().join("debug/book")).env("XTASK_BIN", &own);
        });
        // A browser leaves a third of two processors to whoever compiles. Beside tests of other things it would be in
        // the way of their clocks.
        browser.iter_mut().for_each(|step| step.waits = has_aws);
        steps.extend(browser);
    }
    if has_aws {
        // Nor is what compiles the AWS SDK: only exercises that call services do.
        let package = ["-p", "local-aws", "--all-features"];
        steps.push(lint("services", "lint, local-aws", &package));
        steps.push(test("services", "test, local-aws", &package));
    }
    // A target directory that was brought along may know what another machine verified.
    steps.push(ourselves("exercises", "verify", if is_hosted { &["verify", "--again"] } else { &["verify"] }));
    if options.full {
        let mut documentation = cargo(course, &["doc", "--no-deps", "--quiet"]);
        documentation.env("RUSTDOCFLAGS", "-D warnings");
        steps.push(Step::new("tools", "documentation", Work::Run(documentation)));
        steps.extend(slow_rest(course));
    }
    Ok(steps)
}

/// What takes minutes, or needs what not every machine has; each script says itself what it did not run.
fn slow_rest(course: &Course) -> Vec<Step> {
    let scripts = [
        ("tools", "test, foreign client", ".ci/foreign-client"),
        ("services", "test, independent AWS", ".ci/independent-aws"),
        ("book", "templates", ".ci/lint-templates"),
    ];
    scripts.into_iter().filter_map(|(part, name, file)| script(course, part, name, file, |_| {})).collect()
}

fn script(
    course: &Course,
    part: &'static str,
    name: &'static str,
    file: &str,
    prepare: impl FnOnce(&mut Command),
) -> Option<Step> {
    let file = course.root.join(file);
    let mut command = Command::new("bash");
    command.arg(&file).current_dir(&course.root);
    prepare(&mut command);
    file.is_file().then(|| Step::new(part, name, Work::Run(command)))
}

/// The default members: the packages that a learner never edits.
fn tools(course: &Course) -> Result<Vec<String>> {
    let output =
        course.cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output().context(advice::NO_CARGO)?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim()))?;
    let defaults: Vec<&Value> = metadata["workspace_default_members"].as_array().into_iter().flatten().collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let tools = packages.filter(|package| defaults.contains(&&package["id"]));
    Ok(tools.filter_map(|package| package["name"].as_str().map(str::to_owned)).collect())
}

fn text_of(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].map(String::from_utf8_lossy);
    without_escapes(&both.join("\n"))
}

/// The sums of all lines like cargo's `test result: ok. 3 passed; 0 failed; …` and Node's `ℹ pass 3`, `ℹ fail 0`.
fn count_tests(text: &str) -> (u64, u64) {
    let of_node = |word: &str| -> u64 {
        let counts =
            text.lines().filter_map(|line| line.strip_prefix("ℹ ")?.strip_prefix(word)?.trim().parse::<u64>().ok());
        counts.sum()
    };
    let results = text.lines().filter_map(|line| line.strip_prefix("test result: "));
    let number = |line: &str, word: &str| -> u64 {
        let before = line.split_once(word).map_or("", |(before, _)| before);
        before.trim_end().rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    results.fold((of_node("pass "), of_node("fail ")), |(passed, failed), line| {
        (passed + number(line, " passed"), failed + number(line, " failed"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_summed_over_all_their_binaries() {
        let text =
            "test result: ok. 3 passed; 0 failed; 0 ignored\nx\ntest result: FAILED. 12 passed; 2 failed; 1 ignored\n";
        assert_eq!(count_tests(text), (15, 2));
        assert_eq!(count_tests("ℹ tests 5\nℹ pass 4\nℹ fail 1\nℹ cancelled 0\n"), (4, 1));
    }
}
