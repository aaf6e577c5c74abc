//! What is still to happen, ordered by virtual time and then by the order in which it was planned: with that, the same
//! seed gives the same world.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::core::Core;

/// Something that happens at a time. It gets the world; it must not hold on to it (a world is dropped with its agenda).
pub(crate) type Task = Box<dyn FnOnce(&Arc<Core>) + Send>;

/// Whether a world with this task in its agenda is idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Work: `run_until_idle` runs it.
    Work,
    /// Housekeeping, and what comes back for ever: the next tick of a schedule, the end of a message's retention.
    /// `run_until_idle` does not wait for it; `advance` runs it.
    Background,
}

/// The place of a task in the agenda.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TaskId {
    pub(crate) at: Timestamp,
    sequence: u64,
}

/// Tasks to come.
#[derive(Default)]
pub(crate) struct Agenda {
    tasks: BTreeMap<TaskId, (Kind, Task)>,
    planned: u64,
    work: usize,
}

impl Agenda {
    pub(crate) fn plan(&mut self, at: Timestamp, kind: Kind, task: Task) -> TaskId {
        let id = TaskId { at, sequence: self.planned };
        self.planned += 1;
        self.work += usize::from(kind == Kind::Work);
        self.tasks.insert(id, (kind, task));
        id
    }

    /// Takes a task out. The caller drops it without holding a lock: what it owns may be the last of its kind.
    pub(crate) fn cancel(&mut self, id: TaskId) -> Option<Task> {
        let (kind, task) = self.tasks.remove(&id)?;
        self.work -= usize::from(kind == Kind::Work);
        Some(task)
    }

    /// When the next task is due.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.tasks.keys().next().map(|id| id.at)
    }

    /// Takes the next task that is due at `until` or before.
    pub(crate) fn take(&mut self, until: Option<Timestamp>) -> Option<(Timestamp, Task)> {
        let at = self.next_at()?;
        if until.is_some_and(|until| at > until) {
            return None;
        }
        let (id, (kind, task)) = self.tasks.pop_first()?;
        self.work -= usize::from(kind == Kind::Work);
        Some((id.at, task))
    }

    /// Whether there is work.
    pub(crate) fn has_work(&self) -> bool {
        self.work > 0
    }
}

impl fmt::Debug for Agenda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agenda").field("tasks", &self.tasks.len()).field("work", &self.work).finish_non_exhaustive()
    }
}
