//! The live book: the site that is served now, why a newer one could not be built, and the events that tell open
//! pages of both.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::site::Site;

/// Added to served pages only, never to the static book.
pub(super) const SCRIPT: &str = include_str!("live.js");

/// A page that was closed is noticed when nothing can be written to it any more.
const HEARTBEAT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Live {
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Clone, Debug)]
pub(super) struct Now {
    pub(super) site: Option<Arc<Site>>,
    /// Why the sources make no book, if they do not.
    pub(super) error: Option<String>,
    /// Names the site that a page came from, also after the server was started anew.
    pub(super) build: String,
    /// Grows with every event.
    version: u64,
}

impl Live {
    pub(super) fn new() -> Live {
        let now = Now { site: None, error: None, build: String::new(), version: 0 };
        Live { now: Mutex::new(now), changed: Condvar::new() }
    }

    pub(super) fn publish(&self, site: Site) {
        let mut now = self.lock();
        now.site = Some(Arc::new(site));
        now.error = None;
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        now.build = since_epoch.as_nanos().to_string();
        now.version += 1;
        self.changed.notify_all();
    }

    pub(super) fn fail(&self, error: String) {
        let mut now = self.lock();
        now.error = Some(error);
        now.version += 1;
        self.changed.notify_all();
    }

    pub(super) fn now(&self) -> Now {
        self.lock().clone()
    }

    /// Writes server-sent events until the reader is gone: the present state at once, then each new one.
    pub(super) fn tell(&self, stream: &mut impl Write) -> io::Result<()> {
        let mut told = None;
        loop {
            let now = self.lock();
            let fresh = |now: &mut Now| Some(now.version) == told;
            let (now, _) =
                self.changed.wait_timeout_while(now, HEARTBEAT, fresh).unwrap_or_else(PoisonError::into_inner);
            let now = now.clone();
            if told == Some(now.version) {
                stream.write_all(b": still here\n\n")?;
            } else {
                stream.write_all(event(&now).as_bytes())?;
                told = Some(now.version);
            }
            stream.flush()?;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn event(now: &Now) -> String {
    match &now.error {
        None => format!("event: built\ndata: {}\n\n", now.build),
        Some(error) => {
            let lines: String = error.lines().map(|line| format!("data: {line}\n")).collect();
            format!("event: broken\n{lines}\n")
        }
    }
}
