//! Reading offline after one visit: a service worker with the list of the book's files, and a name that changes with any
//! of them. It never keeps what a server answers from `/api/` or `/-/`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::is_hash;
use crate::source::files_below;
use crate::text::with_slashes;

pub(super) const WORKER: &str = "sw.js";

/// Removes scripts and styles of mdBook's that no page asks for: our own frame has no use for them.
pub(super) fn remove_unused(dest: &Path) -> anyhow::Result<()> {
    let files = files_below(dest);
    let is = |path: &Path, extensions: &[&str]| {
        path.extension().is_some_and(|extension| extensions.iter().any(|one| extension == *one))
    };
    let mut asked = String::new();
    for path in files.iter().filter(|path| is(path, &["html", "css"])) {
        asked.push_str(&std::fs::read_to_string(path).unwrap_or_default());
    }
    for path in files.iter().filter(|path| is(path, &["js", "css"])) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // mdBook names what it writes by a hash; other files are the book's own.
        let is_hashed = name.rsplit_once('-').is_some_and(|(_, end)| end.split('.').next().is_some_and(is_hash));
        // Its own searcher asks for the index in a script.
        if is_hashed && !asked.contains(&*name) && !name.starts_with("searchindex") {
            std::fs::remove_file(path).with_context(|| format!("failed to remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// Writes the worker, where the pages ask for one.
pub(super) fn write_worker(dest: &Path) -> anyhow::Result<()> {
    let index = std::fs::read_to_string(dest.join("index.html")).unwrap_or_default();
    if !index.contains("data-offline=") {
        return Ok(());
    }
    let mut hash = Sha256::new();
    let mut names = BTreeSet::new();
    for path in files_below(dest) {
        let bytes = std::fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
        let relative = path.strip_prefix(dest).unwrap_or(&path);
        let name = with_slashes(relative);
        hash.update(name.as_bytes());
        hash.update(&bytes);
        names.insert(name);
    }
    let version: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    // Names of files need no more escaping than JSON's: mdBook and the course make them.
    let list: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    let worker = include_str!("worker.js")
        .replace("__VERSION__", &version)
        .replace("[/* files */]", &format!("[{}]", list.join(", ")));
    let path = dest.join(WORKER);
    std::fs::write(&path, worker).with_context(|| format!("failed to write {}", path.display()))
}
