//! What of the workspace's `Cargo.lock` and `Cargo.toml` some packages are built from, so that a dependency that comes
//! with another exercise does not count as a change of theirs.
//!
//! The lockfile is followed from a package along everything that it may depend on, on any machine and for tests too:
//! more than is compiled, never less.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::course::Course;

/// Both files, read once.
#[derive(Debug)]
pub struct Resolved {
    /// The packages of the lockfile by name; some names have several versions.
    packages: BTreeMap<String, Vec<Value>>,
    manifest: Value,
}

impl Resolved {
    pub fn read(course: &Course) -> Result<Resolved> {
        let manifest = course.root.join("Cargo.toml");
        let manifest =
            std::fs::read_to_string(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
        // Cargo writes the lockfile where there is none.
        let lockfile = std::fs::read_to_string(course.root.join("Cargo.lock")).unwrap_or_default();
        Resolved::parse(&lockfile, &manifest)
    }

    fn parse(lockfile: &str, manifest: &str) -> Result<Resolved> {
        let lockfile: Value = basic_toml::from_str(lockfile).context("Cargo.lock is not TOML")?;
        let mut packages: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for package in lockfile["package"].as_array().into_iter().flatten() {
            packages.entry(text_of(&package["name"])).or_default().push(package.clone());
        }
        Ok(Resolved { packages, manifest: basic_toml::from_str(manifest).context("Cargo.toml is not TOML")? })
    }

    /// The names of all packages that `roots` may be built from, themselves among them.
    #[must_use]
    pub fn tree(&self, roots: &[String]) -> BTreeSet<String> {
        let mut tree = BTreeSet::new();
        let mut next: Vec<String> = roots.to_vec();
        while let Some(name) = next.pop() {
            let packages = self.packages.get(&name).map(Vec::as_slice).unwrap_or_default();
            if !tree.insert(name) {
                continue;
            }
            for dependency in packages.iter().flat_map(|one| one["dependencies"].as_array().into_iter().flatten()) {
                // `name`, or `name version` where there are several: all of them count.
                next.push(text_of(dependency).split(' ').next().unwrap_or_default().to_owned());
            }
        }
        tree
    }

    /// What the lockfile and the manifest say about the packages of a `tree`, and what they say to everybody.
    #[must_use]
    pub fn text(&self, tree: &BTreeSet<String>) -> String {
        let packages: Vec<&Value> = tree.iter().filter_map(|name| self.packages.get(name)).flatten().collect();
        let mut manifest = self.manifest.clone();
        let mut of_packages = Vec::new();
        if let Some(workspace) = manifest.get_mut("workspace").and_then(Value::as_object_mut) {
            of_packages.extend(workspace.remove("dependencies"));
            let metadata = workspace.get_mut("metadata").and_then(Value::as_object_mut);
            of_packages.extend(metadata.and_then(|metadata| metadata.remove("compiles")));
            // Which packages there are is no matter of any one's.
            workspace.retain(|key, _| !matches!(key.as_str(), "members" | "default-members"));
        }
        let of_packages: Vec<_> = of_packages.into_iter().map(|table| keep_those_of(table, tree)).collect();
        let of_packages: Vec<_> = of_packages.iter().filter(|table| !table.is_empty()).collect();
        format!("{packages:?}\n{of_packages:?}\n{manifest}")
    }
}

/// By the name of the crate, which `package` gives where it is called otherwise here.
fn keep_those_of(table: Value, tree: &BTreeSet<String>) -> Map<String, Value> {
    let Value::Object(mut table) = table else { return Map::new() };
    table.retain(|key, value| tree.contains(value["package"].as_str().unwrap_or(key)));
    table
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKFILE: &str = r#"
version = 4
[[package]]
name = "greeter"
version = "0.1.0"
dependencies = ["serde", "syn 2.0.1"]
[[package]]
name = "serde"
version = "1.0.0"
[[package]]
name = "syn"
version = "1.0.9"
[[package]]
name = "syn"
version = "2.0.1"
dependencies = ["serde"]
[[package]]
name = "zip"
version = "5.0.0"
"#;
    const MANIFEST: &str = r#"
[workspace]
members = ["greeter"]
[workspace.dependencies]
serde = "1"
archive = { package = "zip", version = "5" }
tokens = { package = "syn", version = "2" }
[workspace.metadata.compiles]
zip = 3
[profile.dev]
debug = false
"#;

    fn of_greeter(lockfile: &str, manifest: &str) -> String {
        let resolved = Resolved::parse(lockfile, manifest).expect("both are TOML");
        resolved.text(&resolved.tree(&["greeter".to_owned()]))
    }

    #[test]
    fn a_package_is_built_from_what_it_depends_on_in_every_version() {
        let resolved = Resolved::parse(LOCKFILE, MANIFEST).expect("both are TOML");
        let tree = resolved.tree(&["greeter".to_owned()]);
        assert_eq!(tree.iter().map(String::as_str).collect::<Vec<_>>(), ["greeter", "serde", "syn"]);
    }

    #[test]
    fn what_others_depend_on_changes_nothing() {
        let before = of_greeter(LOCKFILE, MANIFEST);
        let newer = LOCKFILE.replace("5.0.0", "5.1.0") + "[[package]]\nname = \"more\"\nversion = \"1.0.0\"\n";
        let manifest = MANIFEST.replace("version = \"5\"", "version = \"6\"").replace("zip = 3", "zip = 4\nmore = 1");
        assert_eq!(of_greeter(&newer, &manifest.replace("[\"greeter\"]", "[\"greeter\", \"more\"]")), before);
    }

    #[test]
    fn what_it_depends_on_and_what_is_said_to_everybody_counts() {
        let before = of_greeter(LOCKFILE, MANIFEST);
        for (from, to) in
            [("1.0.0", "1.0.1"), ("2.0.1\"\ndep", "2.0.2\"\ndep"), ("\"serde\", ", "\"serde\", \"zip\", ")]
        {
            assert_ne!(of_greeter(&LOCKFILE.replacen(from, to, 1), MANIFEST), before, "{from} -> {to}");
        }
        for (from, to) in [("serde = \"1\"", "serde = \"2\""), ("\"2\"", "\"3\""), ("false", "true")] {
            assert_ne!(of_greeter(LOCKFILE, &MANIFEST.replacen(from, to, 1)), before, "{from} -> {to}");
        }
    }
}
