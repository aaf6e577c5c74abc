//! The command line: what each command takes, and the help. Wrong usage is a [`Usage`], which exits with 2.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt as _};

use crate::names::nearest;

pub const HELP: &str = "\
cargo xtask COMMAND

Learning
  serve                the book in your browser, renewed on every change
                       --port N, --no-open
  check [NAME…]        build and grade; nothing given: where you left off
                       --all, --solutions, --again, --verbose
  watch [NAME]         the same on every save, with keys for hint and solution
  list                 all chapters and exercises with their state
  hint [NAME] [N]      the next hint, or hint N again
  solution [NAME]      the solution beside yours; before passing: --give-up
  reset NAME…          the starter again, your files kept; --undo, --all
  progress             what you did so far, as text to keep; --import FILE
  invoke NAME EVENT    run your function once on an event file or fixture
                       --times N, --freeze, --all-fixtures, --transcript

The machine
  doctor               is this machine ready, offline too
  prefetch             download and build everything beforehand
  update               a newer course, your work kept

Authors
  build                the book as a static site; --dest DIR
  new ch05/09-name     lay out an exercise with all its parts
                       --file policy.json: one that mends a file
  verify [NAME…]       every rule that an exercise keeps
                       --release: exercises are their starters, too
  mutants NAME…        would the check notice a solution gone wrong?
  ci                   all that CI runs; --full adds the slow rest
  bench                what it costs beside plain cargo; --full from nothing

A NAME is ch05, 5, ch05/06, ch05-performance/06-backoff, backoff, or a path.
--format json is understood by check, list, hint, solution, reset, verify,
invoke, doctor, bench and mutants; check --format jsonl tells while it works.
Exit codes: 0 passed, 1 something to fix, 2 wrong usage, 3 does not compile,
4 the environment or this tool failed; the highest wins.
";

const COMMANDS: [&str; 18] = [
    "bench", "build", "check", "ci", "doctor", "hint", "invoke", "list", "mutants", "new", "prefetch", "progress",
    "reset", "serve", "solution", "update", "verify", "watch",
];

/// A parsed command line.
#[derive(Debug)]
pub enum Invocation {
    Help(&'static str),
    Bench(Options),
    Build(Options),
    Check(Options),
    Ci(Options),
    Doctor(Options),
    Hint(Options),
    Invoke(Options),
    List(Options),
    Mutants(Options),
    New(Options),
    Prefetch,
    Progress(Options),
    Reset(Options),
    Serve(Options),
    Solution(Options),
    Update,
    Verify(Options),
    Watch(Options),
}

/// All that commands take. Each command accepts only its own; the rest keeps its default.
#[derive(Debug, Default)]
pub struct Options {
    pub names: Vec<String>,
    pub format: Format,
    pub all: bool,
    pub all_fixtures: bool,
    pub again: bool,
    pub dest: Option<PathBuf>,
    /// `--format jsonl`: events while it happens, see [`crate::stream`].
    pub events: bool,
    pub file: Option<String>,
    pub freeze: bool,
    pub full: bool,
    pub give_up: bool,
    pub import: Option<PathBuf>,
    pub no_open: bool,
    pub port: Option<u16>,
    pub release: bool,
    pub solutions: bool,
    pub times: Option<u32>,
    pub transcript: bool,
    pub undo: bool,
    pub verbose: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    #[default]
    Text,
    Json,
}

/// The command line makes no sense; the message says what would.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Parses the arguments of the process, its name first.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, Usage> {
    let mut parser = Parser::from_iter(arguments);
    let command = match parser.next().map_err(usage)? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Invocation::Help(HELP)),
        Some(Arg::Value(command)) => command.string().map_err(usage)?,
        Some(other) => return Err(usage(other.unexpected())),
    };
    let known: &[&str] = match command.as_str() {
        "help" => return Ok(Invocation::Help(HELP)),
        "bench" => &["format", "full"],
        "build" => &["dest"],
        "check" => &["all", "again", "format", "solutions", "verbose"],
        "ci" => &["full"],
        "doctor" | "list" => &["format"],
        "prefetch" | "update" => &[],
        "new" => &["file"],
        "hint" => &["format"],
        "invoke" => &["all-fixtures", "format", "freeze", "times", "transcript"],
        "mutants" => &["format"],
        "progress" => &["import"],
        "reset" => &["all", "format", "undo"],
        "serve" => &["no-open", "port"],
        "solution" => &["format", "give-up"],
        "verify" => &["format", "release"],
        "watch" => &["solutions"],
        other => {
            let near = nearest(other, COMMANDS);
            return Err(Usage(match near.as_slice() {
                [] => format!("no command is called {other:?}; `cargo xtask help` shows all"),
                near => format!("no command is called {other:?}; did you mean {}?", near.join(" or ")),
            }));
        }
    };
    let Some(options) = parse_options(&mut parser, known)? else { return Ok(Invocation::Help(HELP)) };
    Ok(match command.as_str() {
        "bench" => Invocation::Bench(options),
        "build" => Invocation::Build(options),
        "check" => Invocation::Check(options),
        "ci" => Invocation::Ci(options),
        "doctor" => Invocation::Doctor(options),
        "hint" => Invocation::Hint(options),
        "invoke" => Invocation::Invoke(options),
        "list" => Invocation::List(options),
        "mutants" => Invocation::Mutants(options),
        "new" => Invocation::New(options),
        "prefetch" => Invocation::Prefetch,
        "progress" => Invocation::Progress(options),
        "reset" => Invocation::Reset(options),
        "serve" => Invocation::Serve(options),
        "solution" => Invocation::Solution(options),
        "update" => Invocation::Update,
        "verify" => Invocation::Verify(options),
        _ => Invocation::Watch(options),
    })
}

