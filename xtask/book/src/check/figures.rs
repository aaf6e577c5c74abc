//! Pictures: each says in words what it shows, and takes its colours from the theme by class, so that it can be read in
//! both themes and on paper.

use std::path::Path;

use crate::check::tags::{Tag, tags};
use crate::finding::Finding;

/// `file` is a page, or a picture that pages include.
pub fn findings(file: &Path, text: &str) -> Vec<Finding> {
    let all = tags(text);
    let mut findings = Vec::new();
    let mut say = |tag: &Tag, words: &str| findings.push(Finding::new(file, tag.line, words));
    for (index, tag) in all.iter().enumerate() {
        if tag.name == "img" && tag.value("alt").is_none_or(|alt| alt.trim().is_empty()) {
            say(tag, "the picture has no words for who cannot see it: add alt=\"…\"");
        }
        if tag.name != "svg" || tag.value("aria-hidden") == Some("true") {
            continue;
        }
        let end = tag.inner + tag.content(text).len();
        let inside: Vec<_> = all[index + 1..].iter().filter(|inner| inner.start < end).collect();
        if tag.value("role") != Some("img") {
            say(tag, "the picture is none for a screen reader: add role=\"img\"");
        }
        let named = tag.value("aria-labelledby").unwrap_or_default();
        for part in ["title", "desc"] {
            match inside.iter().find(|inner| inner.name == part) {
                None => say(tag, &format!("the picture has no <{part}>: say in words what it shows")),
                Some(inner) if !inner.value("id").is_some_and(|id| named.split_whitespace().any(|name| name == id)) => {
                    say(inner, &format!("the picture's aria-labelledby does not name its <{part}>"));
                }
                Some(inner) if inner.content(text).trim().is_empty() => say(inner, &format!("the <{part}> is empty")),
                Some(_) => {}
            }
        }
        for inner in std::iter::once(tag).chain(inside) {
            let fixed = ["fill", "stroke", "style", "color"]
                .iter()
                .find(|name| inner.value(name).is_some_and(|value| !matches!(value, "none" | "currentColor")));
            if let Some(name) = fixed {
                say(
                    inner,
                    &format!(
                        "the picture has a {name} of its own, which one of the themes hides: use a class of theme/course.css"
                    ),
                );
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(svg: &str) -> Vec<String> {
        findings(Path::new("a.md"), svg).into_iter().map(|finding| finding.words).collect()
    }

    #[test]
    fn a_picture_with_words_and_classes_is_fine() {
        let good = "<svg role=\"img\" aria-labelledby=\"t d\"><title id=\"t\">A</title><desc id=\"d\">B</desc><path class=\"line\" d=\"M0 0\"/></svg>";
        assert_eq!(words(good), Vec::<String>::new());
        assert_eq!(words("<svg aria-hidden=\"true\"></svg> <img src=\"a\" alt=\"b\">"), Vec::<String>::new());
    }

    #[test]
    fn pictures_without_words_and_with_colours_are_found() {
        let found = words("<svg><path fill=\"#fff\"/></svg> <img src=\"a\">");
        assert_eq!(found.len(), 5, "{found:#?}");
    }
}
