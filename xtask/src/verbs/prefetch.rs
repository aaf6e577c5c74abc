//! `prefetch`: everything for work without network, downloaded and built beforehand. Broken off, it goes on where it
//! was: cargo keeps what it has.

use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::compile;
use crate::course::Course;
use crate::term::Progress;
use crate::view::text::counted;

pub fn run(course: &Course) -> Result<u8> {
    let progress = Progress::new();
    println!("downloading every crate of the course");
    let status = course
        .cargo()
        .args(["fetch", "--locked"])
        .stdin(Stdio::null())
        .status()
        .context("cannot run cargo; is rustup's cargo on the path?")?;
    if !status.success() {
        bail!("the download did not end; `cargo xtask prefetch` goes on where it stopped");
    }
    let exercises = &course.exercises;
    if exercises.is_empty() {
        println!("ready: no exercises here yet");
        return Ok(0);
    }
    println!("building what {} need; the first time takes minutes", counted(exercises.len(), "exercise"));
    let mut arguments = vec!["--test".to_owned(), "check".to_owned()];
    for exercise in exercises {
        arguments.extend(["-p".to_owned(), exercise.package_name()]);
    }
    let has_invoke = course.root.join("xtask/local-lambda/Cargo.toml").is_file();
    if has_invoke {
        arguments.extend(["-p", "local-lambda", "--bin", "local-lambda"].map(str::to_owned));
    }
    let built = compile::compile(course, &arguments, &progress)?;
    let missing: Vec<String> = exercises
        .iter()
        .filter(|exercise| built.executable(&compile::Target::check_of(exercise)).is_none())
        .map(|exercise| exercise.id())
        .collect();
    if !missing.is_empty() {
        bail!("the checks of {} could not be built\n{}", missing.join(", "), built.said);
    }
    if course.root.join("xtask/book/Cargo.toml").is_file() {
        println!("building what makes the book");
        super::book::builder(course)?;
    }
    println!("ready: {} can be checked without network", counted(exercises.len(), "exercise"));
    Ok(0)
}
