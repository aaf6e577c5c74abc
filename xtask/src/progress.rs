//! The learner's progress: `.progress/progress.txt`, one fact a line, version 1.
//!
//! ```text
//! version 1
//! ch05-performance/06-backoff passed 2026-11-23T03:20:11.042Z 6f0c… 91ab…
//! ch05-performance/06-backoff last 2026-11-23T03:20:11.042Z passed 6f0c… 91ab… 77e1…
//! ch05-performance/06-backoff hint-1 2026-11-23T03:12:40.000Z
//! ```
//!
//! A line is exercise, fact, date, values. Of two lines with the same exercise and fact the later date holds, so two
//! files merge by putting their lines together, and a merge tool's leftover markers do no harm. Lines about unknown
//! exercises and unknown facts are kept as they are, and so is, at the end, every line that is no fact.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::clock;
use crate::course::{Course, Exercise};
use crate::store;

const VERSION: u32 = 1;
const HEAD: &str = "# What you did in this course, one fact a line. Two files merge by putting their lines together.\n";

/// One value of a fact: its date, and the words after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub date: String,
    pub values: Vec<String>,
}

/// All facts, by exercise and name.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Progress {
    facts: BTreeMap<(String, String), Fact>,
    /// Lines that we cannot read, as they are: what they mean may be known to somebody else.
    unread: Vec<Vec<u8>>,
    /// Written by a version of this tool that is newer than we are.
    newer: Option<u32>,
}

impl Progress {
    /// What is known; nothing when there is no file yet.
    #[must_use]
    pub fn load(course: &Course) -> Progress {
        let text = std::fs::read(path(course)).unwrap_or_default();
        let mut progress = Progress::parse(&text);
        progress.follow_renames(course);
        progress
    }

    #[must_use]
    pub fn parse(text: impl AsRef<[u8]>) -> Progress {
        let mut progress = Progress::default();
        for line in text.as_ref().split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let is_read = std::str::from_utf8(line).is_ok_and(|line| is_ours(line) || progress.take(line));
            if !is_read && !progress.unread.iter().any(|known| known == line) {
                progress.unread.push(line.to_vec());
            }
        }
        progress
    }

    /// Takes one line; false when it is neither a fact nor a version.
    fn take(&mut self, line: &str) -> bool {
        let mut words = line.split_whitespace().map(str::to_owned);
        let (Some(exercise), Some(fact)) = (words.next(), words.next()) else { return false };
        if exercise == "version" {
            let version = fact.parse::<u32>().ok();
            // Of two files put together, the newer says who may write them.
            self.newer = self.newer.max(version.filter(|version| *version > VERSION));
            return version.is_some();
        }
        let Some(date) = words.next().filter(|word| is_date(word)) else { return false };
        self.insert(exercise, fact, Fact { date, values: words.collect() });
        true
    }

    /// What the file holds: the facts, and the lines that we cannot read.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.to_text().into_bytes();
        for line in &self.unread {
            bytes.extend(line);
            bytes.push(b'\n');
        }
        bytes
    }

    /// The facts, as another course imports them.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("version {VERSION}\n{HEAD}");
        for ((exercise, fact), Fact { date, values }) in &self.facts {
            let mut line = vec![exercise.as_str(), fact, date];
            line.extend(values.iter().map(String::as_str));
            text.push_str(&line.join(" "));
            text.push('\n');
        }
        text
    }

    #[must_use]
    pub fn get(&self, exercise: &Exercise, fact: &str) -> Option<&Fact> {
        self.facts.get(&(exercise.name(), fact.to_owned()))
    }

    /// How many of the facts `prefix-1`, `prefix-2`, … are known.
    #[must_use]
    pub fn count(&self, exercise: &Exercise, prefix: &str) -> usize {
        let name = exercise.name();
        self.facts.keys().filter(|(of, fact)| *of == name && fact.starts_with(prefix)).count()
    }

    /// The exercise that was judged last.
    #[must_use]
    pub fn last_judged(&self) -> Option<&str> {
        let judged = self.facts.iter().filter(|((_, fact), _)| fact == "last");
        judged.max_by(|(_, a), (_, b)| a.date.cmp(&b.date)).map(|((exercise, _), _)| exercise.as_str())
    }

    pub fn set(&mut self, exercise: &Exercise, fact: &str, values: &[&str]) {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        self.facts.insert((exercise.name(), fact.to_owned()), Fact { date: clock::now(), values });
    }

    pub fn forget(&mut self, exercise: &Exercise, fact: &str) {
        self.facts.remove(&(exercise.name(), fact.to_owned()));
    }

    /// Takes over what `other` knows that is newer; how many facts that were.
    pub fn merge(&mut self, other: Progress) -> usize {
        let before = self.facts.clone();
        for ((exercise, fact), value) in other.facts {
            self.insert(exercise, fact, value);
        }
        self.facts.iter().filter(|(key, value)| before.get(*key) != Some(*value)).count()
    }

    /// Written by a newer course, whose facts we may not understand.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        self.newer.is_some()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    fn insert(&mut self, exercise: String, name: String, fact: Fact) {
        let known = self.facts.entry((exercise, name)).or_insert_with(|| fact.clone());
        if known.date <= fact.date {
            *known = fact;
        }
    }

    fn follow_renames(&mut self, course: &Course) {
        for exercise in &course.exercises {
            for former in &exercise.manifest.formerly {
                let moved: Vec<_> = self.facts.keys().filter(|(name, _)| name == former).cloned().collect();
                for key in moved {
                    if let Some(fact) = self.facts.remove(&key) {
                        self.insert(exercise.name(), key.1, fact);
                    }
                }
            }
        }
    }
}

