//! Known-wrong and other right answers, all of an exercise in one program.
//!
//! Nearly all of what a function costs to compile is code of its dependencies that is made for it, and the link. As modules
//! of one crate, variants share both: a quarter of a CPU second each, where a binary of its own takes more than one.
//! Which variant the program plays is the name that it is called by, so each has a hard link of its own.
//!
//! The crates are laid out in a workspace of their own below the target directory, and built into the same one with the
//! course's lockfile, features and profile, so that no dependency is compiled again. What clippy says about other right
//! answers is kept, with the place in their own file; of known-wrong ones it says nothing. Whatever such a crate does not compile with (one of the variants
//! does not compile, or does what only a whole crate may do), its variants have no link here, and cargo builds their own
//! binaries.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::compile::{self, Diagnostic, Target};
use crate::course::{Course, Exercise};
use crate::fingerprint::files_below;
use crate::store;
use crate::term::Progress;

/// What was said about other right answers: the file, the line, and the words.
pub type Said = Vec<(PathBuf, usize, Diagnostic)>;

/// Builds a program for every exercise of which `variants` has files, which lie in its solution's folder. As soon as one
/// is there, `ready` is called with each of its files and where the program lies that plays it.
pub fn build(
    course: &Course,
    variants: &[(&Exercise, Vec<PathBuf>)],
    progress: &Progress,
    mut ready: impl FnMut(&Path, PathBuf),
) -> Result<Said> {
    let mut said = Said::new();
    for calls_services in [false, true] {
        let group: Vec<_> = variants.iter().filter(|(one, _)| one.calls_services() == calls_services).collect();
        if !group.is_empty() {
            let room = course.target_dir().join("variants").join(if calls_services { "services" } else { "plain" });
            said.extend(build_group(course, &room, &group, progress, &mut ready)?);
        }
    }
    Ok(said)
}

