//! Tells how it was called, then runs what stands behind `--` with the event as its standard input.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("{}", arguments.join(" "));
    let after = |option: &str| arguments.iter().position(|argument| argument == option).map(|at| &arguments[at + 1]);
    let event = std::fs::File::open(after("--event-file").expect("an event")).expect("the event can be read");
    let status = Command::new(after("--").expect("a function")).stdin(event).status().expect("the function starts");
    ExitCode::from(u8::from(!status.success()))
}
