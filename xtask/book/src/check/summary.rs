//! `SUMMARY.md` and the pages: every listed page exists, every page is listed, once.

use std::collections::BTreeMap;
use std::path::Path;

use crate::check::includes;
use crate::finding::Finding;
use crate::source::{Page, files_below};

/// `src` is the book's source folder relative to `root`.
pub fn findings(root: &Path, src: &Path, pages: &[Page]) -> Vec<Finding> {
    let summary = src.join("SUMMARY.md");
    let mut findings = Vec::new();
    let mut listed = BTreeMap::new();
    for page in pages {
        let file = src.join(&page.source);
        if page.source.is_absolute() || page.source.starts_with("..") {
            let words = format!("{} lies outside {}: move it there", page.source.display(), src.display());
            findings.push(Finding::new(&summary, page.listed_in, words));
        } else if !root.join(&file).is_file() {
            let words = format!("there is no page {}: write it, or take the line out", file.display());
            findings.push(Finding::new(&summary, page.listed_in, words));
        }
        if let Some(first) = listed.insert(file, page.listed_in) {
            let words = format!("{} is listed in line {first} already", page.source.display());
            findings.push(Finding::new(&summary, page.listed_in, words));
        }
    }
    let texts = || pages.iter().map(|page| root.join(src).join(&page.source));
    let mut included = None;
    for path in files_below(&root.join(src)) {
        let Ok(file) = path.strip_prefix(root) else { continue };
        if file == summary || path.extension().is_none_or(|ext| ext != "md") || listed.contains_key(file) {
            continue;
        }
        // Part of a page, rather than a page.
        let included = included.get_or_insert_with(|| includes::targets(texts()));
        if !included.contains(&path) {
            let words = "is not in SUMMARY.md, so it is not in the book: list it there, or delete it";
            findings.push(Finding::new(file, None, words));
        }
    }
    findings
}