fn build_group(
    course: &Course,
    room: &Path,
    variants: &[&(&Exercise, Vec<PathBuf>)],
    progress: &Progress,
    ready: &mut impl FnMut(&Path, PathBuf),
) -> Result<Said> {
    let mut members = Vec::new();
    for (exercise, files) in variants {
        let dir = room.join(exercise.package());
        for (number, file) in files.iter().enumerate() {
            lay_out(exercise, &dir, number, file)?;
        }
        write(&dir.join("main.rs"), &main_of(exercise, files))?;
        write(&dir.join("Cargo.toml"), &manifest(exercise)?)?;
        members.push(exercise.package());
    }
    write(&room.join("Cargo.toml"), &workspace(course, &members)?)?;
    let lockfile = course.root.join("Cargo.lock");
    if lockfile.is_file() {
        std::fs::copy(&lockfile, room.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
    }
    let manifest = room.join("Cargo.toml");
    let arguments = [OsStr::new("--workspace"), OsStr::new("--manifest-path"), manifest.as_os_str()];
    let mut cargo = course.cargo();
    cargo.env("CARGO_TARGET_DIR", course.target_dir());
    let target_of = |exercise: &Exercise| Target {
        package_dir: room.join(exercise.package()),
        kind: "bin".to_owned(),
        name: program_name(exercise),
    };
    let by_target: HashMap<Target, &(&Exercise, Vec<PathBuf>)> =
        variants.iter().map(|one| (target_of(one.0), *one)).collect();
    let mut linked = Ok(());
    let built = compile::compile_with(cargo, &arguments, progress, |target, program| {
        let Some((_, files)) = by_target.get(target) else { return };
        for (number, file) in files.iter().enumerate() {
            let link = target.package_dir.join("bin").join(module(number));
            match store::link(program, &link) {
                Ok(()) => ready(file, link),
                Err(error) => linked = Err(error),
            }
        }
    })?;
    linked?;
    let said = variants.iter().flat_map(|(exercise, files)| {
        let of_program = built.diagnostics(&target_of(exercise)).into_iter();
        of_program.filter_map(|one| said_of_right(exercise, files, one))
    });
    Ok(said.collect())
}

/// A message about another right answer, at its place in the solution's folder.
fn said_of_right(exercise: &Exercise, files: &[PathBuf], said: Diagnostic) -> Option<(PathBuf, usize, Diagnostic)> {
    let (place, line) = said.place.clone()?;
    let mut parts = Path::new(&place).components();
    let number = parts.find_map(|part| part.as_os_str().to_str()?.strip_prefix(MODULE)?.parse::<usize>().ok())?;
    let file = exercise.solution_path.join(parts.as_path());
    let line = line as usize;
    // What we added comes after the last line.
    let is_theirs = || std::fs::read_to_string(&file).is_ok_and(|text| line <= text.lines().count());
    (is_right(exercise, files.get(number)?) && is_theirs()).then_some((file, line, said))
}

fn is_right(exercise: &Exercise, file: &Path) -> bool {
    file.starts_with(exercise.solution_path.join("also-right"))
}

/// One variant is the module in a folder: its own file, and the solution's `src` that it may name files of.
fn lay_out(exercise: &Exercise, dir: &Path, number: usize, file: &Path) -> Result<()> {
    let module = module(number);
    let solution = &exercise.solution_path;
    let copies = dir.join(&module);
    let inside = file.strip_prefix(solution).unwrap_or(file);
    // Beside the variant lie the modules that it is made of, as a starter's do.
    let beside = file.parent().filter(|folder| folder.ends_with("src")).unwrap_or(file);
    let of_variant = files_below(beside).into_iter().map(|name| beside.join(name)).chain([file.to_path_buf()]);
    let shared = files_below(&solution.join("src")).into_iter().map(|name| solution.join("src").join(name));
    for source in of_variant.chain(shared) {
        let Ok(text) = std::fs::read_to_string(&source) else { continue };
        let name = source.strip_prefix(solution).unwrap_or(&source);
        let mut text = match source.extension() {
            Some(extension) if extension == "rs" => in_module(&text, &module),
            _ => text,
        };
        if name == inside {
            // Clippy wants tests to come last; and no line moves.
            let at = text.find("#[cfg(test)]").unwrap_or(text.len());
            text.insert_str(at, RUN);
        }
        write(&copies.join(name), &text)?;
    }
    Ok(())
}

/// What reaches a variant's `main`, which only its own module sees.
const RUN: &str = "pub(crate) fn run_as_variant() -> std::process::ExitCode {\n    \
                   std::process::Termination::report(main())\n}\n";

/// What a crate names by `crate::` lies in its module.
fn in_module(text: &str, module: &str) -> String {
    let mut moved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("crate::") {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        moved.push_str(&rest[..at + "crate::".len()]);
        if !rest[..at].ends_with(is_word) {
            moved.push_str(module);
            moved.push_str("::");
        }
        rest = &rest[at + "crate::".len()..];
    }
    moved + rest
}

fn main_of(exercise: &Exercise, files: &[PathBuf]) -> String {
    let mut text = String::new();
    let mut arms = String::new();
    for (number, file) in files.iter().enumerate() {
        let module = module(number);
        let inside = Path::new(&module).join(file.strip_prefix(&exercise.solution_path).unwrap_or(file));
        if !is_right(exercise, file) {
            text.push_str("#[allow(warnings, clippy::all, reason = \"a known-wrong answer\")]\n");
        }
        text.push_str(&format!("#[path = {}]\nmod {module};\n", json!(inside)));
        arms.push_str(&format!("        Some({module:?}) => {module}::run_as_variant(),\n"));
    }
    text + "\nfn main() -> std::process::ExitCode {\n    let name = std::env::args_os().next().unwrap_or_default();\n    \
            match std::path::Path::new(&name).file_name().and_then(|name| name.to_str()) {\n"
        + &arms
        + "        _ => std::process::ExitCode::FAILURE,\n    }\n}\n"
}

/// The solution's manifest with one binary.
fn manifest(exercise: &Exercise) -> Result<String> {
    let solution = &exercise.solution_path;
    let mut manifest = read_toml(&solution.join("Cargo.toml"))?;
    let table = manifest.as_object_mut().context("the solution's Cargo.toml is no table")?;
    table.retain(|key, _| matches!(key.as_str(), "package" | "dependencies" | "lints"));
    make_paths_absolute(table.get_mut("dependencies"), solution);
    table.insert("bin".to_owned(), json!([{ "name": program_name(exercise), "path": "main.rs", "test": false }]));
    Ok(to_toml(table))
}

/// The course's own workspace with other members, and a profile that shares its dependencies.
fn workspace(course: &Course, members: &[String]) -> Result<String> {
    let root = read_toml(&course.root.join("Cargo.toml"))?;
    let mut workspace = root["workspace"].clone();
    let table = workspace.as_object_mut().context("the course's Cargo.toml has no [workspace]")?;
    table.retain(|key, _| matches!(key.as_str(), "resolver" | "package" | "dependencies" | "lints"));
    make_paths_absolute(table.get_mut("dependencies"), &course.root);
    if let Some(rustc) = table.get_mut("lints").and_then(|lints| lints["rust"].as_object_mut()) {
        // A crate's root may be public as it likes; here it is a module.
        rustc.insert("unreachable_pub".to_owned(), json!("allow"));
    }
    table.insert("members".to_owned(), json!(members));
    let mut dev = root["profile"]["dev"].as_object().cloned().unwrap_or_default();
    if let Some(packages) = dev.get_mut("package").and_then(Value::as_object_mut) {
        packages.retain(|name, _| name == "*");
    }
    dev.insert("debug".to_owned(), json!(false));
    dev.insert("incremental".to_owned(), json!(false));
    let mut top = Map::new();
    top.insert("workspace".to_owned(), workspace);
    top.insert("profile".to_owned(), json!({ "dev": dev }));
    Ok(to_toml(&top))
}

fn make_paths_absolute(dependencies: Option<&mut Value>, from: &Path) {
    for dependency in dependencies.and_then(Value::as_object_mut).into_iter().flat_map(|all| all.values_mut()) {
        if let Some(path) = dependency.get_mut("path") {
            *path = json!(from.join(path.as_str().unwrap_or_default()));
        }
    }
}

fn read_toml(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    basic_toml::from_str(&text).with_context(|| format!("{} is not TOML", path.display()))
}

/// Every table inline: a value that stands below a table would belong to it.
fn to_toml(table: &Map<String, Value>) -> String {
    table.iter().map(|(key, value)| format!("{} = {}\n", json!(key), inline(value))).collect()
}

fn inline(value: &Value) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Array(items) => format!("[{}]", list(items.iter().map(inline).collect())),
        Value::Object(table) => {
            format!(
                "{{ {} }}",
                list(table.iter().map(|(key, value)| format!("{} = {}", json!(key), inline(value))).collect())
            )
        }
        // A string, a number or a truth is written the same in both languages.
        other => other.to_string(),
    }
}

const MODULE: &str = "variant_";

fn module(number: usize) -> String {
    format!("{MODULE}{number}")
}

fn program_name(exercise: &Exercise) -> String {
    format!("{}--variants", exercise.solution_package())
}

/// Only what changed, or cargo would compile it again.
fn write(path: &Path, text: &str) -> Result<()> {
    match std::fs::read(path) {
        Ok(before) if before == text.as_bytes() => Ok(()),
        _ => store::write_cache(path, text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crate_names_by_its_root_is_named_by_its_module() {
        let moved =
            in_module("use crate::money::Usd;\nmacro_rules! m { () => { $crate::f() } }\nsubcrate::g(crate::h())", "v");
        let own = "use crate::v::money::Usd;\nmacro_rules! m { () => { $crate::f() } }\nsubcrate::g(crate::v::h())";
        assert_eq!(moved, own);
    }

    #[test]
    fn tables_are_written_so_that_no_value_falls_into_another() {
        let table = json!({ "dependencies": { "a": { "path": "a \"b\"", "features": ["c"] } }, "resolver": "3", "debug": false });
        let text = to_toml(table.as_object().expect("a table"));
        let read: Value = basic_toml::from_str(&text).expect("TOML");
        assert_eq!(read, table, "{text}");
    }
}
