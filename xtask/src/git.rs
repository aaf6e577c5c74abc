//! The few things that we ask git.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

use crate::course::Course;

/// Runs git in the root; what it answers is data.
pub fn run(course: &Course, arguments: &[&str]) -> Result<Output> {
    let mut git = Command::new("git");
    git.current_dir(&course.root).args(arguments).stdin(Stdio::null());
    // Nobody is there to answer a question or to write a message.
    git.env("GIT_TERMINAL_PROMPT", "0").env("GIT_MERGE_AUTOEDIT", "no").env("LC_ALL", "C");
    // Ctrl-C leaves it alone, so that no merge ends half-way; one that talks to a server may be asked for a password there.
    if arguments.first() != Some(&"fetch") {
        git.process_group(0);
    }
    git.output().context("cannot run git; is it installed?")
}

/// The output of a git command that must succeed.
pub fn must(course: &Course, arguments: &[&str]) -> Result<String> {
    let output = run(course, arguments)?;
    if !output.status.success() {
        bail!("git {} failed: {}", arguments.join(" "), said(&output));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a git command succeeds.
pub fn is(course: &Course, arguments: &[&str]) -> Result<bool> {
    Ok(run(course, arguments)?.status.success())
}

/// Paths in the output of a command with `-z`.
pub fn paths(course: &Course, arguments: &[&str]) -> Result<Vec<PathBuf>> {
    let listed = must(course, arguments)?;
    Ok(listed.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from).collect())
}

#[must_use]
pub fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{}\n{}", err.trim(), out.trim()).trim().to_owned()
}
