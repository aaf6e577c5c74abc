//! Known-wrong answers: `solutions/…/mistakes/*.rs`. The head of the file names the test that must catch it and says
//! why it is wrong:
//!
//! ```text
//! //! caught-by: retries_a_throttled_call
//! //!
//! //! Gives up at the first 429: a throttled call has changed nothing and may be sent again.
//! #![allow(unused)]
//! ```

use std::path::PathBuf;

use crate::course::Exercise;
use crate::fingerprint::files_below;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub path: PathBuf,
    /// `retries-4xx` of `mistakes/retries-4xx.rs`.
    pub name: String,
    /// The test that must fail.
    pub caught_by: Option<String>,
    /// Why it is wrong, in the author's words.
    pub reason: String,
}

/// All mistakes of an exercise, by name.
#[must_use]
pub fn of(exercise: &Exercise) -> Vec<Mistake> {
    let dir = exercise.solution_path.join("mistakes");
    files_below(&dir)
        .into_iter()
        .map(|file| {
            let text = std::fs::read_to_string(dir.join(&file)).unwrap_or_default();
            let (caught_by, reason) = head(&text);
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Mistake { path: dir.join(file), name, caught_by, reason }
        })
        .collect()
}

fn head(text: &str) -> (Option<String>, String) {
    let mut caught_by = None;
    let mut reason = Vec::new();
    for line in text.lines().map_while(|line| line.strip_prefix("//!")) {
        match line.trim().strip_prefix("caught-by:") {
            Some(test) => caught_by = Some(test.trim().to_owned()),
            None => reason.push(line.trim()),
        }
    }
    (caught_by, reason.join("\n").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_names_the_test_and_the_reason() {
        let (caught_by, reason) =
            head("//! caught-by: adds\n//!\n//! Adds\n//! wrongly.\n\nfn main() {} //! not this\n");
        assert_eq!(caught_by.as_deref(), Some("adds"));
        assert_eq!(reason, "Adds\nwrongly.");
    }
}
