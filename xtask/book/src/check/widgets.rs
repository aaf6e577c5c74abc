//! Widgets: `<figure class="widget" data-widget="cost">` names one that the book loads, and holds what readers see who
//! have no script, print, or read the page on a code host.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mdbook_driver::config::Config;

use crate::check::tags::tags;
use crate::finding::Finding;

/// Where widgets live, one file each; these two are what all of them share.
pub const FOLDER: &str = "theme/widgets";
pub const SHARED: [&str; 2] = ["widget", "data"];

/// The widgets that pages may use: what `additional-js` loads from the folder.
fn known(config: &Config) -> BTreeSet<String> {
    let html = config.html_config().unwrap_or_default();
    let ours = html.additional_js.iter().filter(|file| file.parent() == Some(Path::new(FOLDER)));
    let names = ours.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned()));
    names.filter(|name| !SHARED.contains(&name.as_str())).collect()
}

/// `texts` are all pages, by their files.
pub fn findings(config: &Config, texts: &[(PathBuf, String)]) -> Vec<Finding> {
    let known = known(config);
    let mut findings = Vec::new();
    for (file, text) in texts {
        for tag in tags(text) {
            let mut wrong = |words: String| findings.push(Finding::new(file, tag.line, words));
            let name = match (tag.value("data-widget"), tag.has_class("widget")) {
                (None, false) => continue,
                (Some(name), true) if tag.name == "figure" => name,
                _ => {
                    wrong("a widget is written <figure class=\"widget\" data-widget=\"NAME\">".to_owned());
                    continue;
                }
            };
            if !known.contains(name) {
                let names = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                wrong(format!("there is no widget {name:?}: {FOLDER} and additional-js in book.toml have {names}"));
            }
            if !says_something(tag.content(text)) {
                wrong(format!(
                    "the widget {name:?} has nothing for readers without script: put a table, or a picture and a sentence, into its figure"
                ));
            }
        }
    }
    findings
}

/// A caption alone is no fallback.
fn says_something(inside: &str) -> bool {
    let (before, rest) = inside.split_once("<figcaption").unwrap_or((inside, ""));
    let after = rest.split_once("</figcaption>").map_or("", |(_, after)| after);
    [before, after].iter().any(|part| {
        let words = part.split('<').enumerate().map(|(index, piece)| match piece.split_once('>') {
            Some((_, words)) if index > 0 => words,
            _ => piece,
        });
        words.flat_map(str::chars).any(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fallback_is_more_than_a_caption_and_tags() {
        assert!(says_something("\n| a |\n|---|\n"));
        assert!(says_something("<figcaption>x</figcaption><p>after</p>"));
        assert!(!says_something("\n<div class=\"a\"></div>\n<figcaption>x</figcaption>\n"));
    }
}
