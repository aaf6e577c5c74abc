//! Widgets: `<figure class="widget" data-widget="cost">` names one that the book loads, and holds what readers see who
//! have no script, print, or read the page on a code host.

use std::collections::BTreeSet;
use std::path::Path;

use mdbook_driver::config::Config;
use mdbook_markdown::pulldown_cmark::{Event, Tag, TagEnd};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

use crate::finding::Finding;
use crate::source::Page;
use crate::text::line_at;

/// Where widgets live, one file each; these two are what all of them share.
const FOLDER: &str = "theme/widgets";
const SHARED: [&str; 2] = ["widget", "data"];

/// The widgets that the pages of this book may use: what `additional-js` loads from the folder.
fn known(config: &Config) -> BTreeSet<String> {
    let html = config.html_config().unwrap_or_default();
    let ours = html.additional_js.iter().filter(|file| file.parent() == Some(Path::new(FOLDER)));
    let names = ours.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned()));
    names.filter(|name| !SHARED.contains(&name.as_str())).collect()
}

pub fn findings(root: &Path, src: &Path, pages: &[Page], config: &Config) -> Vec<Finding> {
    let known = known(config);
    let mut findings = Vec::new();
    for page in pages {
        let file = src.join(&page.source);
        let text = std::fs::read_to_string(root.join(&file)).unwrap_or_default();
        findings.extend(on_page(&file, &text, &known));
    }
    findings
}

fn on_page(file: &Path, text: &str, known: &BTreeSet<String>) -> Vec<Finding> {
    let text = without_code(text);
    let mut findings = Vec::new();
    for (at, _) in text.match_indices("<figure") {
        let Some((tag, rest)) = text[at..].split_once('>') else { continue };
        let name = attribute(tag, "data-widget");
        let widget = attribute(tag, "class").is_some_and(|classes| classes.split_whitespace().any(|c| c == "widget"));
        let mut wrong = |words: String| findings.push(Finding::new(file, line_at(&text, at), words));
        let name = match (name, widget) {
            (None, false) => continue,
            (Some(name), true) => name,
            _ => {
                wrong(
                    "a widget is written <figure class=\"widget\" data-widget=\"NAME\">: one of the two is missing"
                        .to_owned(),
                );
                continue;
            }
        };
        if !known.contains(name) {
            let names = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            wrong(format!(
                "there is no widget {name:?}: the book loads {names} from {FOLDER} (additional-js in book.toml)"
            ));
        }
        match rest.split_once("</figure") {
            None => wrong(format!("the figure of the widget {name:?} is never closed: end it with </figure>")),
            Some((inside, _)) if !says_something(inside) => wrong(format!(
                "the widget {name:?} has nothing for readers without script: put a table, or a picture and a sentence, into its figure"
            )),
            Some(_) => {}
        }
    }
    findings
}

/// A caption alone is no fallback.
fn says_something(inside: &str) -> bool {
    let (before, rest) = inside.split_once("<figcaption").unwrap_or((inside, ""));
    let after = rest.split_once("</figcaption>").map_or("", |(_, after)| after);
    [before, after].iter().any(|part| {
        let words = part.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, words)| words));
        words.flat_map(str::chars).any(char::is_alphanumeric) || part.contains("<img") || part.contains("<svg")
    })
}

fn attribute<'tag>(tag: &'tag str, name: &str) -> Option<&'tag str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// The page with spaces for code, so that a page may show the markup itself; lines stay where they are.
fn without_code(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut block = 0..0;
    for (event, range) in new_cmark_parser(text, &MarkdownOptions::default()).into_offset_iter() {
        let blank = match event {
            Event::Start(Tag::CodeBlock(_)) => {
                block = range;
                continue;
            }
            Event::End(TagEnd::CodeBlock) => block.clone(),
            Event::Code(_) => range,
            _ => continue,
        };
        bytes[blank].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fallback_is_more_than_a_caption_and_tags() {
        assert!(says_something("\n| a |\n|---|\n"));
        assert!(says_something("<svg></svg><figcaption>x</figcaption>"));
        assert!(says_something("<figcaption>x</figcaption><p>after</p>"));
        assert!(!says_something("\n<div class=\"a\"></div>\n<figcaption>x</figcaption>\n"));
    }

    #[test]
    fn code_is_no_markup() {
        let text = "```html\n<figure>\n```\n\n`<figure>` 中 <figure>\n";
        let left = without_code(text);
        assert_eq!((left.len(), left.matches("<figure>").count()), (text.len(), 1));
        assert_eq!(line_at(&left, left.find("<figure>").unwrap_or_default()), 5);
    }
}
