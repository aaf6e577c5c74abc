//! Known-wrong answers: `solutions/…/mistakes/*.rs`. The head of the file names the test that must catch it and says
//! why it is wrong:
//!
//! ```text
//! //! caught-by: retries_a_throttled_call
//! //!
//! //! Gives up at the first 429: a throttled call has changed nothing and may be sent again.
//! #![allow(unused)]
//! ```
//!
//! Where the learner mends a file, mistakes are files of that format, of which some have no comments. Their heads stand
//! beside them in `solutions/…/mistakes.toml`, by the file's name without its ending:
//!
//! ```toml
//! [star-resource]              # mistakes/star-resource.json
//! caught-by = "a_nosy_twin_reads_nothing_else"
//! reason = "Allows every bucket: whoever takes over the function reads them all."
//! ```

use std::path::{Path, PathBuf};

use serde_json::Value;

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

/// The heads of mistakes in formats that may have no comments.
pub const HEADS: &str = "mistakes.toml";

/// All mistakes of an exercise, by name.
#[must_use]
pub fn of(exercise: &Exercise) -> Vec<Mistake> {
    let dir = exercise.solution_path.join("mistakes");
    let heads = exercise.mended_file().map(|_| heads(&exercise.solution_path).unwrap_or_default());
    files_below(&dir)
        .into_iter()
        .map(|file| {
            let text = || std::fs::read_to_string(dir.join(&file)).unwrap_or_default();
            let name = stem(&file);
            let (caught_by, reason) = match &heads {
                Some(heads) => head_of_file(&heads[&name]),
                None => head(&text()),
            };
            Mistake { path: dir.join(&file), name, caught_by, reason }
        })
        .collect()
}

/// `retries-4xx` of `retries-4xx.rs`.
#[must_use]
pub fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The heads in a solution's [`HEADS`], by name; the error says what is wrong with it.
pub fn heads(solution: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(solution.join(HEADS)).map_err(|error| format!("cannot be read: {error}"))?;
    basic_toml::from_str(&text).map_err(|error| format!("is not TOML: {error}"))
}

fn head_of_file(head: &Value) -> (Option<String>, String) {
    let reason = head["reason"].as_str().unwrap_or_default().trim().to_owned();
    (head["caught-by"].as_str().map(str::to_owned), reason)
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
