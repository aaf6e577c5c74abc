//! The folders of this process's environments, each a `TMPDIR`.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sys;

/// A folder of an environment's own, its `TMPDIR`; removed on drop.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

const PREFIX: &str = "local-lambda-";

/// The folder that holds all folders of this process.
pub(crate) fn root() -> PathBuf {
    std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()))
}

impl Folder {
    /// Makes a new folder, and sweeps what earlier processes could not remove.
    ///
    /// # Errors
    /// When the temporary folder of the system cannot be written to.
    pub(crate) fn create() -> io::Result<Folder> {
        static SWEPT: Once = Once::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        SWEPT.call_once(sweep);
        let root = root();
        let path = root.join(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
        let private = |path: &Path| fs::DirBuilder::new().mode(0o700).create(path);
        for _ in 0..100 {
            match private(&root) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            match private(&path) {
                // Another thread removed the empty root in between.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => return result.map(|()| Folder { path }),
            }
        }
        Err(io::Error::other(format!("{} cannot be created", path.display())))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the watchdog, or swept at the next start.
        let _ = fs::remove_dir_all(&self.path);
        let _ = fs::remove_dir(root());
    }
}

/// Removes the folders of processes that no longer exist.
fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse::<u32>().ok());
        if owner.is_some_and(|pid| !sys::process_exists(pid)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_folder_lives_as_long_as_its_value() {
        let folder = Folder::create().unwrap();
        let path = folder.path().to_owned();
        fs::write(path.join("file"), "x").unwrap();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn leftovers_of_dead_processes_are_swept_and_others_are_not() {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let dead = std::env::temp_dir().join(format!("{PREFIX}{}", child.id()));
        let alive = std::env::temp_dir().join(format!("{PREFIX}1"));
        let foreign = std::env::temp_dir().join(format!("{PREFIX}notes-{}", child.id()));
        for path in [&dead, &alive, &foreign] {
            fs::create_dir_all(path).unwrap();
        }
        sweep();
        let left = [dead.exists(), alive.exists(), foreign.exists()];
        for path in [&alive, &foreign] {
            let _ = fs::remove_dir(path);
        }
        assert_eq!(left, [false, true, true]);
    }
}
