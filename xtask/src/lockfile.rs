//! The crates that `Cargo.lock` names, and which of them are not on this machine yet.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::course::Course;

/// How many crates a download will bring. Cargo tells each one, but only a terminal how many there are.
#[must_use]
pub fn missing(course: &Course) -> usize {
    let text = std::fs::read_to_string(course.root.join("Cargo.lock")).unwrap_or_default();
    let here = downloaded(&cargo_home());
    archives(&text).filter(|archive| !here.contains(archive)).count()
}

/// `serde-1.0.2.crate` for every package that comes from a registry.
fn archives(lockfile: &str) -> impl Iterator<Item = String> {
    lockfile.split("[[package]]").filter_map(|package| {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""))?;
            line.strip_suffix('"')
        };
        value("source")?.starts_with("registry+").then_some(())?;
        Some(format!("{}-{}.crate", value("name")?, value("version")?))
    })
}

/// What lies in the cache of any registry: https://doc.rust-lang.org/cargo/guide/cargo-home.html
fn downloaded(cargo_home: &Path) -> BTreeSet<String> {
    let entries = |dir: PathBuf| std::fs::read_dir(dir).into_iter().flatten().flatten();
    let registries = entries(cargo_home.join("registry/cache"));
    let archives = registries.flat_map(|registry| entries(registry.path()));
    archives.map(|archive| archive.file_name().to_string_lossy().into_owned()).collect()
}

fn cargo_home() -> PathBuf {
    let home = || std::env::home_dir().unwrap_or_default().join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_from_a_registry_is_downloaded() {
        let lockfile = "version = 4\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"serde\"\n\
                        version = \"1.0.2\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        assert_eq!(archives(lockfile).collect::<Vec<_>>(), ["serde-1.0.2.crate"]);
    }
}
