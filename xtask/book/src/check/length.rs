//! Length: a chapter's page is read in one sitting, so its prose has a bound; what does not fit gets a page of its own.

use std::path::Path;

use mdbook_markdown::pulldown_cmark::{Event, Tag, TagEnd};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

use crate::finding::Finding;

/// The most words of prose that a chapter's page may have.
const MOST: usize = 5_000;

/// Finds a chapter's page with more prose than is read in one sitting.
///
/// Prose is what stands in paragraphs, lists and notes. Questions, pictures, tables, code and the list of references
/// are looked at or worked on, and do not count.
pub fn findings(source: &Path, file: &Path, text: &str) -> Vec<Finding> {
    if source.parent() == Some(Path::new("")) || !source.ends_with("README.md") {
        return Vec::new();
    }
    let words = prose(text);
    if words <= MOST {
        return Vec::new();
    }
    let words = format!(
        "has {words} words of prose, of {MOST} that are read in one sitting: shorten it, or give a part a page of its own"
    );
    vec![Finding::new(file, None, words)]
}

/// The words of prose on a page.
fn prose(text: &str) -> usize {
    let text = text.split("{#references}").next().unwrap_or_default();
    let mut words = 0;
    let mut aside = 0;
    let mut quiz = false;
    for event in new_cmark_parser(text, &MarkdownOptions::default()) {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::Table(_)) => aside += 1,
            Event::End(TagEnd::CodeBlock | TagEnd::Table) => aside -= 1,
            Event::Html(html) | Event::InlineHtml(html) => {
                for (start, end) in [("<form", "</form>"), ("<figure", "</figure>")] {
                    quiz |= html.contains(start);
                    quiz &= !html.contains(end);
                }
            }
            Event::Text(text) | Event::Code(text) if aside == 0 && !quiz && !text.contains("{{#include") => {
                words += text.split_whitespace().count();
            }
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_counted_without_questions_tables_code_pictures_and_references() {
        let text = "# Two words {#a}\n\nThree `more` words.\n\n| a | b |\n|---|---|\n| c | d |\n\n```rust\nfn main() {}\n```\n\n\
                    <form class=\"quiz\">\n<legend>not this</legend>\n\nnor this\n\n</form>\n\n<figure>\nno\n<figcaption>no</figcaption>\n</figure>\n\n\
                    - one\n- more\n\n## References {#references}\n\n- not counted\n";
        assert_eq!(prose(text), 8, "two in the heading, three, two in the list, and the heading of the references");
    }

    #[test]
    fn only_a_chapters_page_is_bounded() {
        let long = "word ".repeat(MOST + 1);
        assert_eq!(
            findings(Path::new("ch01-introduction/README.md"), Path::new("p.md"), &long).len(),
            1,
            "a chapter's page"
        );
        assert_eq!(
            findings(Path::new("ch01-introduction/01-hello.md"), Path::new("p.md"), &long).len(),
            0,
            "an exercise's page"
        );
        assert_eq!(
            findings(Path::new("ch01-introduction/README.md"), Path::new("p.md"), "short").len(),
            0,
            "a short page"
        );
    }
}
