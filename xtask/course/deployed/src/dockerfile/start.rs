//! How Lambda starts an image: as a user without rights, on a file system that cannot be written to.

use super::bases::Libc;
use super::stage::{join, normal};
use super::{Content, Image, Program, instruction, shell};

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Where it lies in the image.
    pub path: String,
    /// What it is.
    pub program: Program,
    /// Whether a shell stands before the program, which does not pass signals on.
    pub is_behind_shell: bool,
}

/// Starts the image as a function of this architecture.
///
/// # Errors
/// With what the log of the function would say.
pub fn start(image: &Image, architecture: &str) -> Result<Started, String> {
    let mut words = [image.entrypoint.clone(), image.cmd.clone()].concat();
    if words.is_empty() {
        return Err("Runtime.InvalidEntrypoint: the image has neither ENTRYPOINT nor CMD".to_owned());
    }
    let mut is_behind_shell = false;
    if words[0] == "/lambda-entrypoint.sh" && image.base.is_lambda {
        if words.len() != 2 {
            return Err(format!(
                "entrypoint requires the handler name to be the first argument (exit status 142); CMD has {} words",
                words.len() - 1
            ));
        }
        // The script ends in exec, so nothing of it stays.
        words = vec!["/var/runtime/bootstrap".to_owned()];
    } else if words.len() > 2 && words[0] == "/bin/sh" && words[1] == "-c" {
        if !image.base.has_shell {
            return Err(format!("exec /bin/sh: no such file or directory: {} has no shell", image.base.name));
        }
        let expanded = instruction::expand(&words[2], &image.env)?;
        words = shell::words(&expanded)?;
        let is_replaced = words.first().is_some_and(|word| word == "exec");
        words.drain(..usize::from(is_replaced));
        is_behind_shell = !is_replaced;
    }
    let Some(name) = words.first().filter(|name| !name.is_empty()) else {
        return Err("Runtime.InvalidEntrypoint: there is nothing to start".to_owned());
    };
    let path = if name.contains('/') {
        normal(&image.workdir, name)
    } else {
        let folders = image.env.get("PATH").map_or("", String::as_str).split(':');
        let found = folders.map(|folder| join(folder, name)).find(|path| image.files.contains_key(path));
        found.ok_or_else(|| format!("exec: {name:?}: executable file not found in $PATH"))?
    };
    let Some(file) = image.files.get(&path) else {
        return Err(format!("Runtime.InvalidEntrypoint: {path}: no such file or directory"));
    };
    let shut = image.closed.iter().find(|folder| path.starts_with(&format!("{}/", folder.trim_end_matches('/'))));
    if let Some(folder) = shut {
        return Err(format!(
            "Runtime.InvalidEntrypoint: {path}: permission denied: Lambda's user may not enter {folder}"
        ));
    }
    if file.mode & 0o001 == 0 {
        return Err(format!(
            "Runtime.InvalidEntrypoint: {path}: permission denied: its mode is {:o}, and Lambda's user is not {}",
            file.mode, file.owner
        ));
    }
    let Content::Program(program) = &file.content else {
        return Err(format!("Runtime.InvalidEntrypoint: {path}: exec format error: it is no program"));
    };
    if program.architecture != architecture {
        return Err(format!(
            "Runtime.InvalidEntrypoint: {path}: exec format error: it is for {}, and the function for {architecture}",
            program.architecture
        ));
    }
    if image.architecture != architecture {
        return Err(format!(
            "exec format error: the image is for {}, and the function for {architecture}",
            image.architecture
        ));
    }
    match (program.glibc, image.base.libc) {
        (None, _) => {}
        (Some(needed), Libc::Glibc(major, minor)) if needed <= (major, minor) => {}
        (Some((major, minor)), Libc::Glibc(..)) => {
            return Err(format!("{path}: /lib64/libc.so.6: version `GLIBC_{major}.{minor}' not found"));
        }
        (Some(_), _) => {
            return Err(format!("{path}: no such file or directory: {} has no glibc to load it", image.base.name));
        }
    }
    Ok(Started { path, program: program.clone(), is_behind_shell })
}
