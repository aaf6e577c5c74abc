//! What is true now, and the events that tell open pages of it: the site that is served, why a newer one could not be
//! built, the learner's progress, the checks.
//!
//! A page that listens gets the present state at once and then each change, so a reload in the middle of a check, a
//! second tab, and a server that comes back are all the same case. The events, as server-sent events:
//!
//! - `built` (the site's name) and `broken` (why there is no newer one): to every page;
//! - `progress` (what `list --format json` says), `trouble` (why it says nothing), `queue` (`running`, `waiting`), `run`
//!   (`id`, `target`: a check begins), `line` (`id`, `line`: one of its events, see the command line's `stream`), `end`
//!   (`id`, `target`, `how`, `code`, `words`), `forgotten` (`target`): to pages that have the token.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::catalogue::Catalogue;
use super::checks::{Asked, Checks, End, How};
use crate::site::Site;

/// A page that was closed is noticed when nothing can be written to it any more.
const HEARTBEAT: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct Live {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    now: Now,
    catalogue: Arc<Catalogue>,
    /// Why there is no catalogue.
    trouble: Option<String>,
    checks: Checks,
    /// Grow with every change of what they count.
    book_version: u64,
    progress_version: u64,
    closing: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Now {
    pub(super) site: Option<Arc<Site>>,
    /// Why the sources make no book, if they do not.
    pub(super) error: Option<String>,
    /// Names the site that a page came from, also after the server was started anew.
    pub(super) build: String,
}

/// Who listens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Listener {
    /// Any page of ours.
    Page,
    /// One that has the token.
    Trusted,
}

impl Live {
    pub(super) fn publish(&self, site: Site) {
        self.change(|state| {
            let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            state.now = Now { site: Some(Arc::new(site)), error: None, build: since_epoch.as_nanos().to_string() };
            state.book_version += 1;
        });
    }

    pub(super) fn fail(&self, error: String) {
        self.change(|state| {
            state.now.error = Some(error);
            state.book_version += 1;
        });
    }

    pub(super) fn now(&self) -> Now {
        self.lock().now.clone()
    }

    /// What the command line says of the exercises now, or why it says nothing; then the last word stays.
    pub(super) fn learn(&self, catalogue: anyhow::Result<Catalogue>) {
        self.change(|state| {
            match catalogue {
                Ok(catalogue) => (state.catalogue, state.trouble) = (Arc::new(catalogue), None),
                Err(error) => state.trouble = Some(format!("{error:#}")),
            }
            state.progress_version += 1;
        });
    }

    pub(super) fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.lock().catalogue)
    }

    pub(super) fn ask_for_check(&self, target: &str) -> Asked {
        self.change(|state| state.checks.ask(target))
    }

    pub(super) fn cancel_check(&self, target: &str) -> bool {
        self.change(|state| state.checks.cancel(target))
    }

    pub(super) fn forget_check(&self, target: &str) {
        self.change(|state| state.checks.forget(target));
    }

    /// Waits for a check to begin; `None` when the server closes.
    pub(super) fn next_check(&self) -> Option<(String, u64)> {
        let mut state = self.lock();
        loop {
            if state.closing {
                return None;
            }
            if let Some(begun) = state.checks.begin() {
                self.changed.notify_all();
                return Some(begun);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn push_line(&self, target: &str, id: u64, line: String) {
        self.change(|state| {
            if state.checks.running.as_ref().is_some_and(|running| running.id == id) {
                state.checks.push(target, line);
            }
        });
    }

    pub(super) fn stop_check(&self, how: How) {
        self.change(|state| state.checks.stop(how));
    }

    pub(super) fn why_to_stop(&self) -> Option<How> {
        self.lock().checks.running.as_ref().and_then(|running| running.stop)
    }

    pub(super) fn end_check(&self, target: &str, end: End) {
        self.change(|state| state.checks.end(target, end));
    }

    /// No check begins any more, and the running one is to end.
    pub(super) fn close(&self) {
        self.change(|state| {
            state.closing = true;
            state.checks.clear_waiting();
            state.checks.stop(How::Closing);
        });
    }

    /// Writes server-sent events until the reader is gone.
    pub(super) fn tell(&self, stream: &mut impl Write, listener: Listener) -> io::Result<()> {
        let mut told = Told::default();
        loop {
            let news = self.news(&mut told, listener);
            stream.write_all(if news.is_empty() { b": still here\n\n" } else { news.as_bytes() })?;
            stream.flush()?;
        }
    }

    /// Waits for something that was not told yet; nothing when it takes too long.
    fn news(&self, told: &mut Told, listener: Listener) -> String {
        let mut state = self.lock();
        let mut waited = false;
        loop {
            let news = told.news(&state, listener);
            if !news.is_empty() || waited {
                return news;
            }
            let (again, timeout) = self.changed.wait_timeout(state, HEARTBEAT).unwrap_or_else(PoisonError::into_inner);
            state = again;
            waited = timeout.timed_out();
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one page was told already.
#[derive(Debug, Default)]
struct Told {
    book: Option<u64>,
    progress: Option<u64>,
    queue: String,
    /// For each target: which run, how many of its lines, and whether its end.
    runs: BTreeMap<String, (u64, usize, bool)>,
}

impl Told {
    /// The events that are new to this page.
    fn news(&mut self, state: &State, listener: Listener) -> String {
        let mut news = String::new();
        if self.book != Some(state.book_version) {
            self.book = Some(state.book_version);
            news.push_str(&match &state.now.error {
                None => event("built", &state.now.build),
                Some(error) => event("broken", error),
            });
        }
        if listener == Listener::Trusted {
            self.private_news(state, &mut news);
        }
        news
    }

    fn private_news(&mut self, state: &State, news: &mut String) {
        if self.progress != Some(state.progress_version) {
            self.progress = Some(state.progress_version);
            match &state.trouble {
                Some(words) => news.push_str(&event("trouble", words)),
                None if state.catalogue.document.is_empty() => {}
                None => news.push_str(&event("progress", &state.catalogue.document)),
            }
        }
        let running = state.checks.running.as_ref().map(|running| &running.target);
        let queue = json!({ "running": running, "waiting": state.checks.waiting().collect::<Vec<_>>() }).to_string();
        if self.queue != queue {
            news.push_str(&event("queue", &queue));
            self.queue = queue;
        }
        let runs = state.checks.runs();
        for (target, run) in &runs {
            let (id, lines, ended) = self.runs.entry((*target).clone()).or_default();
            if *id != run.id {
                (*id, *lines, *ended) = (run.id, 0, false);
                news.push_str(&event("run", &json!({ "id": run.id, "target": target }).to_string()));
            }
            for line in &run.lines[*lines..] {
                news.push_str(&event("line", &format!("{{\"id\":{},\"line\":{line}}}", run.id)));
            }
            *lines = run.lines.len();
            if let (Some(End { how, code, words }), false) = (&run.end, *ended) {
                *ended = true;
                let end = json!({ "id": run.id, "target": target, "how": how.word(), "code": code, "words": words });
                news.push_str(&event("end", &end.to_string()));
            }
        }
        self.runs.retain(|target, _| {
            let known = runs.iter().any(|(other, _)| *other == target);
            if !known {
                news.push_str(&event("forgotten", &json!({ "target": target }).to_string()));
            }
            known
        });
    }
}

fn event(name: &str, data: &str) -> String {
    let lines: String = data.lines().map(|line| format!("data: {line}\n")).collect();
    format!("event: {name}\n{}\n", if lines.is_empty() { "data:\n" } else { &lines })
}
