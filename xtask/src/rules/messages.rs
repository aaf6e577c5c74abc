//! A failure says what to look at: a story, what was expected and what came, or a sentence. A bare assertion says only
//! that two things differ, and of which the reader knows neither.

use crate::verdict::JudgedTest;

/// How panics begin that nobody wrote a word for.
const BARE: [&str; 8] = [
    "assertion failed: ",
    "called `Option::unwrap()`",
    "called `Result::unwrap()`",
    "explicit panic",
    "index out of bounds",
    "internal error: entered unreachable code",
    "not implemented",
    "not yet implemented",
];

/// What says nothing by itself: the values of a comparison, and how to repeat the choices.
const BESIDE: [&str; 3] = ["left: ", "right: ", "the same choices again: "];

/// Whether a failed test tells its reader what to look at.
#[must_use]
pub fn helps(judged: &JudgedTest) -> bool {
    let says = |key: &str| {
        let words = judged.failure.as_ref().and_then(|failure| failure[key].as_str());
        words.is_some_and(|words| !words.trim().is_empty())
    };
    says("story") || (says("expected") && says("got")) || has_sentence(&judged.test.output)
}

fn has_sentence(output: &str) -> bool {
    let is_bare = |line: &str| {
        let comparison = line.strip_prefix("assertion `left ").is_some_and(|rest| rest.ends_with("right` failed"));
        comparison || BARE.iter().chain(&BESIDE).any(|start| line.starts_with(start))
    };
    output.lines().map(str::trim).any(|line| !line.is_empty() && !is_bare(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_assertion_is_no_sentence_and_one_with_a_message_is() {
        for bare in [
            "assertion `left == right` failed\n  left: 1\n right: 2\nthe same choices again: COURSE_SEED=7",
            "assertion failed: days >= 30",
            "called `Option::unwrap()` on a `None` value",
            "called `Result::unwrap()` on an `Err` value: NotFound",
            "",
        ] {
            assert!(!has_sentence(bare), "{bare}");
        }
        assert!(has_sentence("assertion `left == right` failed: the double of 21\n  left: 1\n right: 2"));
        assert!(has_sentence("a customer may ask for 30 days, and the log is gone after 7"));
    }
}
