//! The course's command line: finding, building, running, reporting.
//!
//! Modules in reading order:
//! - what can be typed: `cli`, `help`;
//! - what the course is: `course`, `manifest`, `names`, `page`, `mistake`;
//! - what is known about the learner: `fingerprint`, `progress`, `state`, `store`, `clock`;
//! - how a verdict is reached: `compile`, `needs`, `lockfile`, `run`, `process`, `libtest`, `report`, `verdict`, `judge`,
//!   `tidy`, `remember`, `follow`, and `advice` where that fails for the machine's sake;
//! - what authors are held to: `rules`, `variants`, `verified`, `resolved`, `mutation`, `file_mutation`, `equivalent`,
//!   `wrong_answer`;
//! - how it is shown: `view`, `term`, `wrap`, `diff`, and `stream` while it happens;
//! - what is asked of git: `git`;
//! - the commands: `verbs`, one module each.
//!
//! Arrows run one way: verbs -> judge -> (compile, run) -> process. Nothing here knows about Lambda: a check is an
//! executable that judges the binary whose path it finds in `LOCAL_LAMBDA_BINARY`, and may write what it saw to the
//! file in `LOCAL_LAMBDA_REPORT`. The one exception is [`wrong_answer`], which plays functions that no check may accept.
//!
//! What a learner should not wait for is a binary of its own, built the first time it is asked for: the book's builder
//! (`verbs::book`) and `local-lambda`'s command (`verbs::invoke`).

pub mod cli;
pub mod help;

pub mod course;
pub mod manifest;
pub mod mistake;
pub mod names;
pub mod page;

pub mod clock;
pub mod fingerprint;
pub mod progress;
pub mod state;
pub mod store;

pub mod advice;
pub mod compile;
pub mod follow;
pub mod judge;
pub mod libtest;
pub mod lockfile;
pub mod needs;
pub mod process;
pub mod remember;
pub mod report;
pub mod resolved;
pub mod run;
pub mod tidy;
pub mod verdict;

pub mod equivalent;
pub mod file_mutation;
pub mod mutation;
pub mod rules;
pub mod variants;
pub mod verified;
pub mod wrong_answer;

pub mod diff;
pub mod git;
pub mod stream;
pub mod term;
pub mod view;
pub mod wrap;

pub mod verbs;

#[cfg(test)]
mod tests {
    #[test]
    fn the_code_map_names_every_module() {
        let source = include_str!("lib.rs");
        let (map, _) = source.split_once("\npub mod ").expect("there are modules");
        let names = source.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
        let missing: Vec<&str> = names.filter(|name| !map.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
