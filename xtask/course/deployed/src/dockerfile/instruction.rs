//! The text of a Dockerfile: comments, lines that go on, instructions, variables.

use std::collections::BTreeMap;

use super::BuildError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Instruction {
    From {
        image: String,
        platform: Option<String>,
        name: Option<String>,
    },
    Arg {
        name: String,
        default: Option<String>,
    },
    Env(Vec<(String, String)>),
    Workdir(String),
    User(String),
    Copy(Copy),
    Run {
        mounts: Vec<Mount>,
        script: String,
    },
    Entrypoint(Vec<String>),
    Cmd(Vec<String>),
    /// What changes nothing here: LABEL, EXPOSE, STOPSIGNAL and their like.
    Remark,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copy {
    pub from: Option<String>,
    pub chmod: Option<String>,
    pub chown: Option<String>,
    pub sources: Vec<String>,
    pub destination: String,
}

/// `--mount` of RUN: what is there while it runs and in no layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    pub kind: String,
    pub target: String,
    pub source: Option<String>,
    /// The stage that a bind shows a part of; without one it is the folder that is built.
    pub from: Option<String>,
}

/// The instructions with their lines.
pub(super) fn read(text: &str) -> Result<Vec<(usize, Instruction)>, BuildError> {
    let mut instructions = Vec::new();
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line)).peekable();
    while let Some((number, line)) = lines.next() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let mut whole = String::new();
        let mut part = line.trim_end();
        loop {
            match part.strip_suffix('\\') {
                Some(begun) => whole.push_str(begun),
                None => {
                    whole.push_str(part);
                    break;
                }
            }
            // Comments and empty lines between the parts are passed over.
            let next = lines.by_ref().find(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
            match next {
                Some((_, next)) => part = next.trim_end(),
                None => break,
            }
        }
        let whole = whole.trim().to_owned();
        let heredoc =
            whole.split_once("<<").map(|(_, word)| word.trim_start_matches('-').trim_matches(['"', '\'']).to_owned());
        let whole = match heredoc
            .filter(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        {
            Some(end) => {
                let body: Vec<&str> =
                    lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != end).collect();
                format!("{}\n{}", whole.split_once("<<").map_or("", |(before, _)| before), body.join("\n"))
            }
            None => whole,
        };
        let instruction = one(&whole).map_err(|message| BuildError { line: number, message })?;
        instructions.push((number, instruction));
    }
    Ok(instructions)
}

fn one(text: &str) -> Result<Instruction, String> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    Ok(match word.to_ascii_uppercase().as_str() {
        "FROM" => from(rest)?,
        "ARG" => {
            let (name, default) =
                rest.split_once('=').map_or((rest, None), |(name, value)| (name, Some(unquoted(value))));
            Instruction::Arg { name: name.trim().to_owned(), default }
        }
        "ENV" => Instruction::Env(pairs(rest)?),
        "WORKDIR" => Instruction::Workdir(unquoted(rest)),
        "USER" => Instruction::User(unquoted(rest)),
        "COPY" | "ADD" => Instruction::Copy(copy(rest)?),
        "RUN" => run(rest)?,
        "ENTRYPOINT" => Instruction::Entrypoint(command(rest)?),
        "CMD" => Instruction::Cmd(command(rest)?),
        "LABEL" | "EXPOSE" | "STOPSIGNAL" | "HEALTHCHECK" | "MAINTAINER" | "VOLUME" => Instruction::Remark,
        "ONBUILD" | "SHELL" => return Err(format!("{word} is not known to this check")),
        other => return Err(format!("unknown instruction: {other}")),
    })
}

fn from(rest: &str) -> Result<Instruction, String> {
    let (flags, words) = flags(rest);
    let platform = flags.iter().find(|(name, _)| name == "platform").map(|(_, value)| value.clone());
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [image] => Ok(Instruction::From { image: image.to_owned(), platform, name: None }),
        [image, word, name] if word.eq_ignore_ascii_case("as") => {
            Ok(Instruction::From { image: image.to_owned(), platform, name: Some(name.to_ascii_lowercase()) })
        }
        _ => Err("FROM requires either one or three arguments".to_owned()),
    }
}

