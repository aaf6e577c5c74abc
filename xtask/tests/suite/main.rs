//! The real binary on a miniature course with one exercise per fate. Whole outputs are compared with the files in
//! `tests/snapshots`; `UPDATE_SNAPSHOTS=1 cargo test -p xtask` rewrites them for review.

mod authors;
mod check;
mod columns;
mod files;
mod harness;
mod learner;
mod safety;
mod storage;
mod stream;
mod terminal;
mod update;
mod watch;
