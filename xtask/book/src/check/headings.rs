//! Headings: each has an explicit id, once on its page, so that links survive a new wording and both languages share
//! them.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use mdbook_markdown::pulldown_cmark::{Event, Tag};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

use crate::finding::Finding;
use crate::text::line_at;

/// The explicit ids of a page's headings.
pub fn ids(text: &str) -> BTreeSet<String> {
    let headings = new_cmark_parser(text, &MarkdownOptions::default()).filter_map(|event| match event {
        Event::Start(Tag::Heading { id, .. }) => id,
        _ => None,
    });
    headings.map(|id| id.to_string()).collect()
}

pub fn findings(file: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = HashMap::new();
    for (event, range) in new_cmark_parser(text, &MarkdownOptions::default()).into_offset_iter() {
        let Event::Start(Tag::Heading { id, .. }) = event else { continue };
        let line = line_at(text, range.start);
        match id {
            None => {
                let heading = text[range].lines().next().unwrap_or_default().trim();
                let words = format!("heading {heading:?} has no explicit id: end it with {{#short-name}}");
                findings.push(Finding::new(file, line, words));
            }
            Some(id) => {
                if let Some(first) = seen.get(&id) {
                    let words =
                        format!("id \"{id}\" is taken by the heading in line {first}: links would miss this one");
                    findings.push(Finding::new(file, line, words));
                } else {
                    seen.insert(id, line);
                }
            }
        }
    }
    findings
}
