//! The command line: what each command takes, and the help. Wrong usage is a [`Usage`], which exits with 2.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt as _};

use crate::help::{self, OVERVIEW, VERBS, Verb};
use crate::names::nearest;

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
    /// `NAME=VALUE`, for the function that `invoke` runs.
    pub env: Vec<String>,
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
    /// In seconds; fractions are allowed.
    pub timeout: Option<f64>,
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
        None | Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Invocation::Help(OVERVIEW)),
        Some(Arg::Value(command)) => command.string().map_err(usage)?,
        Some(other) => return Err(usage(other.unexpected())),
    };
    if command == "help" {
        return help_about(&mut parser);
    }
    let verb = verb(&command)?;
    let Some(options) = parse_options(&mut parser, verb)? else { return Ok(Invocation::Help(verb.help)) };
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

/// `help`, or `help check`.
fn help_about(parser: &mut Parser) -> Result<Invocation, Usage> {
    Ok(Invocation::Help(match parser.next().map_err(usage)? {
        Some(Arg::Value(command)) => verb(&command.string().map_err(usage)?)?.help,
        None | Some(_) => OVERVIEW,
    }))
}

fn verb(name: &str) -> Result<&'static Verb, Usage> {
    help::verb(name).ok_or_else(|| {
        let near = nearest(name, VERBS.iter().map(|verb| verb.name));
        Usage(match near.as_slice() {
            [] => format!("no command is called {name:?}; `cargo xtask help` shows all"),
            near => format!("no command is called {name:?}; did you mean {}?", near.join(" or ")),
        })
    })
}

/// `None` when help was asked for.
fn parse_options(parser: &mut Parser, verb: &Verb) -> Result<Option<Options>, Usage> {
    let known = verb.options;
    let mut options = Options::default();
    while let Some(argument) = parser.next().map_err(|error| of_verb(verb, &error))? {
        let name = match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(None),
            Arg::Short('v') => "verbose".to_owned(),
            Arg::Long(name) => name.to_owned(),
            Arg::Value(name) => {
                options.names.push(PathBuf::from(name).to_string_lossy().into_owned());
                continue;
            }
            other => return Err(of_verb(verb, &other.unexpected())),
        };
        if !known.contains(&name.as_str()) {
            return Err(Usage(unknown_option(verb, &name)));
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
            "import" => options.import = Some(value(parser, verb)?.into()),
            "dest" => options.dest = Some(value(parser, verb)?.into()),
            "env" => options.env.push(words(parser, verb)?),
            "file" => options.file = Some(words(parser, verb)?),
            "port" => options.port = Some(number(&words(parser, verb)?, "--port wants a number up to 65535")?),
            "timeout" => options.timeout = Some(number(&words(parser, verb)?, "--timeout wants seconds, such as 1.5")?),
            "times" => options.times = Some(number(&words(parser, verb)?, "--times wants a number")?),
            _ => {
                // Only the command with events takes `--verbose`.
                let has_events = known.contains(&"verbose");
                options.format = match words(parser, verb)?.as_str() {
                    "text" => Format::Text,
                    "json" => Format::Json,
                    "jsonl" if has_events => {
                        options.events = true;
                        Format::Json
                    }
                    other => {
                        let formats = if has_events { "text, json or jsonl" } else { "text or json" };
                        return Err(Usage(format!("--format {other} is unknown; it is {formats}")));
                    }
                }
            }
        }
    }
    if let Some(name) = options.names.get(verb.takes) {
        let takes = match verb.takes {
            0 => "no names",
            1 => "one name",
            _ => "a name and one more word",
        };
        return Err(Usage(format!("{} takes {takes}, so what is {name:?}? {}", verb.name, help_of(verb))));
    }
    Ok(Some(options))
}

fn unknown_option(verb: &Verb, name: &str) -> String {
    let known: Vec<String> = verb.options.iter().map(|name| format!("--{name}")).collect();
    let takes = if known.is_empty() { "no options".to_owned() } else { known.join(", ") };
    match nearest(name, verb.options.iter().copied()).first() {
        Some(near) => format!("{} does not take --{name}; did you mean --{near}?", verb.name),
        None => format!("{} does not take --{name}, but {takes}", verb.name),
    }
}

fn value(parser: &mut Parser, verb: &Verb) -> Result<OsString, Usage> {
    parser.value().map_err(|error| of_verb(verb, &error))
}

fn words(parser: &mut Parser, verb: &Verb) -> Result<String, Usage> {
    value(parser, verb)?.string().map_err(|error| of_verb(verb, &error))
}

fn number<T: std::str::FromStr>(typed: &str, wanted: &str) -> Result<T, Usage> {
    typed.parse().map_err(|_| Usage(format!("{wanted}, not {typed:?}")))
}

fn of_verb(verb: &Verb, error: &lexopt::Error) -> Usage {
    Usage(format!("{error}; {}", help_of(verb)))
}

fn help_of(verb: &Verb) -> String {
    format!("`cargo xtask help {}` shows how it is used", verb.name)
}

fn usage(error: lexopt::Error) -> Usage {
    Usage(format!("{error}; `cargo xtask help` shows all commands"))
}
