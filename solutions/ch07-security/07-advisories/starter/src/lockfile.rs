//! Reads a `Cargo.lock`. Given: there is nothing to change here.

use serde::Deserialize;

/// What `source` says of a package that comes from crates.io.
pub(crate) const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[derive(Deserialize)]
pub(crate) struct Lockfile {
    /// Empty where the text has none.
    #[serde(default, rename = "package")]
    pub(crate) packages: Vec<Package>,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// A version in the grammar of semver, such as `1.2.3-rc.1+build.7`.
    pub(crate) version: String,
    /// Where it comes from. Absent for packages of the workspace, and for what lies in a folder beside it.
    pub(crate) source: Option<String>,
}

impl Lockfile {
    /// # Errors
    /// When the text is not TOML, or a package has no name or version.
    pub(crate) fn read(text: &str) -> Result<Lockfile, basic_toml::Error> {
        basic_toml::from_str(text)
    }
}
