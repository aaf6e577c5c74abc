//! The source of a book: its settings, its pages in the order of `SUMMARY.md`, and every file that it is made from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use mdbook_driver::config::Config;
use mdbook_markdown::pulldown_cmark::{Event, Tag, TagEnd};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

use crate::text;

/// Finds the book's root: `start` or the nearest folder above it with a `book.toml`.
pub fn find_root(start: &Path) -> anyhow::Result<PathBuf> {
    match start.ancestors().find(|dir| dir.join("book.toml").is_file()) {
        Some(dir) => Ok(dir.to_path_buf()),
        None => bail!(
            "found no book.toml in {} or above it: run this inside the course, or name its folder with --root",
            start.display()
        ),
    }
}

/// `dir` itself, which must be a book's root.
pub fn root_at(dir: &Path) -> anyhow::Result<PathBuf> {
    if !dir.join("book.toml").is_file() {
        bail!("found no book.toml in {}", dir.display());
    }
    Ok(dir.to_path_buf())
}

/// The settings as plain mdBook sees them, `MDBOOK_…` variables included, except that nothing is ever written to
/// the source.
pub fn settings(root: &Path) -> anyhow::Result<Config> {
    let mut config = Config::from_disk(root.join("book.toml"))?;
    config.update_from_env()?;
    config.build.create_missing = false;
    Ok(config)
}

/// One page of the book.
#[derive(Clone, Debug)]
pub struct Page {
    /// Relative to the book's `src`; a page that lies outside is a finding.
    pub source: PathBuf,
    /// Relative to the built book, with forward slashes.
    pub html: String,
    /// As `SUMMARY.md` calls it.
    pub title: String,
    /// The line of `SUMMARY.md` that lists it.
    pub listed_in: usize,
}

impl Page {
    fn new(source: PathBuf, title: String, listed_in: usize) -> Page {
        let readme = source.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("readme"));
        let html = if readme { source.with_file_name("index.html") } else { source.with_extension("html") };
        Page { html: text::with_slashes(&html), source, title, listed_in }
    }
}

/// The pages that `SUMMARY.md` lists, in its order, those included whose file is missing.
pub fn pages(src: &Path) -> anyhow::Result<Vec<Page>> {
    let path = src.join("SUMMARY.md");
    let summary = std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let mut pages = Vec::new();
    let mut title = None;
    for (event, range) in new_cmark_parser(&summary, &MarkdownOptions::default()).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) if !dest_url.is_empty() => {
                title = Some((dest_url, range.start, String::new()));
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some((.., title)) = &mut title {
                    title.push_str(&words);
                }
            }
            Event::End(TagEnd::Link) => {
                if let Some((dest_url, start, title)) = title.take() {
                    let written = PathBuf::from(text::percent_decode(&dest_url));
                    let source = text::normalize(&written).unwrap_or(written);
                    pages.push(Page::new(source, title, text::line_at(&summary, start)));
                }
            }
            _ => {}
        }
    }
    Ok(pages)
}

/// All files below `dir`, sorted, hidden ones left out. A folder that cannot be read holds nothing.
pub fn files_below(dir: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    let mut waiting = vec![dir.to_path_buf()];
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
                Ok(_) => drop(files.insert(entry.path())),
                Err(_) => {}
            }
        }
    }
    files
}

/// The files and folders whose change may change the book; what pages include is added by the check of includes.
pub fn watched(root: &Path) -> BTreeSet<PathBuf> {
    let mut watched = BTreeSet::from([root.join("book.toml")]);
    if let Ok(config) = settings(root) {
        let html = config.html_config().unwrap_or_default();
        watched.extend([root.join(&config.book.src), html.theme_dir(root)]);
        watched.extend(html.additional_css.iter().chain(&html.additional_js).map(|file| root.join(file)));
        watched.extend(config.build.extra_watch_dirs.iter().map(|dir| root.join(dir)));
    }
    watched
}
