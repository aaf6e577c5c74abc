//! The checks: what mdBook does not look at, or says so quietly that nobody hears it.

pub mod anchors;
pub mod facts;
pub mod fences;
pub mod figures;
pub mod headings;
pub mod html;
pub mod includes;
pub mod length;
pub mod links;
pub mod quizzes;
pub mod remarks;
pub mod summary;
pub mod tags;
pub mod widgets;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mdbook_driver::config::Config;

use crate::build::Build;
use crate::course::Course;
use crate::finding::Finding;
use crate::source::Page;

/// Checks what only all pages together tell: quizzes by their names, widgets, facts of exercises, published places.
pub fn course(root: &Path, config: &Config, pages: &[Page]) -> anyhow::Result<Vec<Finding>> {
    let course = Course::read(root);
    let src = &config.book.src;
    let read = |page: &Page| {
        let file = src.join(&page.source);
        let text = std::fs::read_to_string(root.join(&file)).unwrap_or_default();
        (file, text)
    };
    let texts: Vec<(PathBuf, String)> = pages.iter().map(read).collect();
    let mut findings = quizzes::findings(&texts);
    findings.extend(widgets::findings(config, &texts));
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let redirects: BTreeSet<String> = config
        .html_config()
        .unwrap_or_default()
        .redirect
        .into_keys()
        .map(|from| from.trim_start_matches('/').to_owned())
        .collect();
    for (page, (file, text)) in pages.iter().zip(&texts) {
        findings.extend(facts::findings(&course, &page.source, file, text));
        findings.extend(length::findings(&page.source, file, text));
        ids.insert(page.html.clone(), headings::ids(text));
        if let Some(dir) = page.html.strip_suffix("index.html")
            && !redirects.contains(&format!("{dir}README.html"))
        {
            let words = format!(
                "links to {} go wrong in a plain build: add \"/{dir}README.html\" = \"index.html\" to [output.html.redirect]",
                file.display()
            );
            findings.push(Finding::new("book.toml", None, words));
        }
    }
    findings.extend(anchors::findings(root, &ids, &redirects)?);
    Ok(findings)
}

/// Checks the source of one page, named relative to the root, and notes the files that it includes.
pub fn page(root: &Path, file: &Path, build: &mut Build) {
    let text = match std::fs::read_to_string(root.join(file)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            build.findings.push(Finding::new(file, None, "is not UTF-8 text: save it as UTF-8"));
            return;
        }
        Err(_) => return, // a missing page is a finding of the summary's
    };
    build.findings.extend(fences::findings(file, &text));
    build.findings.extend(headings::findings(file, &text));
    build.findings.extend(figures::findings(file, &text));
    let (findings, included) = includes::findings(root, file, &text);
    build.findings.extend(findings);
    for picture in included.iter().filter(|path| path.extension().is_some_and(|extension| extension == "svg")) {
        let text = std::fs::read_to_string(picture).unwrap_or_default();
        build.findings.extend(figures::findings(picture.strip_prefix(root).unwrap_or(picture), &text));
    }
    build.reads.extend(included);
}
