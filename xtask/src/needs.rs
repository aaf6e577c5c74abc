//! What cargo must build so that subjects can be judged: one call, however many they are, or two where some of them call
//! AWS services.
//!
//! One call gives every package the union of all features that its packages want. Whoever calls services wants more of
//! tokio and hyper than the others, who would be built against second copies of both: so each kind has its own call.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use crate::compile::{self, Built};
use crate::course::Course;
use crate::judge::Subject;
use crate::term::Progress;

/// Builds the checks of all subjects, the binaries beside them, and of solutions' packages only what is named.
pub fn build(course: &Course, subjects: &[&Subject<'_>], progress: &Progress) -> Result<Built> {
    let (with_services, without): (Vec<&Subject<'_>>, Vec<&Subject<'_>>) =
        subjects.iter().partition(|subject| subject.exercise.calls_services());
    let mut built = Built::default();
    for subjects in [without, with_services].iter().filter(|subjects| !subjects.is_empty()) {
        built.extend(compile::compile(course, &arguments(subjects), progress)?);
    }
    Ok(built)
}

/// What is about to be compiled once and for all, before somebody waits for it: the crates that exercises declare in
/// `compiles`, and the clients of the services that they name. `None` when all of it is here.
#[must_use]
pub fn announced(course: &Course, subjects: &[&Subject<'_>]) -> Option<String> {
    let manifests: Vec<_> = subjects.iter().map(|subject| &subject.exercise.manifest).collect();
    if manifests.iter().all(|manifest| manifest.compiles.is_empty() && manifest.services.is_empty()) {
        return None;
    }
    let here = compiled(&course.target_dir());
    let crates: BTreeSet<&String> =
        manifests.iter().flat_map(|one| &one.compiles).filter(|name| !here.contains(*name)).collect();
    let services: BTreeSet<&String> = manifests
        .iter()
        .flat_map(|one| &one.services)
        .filter(|service| !here.contains(&format!("aws-sdk-{service}")))
        .collect();
    let list = |names: &BTreeSet<&String>| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    let mut words = Vec::new();
    if !crates.is_empty() {
        let seconds: u64 = crates.iter().filter_map(|name| course.cost_of(name)).sum();
        words.push(format!("compiles {} once, about {seconds} s of one processor", list(&crates)));
    }
    if !services.is_empty() {
        words.push(format!("compiles the AWS clients of {} once, which takes minutes", list(&services)));
    }
    (!words.is_empty()).then(|| words.join("\n"))
}

/// The packages that cargo has compiled there, or has begun to.
fn compiled(target_dir: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(target_dir.join("debug/.fingerprint")).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some(entry.file_name().to_str()?.rsplit_once('-')?.0.to_owned())).collect()
}

/// `--test check` builds the binaries of the checks' packages as well.
fn arguments(subjects: &[&Subject<'_>]) -> Vec<String> {
    let mut arguments = vec!["--test".to_owned(), "check".to_owned()];
    let mut packages = BTreeSet::new();
    let mut bins = BTreeSet::new();
    for subject in subjects {
        packages.insert(subject.exercise.package_name());
        let target = subject.target().filter(|target| target.package_dir == subject.exercise.solution_path);
        if let Some(target) = target {
            packages.insert(subject.exercise.solution_package());
            bins.insert(target.name);
        }
    }
    arguments.extend(bins.into_iter().flat_map(|bin| ["--bin".to_owned(), bin]));
    arguments.extend(packages.into_iter().flat_map(|package| ["-p".to_owned(), package]));
    arguments
}
