//! A Dockerfile as the image that it builds, and what Lambda makes of that image: files with owner and mode, layers,
//! programs with their processor and C library.
//!
//! A part of Docker: a file goes beyond it where it uses an instruction, a command or an image that this does not know,
//! and that is an error and no guess. Nothing is run; `cargo build` makes a program because it is called so.
//!
//! Source: <https://docs.docker.com/reference/dockerfile/>; what Lambda asks of an image:
//! <https://docs.aws.amazon.com/lambda/latest/dg/images-create.html>.

mod bases;
mod cargo;
mod instruction;
mod mode;
mod shell;
mod stage;
mod start;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use start::{Started, start};

use instruction::Instruction;
use stage::Stage;

/// What the builder gets beside the Dockerfile.
#[derive(Debug, Clone)]
pub struct Context {
    /// Files of the folder, by their path in it.
    pub files: BTreeMap<String, String>,
    /// `linux/arm64`: what is built for, and on.
    pub platform: String,
}

/// One file of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What is in it.
    pub content: Content,
    /// Permissions: `0o755`.
    pub mode: u32,
    /// Its user, with the group behind a colon where one was given.
    pub owner: String,
    /// The file of the context that it is a copy of.
    pub from_context: Option<String>,
    /// When it was last written; files of the context are older than whatever the build writes.
    pub(crate) written: u64,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The text of a file of the context, or one that a command wrote.
    Text(String),
    /// A program that was built.
    Program(Program),
}

/// What `cargo build` makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// The glibc that it is linked with, as `(2, 34)`; nothing where it brings all it needs.
    pub glibc: Option<(u32, u32)>,
    /// The text of the `src/main.rs` that it was made of.
    pub source: String,
    /// Whether it was built with another profile than `dev`.
    pub is_release: bool,
    /// Whether it was built by the versions of the context's `Cargo.lock`.
    pub is_locked: bool,
}

/// What is pushed to a registry.
#[derive(Debug, Clone)]
pub struct Image {
    /// What a process sees.
    pub files: BTreeMap<String, File>,
    /// Every file that a layer of this Dockerfile holds, also where a later one removes or replaces it.
    pub layered: Vec<(String, File)>,
    /// Folders that not everybody may enter.
    pub closed: Vec<String>,
    /// The variables that a process begins with.
    pub env: BTreeMap<String, String>,
    /// What a package manager has put into it.
    pub packages: BTreeSet<String>,
    /// The names of all `ARG`, of earlier stages too: with an attestation their values are pushed along.
    pub arguments: BTreeSet<String>,
    /// What is started; where it is empty, `cmd` is.
    pub entrypoint: Vec<String>,
    /// Its arguments.
    pub cmd: Vec<String>,
    /// The folder in which a process begins.
    pub workdir: String,
    /// Who a process is; root where nobody is named. Lambda takes a user of its own.
    pub user: Option<String>,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    pub(crate) base: bases::Base,
    /// All images that it was built with, those of earlier stages too.
    pub from: Vec<From>,
}

/// An image that a stage begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    /// As the Dockerfile has it, after variables.
    pub reference: String,
    /// `sha256:…`, where the reference ends with one.
    pub digest: Option<String>,
    /// The line of its `FROM`, counted from 1.
    pub line: usize,
}

impl Image {
    /// The image that the last stage begins with, without tag and digest: `public.ecr.aws/lambda/provided`.
    #[must_use]
    pub fn base_name(&self) -> &str {
        &self.base.name
    }

    /// Its tag.
    #[must_use]
    pub fn base_tag(&self) -> &str {
        &self.base.tag
    }

    /// Roughly how large it is unpacked, in MB; the base's part.
    #[must_use]
    pub fn base_megabytes(&self) -> u32 {
        self.base.megabytes
    }
}

/// Why there is no image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError {
    /// The line of the instruction, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for BuildError {}

/// Builds the image of a Dockerfile.
///
/// # Errors
/// Where a builder would stop, and where the file goes beyond what is known here.
pub fn build(dockerfile: &str, context: &Context) -> Result<Image, BuildError> {
    let instructions = instruction::read(dockerfile)?;
    let mut global = BTreeMap::new();
    let mut stages: Vec<Stage<'_>> = Vec::new();
    let mut from = Vec::new();
    let mut arguments = BTreeSet::new();
    for (line, instruction) in instructions {
        let at = |message: String| BuildError { line, message };
        if let Instruction::Arg { name, .. } = &instruction {
            arguments.insert(name.clone());
        }
        match (instruction, stages.last_mut()) {
            (Instruction::Arg { name, default }, None) => {
                let default = instruction::expand(&default.unwrap_or_default(), &global).map_err(at)?;
                global.insert(name, default);
            }
            (Instruction::From { image, platform, name }, _) => {
                let mut known = global.clone();
                for (name, value) in [("TARGETPLATFORM", &context.platform), ("BUILDPLATFORM", &context.platform)] {
                    known.insert(name.to_owned(), value.clone());
                }
                let expand = |text: &str| instruction::expand(text, &known).map_err(at);
                let image = expand(&image)?;
                let platform = platform.map(|platform| expand(&platform)).transpose()?;
                let stage = match stages.iter().find(|stage| stage.name.as_deref() == Some(&image)) {
                    Some(earlier) => earlier.continued(name),
                    None => {
                        let base = bases::find(&image).map_err(at)?;
                        from.push(From { reference: image.clone(), digest: base.digest.clone(), line });
                        let platform = platform.unwrap_or_else(|| context.platform.clone());
                        Stage::begin(base, &platform, name, context).map_err(at)?
                    }
                };
                stages.push(stage);
            }
            (_, None) => return Err(at("there is no FROM before this".to_owned())),
            (Instruction::Copy(copy), Some(_)) => {
                let (stage, earlier) = stages.split_last_mut().unwrap_or_else(|| unreachable!("there is a last stage"));
                stage.copy(&copy, earlier).map_err(at)?;
            }
            (Instruction::Run { mounts, script }, Some(_)) => {
                let (stage, earlier) = stages.split_last_mut().unwrap_or_else(|| unreachable!("there is a last stage"));
                stage.run(&mounts, &script, earlier).map_err(at)?;
            }
            (Instruction::Arg { name, default }, Some(stage)) => stage.argument(name, default, &global).map_err(at)?,
            (other, Some(stage)) => stage.carry_out(other).map_err(at)?,
        }
    }
    let last = stages.pop().ok_or(BuildError { line: 1, message: "the file has no FROM".to_owned() })?;
    Ok(last.into_image(from, arguments))
}

#[cfg(test)]
mod tests;
