//! Parses, dispatches and sets the exit code; everything else is in the library, one module per noun or verb.

use std::process::ExitCode;

use xtask::cli::{self, Invocation, Usage};
use xtask::course::Course;
use xtask::verbs::{
    bench, book, check, ci, doctor, hint, invoke, list, mutants, new, prefetch, progress, reset, solution, update,
    verify, watch,
};
use xtask::{process, term, wrong_answer};

fn main() -> ExitCode {
    if let Some(kind) = wrong_answer::asked_for() {
        return wrong_answer::answer(kind);
    }
    process::end_quietly_on_a_broken_pipe();
    process::stop_everything_on_interrupt();
    let ran = run();
    process::end_here_if_interrupted();
    match ran {
        Ok(code) => ExitCode::from(code),
        Err(error) if error.is::<Usage>() => {
            term::usage_error(&format!("{error:#}"));
            ExitCode::from(2)
        }
        Err(error) => {
            term::error(&format!("{error:#}"));
            ExitCode::from(4)
        }
    }
}

fn run() -> anyhow::Result<u8> {
    let invocation = cli::parse(std::env::args_os())?;
    if let Invocation::Help(text) = invocation {
        print!("{text}");
        return Ok(0);
    }
    let course = Course::find()?;
    match invocation {
        Invocation::Help(_) => unreachable!("printed above"),
        Invocation::Bench(options) => bench::run(&course, &options),
        Invocation::Build(options) => book::build(&course, &options),
        Invocation::Check(options) => check::run(&course, &options),
        Invocation::Ci(options) => ci::run(&course, &options),
        Invocation::Doctor(options) => doctor::run(&course, &options),
        Invocation::Hint(options) => hint::run(&course, &options),
        Invocation::Invoke(options) => invoke::run(&course, &options),
        Invocation::List(options) => list::run(&course, &options),
        Invocation::Mutants(options) => mutants::run(&course, &options),
        Invocation::New(options) => new::run(&course, &options),
        Invocation::Prefetch => prefetch::run(&course),
        Invocation::Progress(options) => progress::run(&course, &options),
        Invocation::Reset(options) => reset::run(&course, &options),
        Invocation::Serve(options) => book::serve(&course, &options),
        Invocation::Solution(options) => solution::run(&course, &options),
        Invocation::Update => update::run(&course),
        Invocation::Verify(options) => verify::run(&course, &options),
        Invocation::Watch(options) => watch::run(&course, &options),
    }
}
