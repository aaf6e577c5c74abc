//! What cargo must build so that subjects can be judged: one call, however many they are, or two where some of them call
//! AWS services.
//!
//! One call gives every package the union of all features that its packages want. Whoever calls services wants more of
//! tokio and hyper than the others, who would be built against second copies of both: so each kind has its own call.

use std::collections::BTreeSet;

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
