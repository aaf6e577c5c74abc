//! mdBook's own words, with the file and line that they are about.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use crate::finding::Finding;
use crate::log::Remark;
use crate::text;

/// mdBook's warnings as findings. Its words about includes know no page, so those of our own check go first.
pub fn findings(root: &Path, src: &Path, remarks: &[Remark], known: &[Finding]) -> Vec<Finding> {
    let includes_are_known = known.iter().any(|finding| finding.words.starts_with("cannot include"));
    let news = |remark: &&Remark| !(includes_are_known && remark.from.ends_with("::links"));
    remarks.iter().filter(news).map(|remark| locate(root, src, &remark.words)).collect()
}

/// Why mdBook gave up.
pub fn failure(root: &Path, src: &Path, error: &anyhow::Error) -> Finding {
    locate(root, src, &format!("{error:#}"))
}

fn locate(root: &Path, src: &Path, words: &str) -> Finding {
    let words = words.trim_end().replace(&format!("{}{MAIN_SEPARATOR}", root.display()), "");
    let words = words.as_str();
    let line = number_after(words, " line ");
    if words.contains("SUMMARY.md") {
        return Finding::new(src.join("SUMMARY.md"), line, words);
    }
    let quoted = words.split('`').skip(1).step_by(2);
    for name in quoted.filter(|name| Path::new(name).extension().is_some_and(|ext| ext == "md")) {
        if let Some(file) = page(root, src, name) {
            let text = std::fs::read_to_string(root.join(&file)).unwrap_or_default();
            return Finding::new(file, tag_line(&text, words), words);
        }
    }
    Finding::new("book.toml", line.filter(|_| words.contains("TOML")), words)
}

/// mdBook calls a README by the index that it becomes.
fn page(root: &Path, src: &Path, name: &str) -> Option<PathBuf> {
    let file = src.join(name);
    let readme = file.with_file_name("README.md");
    [file, readme].into_iter().find(|file| root.join(file).is_file())
}

/// The line of the tag that mdBook complains of, where the page has just one.
fn tag_line(text: &str, words: &str) -> Option<usize> {
    let start = words.find("`<")? + 1;
    let tag = words[start..].split(['>', '`']).next()?;
    let mut places = text.match_indices(tag);
    match (places.next(), places.next()) {
        (Some((offset, _)), None) => Some(text::line_at(text, offset)),
        _ => None,
    }
}

fn number_after(words: &str, mark: &str) -> Option<usize> {
    let rest = &words[words.find(mark)? + mark.len()..];
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}
