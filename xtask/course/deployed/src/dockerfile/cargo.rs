//! What `cargo` and `cargo lambda` do in a RUN: the program that a build makes, and where it lies.

use std::collections::BTreeMap;

use super::shell::write;
use super::stage::{Stage, join, parent};
use super::{Content, File, Program};

/// One call of cargo.
struct Call<'c> {
    /// The words that are no options.
    plain: &'c [&'c str],
    arguments: &'c [String],
    variables: &'c BTreeMap<String, String>,
}

impl Call<'_> {
    fn is_lambda(&self) -> bool {
        self.plain.first() == Some(&"lambda")
    }

    /// The value of `--name value` or `--name=value`.
    fn option(&self, name: &str) -> Option<String> {
        let start = format!("{name}=");
        let given = self.arguments.iter().find_map(|word| word.strip_prefix(&start).map(str::to_owned));
        let place = self.arguments.iter().position(|word| word == name);
        given.or_else(|| self.arguments.get(place? + 1).cloned())
    }

    fn has(&self, names: &[&str]) -> bool {
        self.arguments.iter().any(|word| names.contains(&word.as_str()))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}

/// Carries out a call: `plain` are its words without options.
pub(super) fn run(
    stage: &mut Stage<'_>,
    plain: &[&str],
    arguments: &[String],
    variables: &BTreeMap<String, String>,
) -> Result<(), String> {
    if !stage.tools.contains("cargo") {
        return Err(format!("/bin/sh: cargo: command not found in {}", stage.base.name));
    }
    let call = Call { plain, arguments, variables };
    match plain.first().copied() {
        Some("build" | "b") => build(stage, &call, None),
        Some("lambda") if stage.tools.contains("cargo-lambda") => build(stage, &call, None),
        Some("lambda") => Err("error: no such command: `lambda`".to_owned()),
        Some("install") if plain.iter().any(|word| word.starts_with("cargo-lambda")) => {
            stage.tools.insert("cargo-lambda".to_owned());
            Ok(())
        }
        Some("install") => match call.option("--path") {
            Some(path) => build(stage, &call, Some(&path)),
            None => Ok(()),
        },
        Some("fetch" | "test" | "check" | "clippy" | "fmt" | "vendor") => Ok(()),
        Some("update" | "generate-lockfile") => {
            let newest = "whatever is newest on the day of the build\n".to_owned();
            write(stage, &stage.absolute("Cargo.lock"), Content::Text(newest), 0o644);
            Ok(())
        }
        other => Err(format!("cargo {} is not known to this check", other.unwrap_or_default())),
    }
}

/// Builds the package of the working directory, or installs the one at a path.
fn build(stage: &mut Stage<'_>, call: &Call<'_>, installed: Option<&str>) -> Result<(), String> {
    let folder = installed.map_or_else(|| stage.workdir.clone(), |path| stage.absolute(path));
    let package = package(stage, call, &folder, installed.is_some())?;
    let platform = platform(stage, call)?;
    let is_release = if installed.is_some() { !call.has(&["--debug"]) } else { call.has(&["--release", "-r"]) };
    let profile = call.option("--profile").unwrap_or_else(|| if is_release { "release" } else { "dev" }.to_owned());
    let target = call
        .option("--target-dir")
        .or_else(|| call.variable("CARGO_TARGET_DIR"))
        .unwrap_or_else(|| "target".to_owned());
    let target =
        if installed.is_some() && !target.starts_with('/') { join(&folder, &target) } else { stage.absolute(&target) };
    let output = output(stage, call, &target, &package.name, &platform, &profile);
    stage.clock += 1;
    // cargo goes by the time of files: what is newer than its sources is not built again.
    if stage.files.get(&output).is_none_or(|file| file.written <= package.written) {
        let program = Program {
            architecture: if platform.cpu == "aarch64" { "arm64" } else { "x86_64" }.to_owned(),
            glibc: platform.glibc,
            source: package.source,
            is_release: profile != "dev",
            is_locked: package.is_locked,
        };
        write(stage, &output, Content::Program(program), 0o755);
    }
    if installed.is_some() {
        install(stage, call, &output, &package.name);
    }
    Ok(())
}

/// What is built.
struct Package {
    name: String,
    source: String,
    /// When the newest of its files was written.
    written: u64,
    /// Whether its dependencies are those of the lock file that the learner has.
    is_locked: bool,
}

