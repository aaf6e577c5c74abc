//! Reads what a test executable prints: which tests passed, and what a failed one said.

/// One test as libtest tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    pub name: String,
    pub outcome: Outcome,
    /// What it printed and the message of its panic, without libtest's own advice.
    pub output: String,
    /// Where it panicked: file as the compiler names it, and line.
    pub place: Option<(String, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed,
    Ignored,
    /// Its check was stopped or ended before it.
    Unfinished,
}

impl Outcome {
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Ignored => "ignored",
            Outcome::Unfinished => "unfinished",
        }
    }
}

/// So much of what a test said is kept.
const KEPT_OUTPUT: usize = 16_000;

/// The tests in `source` that `tests` does not tell about.
#[must_use]
pub fn unfinished(tests: &[Test], source: &str) -> Vec<Test> {
    let told = |name: &str| tests.iter().any(|test| last_segment(&test.name) == name);
    declared(source)
        .into_iter()
        .filter(|(_, name)| !told(name))
        .map(|(line, name)| {
            let place = Some(("tests/check.rs".to_owned(), line as u64));
            Test { name, outcome: Outcome::Unfinished, output: String::new(), place }
        })
        .collect()
}

/// All tests in `output`, in the order of their functions in the check's source.
#[must_use]
pub fn parse(output: &str, source: &str) -> Vec<Test> {
    let mut tests: Vec<Test> = output.lines().filter_map(result_line).collect();
    for test in &mut tests {
        if let Some(section) = section(output, &test.name) {
            test.place = section.lines().find_map(panic_place);
            test.output = without_advice(section).chars().take(KEPT_OUTPUT).collect();
        }
    }
    let position = |test: &Test| source.find(&format!("fn {}(", last_segment(&test.name))).unwrap_or(usize::MAX);
    tests.sort_by_key(position);
    tests
}

/// The names of the `#[test]` functions in a source text, with their lines.
#[must_use]
pub fn declared(source: &str) -> Vec<(usize, String)> {
    let mut tests = Vec::new();
    let mut marked = false;
    for (index, line) in source.lines().enumerate() {
        let line = line.trim();
        if line == "#[test]" {
            marked = true;
        } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| marked) {
            tests.extend(rest.split_once('(').map(|(name, _)| (index + 1, name.to_owned())));
            marked = false;
        }
    }
    tests
}

fn last_segment(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

/// `test answers ... ok`
#[must_use]
pub fn result_line(line: &str) -> Option<Test> {
    let (name, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let outcome = match result {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        _ if result.starts_with("ignored") => Outcome::Ignored,
        _ => return None,
    };
    let name = name.trim_end_matches(" - should panic").to_owned();
    Some(Test { name, outcome, output: String::new(), place: None })
}

fn section<'a>(output: &'a str, test: &str) -> Option<&'a str> {
    let (_, rest) = output.split_once(&format!("---- {test} stdout ----\n"))?;
    let end = ["\n---- ", "\nfailures:\n"].iter().filter_map(|mark| rest.find(mark)).min();
    Some(&rest[..end.unwrap_or(rest.len())])
}

/// `thread 'x' (12) panicked at tests/check.rs:9:5:`
fn panic_place(line: &str) -> Option<(String, u64)> {
    let (_, place) = line.strip_prefix("thread '")?.split_once(" panicked at ")?;
    let mut parts = place.trim_end_matches(':').rsplitn(3, ':');
    let (_column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    Some((file.to_owned(), line.parse().ok()?))
}

fn without_advice(section: &str) -> String {
    let advice = |line: &&str| !line.starts_with("note: run with `RUST_BACKTRACE=") && panic_place(line).is_none();
    section.lines().filter(advice).collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 3 tests
test answers_twice ... FAILED
test is_quick ... ignored, slow
test answers ... ok

failures:

---- answers_twice stdout ----

thread 'answers_twice' (7) panicked at exercises/a/tests/check.rs:9:5:
assertion `left == right` failed
  left: 1
 right: 2
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace


failures:
    answers_twice

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn tests_come_in_the_order_of_the_source_with_message_and_place() {
        let tests =
            parse(OUTPUT, "#[test]\nfn answers() {}\n#[test]\nfn is_quick() {}\n#[test]\nfn answers_twice() {}");
        let names: Vec<&str> = tests.iter().map(|test| test.name.as_str()).collect();
        assert_eq!(names, ["answers", "is_quick", "answers_twice"]);
        assert_eq!(tests[2].output, "assertion `left == right` failed\n  left: 1\n right: 2");
        assert_eq!(tests[2].place, Some(("exercises/a/tests/check.rs".into(), 9)));
    }

    #[test]
    fn only_marked_functions_are_declared_tests() {
        let source = "fn helper() {}\n#[test]\n#[ignore]\nfn one() {}\nfn other() {}";
        assert_eq!(declared(source), [(4, "one".to_owned())]);
    }
}
