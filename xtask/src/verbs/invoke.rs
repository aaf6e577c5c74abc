//! `invoke`: the learner's function once on any event, with its answer, its logs and the REPORT line. `local-lambda`'s
//! own command does the work: this tool links no HTTP.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cli::{Format, Options, Usage};
use crate::compile::{self, Target};
use crate::course::{Course, Exercise};
use crate::fingerprint::files_below;
use crate::names::{self, nearest};
use crate::process;
use crate::term::{Progress, Style};

pub fn run(course: &Course, options: &Options) -> Result<u8> {
    let (exercise, events) = asked(course, options)?;
    possible(options)?;
    if let (Some(file), []) = (exercise.mended_file(), exercise.manifest.bins.as_slice()) {
        let message = format!("{} mends {}: there is no function to invoke", exercise.id(), file.display());
        return Err(Usage(format!("{message}; `cargo xtask check {}` judges the file", exercise.id())).into());
    }
    let progress = Progress::new();
    let packages = ["-p", &exercise.package_name(), "-p", "local-lambda", "--bins"];
    let built = compile::compile(course, &packages, &progress)?;
    let target = Target::bin_of(exercise);
    let Some(binary) = built.executable(&target) else {
        let errors = built.diagnostics(&target).into_iter().filter(|diagnostic| diagnostic.is_error);
        let rendered: Vec<String> = errors.map(|error| Style::of_stdout().rendered(&error.rendered)).collect();
        if rendered.is_empty() {
            anyhow::bail!("the function could not be built\n{}", built.said);
        }
        println!("{} {}: does not compile\n\n{}", exercise.id(), exercise.slug(), rendered.join("\n\n"));
        return Ok(3);
    };
    let service = Target {
        package_dir: course.root.join("xtask/local-lambda"),
        kind: "bin".to_owned(),
        name: "local-lambda".to_owned(),
    };
    let service =
        built.executable(&service).with_context(|| format!("local-lambda could not be built\n{}", built.said))?;
    let mut worst = 0;
    for event in &events {
        if events.len() > 1 && options.format == Format::Text {
            println!("{}", course.shown(event));
        }
        let code = invoke(service, binary, exercise, event, options)?;
        worst = worst.max(code);
    }
    Ok(worst)
}

fn invoke(service: &Path, binary: &Path, exercise: &Exercise, event: &Path, options: &Options) -> Result<u8> {
    let mut command = Command::new(service);
    command.arg("invoke").arg("--event-file").arg(event).arg("--name").arg(exercise.package());
    if options.freeze {
        command.arg("--freeze");
    }
    if options.transcript {
        command.arg("--transcript");
    }
    if let Some(times) = options.times {
        command.arg("--times").arg(times.to_string());
    }
    if let Some(seconds) = options.timeout {
        command.arg("--timeout").arg(seconds.to_string());
    }
    for variable in &options.env {
        command.arg("--env").arg(variable);
    }
    command.args(["--format", if options.format == Format::Json { "json" } else { "text" }]);
    let status = command.arg("--").arg(binary).status().context("cannot run local-lambda")?;
    process::end_here_if_interrupted();
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(4))
}

/// What local-lambda would refuse, after everything was compiled for it.
fn possible(options: &Options) -> Result<(), Usage> {
    if let Some(variable) = options.env.iter().find(|variable| !variable.contains('=')) {
        return Err(Usage(format!("--env wants NAME=VALUE, not {variable:?}")));
    }
    if options.times == Some(0) {
        return Err(Usage("--times is at least 1".to_owned()));
    }
    if options.timeout.is_some_and(|seconds| !(seconds > 0.0 && seconds <= 900.0)) {
        return Err(Usage("--timeout is more than 0 and at most 900 seconds, as on Lambda".to_owned()));
    }
    Ok(())
}

fn asked<'a>(course: &'a Course, options: &Options) -> Result<(&'a Exercise, Vec<PathBuf>)> {
    match options.names.as_slice() {
        [name] if options.all_fixtures => {
            let events = fixtures(course).into_iter().map(|(_, path)| path).collect();
            Ok((names::resolve_one(course, name)?, events))
        }
        [name, event] if !options.all_fixtures => {
            Ok((names::resolve_one(course, name)?, vec![event_file(course, event)?]))
        }
        [name] => {
            let id = names::resolve_one(course, name)?.id();
            let message = format!("which event? `cargo xtask invoke {id} EVENT`, with a file, - or a fixture");
            Err(Usage(format!("{message}\n\n{}", shelf(course, ""))).into())
        }
        _ => {
            let message = "which function and which event? `cargo xtask invoke ch01/01 sqs/print-jobs`, for instance";
            Err(Usage(message.to_owned()).into())
        }
    }
}

/// A file, a pipe, or a fixture by its name: `sqs/batch-with-poison` is `exercises/fixtures/sqs/batch-with-poison.json`.
fn event_file(course: &Course, typed: &str) -> Result<PathBuf, Usage> {
    let file = Path::new(typed);
    // A pipe (`-`, or what a shell makes of `<(…)`) has no path that could be told in full.
    if typed == "-" || (file.exists() && !file.is_file() && !file.is_dir()) {
        return Ok(file.to_path_buf());
    }
    if file.is_file() {
        let path = file.canonicalize().map_err(|error| Usage(format!("cannot open {typed}: {error}")))?;
        return is_json(&path).map(|()| path);
    }
    let known = fixtures(course);
    if let Some((_, path)) = known.iter().find(|(name, _)| name == typed || typed.strip_suffix(".json") == Some(name)) {
        return Ok(path.clone());
    }
    let near = nearest(typed, known.iter().map(|(name, _)| name.as_str()));
    Err(Usage(match near.as_slice() {
        [] => format!("{typed:?} is neither a file nor a fixture; there are\n\n{}", shelf(course, typed)),
        near => format!("{typed:?} is neither a file nor a fixture; did you mean {}?", near.join(" or ")),
    }))
}

/// Before anything is compiled for it.
fn is_json(path: &Path) -> Result<(), Usage> {
    let bytes = std::fs::read(path).map_err(|error| Usage(format!("cannot read {}: {error}", path.display())))?;
    serde_json::from_slice::<serde_json::Value>(&bytes)
        .map(drop)
        .map_err(|error| Usage(format!("{} is not JSON, and Lambda would refuse it: {error}", path.display())))
}

/// The fixtures in the folder of `typed`, or all where there is no such folder; one folder a line.
fn shelf(course: &Course, typed: &str) -> String {
    let all = fixtures(course);
    let of = |name: &str| name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let mut folders: Vec<String> = all.iter().map(|(name, _)| of(name)).collect();
    folders.dedup();
    let asked = typed.split('/').next().unwrap_or_default();
    if folders.iter().any(|folder| folder.split('/').next() == Some(asked)) {
        folders.retain(|folder| folder.split('/').next() == Some(asked));
    }
    let line = |folder: &String| {
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).filter(|name| of(name) == *folder).collect();
        format!("  {}", names.join(" "))
    };
    folders.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Events by name; what lies beside them as data or vectors is no event.
fn fixtures(course: &Course) -> Vec<(String, PathBuf)> {
    let dir = course.root.join("exercises/fixtures");
    files_below(&dir)
        .into_iter()
        .filter(|file| !file.starts_with("data") && !file.starts_with("vectors"))
        .filter_map(|file| Some((file.to_str()?.strip_suffix(".json")?.to_owned(), dir.join(&file))))
        .collect()
}
