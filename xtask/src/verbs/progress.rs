//! `progress`: what the learner did, as text to keep or to carry to another machine, and back. Only facts travel, never
//! the learner's files: an exercise that passed elsewhere is stale until its file is the one that passed.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cli::Options;
use crate::course::Course;
use crate::progress::{self, Progress};
use crate::view::text::counted;

/// A whole course with every fact is a tenth of it.
const LONGEST: u64 = 1024 * 1024;

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let Some(file) = &options.import else {
        print!("{}", Progress::load(course).to_text());
        return Ok(0);
    };
    let text = read(file)?;
    let imported = Progress::parse(&text);
    if imported.is_newer() {
        bail!("{} comes from a newer course; `cargo xtask update` brings it", file.display());
    }
    if imported.is_empty() {
        bail!("{} has no progress in it; `cargo xtask progress` writes what can be imported", file.display());
    }
    let mut news = 0;
    progress::update(course, |progress| news = progress.merge(imported))?;
    println!("{} imported; what was newer here stays", counted(news, "fact"));
    println!("your files are not among them: what passed elsewhere is stale here\nuntil its file is the same");
    Ok(0)
}

/// The file, or standard input for `-`.
fn read(file: &Path) -> Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(LONGEST + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
    };
    let length = read.with_context(|| format!("cannot read {}", file.display()))?;
    if length as u64 > LONGEST {
        bail!("{} is too long to be progress", file.display());
    }
    Ok(text)
}
