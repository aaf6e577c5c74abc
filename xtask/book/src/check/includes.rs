//! `{{#include file:anchor}}`: the file, the anchor and its end exist. mdBook leaves the raw words in the page where
//! the file is missing, and nothing at all where the anchor is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::finding::Finding;
use crate::text::{self, line_at};

/// An include in a text.
struct Include<'text> {
    offset: usize,
    path: &'text str,
    /// What follows the path's colon: an anchor, or lines.
    part: Option<&'text str>,
}

/// What is wrong with the includes of a page, and the files that it includes.
pub fn findings(root: &Path, file: &Path, text: &str) -> (Vec<Finding>, BTreeSet<PathBuf>) {
    let dir = root.join(file.parent().unwrap_or(Path::new("")));
    let mut findings = Vec::new();
    let mut included = BTreeSet::new();
    for include in includes(text) {
        let line = line_at(text, include.offset);
        let path = target(&dir, include.path);
        let shown = path.strip_prefix(root).unwrap_or(&path).display();
        match std::fs::read_to_string(&path) {
            Err(_) => findings.push(Finding::new(file, line, format!("cannot include {shown}: no such text file"))),
            Ok(included) => {
                if let Some(words) = include.part.and_then(|part| wrong_part(&included, part)) {
                    findings.push(Finding::new(file, line, format!("cannot include a part of {shown}: {words}")));
                }
            }
        }
        included.insert(path);
    }
    (findings, included)
}

/// All that these files include.
pub fn targets(files: impl Iterator<Item = PathBuf>) -> BTreeSet<PathBuf> {
    let mut targets = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let dir = file.parent().unwrap_or(Path::new(""));
        targets.extend(includes(&text).iter().map(|include| target(dir, include.path)));
    }
    targets
}

fn target(dir: &Path, path: &str) -> PathBuf {
    let joined = dir.join(path);
    text::normalize(&joined).unwrap_or(joined)
}

fn includes(text: &str) -> Vec<Include<'_>> {
    let mut includes = Vec::new();
    for (offset, _) in text.match_indices("{{") {
        let inner = text[offset + 2..].split("}}").next().unwrap_or_default();
        let Some((word, rest)) = inner.trim_start().split_once(char::is_whitespace) else { continue };
        if text[..offset].ends_with('\\') || !matches!(word, "#include" | "#rustdoc_include" | "#playground") {
            continue;
        }
        let Some(argument) = rest.split_whitespace().next() else { continue };
        let (path, part) = match argument.split_once(':') {
            Some((path, part)) => (path, Some(part).filter(|part| !part.is_empty())),
            None => (argument, None),
        };
        includes.push(Include { offset, path, part });
    }
    includes
}

/// Why `part`, an anchor or lines, cannot be cut out of `text`.
fn wrong_part(text: &str, part: &str) -> Option<String> {
    let first = part.split(':').next().unwrap_or_default();
    if let Ok(line) = first.parse::<usize>() {
        let lines = text.lines().count();
        return (line > lines).then(|| format!("it has {lines} lines, and not line {line}"));
    }
    if first.is_empty() {
        return None;
    }
    let marked = |mark: &str| {
        text.lines().any(|line| {
            line.split_once(mark).is_some_and(|(_, name)| {
                let name = name.trim_start();
                let end = name.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(name.len());
                name[..end] == *first
            })
        })
    };
    if !marked("ANCHOR:") {
        Some(format!("no line says \"ANCHOR: {first}\""))
    } else if !marked("ANCHOR_END:") {
        Some(format!("no line says \"ANCHOR_END: {first}\""))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_and_unknown_words_are_no_includes() {
        let text = r"\{{#include a.rs}} {{#title x}} {{ #include b.rs:main }} {{#rustdoc_include c.rs:2:5}} {{x}} {{";
        let found: Vec<_> = includes(text).iter().map(|i| (i.path, i.part)).collect();
        assert_eq!(found, [("b.rs", Some("main")), ("c.rs", Some("2:5"))]);
    }

    #[test]
    fn a_part_is_an_anchor_with_both_ends_or_lines_that_exist() {
        let text = "// ANCHOR: a-b\nx\n// ANCHOR_END: a-b\n// ANCHOR: open\n";
        assert_eq!(wrong_part(text, "a-b"), None);
        assert_eq!(wrong_part(text, "4"), None);
        assert_eq!(wrong_part(text, ":3"), None);
        assert!(wrong_part(text, "a").is_some_and(|words| words.contains("ANCHOR: a\"")));
        assert!(wrong_part(text, "open").is_some_and(|words| words.contains("ANCHOR_END: open")));
        assert!(wrong_part(text, "7:9").is_some_and(|words| words.contains("4 lines")));
    }
}
