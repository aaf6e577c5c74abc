//! The course's book: built by the embedded mdBook, checked, and served to a browser on this machine.
//!
//! [`build::build`] turns `book.toml` into a static site and a list of findings; [`serve::serve`] keeps doing that
//! while somebody writes or reads. Plain `mdbook build` gives a book that reads well; [`dress`] adds what only the
//! course knows: facts of exercises, the contents without scripts, reading offline.
//!
//! What a served page can do more is [`serve`]'s: `live` is what is true now (site, states, checks), `page/` the
//! scripts and styles that show it, `api` what a page may ask for, `guard` and `token` who may ask. A check is the
//! command line's `check --format jsonl`, whose events (`xtask/src/stream.rs` documents them) go to every open page as
//! they are.
//!
//! What leans on mdBook 0.5.4's own ways, each with a test that fails when they change:
//! - its warnings, by the file name between backticks and the tag they quote ([`check::remarks`]);
//! - `README.md` becomes `index.html`, and links to it do not ([`source::Page`], [`dress`]);
//! - `toc.html` and `404.html` mark a folder as an earlier book that may be replaced ([`build`]);
//! - inline scripts are plain `<script>` elements, and pages have `</head>` and `</body>` ([`site`], [`serve`]);
//! - `theme/` has our files in place of its frame, styles and scripts, by their names there; what it gives the frame
//!   is named in `theme/index.hbs`, and `{{#toc}}` in `theme/toc.js.hbs` (`tests/suite/mdbook.rs` knows its own files
//!   by their hashes: where one has changed, see what is new and whether ours needs it);
//! - a heading is `<h2 id="…"><a class="header" …`, an admonition `blockquote-tag-note`, a table stands in a
//!   `table-wrapper`, and a fence's words after the comma are classes (`theme/css/general.css`, [`dress`]);
//! - its files have a hash of eight digits in their names ([`dress`]), and its index of the text is
//!   `searchindex.js` with `doc_urls` and `index.documentStore.docs` (`theme/search.js`).

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