/// Reads, changes and writes the progress while no other xtask does.
pub fn update(course: &Course, change: impl FnOnce(&mut Progress)) -> Result<()> {
    let _lock = store::lock(&course.progress_dir())?;
    // One that is there and cannot be read must not be taken for none, and written over.
    if let Err(error) = std::fs::read(path(course))
        && error.kind() != std::io::ErrorKind::NotFound
    {
        bail!("cannot read {}: {error}; what it holds is untouched", path(course).display());
    }
    let mut progress = Progress::load(course);
    if let Some(newer) = progress.newer {
        bail!(
            "{} has version {newer}, which a newer course wrote; `cargo xtask update` brings it",
            path(course).display()
        );
    }
    change(&mut progress);
    store::remove_unfinished(&path(course));
    store::write_whole(&path(course), &progress.to_bytes())
}

/// Where it is kept.
#[must_use]
pub fn path(course: &Course) -> PathBuf {
    course.progress_dir().join("progress.txt")
}

/// Blank, our own head, or what a merge tool leaves: written anew or worth nothing.
fn is_ours(line: &str) -> bool {
    let markers = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];
    line.trim().is_empty() || line == HEAD.trim_end() || markers.iter().any(|marker| line.starts_with(marker))
}

fn is_date(word: &str) -> bool {
    word.len() >= 20 && word.ends_with('Z') && word.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "ch01-a/01-b last 2026-01-01T00:00:00.000Z failed x y z\n";
    const NEW: &str = "ch01-a/01-b last 2026-01-02T00:00:00.000Z passed x y z\n";

    #[test]
    fn two_files_merge_by_putting_their_lines_together() {
        let merged = Progress::parse(format!("version 1\n<<<<<<< mine\n{NEW}=======\n{OLD}>>>>>>> theirs\n"));
        assert_eq!(merged, Progress::parse(format!("version 1\n{OLD}{NEW}")));
        assert!(merged.to_text().ends_with(NEW) && !merged.to_text().contains("failed"));
    }

    #[test]
    fn what_is_unknown_is_kept() {
        let text = format!("version 1\n{HEAD}ch99-later/01-x starred 2031-01-01T00:00:00.000Z much\n");
        assert_eq!(Progress::parse(&text).to_text(), text);
    }

    #[test]
    fn lines_that_cannot_be_read_are_kept_as_they_are() {
        let odd: [&[u8]; 4] = [b"# a note of mine", b"\xff\xfe broken", b"ch01-a/01-b last yester", b"version next"];
        let file = [b"version 1", odd[0], odd[1], OLD.trim_end().as_bytes(), odd[2], odd[3]].join(&b'\n');
        let written = Progress::parse(&file).to_bytes();
        let expected = [format!("version {VERSION}\n{HEAD}{OLD}").as_bytes(), &odd.join(&b'\n'), b"\n"].concat();
        assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&expected));
        assert_eq!(Progress::parse(&written).to_bytes(), written, "each once, however often it is written");
    }

    #[test]
    fn of_two_versions_put_together_the_newer_holds() {
        assert!(Progress::parse("version 2\nversion 1\n").is_newer());
    }

    #[test]
    fn a_file_cut_anywhere_still_reads() {
        let text = format!("version 1\n{OLD}{NEW}");
        for end in 0..text.len() {
            let _ = Progress::parse(&text[..end]);
        }
    }
}
