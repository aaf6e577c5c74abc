//! The book in a browser on this machine: builds, serves on loopback, and builds again whenever a source changes.

mod browser;
mod guard;
mod http;
mod interrupt;
mod live;
mod server;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::build::{self, Build};
use crate::finding::count;
use crate::progress::Progress;
use crate::site::Site;
use crate::{say, source};
use live::Live;
use watch::Snapshot;

/// Between two looks at the sources. With the look that waits for the writer to finish and the build itself, an edit
/// is in the open page well within a second.
const PAUSE: Duration = Duration::from_millis(150);

#[derive(Debug)]
pub struct Options {
    pub root: PathBuf,
    /// `None`: the usual one, or any free one where that is taken.
    pub port: Option<u16>,
    pub open: bool,
}

/// Serves until it is interrupted.
pub fn serve(options: &Options) -> anyhow::Result<()> {
    interrupt::listen();
    let listener = server::bind(options.port)?;
    let address = listener.local_addr().context("failed to learn the server's own address")?;
    let folder = tempfile::Builder::new().prefix("book-").tempdir().context("failed to make a temporary folder")?;
    let live = Arc::new(Live::new());

    let mut sources = Snapshot::take(source::watched(&options.root));
    update(&options.root, folder.path(), &live, &mut sources)?;
    let url = format!("http://{address}/");
    server::start(listener, address.port(), Arc::clone(&live));
    say(&format!("the book is at {url} (Ctrl-C stops)"));
    if options.open {
        browser::open(&url);
    }

    while !interrupt::came() {
        std::thread::sleep(PAUSE);
        if !sources.changed() {
            continue;
        }
        sources.settle();
        sources = Snapshot::take(sources.reads().clone());
        if let Err(error) = update(&options.root, folder.path(), &live, &mut sources) {
            // A full disk, say: what the reader has stays, and the next edit is the next try.
            live.fail(format!("{error:#}"));
            say(&format!("error: {error:#}"));
        }
    }
    say("stopped");
    Ok(())
}

/// Builds the book and puts it in front of the reader, or the reason why it could not be built.
fn update(root: &Path, folder: &Path, live: &Live, sources: &mut Snapshot) -> anyhow::Result<()> {
    let Build { dest, pages, findings, reads } = {
        let _progress = Progress::start("building the book");
        build::build(root, Some(&folder.join("book")))?
    };
    sources.also(reads);
    for finding in &findings {
        say(&finding.to_string());
    }
    match dest {
        Some(dest) => {
            live.publish(Site::load(&dest)?);
            say(&format!("built {}, {}", count(pages, "page"), count(findings.len(), "finding")));
        }
        None => {
            let words: Vec<_> = findings.iter().map(ToString::to_string).collect();
            live.fail(words.join("\n"));
            say("the book could not be built; the browser keeps the last one");
        }
    }
    Ok(())
}
