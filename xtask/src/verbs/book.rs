//! `serve` and `build`: the book, by a second binary that is built the first time somebody asks for it, so that
//! `check` never waits for mdBook.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cli::Options;
use crate::compile::{self, Target};
use crate::course::Course;
use crate::term::Progress;

/// The interactive book on a loopback port, rebuilt on every change.
pub fn serve(course: &Course, options: &Options) -> Result<u8> {
    let mut command = book(course)?;
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    command.arg("serve").arg("--xtask").arg(own);
    if let Some(port) = options.port {
        command.arg("--port").arg(port.to_string());
    }
    if options.no_open {
        command.arg("--no-open");
    }
    become_command(command)
}

/// The static site.
pub fn build(course: &Course, options: &Options) -> Result<u8> {
    let mut command = book(course)?;
    command.arg("build");
    if let Some(dest) = &options.dest {
        // As it was typed: below the folder that the learner stands in.
        let dest = std::path::absolute(dest).with_context(|| format!("{} is no folder", dest.display()))?;
        command.arg("--dest").arg(dest);
    }
    become_command(command)
}

/// Builds the builder, and says that the first time takes a while.
pub fn builder(course: &Course) -> Result<PathBuf> {
    if !course.root.join("xtask/book/Cargo.toml").is_file() {
        bail!("this course has no book: {} has no xtask/book", course.root.display());
    }
    let progress = Progress::new();
    let built = compile::compile(course, &["-p", "book", "--bin", "book"], &progress)?;
    let target =
        Target { package_dir: course.root.join("xtask/book"), kind: "bin".to_owned(), name: "book".to_owned() };
    let path = built.executable(&target);
    path.map(PathBuf::from).with_context(|| format!("the book builder could not be built\n{}", built.said))
}

fn book(course: &Course) -> Result<Command> {
    let mut command = Command::new(builder(course)?);
    command.current_dir(&course.root).arg("--root").arg(&course.root);
    Ok(command)
}

/// Becomes the book: it hears Ctrl-C itself, and cleans up behind itself.
fn become_command(mut command: Command) -> Result<u8> {
    Err(command.exec()).with_context(|| format!("cannot run {command:?}"))
}