fn copy(rest: &str) -> Result<Copy, String> {
    let (flags, words) = flags(rest);
    let flag = |wanted: &str| flags.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let words = if rest.contains('[') && words.first().is_some_and(|word| word.starts_with('[')) {
        list(rest[rest.find('[').unwrap_or(0)..].trim())?
    } else {
        words
    };
    let (destination, sources) = words
        .split_last()
        .filter(|(_, sources)| !sources.is_empty())
        .ok_or("COPY requires at least two arguments, but only one was provided")?;
    if let Some((name, _)) = flags
        .iter()
        .find(|(name, _)| !["from", "chmod", "chown", "link", "parents", "exclude"].contains(&name.as_str()))
    {
        return Err(format!("unknown flag: --{name}"));
    }
    Ok(Copy {
        from: flag("from"),
        chmod: flag("chmod"),
        chown: flag("chown"),
        sources: sources.to_vec(),
        destination: destination.clone(),
    })
}

fn run(rest: &str) -> Result<Instruction, String> {
    let mut mounts = Vec::new();
    let mut rest = rest;
    while let Some(flag) = rest.strip_prefix("--") {
        let (flag, after) = flag.split_once(char::is_whitespace).unwrap_or((flag, ""));
        rest = after.trim_start();
        let Some(options) = flag.strip_prefix("mount=") else { continue };
        let option = |wanted: &[&str]| {
            let mut all = options.split(',').filter_map(|option| option.split_once('='));
            all.find(|(name, _)| wanted.contains(name)).map(|(_, value)| value.to_owned())
        };
        let kind = option(&["type"]).unwrap_or_else(|| "bind".to_owned());
        let target =
            option(&["target", "dst", "destination"]).or_else(|| (kind == "secret").then(|| "/run/secrets".to_owned()));
        let target = target.ok_or("a mount needs a target")?;
        mounts.push(Mount { kind, target, source: option(&["source", "src"]), from: option(&["from"]) });
    }
    let script = if rest.starts_with('[') { list(rest)?.join(" ") } else { rest.to_owned() };
    Ok(Instruction::Run { mounts, script })
}

/// The exec form is a list; the shell form is what a shell gets.
fn command(rest: &str) -> Result<Vec<String>, String> {
    if rest.starts_with('[') {
        // What is no JSON is taken for the shell form, as Docker does.
        if let Ok(words) = list(rest) {
            return Ok(words);
        }
    }
    Ok(vec!["/bin/sh".to_owned(), "-c".to_owned(), rest.to_owned()])
}

fn list(text: &str) -> Result<Vec<String>, String> {
    serde_json::from_str(text).map_err(|_| format!("{text} is no list of texts in double quotes"))
}

/// `--name=value` at the beginning, and the words after it.
fn flags(rest: &str) -> (Vec<(String, String)>, Vec<String>) {
    let mut flags = Vec::new();
    let mut words = Vec::new();
    for word in rest.split_whitespace() {
        match word.strip_prefix("--").filter(|_| words.is_empty()) {
            Some(flag) => {
                let (name, value) = flag.split_once('=').unwrap_or((flag, "true"));
                flags.push((name.to_owned(), unquoted(value)));
            }
            None => words.push(unquoted(word)),
        }
    }
    (flags, words)
}

fn pairs(rest: &str) -> Result<Vec<(String, String)>, String> {
    let words = super::shell::words(rest)?;
    if let Some((name, value)) = rest.split_once(char::is_whitespace)
        && !name.contains('=')
    {
        return Ok(vec![(name.to_owned(), unquoted(value.trim()))]);
    }
    let pair = |word: &String| {
        let (name, value) = word.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    words.iter().map(|word| pair(word).ok_or_else(|| format!("ENV must have the form name=value: {word}"))).collect()
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            return inner.to_owned();
        }
    }
    text.to_owned()
}

/// `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+instead}`; a name that is not there is nothing.
pub(super) fn expand(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        result.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let value = if let Some(braced) = rest.strip_prefix('{') {
            let end = braced.find('}').ok_or_else(|| format!("${{ without }} in {text}"))?;
            let inner = &braced[..end];
            rest = &braced[end + 1..];
            let of = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
            match (inner.split_once(":-"), inner.split_once(":+")) {
                (Some((name, default)), _) => of(name).unwrap_or_else(|| default.to_owned()),
                (None, Some((name, instead))) => of(name).map(|_| instead.to_owned()).unwrap_or_default(),
                (None, None) if inner.chars().all(is_of_name) => of(inner).unwrap_or_default(),
                _ => return Err(format!("${{{inner}}} is not known to this check")),
            }
        } else {
            let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
            let name = &rest[..end];
            rest = &rest[end..];
            if name.is_empty() { "$".to_owned() } else { variables.get(name).cloned().unwrap_or_default() }
        };
        result.push_str(&value);
    }
    result.push_str(rest);
    Ok(result)
}
