//! Deep links that do not rot: `src/anchors.txt` lists every place of the book that was ever published, and each of them
//! still leads somewhere. New places are free; `COURSE_RENEW=1 cargo xtask build` adds them to the list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;

use crate::finding::Finding;

/// Relative to the book's root; a book without it publishes no promises.
pub const LOCK: &str = "src/anchors.txt";

/// `ids` are the explicit ids of headings by page, `redirects` from a place or page that moved to where it is now.
pub fn findings(
    root: &Path,
    ids: &BTreeMap<String, BTreeSet<String>>,
    redirects: &BTreeSet<String>,
) -> anyhow::Result<Vec<Finding>> {
    let path = root.join(LOCK);
    let Ok(lock) = std::fs::read_to_string(&path) else { return Ok(Vec::new()) };
    let mut findings = Vec::new();
    for (index, place) in lock.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty()) {
        let (page, id) = place.split_once('#').unwrap_or((place, ""));
        let is_there = match ids.get(page) {
            Some(ids) => id.is_empty() || ids.contains(id),
            None => redirects.contains(page),
        };
        if !is_there && !redirects.contains(place) {
            let words = format!(
                "{place} was published and is gone: give the heading its id back, or say in book.toml's [output.html.redirect] where \"/{place}\" is now"
            );
            findings.push(Finding::new(LOCK, index + 1, words));
        }
    }
    if std::env::var_os("COURSE_RENEW").is_some() {
        let mut all: BTreeSet<String> = lock.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        all.extend(ids.iter().flat_map(|(page, ids)| ids.iter().map(move |id| format!("{page}#{id}"))));
        all.remove("");
        let comments: String =
            lock.lines().filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
        let lines: String = all.iter().map(|place| format!("{place}\n")).collect();
        std::fs::write(&path, comments + &lines).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(findings)
}
