//! The build: mdBook's own, then our checks, then everything that is wrong in one list.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use mdbook_driver::MDBook;

use crate::check;
use crate::course::Course;
use crate::dress;
use crate::finding::Finding;
use crate::log;
use crate::source::{self, Page};
use crate::text;

/// What came of a build.
#[derive(Debug, Default)]
pub struct Build {
    /// Where the book lies; `None` where a finding kept it from being built.
    pub dest: Option<PathBuf>,
    pub pages: usize,
    /// Sorted, each once.
    pub findings: Vec<Finding>,
    /// Files and folders that the book is made from.
    pub reads: BTreeSet<PathBuf>,
}

/// How much of the book is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Extent {
    /// What plain `mdbook build` writes.
    Plain,
    /// With what the course knows, see [`crate::dress`].
    Course,
}

/// Builds the book of `root` into `dest`, or where its `book.toml` says. An `Err` means that the tool could not work;
/// what a writer can mend is a finding.
pub fn build(root: &Path, dest: Option<&Path>, extent: Extent) -> anyhow::Result<Build> {
    let mut build = Build { reads: source::watched(root), ..Build::default() };
    let (result, remarks) = log::listen(|| run(root, dest, extent, &mut build));
    let src = source::settings(root).map_or_else(|_| PathBuf::from("src"), |config| config.book.src);
    if let Err(error) = result {
        // A missing file or unreadable text is the book's fault; a full disk or a folder without permission is not.
        let broken_tool = |io: &io::Error| !matches!(io.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData);
        if error.is::<Refused>() || error.chain().filter_map(|cause| cause.downcast_ref()).any(broken_tool) {
            return Err(error);
        }
        build.findings.push(check::remarks::failure(root, &src, &error));
    }
    build.findings.extend(check::remarks::findings(root, &src, &remarks, &build.findings));
    build.findings.sort();
    build.findings.dedup();
    Ok(build)
}

fn run(root: &Path, dest: Option<&Path>, extent: Extent, build: &mut Build) -> anyhow::Result<()> {
    let mut config = source::settings(root)?;
    if let Some(dest) = dest {
        config.build.build_dir = std::path::absolute(dest).context("failed to find the current folder")?;
    }
    let src = config.book.src.clone();
    let pages = source::pages(&root.join(&src))?;
    build.reads.extend(Course::manifests(root));
    let wrong_summary = check::summary::findings(root, &src, &pages);
    for Page { source, .. } in &pages {
        check::page(root, &src.join(source), build);
    }
    // mdBook gives up on such a summary, in words that know no line.
    let buildable = wrong_summary.iter().all(|finding| !finding.file.ends_with("SUMMARY.md"));
    build.findings.extend(wrong_summary);
    if !buildable {
        return Ok(());
    }
    let book = MDBook::load_with_config(root, config)?;
    let html = book.build_dir_for("html");
    refuse_to_empty(&html, &root.join(&src))?;
    book.build()?;
    if extent == Extent::Course {
        dress::dress(root, &html, &pages)?;
    }
    build.findings.extend(check::course(root, &book.config, &pages)?);
    build.findings.extend(check::links::findings(root, &book.config, &html, &pages)?);
    build.pages = pages.len();
    build.dest = Some(html);
    Ok(())
}

/// The destination holds something that this tool did not put there.
#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// mdBook empties its destination first, whatever lies there: only an earlier book may be lost that way.
fn refuse_to_empty(dest: &Path, src: &Path) -> anyhow::Result<()> {
    let (dest_path, src) = (text::normalize(dest).unwrap_or_default(), text::normalize(src).unwrap_or_default());
    if src.starts_with(&dest_path) || dest_path.starts_with(&src) {
        bail!(Refused(format!("refused to build into {}: the book's source lies there", dest.display())));
    }
    let entries = match std::fs::read_dir(dest) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("failed to read {}", dest.display()))?,
    };
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let book = names.iter().any(|name| name == "toc.html") && names.iter().any(|name| name == "404.html");
    if !names.is_empty() && !book {
        bail!(Refused(format!(
            "refused to build into {}: it holds files that are no book and would be deleted; name an empty folder",
            dest.display()
        )));
    }
    Ok(())
}
