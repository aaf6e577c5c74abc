//! The checks: what mdBook does not look at, or says so quietly that nobody hears it.

pub mod fences;
pub mod headings;
pub mod html;
pub mod includes;
pub mod links;
pub mod remarks;
pub mod summary;
pub mod widgets;

use std::path::Path;

use crate::build::Build;
use crate::finding::Finding;

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
    let (findings, included) = includes::findings(root, file, &text);
    build.findings.extend(findings);
    build.reads.extend(included);
}
