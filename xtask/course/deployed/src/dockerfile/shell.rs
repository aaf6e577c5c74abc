//! What RUN does: the commands that Dockerfiles of Rust programs are made of.

use std::collections::BTreeMap;

use super::stage::{Stage, join, parent};
use super::{Content, File, cargo, instruction, mode};

/// Carries out a script in a stage.
pub(super) fn run(stage: &mut Stage<'_>, script: &str) -> Result<(), String> {
    if script.contains("$(") || script.contains('`') {
        return Err("a command within a command is more than this check can follow".to_owned());
    }
    let workdir = stage.workdir.clone();
    let mut variables = stage.variables();
    variables.entry("HOME".to_owned()).or_insert_with(|| "/root".to_owned());
    let result = commands(script).iter().try_for_each(|command| one(stage, command, &mut variables));
    // The next RUN begins in the folder of WORKDIR again.
    stage.workdir = workdir;
    result
}

/// The words of a command: quotes are taken away, what they hold is one word.
pub(super) fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(letters.next()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err(format!("a quote is not closed: {text}"));
    }
    words.extend(word);
    Ok(words)
}

/// The commands of a script, one after the other.
fn commands(script: &str) -> Vec<String> {
    let mut commands = vec![String::new()];
    let mut quote = None;
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        let ends = match (quote, letter) {
            (Some(open), letter) => {
                if letter == open {
                    quote = None;
                }
                false
            }
            (None, '"' | '\'') => {
                quote = Some(letter);
                false
            }
            (None, '&') if letters.peek() == Some(&'&') => {
                letters.next();
                true
            }
            (None, ';' | '\n') => true,
            _ => false,
        };
        match (ends, commands.last_mut()) {
            (true, _) => commands.push(String::new()),
            (false, Some(last)) => last.push(letter),
            (false, None) => {}
        }
    }
    commands.retain(|command| !command.trim().is_empty() && !command.trim_start().starts_with('#'));
    commands
}

/// Carries out one command.
fn one(stage: &mut Stage<'_>, command: &str, variables: &mut BTreeMap<String, String>) -> Result<(), String> {
    if command.contains("sh.rustup.rs") {
        stage.tools.extend(["cargo", "rustup", "rustc"].map(str::to_owned));
        return Ok(());
    }
    if command.contains('|') {
        return Err(format!("this check cannot follow a pipe or an alternative: {}", command.trim()));
    }
    let expanded = instruction::expand(command, variables)?;
    let (expanded, redirected) = match expanded.split_once('>') {
        Some((before, file)) => (before.to_owned(), Some(file.trim_start_matches('>').trim().to_owned())),
        None => (expanded, None),
    };
    let mut words = words(&expanded)?;
    let mut local = variables.clone();
    while let Some((name, value)) = words.first().and_then(|word| word.split_once('=')) {
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            break;
        }
        local.insert(name.to_owned(), value.to_owned());
        words.remove(0);
    }
    let Some((program, arguments)) = words.split_first() else { return Ok(()) };
    let program = program.rsplit('/').next().unwrap_or(program);
    let plain: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let is_recursive =
        arguments.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(['r', 'R', 'a']));
    match program {
        "echo" | "printf" | "cat" | ":" | "true" | "set" | "ls" | "test" | "[" | "ldd" | "file" | "source" | "."
        | "pwd" | "uname" => {
            if let Some(file) = redirected {
                let path = stage.absolute(&file);
                write(stage, &path, Content::Text(plain.join(" ")), 0o644);
            }
        }
        "export" => variables.extend(
            arguments
                .iter()
                .filter_map(|word| word.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        ),
        "cd" => stage.workdir = stage.absolute(plain.first().unwrap_or(&"/root")),
        "mkdir" => {
            let (mode, paths) = mode::given(arguments);
            for path in paths {
                stage.add_folder(&stage.absolute(path));
                mode.map_or(Ok(()), |mode| chmod(stage, mode, path, false))?;
            }
        }
        "touch" => {
            for path in plain {
                let path = stage.absolute(path);
                stage.clock += 1;
                let clock = stage.clock;
                match stage.files.get_mut(&path) {
                    Some(file) => file.written = clock,
                    None => write(stage, &path, Content::Text(String::new()), 0o644),
                }
            }
        }
        "rm" => plain.iter().for_each(|path| remove(stage, path)),
        "cp" | "mv" => copied(stage, program, &plain, None, is_recursive || program == "mv")?,
        "install" => {
            let (mode, paths) = mode::given(arguments);
            copied(stage, program, &paths, mode, false)?;
        }
        "chmod" => {
            let (mode, paths) = plain.split_first().ok_or("chmod: missing operand")?;
            paths.iter().try_for_each(|path| chmod(stage, mode, path, is_recursive))?;
        }
        "chown" | "sync" | "ldconfig" => {}
        "strip" if stage.tools.contains("strip") => {}
        "cargo" => cargo::run(stage, &plain, arguments, &local)?,
        "rustup" if stage.tools.contains("rustup") => {
            if plain.starts_with(&["target", "add"]) {
                stage.targets.extend(plain[2..].iter().map(|target| (*target).to_owned()));
            }
        }
        "apt-get" | "apt" | "dnf" | "microdnf" | "yum" | "apk" => install(stage, program, &plain)?,
        "useradd" | "groupadd" | "adduser" | "addgroup" | "rustc" if stage.tools.contains(program) => {}
        "pip" | "pip3" if stage.tools.contains("pip3") => {
            if plain.contains(&"cargo-lambda") {
                stage.tools.insert("cargo-lambda".to_owned());
            }
        }
        "rustup" | "useradd" | "groupadd" | "adduser" | "addgroup" | "pip" | "pip3" | "rustc" | "strip" | "sudo" => {
            return Err(format!("/bin/sh: {program}: command not found in {}", stage.base.name));
        }
        "curl" | "wget" | "git" => {
            return Err(format!(
                "{program} fetches something that nobody pinned, and this build has no network but registries"
            ));
        }
        other => return Err(format!("the command {other} is not known to this check")),
    }
    Ok(())
}

