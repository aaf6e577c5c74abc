//! A stage while it is built: its files, variables and layers.

use std::collections::{BTreeMap, BTreeSet};

use super::bases::{Base, Libc};
use super::instruction::{self, Copy, Instruction, Mount};
use super::{Content, Context, File, From, Image, mode, shell};

#[derive(Debug, Clone)]
pub(super) struct Stage<'c> {
    pub name: Option<String>,
    pub base: Base,
    pub architecture: String,
    pub context: &'c Context,
    pub files: BTreeMap<String, File>,
    pub folders: BTreeSet<String>,
    pub closed: Vec<String>,
    pub env: BTreeMap<String, String>,
    pub workdir: String,
    pub tools: BTreeSet<String>,
    /// What `rustup target add` added.
    pub targets: BTreeSet<String>,
    /// What package managers have installed.
    pub packages: BTreeSet<String>,
    pub clock: u64,
    arguments: BTreeMap<String, String>,
    layered: Vec<(String, File)>,
    caches: BTreeMap<String, BTreeMap<String, File>>,
    user: Option<String>,
    entrypoint: Vec<String>,
    cmd: Vec<String>,
}

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl<'c> Stage<'c> {
    pub(super) fn begin(
        base: Base,
        platform: &str,
        name: Option<String>,
        context: &'c Context,
    ) -> Result<Stage<'c>, String> {
        let architecture = match platform.split('/').nth(1) {
            Some("arm64") => "arm64",
            Some("amd64") => "x86_64",
            _ => return Err(format!("the platform {platform} is not known to this check")),
        };
        let folders =
            ["/", "/bin", "/etc", "/opt", "/root", "/tmp", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/var"];
        let mut stage = Stage {
            name,
            architecture: architecture.to_owned(),
            context,
            files: BTreeMap::new(),
            folders: folders.map(str::to_owned).into(),
            closed: vec!["/root".to_owned()],
            env: BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]),
            arguments: BTreeMap::new(),
            workdir: "/".to_owned(),
            tools: base.tools.iter().map(|tool| (*tool).to_owned()).collect(),
            targets: BTreeSet::new(),
            packages: BTreeSet::new(),
            layered: Vec::new(),
            caches: BTreeMap::new(),
            user: None,
            entrypoint: Vec::new(),
            cmd: Vec::new(),
            clock: 1,
            base,
        };
        if stage.base.is_lambda {
            for (name, value) in [("LAMBDA_TASK_ROOT", "/var/task"), ("LAMBDA_RUNTIME_DIR", "/var/runtime")] {
                stage.env.insert(name.to_owned(), value.to_owned());
                stage.folders.insert(value.to_owned());
            }
            stage.workdir = "/var/task".to_owned();
            stage.entrypoint = vec!["/lambda-entrypoint.sh".to_owned()];
        }
        Ok(stage)
    }

    /// A stage that begins where this one ended.
    pub(super) fn continued(&self, name: Option<String>) -> Stage<'c> {
        Stage { name, ..self.clone() }
    }

    pub(super) fn into_image(self, from: Vec<From>, arguments: BTreeSet<String>) -> Image {
        Image {
            files: self.files,
            layered: self.layered,
            closed: self.closed,
            env: self.env,
            packages: self.packages,
            arguments,
            entrypoint: self.entrypoint,
            cmd: self.cmd,
            workdir: self.workdir,
            user: self.user,
            architecture: self.architecture,
            base: self.base,
            from,
        }
    }

    /// What `$NAME` is in an instruction: variables of the environment hide arguments.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.arguments.clone();
        variables.extend(self.env.clone());
        variables
    }

    fn expand(&self, text: &str) -> Result<String, String> {
        instruction::expand(text, &self.variables())
    }

    pub(super) fn argument(
        &mut self,
        name: String,
        default: Option<String>,
        global: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        let predefined = match name.as_str() {
            "TARGETPLATFORM" | "BUILDPLATFORM" => Some(self.context.platform.clone()),
            "TARGETARCH" | "BUILDARCH" => self.context.platform.split('/').nth(1).map(str::to_owned),
            "TARGETOS" | "BUILDOS" => Some("linux".to_owned()),
            _ => None,
        };
        let value = match (default, predefined) {
            (Some(default), _) => self.expand(&default)?,
            (None, Some(predefined)) => predefined,
            (None, None) => global.get(&name).cloned().unwrap_or_default(),
        };
        self.arguments.insert(name, value);
        Ok(())
    }

    /// Every instruction but FROM, ARG, COPY and RUN.
    pub(super) fn carry_out(&mut self, instruction: Instruction) -> Result<(), String> {
        match instruction {
            Instruction::Env(pairs) => {
                for (name, value) in pairs {
                    let value = self.expand(&value)?;
                    self.env.insert(name, value);
                }
            }
            Instruction::Workdir(path) => {
                let path = self.expand(&path)?;
                self.workdir = self.absolute(&path);
                self.add_folder(&self.workdir.clone());
            }
            Instruction::User(user) => self.user = Some(self.expand(&user)?),
            Instruction::Entrypoint(words) => {
                self.entrypoint = words;
                // An entry point of one's own forgets the command of the base.
                self.cmd = Vec::new();
            }
            Instruction::Cmd(words) => self.cmd = words,
            Instruction::Remark
            | Instruction::From { .. }
            | Instruction::Arg { .. }
            | Instruction::Copy(_)
            | Instruction::Run { .. } => {}
        }
        Ok(())
    }

    pub(super) fn run(&mut self, mounts: &[Mount], script: &str, earlier: &[Stage<'_>]) -> Result<(), String> {
        if !self.base.has_shell {
            return Err(format!(
                "exec /bin/sh: no such file or directory: {} has no shell to RUN anything",
                self.base.name
            ));
        }
        self.clock += 1;
        let before = self.files.clone();
        for mount in mounts {
            let target = self.absolute(&self.expand(&mount.target)?);
            match mount.kind.as_str() {
                "cache" => {
                    self.add_folder(&target);
                    self.files.extend(self.caches.get(&target).cloned().unwrap_or_default());
                }
                "bind" => {
                    let source = self.expand(mount.source.as_deref().unwrap_or("."))?;
                    let found = match &mount.from {
                        Some(from) => self.of_stage(&self.expand(from)?, &source, earlier)?,
                        None => self.of_context(&source)?,
                    };
                    self.add_folder(if found.is_folder { &target } else { parent(&target) });
                    for (path, file) in found.files {
                        let place = if found.is_folder { join(&target, &path) } else { target.clone() };
                        self.files.insert(place, file);
                    }
                }
                "secret" | "ssh" | "tmpfs" => {}
                other => return Err(format!("a mount of the type {other} is not known to this check")),
            }
        }
        shell::run(self, script)?;
        for mount in mounts {
            let target = self.absolute(&self.expand(&mount.target)?);
            let below = format!("{}/", target.trim_end_matches('/'));
            let is_inside = |path: &&String| **path == target || path.starts_with(&below);
            let inside: Vec<String> = self.files.keys().filter(is_inside).cloned().collect();
            let mut cached = BTreeMap::new();
            for path in inside {
                cached.extend(self.files.remove(&path).map(|file| (path, file)));
            }
            let hidden = before.iter().filter(|(path, _)| is_inside(path));
            self.files.extend(hidden.map(|(path, file)| (path.clone(), file.clone())));
            if mount.kind == "cache" {
                self.caches.insert(target, cached);
            }
        }
        let changed = self.files.iter().filter(|(path, file)| before.get(*path) != Some(file));
        self.layered.extend(changed.map(|(path, file)| (path.clone(), file.clone())));
        Ok(())
    }

    pub(super) fn copy(&mut self, copy: &Copy, earlier: &[Stage<'_>]) -> Result<(), String> {
        let mut found = Vec::new();
        let mut is_folder = copy.sources.len() > 1;
        for source in &copy.sources {
            let source = self.expand(source)?;
            let one = match &copy.from {
                None => self.of_context(&source)?,
                Some(from) => self.of_stage(&self.expand(from)?, &source, earlier)?,
            };
            is_folder |= one.is_folder || one.files.len() > 1;
            found.extend(one.files);
        }
        let destination = self.expand(&copy.destination)?;
        let target = self.absolute(&destination);
        let is_folder = is_folder || destination.ends_with('/') || destination == "." || self.folders.contains(&target);
        let mode = copy.chmod.as_ref().map(|mode| self.expand(mode)).transpose()?;
        let mode = mode.map(|mode| mode::octal(&mode)).transpose()?;
        for (path, mut file) in found {
            let place = if is_folder { join(&target, &path) } else { target.clone() };
            file.mode = mode.unwrap_or(file.mode);
            file.owner = copy.chown.clone().unwrap_or_else(|| "root".to_owned());
            self.add_folder(parent(&place));
            self.layered.push((place.clone(), file.clone()));
            self.files.insert(place, file);
        }
        Ok(())
    }

    /// Files of the context below a path or that fit a pattern, with their path below it.
    fn of_context(&self, source: &str) -> Result<Found, String> {
        let source = source.trim_start_matches("./").trim_matches('/');
        let file = |path: &str, text: &str| File {
            content: Content::Text(text.to_owned()),
            mode: 0o644,
            owner: "root".to_owned(),
            from_context: Some(path.to_owned()),
            written: 0,
        };
        let all = self.context.files.iter().map(|(path, text)| (path.clone(), file(path, text)));
        below(all, source).ok_or_else(|| format!("\"/{source}\": not found in the folder that is built"))
    }

    fn of_stage(&self, from: &str, source: &str, earlier: &[Stage<'_>]) -> Result<Found, String> {
        let by_name = earlier.iter().rev().find(|stage| stage.name.as_deref() == Some(&from.to_ascii_lowercase()));
        let by_number = || from.parse::<usize>().ok().and_then(|number| earlier.get(number));
        let stage = by_name.or_else(by_number).ok_or_else(|| {
            format!("--from={from} is no stage before this one; images of others are not known to this check")
        })?;
        let source = normal("/", source);
        let all = stage.files.iter().map(|(path, file)| (path.trim_start_matches('/').to_owned(), file.clone()));
        let found = below(all, source.trim_matches('/'));
        found.ok_or_else(|| format!("\"{source}\": not found in the stage {from}, which has {}", few(stage)))
    }

    /// A path, with the folder that one is in put before a relative one.
    pub(super) fn absolute(&self, path: &str) -> String {
        normal(&self.workdir, path)
    }

    pub(super) fn add_folder(&mut self, path: &str) {
        let mut path = path;
        while self.folders.insert(path.to_owned()) && path != "/" {
            path = parent(path);
        }
    }

    /// Whether the stage's C library is that of GNU.
    pub(super) fn glibc(&self) -> Option<(u32, u32)> {
        match self.base.libc {
            Libc::Glibc(major, minor) => Some((major, minor)),
            Libc::Musl | Libc::None => None,
        }
    }
}

/// Programs first: they are what is looked for.
fn few(stage: &Stage<'_>) -> String {
    let programs = stage.files.iter().filter(|(_, file)| matches!(file.content, Content::Program(_)));
    let programs: Vec<&str> = programs.map(|(path, _)| path.as_str()).collect();
    if programs.is_empty() { "no program at all".to_owned() } else { programs.join(", ") }
}

/// What a source of COPY is.
struct Found {
    files: Vec<(String, File)>,
    is_folder: bool,
}

/// Files at, below or fitting `source`, each with its path from there; nothing where there are none.
fn below(all: impl Iterator<Item = (String, File)>, source: &str) -> Option<Found> {
    let mut found = Found { files: Vec::new(), is_folder: false };
    for (path, file) in all {
        let last = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let inside = if source.is_empty() || source == "." {
            Some(path.as_str())
        } else {
            path.strip_prefix(source).and_then(|rest| rest.strip_prefix('/'))
        };
        if path == source || (source.contains('*') && fits(source, &path)) {
            found.files.push((last, file));
        } else if let Some(rest) = inside {
            found.is_folder = true;
            found.files.push((rest.to_owned(), file));
        }
    }
    (!found.files.is_empty()).then_some(found)
}

/// Patterns with stars, folder by folder.
fn fits(pattern: &str, path: &str) -> bool {
    let (patterns, parts): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    let one = |pattern: &str, part: &str| match pattern.split_once('*') {
        Some((start, end)) => part.len() >= start.len() + end.len() && part.starts_with(start) && part.ends_with(end),
        None => pattern == part,
    };
    patterns.len() == parts.len() && patterns.iter().zip(parts).all(|(pattern, part)| one(pattern, part))
}

pub(super) fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(slash) => &path[..slash],
    }
}

pub(super) fn join(folder: &str, path: &str) -> String {
    format!("{}/{path}", folder.trim_end_matches('/'))
}

/// `path` from `folder`, without dots.
pub(super) fn normal(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
