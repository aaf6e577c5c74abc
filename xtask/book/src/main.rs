//! Parses, dispatches and sets the exit code; everything else is in the library.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use book::build::Extent;
use book::cli::{self, Invocation, Usage};
use book::finding::count;
use book::progress::Progress;
use book::serve::{self, Options};
use book::{build, say, source};

fn main() -> ExitCode {
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.is::<Usage>() { 2 } else { 4 })
        }
    }
}

fn run() -> anyhow::Result<u8> {
    match cli::parse(std::env::args_os())? {
        Invocation::Help => {
            say(cli::HELP.trim_end());
            Ok(0)
        }
        Invocation::Build { root, dest, plain } => {
            let root = find_root(root)?;
            let extent = if plain { Extent::Plain } else { Extent::Course };
            let build = {
                let _progress = Progress::start("building the book");
                build::build(&root, dest.as_deref(), extent)?
            };
            for finding in &build.findings {
                say(&finding.to_string());
            }
            let findings = count(build.findings.len(), "finding");
            match &build.dest {
                Some(dest) => say(&format!("built {} into {}, {findings}", count(build.pages, "page"), dest.display())),
                None => say(&format!("the book could not be built, {findings}")),
            }
            Ok(u8::from(!build.findings.is_empty()))
        }
        Invocation::Serve { root, port, open, xtask, check_limit } => {
            serve::serve(&Options { root: find_root(root)?, port, open, xtask, check_limit })?;
            Ok(0)
        }
    }
}

fn find_root(root: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("failed to find the current folder")?;
    match root {
        Some(root) => source::root_at(&here.join(root)),
        None => source::find_root(&here),
    }
}
