//! What the sources looked like: compared by polling, which works on every file system, mounted ones included.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::source::files_below;

/// Two edits within this time may bear the same time stamp: such files are compared by content.
const COARSEST_CLOCK: Duration = Duration::from_secs(2);

/// While an editor or `git` writes, the sources are looked at this often.
const SETTLING: Duration = Duration::from_millis(40);

/// The sources at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    taken: SystemTime,
    reads: BTreeSet<PathBuf>,
    marks: BTreeMap<PathBuf, Mark>,
}

#[derive(Debug, Eq, PartialEq)]
struct Mark {
    modified: Option<SystemTime>,
    length: u64,
    content: Option<u64>,
}

impl Snapshot {
    pub(super) fn take(reads: BTreeSet<PathBuf>) -> Snapshot {
        let taken = SystemTime::now();
        Snapshot { marks: marks(&reads, taken), reads, taken }
    }

    /// Watches these as well, from now on; what was watched already keeps its older look, so that an edit between the
    /// two is still a change.
    pub(super) fn also(&mut self, reads: BTreeSet<PathBuf>) {
        let new: BTreeSet<_> = reads.difference(&self.reads).cloned().collect();
        self.marks.extend(marks(&new, self.taken));
        self.reads.extend(new);
    }

    pub(super) fn reads(&self) -> &BTreeSet<PathBuf> {
        &self.reads
    }

    /// Whether a source was written, added or removed since.
    pub(super) fn changed(&self) -> bool {
        self.marks != marks(&self.reads, self.taken)
    }

    /// Waits until two looks in a row see the same.
    pub(super) fn settle(&self) {
        let mut seen = marks(&self.reads, self.taken);
        loop {
            std::thread::sleep(SETTLING);
            let now = marks(&self.reads, self.taken);
            if now == seen {
                return;
            }
            seen = now;
        }
    }
}

fn marks(reads: &BTreeSet<PathBuf>, taken: SystemTime) -> BTreeMap<PathBuf, Mark> {
    let mut marks = BTreeMap::new();
    for path in reads {
        if path.is_dir() {
            marks.extend(files_below(path).into_iter().filter_map(|file| Some((file.clone(), mark(&file, taken)?))));
        } else if let Some(mark) = mark(path, taken) {
            marks.insert(path.clone(), mark);
        }
    }
    marks
}

/// `None` where there is no such file.
fn mark(path: &Path, taken: SystemTime) -> Option<Mark> {
    let metadata = std::fs::metadata(path).ok()?;
    let modified = metadata.modified().ok();
    let fresh = modified.is_none_or(|modified| modified + COARSEST_CLOCK > taken);
    let content = fresh.then(|| {
        let mut hasher = DefaultHasher::new();
        std::fs::read(path).unwrap_or_default().hash(&mut hasher);
        hasher.finish()
    });
    Some(Mark { modified, length: metadata.len(), content })
}
