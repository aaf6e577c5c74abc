//! The course's book: built by the embedded mdBook, checked, and served to a browser on this machine.
//!
//! [`build::build`] turns `book.toml` into a static site and a list of findings; [`serve::serve`] keeps doing that
//! while somebody writes or reads. Plain `mdbook build` gives the same pages: nothing here adds to their content.
//!
//! What leans on mdBook 0.5.4's own ways, each with a test that fails when they change:
//! - its warnings, by the file name between backticks and the tag they quote ([`check::remarks`]);
//! - `README.md` becomes `index.html`, and links to it do not ([`source::Page`], [`check::links`]);
//! - `toc.html` and `404.html` mark a folder as an earlier book that may be replaced ([`build`]);
//! - inline scripts are plain `<script>` elements, and pages end with `</body>` ([`site`], [`serve`]).

use std::io::Write as _;

pub mod cli;
pub mod finding;
pub mod progress;
pub mod text;

pub mod source;
pub mod log;
pub mod build;
pub mod check;

pub mod course;
pub mod dress;

pub mod site;
pub mod serve;

/// A line on standard output, at once. A closed one is no reason to stop.
pub fn say(words: &str) {
    let mut stdout = std::io::stdout();
    let _ = writeln!(stdout, "{words}").and_then(|()| stdout.flush());
}
