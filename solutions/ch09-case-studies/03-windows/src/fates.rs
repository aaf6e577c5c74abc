//! What goes wrong, for the check. Given: there is nothing to change here.
//!
//! The check writes a file `fates.json`; without it all goes well.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, process, thread};

use serde::Deserialize;

/// Where table and topic lie: the folder that the environment variable `SHOP` names.
pub(crate) fn folder() -> PathBuf {
    env::var_os("SHOP").map_or_else(env::temp_dir, PathBuf::from)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fates {
    /// What becomes of an effect, by its number in the order of all effects, from 0 on.
    steps: BTreeMap<String, Fate>,
    /// How often an effect fails whose text has this word in it.
    out_of_reach: BTreeMap<String, usize>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    /// Nothing happens, and there is no answer.
    Fails,
    /// It happens, and the answer is lost.
    IsLost,
    /// The process ends before it happens.
    DiesBefore,
    /// The process ends after it happened.
    DiesAfter,
    /// It happens when the check says so; meanwhile the other function runs.
    Waits,
}

/// Lets an effect happen, and gives its answer if there is one.
pub(crate) fn effect<T>(folder: &Path, text: &str, happen: impl FnOnce() -> T) -> Option<T> {
    match draw(folder, text) {
        None => Some(happen()),
        Some(Fate::Fails) => None,
        Some(Fate::IsLost) => {
            happen();
            None
        }
        Some(Fate::Waits) => {
            append(&folder.join("waiting"), ".");
            while !folder.join("go").exists() {
                thread::sleep(Duration::from_millis(1));
            }
            Some(happen())
        }
        Some(Fate::DiesBefore) => process::exit(1),
        Some(Fate::DiesAfter) => {
            happen();
            process::exit(1)
        }
    }
}

fn draw(folder: &Path, text: &str) -> Option<Fate> {
    let fates: Fates = serde_json::from_slice(&fs::read(folder.join("fates.json")).ok()?).unwrap_or_default();
    let step = count(folder, "steps");
    for (word, times) in &fates.out_of_reach {
        if text.contains(word) && count(folder, &format!("out-of-reach-{word}")) < *times {
            return Some(Fate::Fails);
        }
    }
    fates.steps.get(&step.to_string()).copied()
}

/// How often this was counted before. Kept in a file, since processes end.
fn count(folder: &Path, name: &str) -> usize {
    let path = folder.join(name);
    let before = fs::metadata(&path).map_or(0, |file| file.len());
    append(&path, ".");
    before as usize
}

/// # Panics
/// When the folder cannot be written to.
pub(crate) fn append(path: &Path, text: &str) {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.unwrap_or_else(|error| panic!("{} cannot be written: {error}", path.display()));
}
