//! The course as it lies on the disk: its root, and its exercises in order, known by their directory names.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::manifest::Manifest;

/// The root folder and every exercise in it, in the order of the directory names.
#[derive(Debug, Clone)]
pub struct Course {
    pub root: PathBuf,
    pub exercises: Vec<Exercise>,
    /// Where cargo is told to build; `None` leaves that to the environment.
    target_dir: Option<PathBuf>,
    /// Whether cargo may use the network.
    offline: bool,
    /// Whether what is built here is linted in the same go.
    linting: bool,
}

/// One exercise. Everything that its directory names say is here; the rest is in its manifest.
#[derive(Debug, Clone)]
pub struct Exercise {
    /// `5` in `ch05-performance/06-backoff`.
    pub chapter: u8,
    /// `6` in `ch05-performance/06-backoff`.
    pub number: u8,
    /// `ch05-performance`.
    pub chapter_dir: String,
    /// `06-backoff`.
    pub dir: String,
    /// `exercises/ch05-performance/06-backoff`, absolute.
    pub path: PathBuf,
    /// `solutions/ch05-performance/06-backoff`, absolute; it may not exist.
    pub solution_path: PathBuf,
    pub manifest: Manifest,
}

impl Course {
    /// The course of `XTASK_ROOT`, or the nearest workspace above the current directory.
    pub fn find() -> Result<Course> {
        let root = match std::env::var_os("XTASK_ROOT") {
            Some(root) => PathBuf::from(root),
            None => nearest_workspace(&std::env::current_dir().context("cannot tell the current directory")?)?,
        };
        Course::at(&root)
    }

    pub fn at(root: &Path) -> Result<Course> {
        let root = root.canonicalize().with_context(|| format!("cannot open the course at {}", root.display()))?;
        let exercises = scan(&root)?;
        Ok(Course { root, exercises, target_dir: None, offline: false, linting: false })
    }

    /// The same course, built elsewhere.
    #[must_use]
    pub fn building_in(mut self, target_dir: PathBuf) -> Course {
        self.target_dir = Some(target_dir);
        self
    }

    /// The same course, built from what is on this machine and nothing else.
    #[must_use]
    pub fn without_network(mut self) -> Course {
        self.offline = true;
        self
    }

    /// The same course, whose own packages clippy compiles instead of rustc: what they build is linted in the same go, and
    /// no dependency is compiled once more to be checked only.
    #[must_use]
    pub fn linting(mut self) -> Course {
        self.linting = true;
        self
    }

    /// The cargo that runs us, or the one on the path, standing in the root.
    #[must_use]
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        cargo.current_dir(&self.root);
        if let Some(dir) = &self.target_dir {
            cargo.env("CARGO_TARGET_DIR", dir);
        }
        if self.offline {
            cargo.env("CARGO_NET_OFFLINE", "true");
        }
        if self.linting {
            // No variable: tests that run cargo themselves would inherit it.
            let clippy = json!(beside_cargo("clippy-driver"));
            cargo.arg("--config").arg(format!("build.rustc-workspace-wrapper={clippy}"));
            // Some lints are errors otherwise, and what they are about could not be judged.
            cargo.env("CLIPPY_ARGS", "-Wclippy::all");
        }
        cargo
    }

    /// Where cargo builds, as far as the environment says it; `.cargo/config.toml` does not move it.
    #[must_use]
    pub fn target_dir(&self) -> PathBuf {
        let given = || std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        self.root.join(self.target_dir.clone().or_else(given).unwrap_or_else(|| PathBuf::from("target")))
    }

    /// The AWS services that exercises call, by their names in `[package.metadata.exercise]`. Their clients are the
    /// large part of what there is to download and build.
    #[must_use]
    pub fn services(&self) -> BTreeSet<&str> {
        self.exercises.iter().flat_map(|exercise| &exercise.manifest.services).map(String::as_str).collect()
    }

    /// What it takes to compile a crate and all that it brings, in CPU seconds, as `[workspace.metadata.compiles]` says.
    #[must_use]
    pub fn cost_of(&self, name: &str) -> Option<u64> {
        let text = std::fs::read_to_string(self.root.join("Cargo.toml")).ok()?;
        let manifest: Value = basic_toml::from_str(&text).ok()?;
        manifest["workspace"]["metadata"]["compiles"][name].as_u64()
    }

    /// The ignored folder with all that is the learner's own.
    #[must_use]
    pub fn progress_dir(&self) -> PathBuf {
        self.root.join(".progress")
    }

    /// A path as the learner can click it: relative to where he stands where that is short, else absolute.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_else(|_| self.root.clone());
        if let Ok(inside) = path.strip_prefix(&here) {
            return inside.display().to_string();
        }
        match (path.strip_prefix(&self.root), here.strip_prefix(&self.root)) {
            (Ok(inside), Ok(below)) => {
                let up = "../".repeat(below.components().count());
                format!("{up}{}", inside.display())
            }
            _ => path.display().to_string(),
        }
    }
}