/// A file, with the folders above it.
pub(super) fn write(stage: &mut Stage<'_>, path: &str, content: Content, mode: u32) {
    stage.add_folder(parent(path));
    let file = File { content, mode, owner: "root".to_owned(), from_context: None, written: stage.clock };
    stage.files.insert(path.to_owned(), file);
}

/// Files at or below a path, which may have stars in its last part.
fn matching(stage: &Stage<'_>, path: &str) -> Vec<String> {
    let path = stage.absolute(path);
    let (folder, last) = (parent(&path).to_owned(), path.rsplit('/').next().unwrap_or_default());
    if let Some((start, end)) = last.split_once('*') {
        let prefix = join(&folder, start);
        let fits =
            |path: &&String| path.starts_with(&prefix) && path.ends_with(end) && !path[prefix.len()..].contains('/');
        return stage.files.keys().filter(fits).cloned().collect();
    }
    let below = format!("{}/", path.trim_end_matches('/'));
    stage.files.keys().filter(|one| **one == path || one.starts_with(&below)).cloned().collect()
}

fn remove(stage: &mut Stage<'_>, path: &str) {
    for one in matching(stage, path) {
        stage.files.remove(&one);
    }
    let path = stage.absolute(path);
    let below = format!("{}/", path.trim_end_matches('/'));
    stage.folders.retain(|folder| *folder != path && !folder.starts_with(&below));
}

fn copied(
    stage: &mut Stage<'_>,
    program: &str,
    plain: &[&str],
    mode: Option<&str>,
    is_recursive: bool,
) -> Result<(), String> {
    let Some((destination, sources)) = plain.split_last().filter(|(_, sources)| !sources.is_empty()) else {
        return Err(format!("{program}: missing file operand"));
    };
    let target = stage.absolute(destination);
    let is_folder = destination.ends_with('/') || stage.folders.contains(&target) || sources.len() > 1;
    for source in sources {
        let found = matching(stage, source);
        let whole = stage.absolute(source);
        if found.is_empty() {
            return Err(format!("{program}: cannot stat '{source}': No such file or directory"));
        }
        for path in found {
            let is_file = path == whole || source.contains('*');
            if !is_file && !is_recursive {
                return Err(format!("{program}: -r not specified; omitting directory '{source}'"));
            }
            let last = path.rsplit('/').next().unwrap_or_default().to_owned();
            let name = whole.rsplit('/').next().unwrap_or_default();
            let place = match (is_folder, is_file) {
                (true, true) => join(&target, &last),
                (true, false) => join(&join(&target, name), path[whole.len()..].trim_start_matches('/')),
                (false, true) => target.clone(),
                (false, false) => join(&target, path[whole.len()..].trim_start_matches('/')),
            };
            let Some(mut file) = stage.files.get(&path).cloned() else { continue };
            if program == "mv" {
                stage.files.remove(&path);
            } else {
                file.written = stage.clock;
            }
            file.mode = mode.map_or(Ok(file.mode), |mode| mode::changed(mode, file.mode))?;
            stage.add_folder(parent(&place));
            stage.files.insert(place, file);
        }
    }
    Ok(())
}

fn chmod(stage: &mut Stage<'_>, mode: &str, path: &str, is_recursive: bool) -> Result<(), String> {
    let whole = stage.absolute(path);
    let below = format!("{}/", whole.trim_end_matches('/'));
    let is_folder = stage.folders.contains(&whole);
    if is_folder {
        let all = stage.folders.iter().filter(|one| **one == whole || (is_recursive && one.starts_with(&below)));
        let all: Vec<String> = all.cloned().collect();
        stage.closed.retain(|folder| !all.contains(folder));
        if mode::changed(mode, 0o755)? & 0o001 == 0 {
            stage.closed.extend(all);
        }
        if !is_recursive {
            return Ok(());
        }
    }
    let found = matching(stage, path);
    if found.is_empty() && !is_folder {
        return Err(format!("chmod: cannot access '{path}': No such file or directory"));
    }
    for path in found {
        if let Some(file) = stage.files.get_mut(&path) {
            file.mode = mode::changed(mode, file.mode)?;
        }
    }
    Ok(())
}

fn install(stage: &mut Stage<'_>, program: &str, plain: &[&str]) -> Result<(), String> {
    let tool = if program == "apt" { "apt-get" } else { program };
    if !stage.tools.contains(tool) {
        return Err(format!("/bin/sh: {program}: command not found in {}", stage.base.name));
    }
    if !matches!(plain.first(), Some(&("install" | "add"))) {
        return Ok(());
    }
    for package in &plain[1..] {
        stage.packages.insert((*package).to_owned());
        let tools: &[&str] = match *package {
            "cargo" | "rust" => &["cargo", "rustc"],
            "rustup" => &["rustup"],
            "shadow-utils" | "shadow" | "passwd" => &["useradd", "groupadd", "adduser"],
            "binutils" | "gcc" => &["strip"],
            "python3-pip" | "py3-pip" => &["pip3"],
            _ => &[],
        };
        stage.tools.extend(tools.iter().map(|tool| (*tool).to_owned()));
    }
    Ok(())
}
