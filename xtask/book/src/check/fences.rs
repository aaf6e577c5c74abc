//! Code fences that are never closed: the rest of the page, or of the list item, would silently become code.

use std::path::Path;

use mdbook_markdown::pulldown_cmark::{CodeBlockKind, Event, Tag};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

use crate::finding::Finding;
use crate::text::line_at;

pub fn findings(file: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (event, range) in new_cmark_parser(text, &MarkdownOptions::default()).into_offset_iter() {
        if let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) = event
            && !is_closed(&text[range.clone()])
        {
            let words = "code fence is never closed: end the block with a line of the same backticks or tildes";
            findings.push(Finding::new(file, line_at(text, range.start), words));
        }
    }
    findings
}

/// Whether the last line of a block is a fence like the first, inside whatever list or quotation it stands.
fn is_closed(block: &str) -> bool {
    let mark = if block.starts_with('~') { '~' } else { '`' };
    let opening = block.chars().take_while(|c| *c == mark).count();
    let mut lines = block.trim_end().lines();
    let (Some(_), Some(last)) = (lines.next(), lines.next_back()) else { return false };
    let last = last.trim_start_matches([' ', '\t', '>']);
    last.len() >= opening && last.chars().all(|c| c == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn unclosed_in_lines(text: &str, lines: &[usize]) {
        let found: Vec<_> = findings(Path::new("page.md"), text).into_iter().filter_map(|f| f.line).collect();
        assert_eq!(found, lines, "in {text:?}");
    }

    #[test]
    fn closed_fences_are_fine_wherever_they_stand() {
        unclosed_in_lines("```rust\nlet a = 1;\n```\n", &[]);
        unclosed_in_lines("- a\n\n  ```\n  code\n  ```\n- b\n", &[]);
        unclosed_in_lines("> ~~~~\n> ```\n> ~~~~~\n", &[]);
        unclosed_in_lines("```\n```\n\ntext\n", &[]);
    }

    #[test]
    fn a_fence_that_runs_to_the_end_of_its_container_is_found() {
        unclosed_in_lines("text\n\n```rust\nlet a = 1;\n", &[3]);
        unclosed_in_lines("````\n```\n", &[1]);
        unclosed_in_lines("- a\n\n  ```\n  code\n\ntext\n", &[3]);
        unclosed_in_lines("```", &[1]);
    }
}
