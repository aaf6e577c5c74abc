//! Checks: the one that runs, those that wait, and what the last one of each target said. Data only; `runner` does the
//! work, `live` tells the pages.

use std::collections::{BTreeMap, VecDeque};

/// More than a reader can mean.
const MOST_WAITING: usize = 8;

/// So much of one check's events is kept; more is a flood, and ends it.
const MOST_BYTES: usize = 2 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Checks {
    /// The last run of each target.
    runs: BTreeMap<String, Run>,
    waiting: VecDeque<String>,
    pub(super) running: Option<Running>,
    next_id: u64,
}

/// What is known of the check that runs now.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) target: String,
    pub(super) id: u64,
    /// Why it is to end before its time.
    pub(super) stop: Option<How>,
}

#[derive(Debug)]
pub(super) struct Run {
    /// Grows from check to check.
    pub(super) id: u64,
    /// Its events, as they came: one JSON object each.
    pub(super) lines: Vec<String>,
    bytes: usize,
    pub(super) end: Option<End>,
}

#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) how: How,
    pub(super) code: Option<i32>,
    /// What it said on standard error.
    pub(super) words: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum How {
    /// By itself, with a last event.
    Done,
    /// Somebody asked for it.
    Cancelled,
    /// It ran longer than any check may.
    Late,
    /// It said more than any check may.
    Flood,
    /// It ended without a last event.
    Died,
    /// It could not be started.
    NotStarted,
    /// The server ends.
    Closing,
}

impl How {
    pub(super) fn word(self) -> &'static str {
        match self {
            How::Done => "done",
            How::Cancelled => "cancelled",
            How::Late => "late",
            How::Flood => "flood",
            How::Died => "died",
            How::NotStarted => "not-started",
            How::Closing => "closing",
        }
    }
}

/// What became of a wish to check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asked {
    Queued,
    /// It runs or waits already; nothing changes.
    Already,
    TooMany,
}

impl Checks {
    pub(super) fn ask(&mut self, target: &str) -> Asked {
        let runs = self.running.as_ref().is_some_and(|running| running.target == target && running.stop.is_none());
        if runs || self.waiting.iter().any(|waiting| waiting == target) {
            return Asked::Already;
        }
        if self.waiting.len() >= MOST_WAITING {
            return Asked::TooMany;
        }
        self.waiting.push_back(target.to_owned());
        Asked::Queued
    }

    /// Takes a target out of the queue, or asks the running check to end. False where there is neither.
    pub(super) fn cancel(&mut self, target: &str) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting != target);
        match &mut self.running {
            Some(running) if running.target == target => {
                running.stop.get_or_insert(How::Cancelled);
                true
            }
            _ => self.waiting.len() < before,
        }
    }

    /// The next check begins: its target and id.
    pub(super) fn begin(&mut self) -> Option<(String, u64)> {
        let target = self.waiting.pop_front()?;
        self.next_id += 1;
        let id = self.next_id;
        self.running = Some(Running { target: target.clone(), id, stop: None });
        self.runs.insert(target.clone(), Run { id, lines: Vec::new(), bytes: 0, end: None });
        Some((target, id))
    }

    /// One more event of the running check.
    pub(super) fn push(&mut self, target: &str, line: String) {
        let Some(run) = self.runs.get_mut(target) else { return };
        run.bytes += line.len();
        if run.bytes <= MOST_BYTES {
            run.lines.push(line);
        } else {
            self.stop(How::Flood);
        }
    }

    pub(super) fn stop(&mut self, how: How) {
        if let Some(running) = &mut self.running {
            running.stop.get_or_insert(how);
        }
    }

    pub(super) fn end(&mut self, target: &str, end: End) {
        self.running = None;
        if let Some(run) = self.runs.get_mut(target) {
            run.end = Some(end);
        }
    }

    /// What the exercise's file was no longer says anything: after a reset, say.
    pub(super) fn forget(&mut self, target: &str) {
        if self.running.as_ref().is_none_or(|running| running.target != target) {
            self.runs.remove(target);
        }
    }

    pub(super) fn clear_waiting(&mut self) {
        self.waiting.clear();
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = &String> {
        self.waiting.iter()
    }

    /// Every target with its last run, the oldest first.
    pub(super) fn runs(&self) -> Vec<(&String, &Run)> {
        let mut runs: Vec<_> = self.runs.iter().collect();
        runs.sort_by_key(|(_, run)| run.id);
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_check_runs_and_the_others_wait_their_turn() {
        let mut checks = Checks::default();
        assert_eq!(checks.ask("a"), Asked::Queued);
        assert_eq!(checks.begin(), Some(("a".to_owned(), 1)));
        assert_eq!(
            (checks.ask("a"), checks.ask("b"), checks.ask("b")),
            (Asked::Already, Asked::Queued, Asked::Already)
        );
        assert!(checks.cancel("b") && !checks.cancel("b"));
        assert!(checks.cancel("a"));
        assert_eq!(checks.ask("a"), Asked::Queued, "the one that is being stopped is not the wanted one");
        for number in 1..MOST_WAITING {
            assert_eq!(checks.ask(&number.to_string()), Asked::Queued);
        }
        assert_eq!(checks.ask("one too many"), Asked::TooMany);
    }

    #[test]
    fn a_flood_ends_the_check_and_is_not_kept() {
        let mut checks = Checks::default();
        checks.ask("a");
        checks.begin();
        for _ in 0..100 {
            checks.push("a", "x".repeat(MOST_BYTES / 10));
        }
        assert_eq!(checks.running.as_ref().and_then(|running| running.stop), Some(How::Flood));
        assert_eq!(checks.runs()[0].1.lines.len(), 10);
    }
}
