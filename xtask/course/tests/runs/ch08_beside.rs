//! What chapter 8 prints of extensions and snapshots.

use std::env;
use std::path::PathBuf;

use local_lambda::{Exit, LogSource, Outcome, Step, What};
use serde_json::json;

use crate::{builder, same, told};

/// The program of an example.
fn example(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the path of this test");
    let folder = test.ancestors().nth(2).expect("the folder above").join("examples");
    folder.join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// A step in the words of the page; none when it does not matter there. A call for an event stands where it is answered.
fn words(step: &Step) -> Option<&'static str> {
    match &step.what {
        What::Call { path, .. } if path.ends_with("/extension/register") => Some("the meter registers"),
        What::Call { path, .. } if path.ends_with("/runtime/invocation/next") => Some("the press gets an event"),
        What::Call { path, .. } if path.ends_with("/extension/event/next") => Some("the meter hears of it"),
        What::Call { path, .. } if path.ends_with("/response") => Some("the press answers"),
        What::Frozen => Some("both have asked for the next event: Lambda freezes the environment"),
        What::Thawed => Some("Lambda lets it go on"),
        What::ShutdownSent { to } if to == "runtime" => Some("the press gets SIGTERM"),
        What::ShutdownSent { .. } => Some("Lambda sends SHUTDOWN to the meter"),
        What::Exited(Exit::Code(0)) => Some("the meter ends by itself"),
        _ => None,
    }
}

/// What an extension wrote in an invocation.
fn heard(outcome: &Outcome) -> impl Iterator<Item = &str> {
    outcome.log.iter().filter(|line| line.source == LogSource::Extension).map(|line| line.text.as_str())
}

#[test]
fn an_extension_is_told_when_an_event_begins_and_decides_when_it_is_over() {
    let press = builder("ch08_press", "press").extension(example("ch08_meter")).freeze(true).start();
    let mut steps = Vec::new();
    for order in [1, 2] {
        let outcome = press.invoke(json!({ "order": order }));
        assert!(heard(&outcome).eq(["an event has begun"]), "{:?}", outcome.log);
        steps.extend(outcome.transcript);
    }
    steps.extend(press.shut_down().into_iter().flat_map(|end| end.transcript));
    let mut lines: Vec<&str> = steps.iter().filter_map(words).collect();
    // Whose call is answered first is chance.
    for at in 1..lines.len() {
        if lines[at - 1..=at] == ["the meter hears of it", "the press gets an event"] {
            lines.swap(at - 1, at);
        }
    }
    same("ch08", "beside.txt", &lines.join("\n"));
}

#[test]
fn hooks_run_in_the_other_order_before_the_snapshot() {
    let till = builder("ch08_snapshot", "till").snap_start(true).start();
    let outcome = till.invoke(json!(5000));
    same("ch08", "snapshot.txt", told("5000", &outcome).trim_end());
}