/// `None` when help was asked for.
fn parse_options(parser: &mut Parser, known: &[&str]) -> Result<Option<Options>, Usage> {
    let mut options = Options::default();
    while let Some(argument) = parser.next().map_err(usage)? {
        let name = match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(None),
            Arg::Short('v') => "verbose".to_owned(),
            Arg::Long(name) => name.to_owned(),
            Arg::Value(name) => {
                options.names.push(PathBuf::from(name).to_string_lossy().into_owned());
                continue;
            }
            other => return Err(usage(other.unexpected())),
        };
        if !known.contains(&name.as_str()) {
            let known = known.iter().map(|name| format!("--{name}")).collect::<Vec<_>>().join(", ");
            let advice = if known.is_empty() { "it takes none".to_owned() } else { format!("it takes {known}") };
            return Err(Usage(format!("this command does not take --{name}; {advice}")));
        }
        match name.as_str() {
            "all" => options.all = true,
            "all-fixtures" => options.all_fixtures = true,
            "again" => options.again = true,
            "freeze" => options.freeze = true,
            "full" => options.full = true,
            "give-up" => options.give_up = true,
            "no-open" => options.no_open = true,
            "release" => options.release = true,
            "solutions" => options.solutions = true,
            "transcript" => options.transcript = true,
            "undo" => options.undo = true,
            "verbose" => options.verbose = true,
            "import" => options.import = Some(parser.value().map_err(usage)?.into()),
            "dest" => options.dest = Some(parser.value().map_err(usage)?.into()),
            "file" => options.file = Some(parser.value().map_err(usage)?.string().map_err(usage)?),
            "port" => options.port = Some(parser.value().map_err(usage)?.parse().map_err(usage)?),
            "times" => options.times = Some(parser.value().map_err(usage)?.parse().map_err(usage)?),
            _ => {
                options.format = match parser.value().map_err(usage)?.string().map_err(usage)?.as_str() {
                    "text" => Format::Text,
                    "json" => Format::Json,
                    // Of the commands with events, only this one takes `--again`.
                    "jsonl" if known.contains(&"again") => {
                        options.events = true;
                        Format::Json
                    }
                    other => return Err(Usage(format!("--format {other} is unknown; it is text or json"))),
                }
            }
        }
    }
    Ok(Some(options))
}

fn usage(error: lexopt::Error) -> Usage {
    Usage(format!("{error}; `cargo xtask help` shows what each command takes"))
}