impl Exercise {
    /// `ch05-performance/06-backoff`: the identity, in progress files and in every room.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.chapter_dir, self.dir)
    }

    /// `ch05/06`: what people type and what we print.
    #[must_use]
    pub fn id(&self) -> String {
        format!("ch{:02}/{:02}", self.chapter, self.number)
    }

    /// `backoff`.
    #[must_use]
    pub fn slug(&self) -> &str {
        self.dir.split_once('-').map_or(self.dir.as_str(), |(_, slug)| slug)
    }

    /// `ch05-06-backoff`, the package that the names demand.
    #[must_use]
    pub fn package(&self) -> String {
        format!("ch{:02}-{:02}-{}", self.chapter, self.number, self.slug())
    }

    /// The package as its manifest names it, which `verify` wants to be [`Exercise::package`].
    #[must_use]
    pub fn package_name(&self) -> String {
        self.manifest.package.clone().unwrap_or_else(|| self.package())
    }

    /// The binary that the learner writes.
    #[must_use]
    pub fn bin_name(&self) -> String {
        self.manifest.bins.first().map(|bin| bin.name.clone()).unwrap_or_else(|| self.package_name())
    }

    /// `sol-ch05-06-backoff`.
    #[must_use]
    pub fn solution_package(&self) -> String {
        format!("sol-{}", self.package())
    }

    /// Whether it compiles clients of AWS services, and so other features of what all compile.
    #[must_use]
    pub fn calls_services(&self) -> bool {
        !self.manifest.services.is_empty()
    }

    /// The file that the learner mends in an exercise of the second kind, relative to its folder: a policy, a
    /// template, a workflow. `None` where the learner writes a program.
    #[must_use]
    pub fn mended_file(&self) -> Option<&Path> {
        self.manifest.file.as_deref()
    }

    /// What the learner edits first, relative to the exercise's folder and to the solution's.
    #[must_use]
    pub fn main_name(&self) -> &Path {
        self.mended_file().unwrap_or(Path::new("src/main.rs"))
    }

    /// The file that the learner edits first.
    #[must_use]
    pub fn main_file(&self) -> PathBuf {
        self.path.join(self.main_name())
    }
}

/// The words of a chapter's directory name: `first function` of `ch03-first-function`.
#[must_use]
pub fn chapter_title(chapter_dir: &str) -> String {
    chapter_dir.split_once('-').map_or(chapter_dir, |(_, slug)| slug).replace('-', " ")
}

/// Splits `ch05-performance` into 5 and `06-backoff` into 6 by dropping `prefix`.
#[must_use]
pub fn numbered(dir: &str, prefix: &str) -> Option<u8> {
    let (number, slug) = dir.strip_prefix(prefix)?.split_once('-')?;
    (number.len() == 2 && !slug.is_empty()).then(|| number.parse().ok())?
}

/// A tool of the toolchain that runs us, or the one on the path.
#[must_use]
pub fn beside_cargo(tool: &str) -> PathBuf {
    let beside = std::env::var_os("CARGO").map(|cargo| Path::new(&cargo).with_file_name(tool));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(tool))
}

fn nearest_workspace(start: &Path) -> Result<PathBuf> {
    for dir in start.ancestors() {
        let manifest = std::fs::read_to_string(dir.join("Cargo.toml")).unwrap_or_default();
        if manifest.lines().any(|line| line.trim() == "[workspace]") {
            return Ok(dir.to_path_buf());
        }
    }
    bail!("no course here: {} is in no cargo workspace; change into the course's folder", start.display())
}

fn scan(root: &Path) -> Result<Vec<Exercise>> {
    let mut exercises = Vec::new();
    for chapter_dir in folders(&root.join("exercises"))? {
        let Some(chapter) = numbered(&chapter_dir, "ch") else { continue };
        for dir in folders(&root.join("exercises").join(&chapter_dir))? {
            let Some(number) = numbered(&dir, "") else { continue };
            let path = root.join("exercises").join(&chapter_dir).join(&dir);
            exercises.push(Exercise {
                chapter,
                number,
                solution_path: root.join("solutions").join(&chapter_dir).join(&dir),
                manifest: Manifest::read(&path.join("Cargo.toml")),
                path,
                chapter_dir: chapter_dir.clone(),
                dir,
            });
        }
    }
    Ok(exercises)
}

/// The folders in `dir`, sorted; none when there is no such folder.
pub fn folders(dir: &Path) -> Result<Vec<String>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read the folder {}", dir.display()))? {
        let entry = entry.with_context(|| format!("cannot read the folder {}", dir.display()))?;
        if entry.path().is_dir() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort();
    Ok(names)
}
