//! The HTML that pages are written with, tag by tag with its line: enough of a reader for markup whose form is fixed.

use crate::check::html;
use crate::text::line_at;

/// A start tag in a page's source.
#[derive(Debug)]
pub struct Tag {
    pub name: String,
    pub line: usize,
    /// Where the tag begins, and where what it holds begins.
    pub start: usize,
    pub inner: usize,
    attributes: Vec<(String, String)>,
}

impl Tag {
    pub fn value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, value)| value.as_str())
    }

    pub fn has_class(&self, class: &str) -> bool {
        self.value("class").is_some_and(|classes| classes.split_whitespace().any(|one| one == class))
    }

    /// What stands between this tag and its end; the rest of the text where it has none.
    pub fn content<'text>(&self, text: &'text str) -> &'text str {
        let rest = &text[self.inner..];
        &rest[..rest.find(&format!("</{}>", self.name)).unwrap_or(rest.len())]
    }
}

/// All start tags of a Markdown text, those in fences and code spans left out.
pub fn tags(text: &str) -> Vec<Tag> {
    let code = code(text);
    let mut tags = Vec::new();
    for (start, _) in text.match_indices('<') {
        let rest = &text[start + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) || code.iter().any(|range| range.contains(&start)) {
            continue;
        }
        let (name, attributes, after) = html::tag(rest);
        let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let (line, inner) = (line_at(text, start), text.len() - after.len());
        tags.push(Tag { name: name.to_owned(), line, start, inner, attributes });
    }
    tags
}

/// Where fences and code spans lie. Markdown's reader does not look into HTML, so lines and backticks are counted here.
fn code(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    let mut fence: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            match fence.take() {
                Some(start) => ranges.push(start..at + line.len()),
                None => fence = Some(at),
            }
        } else if fence.is_none() {
            let ticks: Vec<_> = line.match_indices('`').map(|(tick, _)| at + tick).collect();
            ranges.extend(ticks.chunks_exact(2).map(|pair| pair[0]..pair[1]));
        }
        at += line.len();
    }
    ranges.extend(fence.map(|start| start..text.len()));
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_in_code_are_no_tags() {
        let found = tags("<p>\n`<b>` <i class=\"a b\">x</i>\n```html\n<u>\n```\n<s>");
        let names: Vec<_> = found.iter().map(|tag| (tag.name.as_str(), tag.line)).collect();
        assert_eq!(names, [("p", 1), ("i", 2), ("s", 6)]);
        assert!(found[1].has_class("b"));
    }
}
