//! An exercise's page: `src/en/ch05-performance/06-backoff.md` for `exercises/ch05-performance/06-backoff`.
//!
//! A hint is a fold that reads well in any Markdown viewer, no preprocessor needed:
//!
//! ```text
//! <details class="hint">
//! <summary>Hint 1</summary>
//!
//! Which status codes are worth a second try?
//!
//! </details>
//! ```
//!
//! `<details class="hint" data-for="retries_429">` is a hint for whom the test `retries_429` fails: `cargo xtask hint`
//! prefers it then. The tags stand at the start of a line, each on its own, with blank lines round the text.

use std::path::{Path, PathBuf};

use crate::course::{Course, Exercise};

/// What the command line takes from a page.
#[derive(Debug, Default)]
pub struct Page {
    pub hints: Vec<Hint>,
    pub headings: Vec<Heading>,
}

/// One hint, in the page's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    pub line: usize,
    pub title: String,
    /// The test whose failure it is for.
    pub failing_test: Option<String>,
    pub text: String,
}

/// One heading and its explicit id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    pub line: usize,
    pub title: String,
    pub id: Option<String>,
}

/// The page in the language that every page exists in first.
#[must_use]
pub fn path(course: &Course, exercise: &Exercise) -> PathBuf {
    path_in(&course.root.join("src/en"), exercise)
}

/// The page in one language's tree.
#[must_use]
pub fn path_in(tree: &Path, exercise: &Exercise) -> PathBuf {
    tree.join(&exercise.chapter_dir).join(format!("{}.md", exercise.dir))
}

/// Whether a page is the exercise's own, in any language, or its chapter's.
#[must_use]
pub fn is_about(course: &Course, page: &Path, exercise: &Exercise) -> bool {
    let Ok(inside) = page.strip_prefix(course.root.join("src")) else { return false };
    let words: Vec<&str> = inside.iter().filter_map(|word| word.to_str()).collect();
    let [_, chapter, file] = words.as_slice() else { return false };
    *chapter == exercise.chapter_dir && (*file == "README.md" || file.strip_suffix(".md") == Some(&exercise.dir))
}

/// The page's hints and headings; none when there is no page.
#[must_use]
pub fn read(path: &Path) -> Page {
    std::fs::read_to_string(path).map(|text| parse(&text)).unwrap_or_default()
}

#[must_use]
pub fn parse(text: &str) -> Page {
    let mut page = Page::default();
    let mut open: Option<Hint> = None;
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        let tag = if in_code { "" } else { line.trim() };
        if tag.starts_with("<details") && attribute(tag, "class").is_some_and(|class| class == "hint") {
            let failing_test = attribute(tag, "data-for").map(str::to_owned);
            open = Some(Hint { line: index + 1, title: String::new(), failing_test, text: String::new() });
        } else if let Some(hint) = &mut open {
            if let Some(summary) = tag.strip_prefix("<summary>") {
                hint.title = summary.trim_end_matches("</summary>").to_owned();
            } else if tag == "</details>" {
                hint.text = hint.text.trim().to_owned();
                page.hints.extend(open.take());
            } else {
                hint.text.push_str(line);
                hint.text.push('\n');
            }
        } else if tag.starts_with('#') {
            page.headings.push(heading(tag, index + 1));
        }
    }
    page
}

fn heading(line: &str, number: usize) -> Heading {
    let title = line.trim_start_matches('#').trim();
    let (title, id) = match title.rsplit_once("{#") {
        Some((title, id)) => (title.trim(), Some(id.trim_end_matches('}').to_owned())),
        None => (title, None),
    };
    Heading { line: number, title: title.to_owned(), id }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let rest = tag.split_once(&format!("{name}=\""))?.1;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_read_with_the_test_that_they_are_for() {
        let page = parse(
            "# Back off {#backoff}\n\n<details class=\"hint\">\n<summary>Hint 1</summary>\n\nLook.\n\n</details>\n\
             <details class=\"hint\" data-for=\"retries_429\">\n<summary>Hint 2</summary>\n\n```rust\n# not a heading\n```\n\n</details>\n",
        );
        assert_eq!(page.headings, [Heading { line: 1, title: "Back off".into(), id: Some("backoff".into()) }]);
        assert_eq!(page.hints[0].text, "Look.");
        assert_eq!(page.hints[1].failing_test.as_deref(), Some("retries_429"));
        assert_eq!(page.hints[1].text, "```rust\n# not a heading\n```");
    }
}