fn package(stage: &Stage<'_>, call: &Call<'_>, folder: &str, is_installed: bool) -> Result<Package, String> {
    let text = |path: &str| match stage.files.get(&join(folder, path)) {
        Some(File { content: Content::Text(text), written, .. }) => Some((text.clone(), *written)),
        _ => None,
    };
    let (manifest, described) = text("Cargo.toml")
        .ok_or_else(|| format!("error: could not find `Cargo.toml` in `{folder}` or any parent directory"))?;
    let (source, written) =
        text("src/main.rs").ok_or("error: no targets specified in the manifest: there is no src/main.rs")?;
    let name = manifest
        .lines()
        .find_map(|line| line.strip_prefix("name")?.trim().strip_prefix('='))
        .map(|name| name.trim().trim_matches('"').to_owned());
    let name = call.option("--bin").or(name).ok_or("error: failed to parse manifest: there is no name")?;
    let lock = text("Cargo.lock").map(|(lock, _)| lock);
    let wants_lock = call.has(&["--locked", "--frozen"]);
    if wants_lock && lock.is_none() {
        return Err(
            "error: the lock file needs to be updated but --locked was passed to prevent this: there is no Cargo.lock"
                .to_owned(),
        );
    }
    // `cargo install` passes the lock file over, unless it is told not to.
    let is_locked =
        lock.is_some() && lock.as_ref() == stage.context.files.get("Cargo.lock") && (!is_installed || wants_lock);
    Ok(Package { name, source, written: written.max(described), is_locked })
}

/// What the program runs on.
struct Platform {
    /// The target's name, where one was given.
    triple: Option<String>,
    cpu: &'static str,
    /// The least glibc that it needs; none where it needs none.
    glibc: Option<(u32, u32)>,
}

fn platform(stage: &Stage<'_>, call: &Call<'_>) -> Result<Platform, String> {
    let (host_cpu, host) = match stage.architecture.as_str() {
        "arm64" => ("aarch64", stage.glibc().map_or("aarch64-unknown-linux-musl", |_| "aarch64-unknown-linux-gnu")),
        _ => ("x86_64", stage.glibc().map_or("x86_64-unknown-linux-musl", |_| "x86_64-unknown-linux-gnu")),
    };
    let triple = call.option("--target").or_else(|| call.variable("CARGO_BUILD_TARGET"));
    let cpu = match triple.as_deref() {
        _ if call.is_lambda() && call.has(&["--arm64"]) => "aarch64",
        _ if call.is_lambda() && call.has(&["--x86-64"]) => "x86_64",
        Some(triple) if triple.starts_with("aarch64") => "aarch64",
        Some(triple) if triple.starts_with("x86_64") => "x86_64",
        Some(triple) => return Err(format!("error: the target {triple} is not known to this check")),
        None => host_cpu,
    };
    if !call.is_lambda() {
        if let Some(triple) = triple.as_ref().filter(|triple| *triple != host && !stage.targets.contains(*triple)) {
            return Err(format!(
                "error[E0463]: can't find crate for `std`: the `{triple}` target may not be installed"
            ));
        }
        if cpu != host_cpu {
            return Err(format!(
                "error: linking with `cc` failed: this stage is for {host_cpu}, and its linker makes no programs for {cpu}"
            ));
        }
    }
    let flags = call.variable("RUSTFLAGS").unwrap_or_default();
    let is_static = triple.as_deref().unwrap_or(host).contains("musl") || flags.contains("+crt-static");
    let glibc = match (is_static, call.is_lambda()) {
        (true, _) => None,
        // cargo-lambda links with Zig, for the glibc of Amazon Linux 2.
        (false, true) => Some((2, 26)),
        (false, false) => stage.glibc(),
    };
    Ok(Platform { triple, cpu, glibc })
}

/// Where the program lies in the end.
fn output(stage: &Stage<'_>, call: &Call<'_>, target: &str, name: &str, platform: &Platform, profile: &str) -> String {
    if call.is_lambda() {
        let root = call.option("--lambda-dir").map_or_else(|| join(target, "lambda"), |root| stage.absolute(&root));
        let is_zip = call.option("--output-format").as_deref() == Some("zip");
        return join(&join(&root, name), if is_zip { "bootstrap.zip" } else { "bootstrap" });
    }
    let root = platform.triple.as_ref().map_or(target.to_owned(), |triple| join(target, triple));
    join(&join(&root, if profile == "dev" { "debug" } else { profile }), name)
}

/// Copies a built program to where `cargo install` puts it.
fn install(stage: &mut Stage<'_>, call: &Call<'_>, program: &str, name: &str) {
    let given = call.option("--root").or_else(|| call.variable("CARGO_INSTALL_ROOT"));
    let root = given.or_else(|| call.variable("CARGO_HOME"));
    // Rust's own images set CARGO_HOME; elsewhere cargo's home lies in the home of whoever builds, who is root.
    let home = if stage.tools.contains("rustup") { "/usr/local/cargo".to_owned() } else { join("/root", ".cargo") };
    let root = root.map_or(home, |root| stage.absolute(&root));
    let file = stage.files.get(program).cloned();
    let place = join(&join(&root, "bin"), name);
    stage.add_folder(parent(&place));
    stage.files.extend(file.map(|file| (place, file)));
}
