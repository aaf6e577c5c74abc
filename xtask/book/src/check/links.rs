//! Links of the built book: every page, fragment, image and file that a page asks for is in the book.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use mdbook_driver::config::Config;

use crate::check::html::{self, Html, Kind, Link};
use crate::finding::Finding;
use crate::source::{Page, files_below};
use crate::text;

/// The built book, as far as links can tell.
struct Built {
    files: BTreeSet<String>,
    pages: BTreeMap<String, Html>,
    /// From a page that moved to where it is now.
    redirects: BTreeMap<String, String>,
}

/// `dest` is where the book was built.
pub fn findings(root: &Path, config: &Config, dest: &Path, pages: &[Page]) -> anyhow::Result<Vec<Finding>> {
    let src = &config.book.src;
    let mut built = Built { files: BTreeSet::new(), pages: BTreeMap::new(), redirects: BTreeMap::new() };
    for (from, to) in config.html_config().unwrap_or_default().redirect {
        let from = from.trim_start_matches('/').to_owned();
        let to = to.split('#').next().and_then(|to| resolve(&from, to));
        built.redirects.extend(to.map(|to| (from, to)));
    }
    for path in files_below(dest) {
        let Ok(relative) = path.strip_prefix(dest) else { continue };
        built.files.insert(text::with_slashes(relative));
    }
    for page in pages {
        let path = dest.join(&page.html);
        let text = std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
        built.pages.insert(page.html.clone(), html::read(&text));
    }
    let mut findings = Vec::new();
    for page in pages {
        let file = src.join(&page.source);
        let source = std::fs::read_to_string(root.join(&file)).unwrap_or_default();
        for link in &built.pages[&page.html].links {
            if let Some(wrong) = wrong(&built, &page.html, link) {
                let (written, line) = as_written(&source, &link.url);
                findings.push(Finding::new(&file, line, format!("{written:?} {wrong}")));
            }
        }
    }
    Ok(findings)
}

/// What is wrong with a link, in words that follow the link.
fn wrong(built: &Built, from: &str, link: &Link) -> Option<String> {
    let url = link.url.trim();
    let scheme = url.split_once(':').map(|(scheme, _)| scheme).filter(|s| s.chars().all(|c| c.is_ascii_alphanumeric()));
    if url.starts_with("//") || scheme.is_some() {
        let leaves = url.starts_with("//") || matches!(scheme, Some("http" | "https"));
        return (leaves && link.kind == Kind::Fetched)
            .then(|| "would be fetched from another site: keep a copy in the book".to_owned());
    }
    if url.starts_with('/') {
        return Some(
            "begins at the top of the site, where the book may not lie: write it relative to the page".to_owned(),
        );
    }
    let (path, fragment) = url.split_once('#').map_or((url, None), |(path, fragment)| (path, Some(fragment)));
    let path = text::percent_decode(path.split('?').next().unwrap_or_default());
    let Some(target) = resolve(from, &path) else {
        return Some("leads out of the book: link to the repository, or include the file".to_owned());
    };
    let target = built.redirects.get(&target).cloned().unwrap_or(target);
    if !built.files.contains(&target) {
        return Some(match link.kind {
            Kind::Fetched => format!("is missing: there is no file {target} in the book"),
            Kind::Followed => format!("leads nowhere: there is no {target} in the book"),
        });
    }
    let fragment = text::percent_decode(fragment.unwrap_or_default());
    let page = built.pages.get(&target)?;
    if fragment.is_empty() || fragment == "top" || page.ids.contains(&fragment) {
        return None;
    }
    Some(format!("leads nowhere: {target} has nothing with the id \"{fragment}\""))
}

/// The file of the book that `path` names on the page `from`; a folder is its index.
fn resolve(from: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(from.to_owned());
    }
    let dir = Path::new(from).parent().unwrap_or(Path::new(""));
    let target = text::normalize(&dir.join(path))?;
    let mut parts: Vec<_> = target.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if parts.is_empty() || path.ends_with(['/', '.']) {
        parts.push("index.html".to_owned());
    }
    Some(parts.join("/"))
}

/// A link as the page's source has it, where it does: mdBook turns `.md` into `.html` and README into index.
fn as_written(source: &str, url: &str) -> (String, Option<usize>) {
    let (path, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let markdown = path.strip_suffix(".html").map(|stem| format!("{stem}.md{fragment}"));
    let readme = path.strip_suffix("index.html").map(|dir| format!("{dir}README.md{fragment}"));
    for form in [Some(url.to_owned()), markdown, readme].into_iter().flatten() {
        for form in [form.clone(), text::percent_decode(&form)] {
            if let Some(line) = text::line_of(source, &form) {
                return (form, Some(line));
            }
        }
    }
    (url.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_resolved_as_a_browser_does() {
        assert_eq!(resolve("a/b.html", "../c.html"), Some("c.html".to_owned()));
        assert_eq!(resolve("a/b.html", ""), Some("a/b.html".to_owned()));
        assert_eq!(resolve("a/b.html", ".."), Some("index.html".to_owned()));
        assert_eq!(resolve("a/b.html", "d/"), Some("a/d/index.html".to_owned()));
        assert_eq!(resolve("a/b.html", "../../x"), None);
    }

    #[test]
    fn a_link_is_shown_as_it_was_written() {
        assert_eq!(as_written("a\n[x](../README.md#y)", "../index.html#y"), ("../README.md#y".to_owned(), Some(2)));
        assert_eq!(as_written("[x](b.md)", "b.html"), ("b.md".to_owned(), Some(1)));
        assert_eq!(as_written("nothing", "b.html"), ("b.html".to_owned(), None));
    }
}
