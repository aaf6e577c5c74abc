//! `prefetch`: everything for work without network, downloaded and built beforehand, and then proved: the same build once
//! more with the network forbidden. Broken off, it goes on where it was: cargo keeps what it has.

use anyhow::{Context, Result, bail};

use crate::compile::{self, Target};
use crate::course::Course;
use crate::judge::{Binary, Subject};
use crate::needs;
use crate::term::Progress;
use crate::view::text::counted;

const GOES_ON: &str = "`cargo xtask prefetch` goes on where it stopped";

pub fn run(course: &Course) -> Result<u8> {
    let progress = Progress::new();
    println!("1 of 4: downloading every crate of the course");
    compile::download(course, &progress).context(GOES_ON)?;
    let exercises = &course.exercises;
    let services = course.services().into_iter().collect::<Vec<_>>().join(", ");
    let with = if services.is_empty() { String::new() } else { format!(", the clients of {services} among it") };
    println!("2 of 4: building what {} need{with}; the first time takes minutes", counted(exercises.len(), "exercise"));
    build(course, &progress)?;
    let has_book = course.root.join("xtask/book/Cargo.toml").is_file();
    println!("3 of 4: building what makes the book{}", if has_book { "" } else { ": there is none" });
    if has_book {
        super::book::builder(course)?;
    }
    println!("4 of 4: the same once more, with the network forbidden");
    let offline = Course::at(&course.root)?.without_network();
    build(&offline, &progress).context("without network this does not work yet")?;
    if has_book {
        super::book::builder(&offline).context("without network the book does not work yet")?;
    }
    println!("ready: {} can be checked without network", counted(exercises.len(), "exercise"));
    Ok(0)
}

/// Every check with what it needs, and what `invoke` runs. A starter of the learner's that does not compile is no
/// failure: what it needs is built.
fn build(course: &Course, progress: &Progress) -> Result<()> {
    let subjects: Vec<Subject<'_>> =
        course.exercises.iter().map(|exercise| Subject::new(exercise, Binary::Learner)).collect();
    let built = needs::build(course, &subjects.iter().collect::<Vec<_>>(), progress)?;
    let plain = course.exercises.iter().find(|exercise| !exercise.calls_services());
    if let Some(exercise) = plain.filter(|_| course.root.join("xtask/local-lambda/Cargo.toml").is_file()) {
        // Beside an exercise, as `invoke` builds it, or it would ask for other features.
        let package = exercise.package_name();
        compile::compile(course, &["-p", &package, "-p", "local-lambda", "--bin", "local-lambda"], progress)?;
    }
    let is_missing = |target: &Target| built.executable(target).is_none();
    let missing = course.exercises.iter().filter(|exercise| is_missing(&Target::check_of(exercise)));
    let missing: Vec<String> = missing.map(|exercise| exercise.id()).collect();
    if !missing.is_empty() {
        bail!("the checks of {} could not be built; {GOES_ON}\n{}", missing.join(", "), built.said);
    }
    Ok(())
}
