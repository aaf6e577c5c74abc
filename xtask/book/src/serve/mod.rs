//! The book in a browser on this machine: builds, serves on loopback, builds again whenever a source changes, and runs
//! the learner's checks.
//!
//! `live` is what is true now, told to every open page; the watching loop here, the `runner` of checks and the requests
//! of `api` change it. How a verdict is reached is the command line's business: `tool` runs it with fixed arguments, and
//! its events go to the page as they are.

mod live;
mod checks;
mod runner;
mod tool;
mod catalogue;
mod editor;

mod server;
mod api;
mod guard;
mod token;
mod http;
mod page;

mod browser;
mod interrupt;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;

use crate::build::{self, Build, Extent};
use crate::finding::count;
use crate::progress::Progress;
use crate::site::Site;
use crate::{say, source};
use api::Api;
use catalogue::Catalogue;
use live::Live;
use token::Token;
use tool::Tool;
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
    /// The command line that checks; without it the book is only read.
    pub xtask: Option<PathBuf>,
    /// The longest that a check may take.
    pub check_limit: Duration,
}

/// Serves until it is interrupted.
pub fn serve(options: &Options) -> anyhow::Result<()> {
    interrupt::listen();
    let listener = server::bind(options.port)?;
    let address = listener.local_addr().context("failed to learn the server's own address")?;
    let folder = tempfile::Builder::new().prefix("book-").tempdir().context("failed to make a temporary folder")?;
    let live = Arc::new(Live::default());
    let tool = options.xtask.as_ref().map(|program| Tool { program: program.clone(), root: options.root.clone() });
    let token = tool.as_ref().map(|_| Token::new()).transpose()?.map(Arc::new);
    let mut states = tool.as_ref().map(|tool| learn(tool, &live));

    let mut sources = Snapshot::take(source::watched(&options.root));
    update(&options.root, folder.path(), &live, &mut sources)?;
    let url = format!("http://{address}/");
    let api = tool.clone().zip(token.clone()).map(|(tool, token)| Api { tool, token, live: Arc::clone(&live) });
    server::start(listener, address.port(), Arc::clone(&live), api);
    let runner = tool.clone().map(|tool| runner::start(tool, Arc::clone(&live), options.check_limit));
    let fragment = token.as_ref().map_or_else(String::new, |token| format!("#token={}", token.secret()));
    say(&format!("the book is at {url}{fragment} (Ctrl-C stops)"));
    if options.open {
        let ticket = token.as_ref().and_then(|token| token.ticket());
        browser::open(&format!("{url}{}", ticket.map_or_else(String::new, |ticket| format!("#ticket={ticket}"))));
    }

    while !interrupt::came() {
        std::thread::sleep(PAUSE);
        if let (Some(tool), Some(seen)) = (&tool, &mut states)
            && seen.changed()
        {
            *seen = learn(tool, &live);
        }
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
    live.close();
    // A runner that panicked runs nothing any more.
    let _ = runner.map(JoinHandle::join);
    say("stopped");
    Ok(())
}

/// Asks what state the exercises are in; the answer holds until what it watches changes.
fn learn(tool: &Tool, live: &Live) -> Snapshot {
    // Looked at before the question, so that a change in between is seen.
    let mut seen = Snapshot::take(live.catalogue().watch.clone());
    let catalogue = tool.ask(&["list", "--format", "json"]).map(|list| Catalogue::read(&list, &tool.root));
    if let Ok(catalogue) = &catalogue {
        seen.also(catalogue.watch.clone());
    }
    live.learn(catalogue);
    seen
}

/// Builds the book and puts it in front of the reader, or the reason why it could not be built.
fn update(root: &Path, folder: &Path, live: &Live, sources: &mut Snapshot) -> anyhow::Result<()> {
    let Build { dest, pages, findings, reads } = {
        let _progress = Progress::start("building the book");
        build::build(root, Some(&folder.join("book")), Extent::Course)?
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
