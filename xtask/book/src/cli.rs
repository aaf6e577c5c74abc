//! The command line: what each command takes, and the help. Wrong usage is a [`Usage`], which exits with 2.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt as _};

pub const HELP: &str = "\
book COMMAND

  build                build the static book and check it
                       --dest DIR: elsewhere than book.toml says
                       --plain: what `mdbook build` writes, no more
  serve                the book in the browser, rebuilt on every save
                       --port PORT (0: any), --no-open
                       --xtask PROGRAM: the command line that checks
                       --check-limit SECONDS: the longest check (1800)

Both take --root DIR: the folder of book.toml, instead of the nearest one.
Exit codes: 0 all is well, 1 something to mend in the book, 2 wrong usage,
4 the environment or this tool failed.
";

/// The first check builds everything: minutes on a quick machine, many on a slow one.
const LONGEST_CHECK: Duration = Duration::from_secs(30 * 60);

/// A parsed command line.
#[derive(Debug)]
pub enum Invocation {
    Help,
    Build { root: Option<PathBuf>, dest: Option<PathBuf>, plain: bool },
    Serve { root: Option<PathBuf>, port: Option<u16>, open: bool, xtask: Option<PathBuf>, check_limit: Duration },
}

/// The command line cannot be understood.
#[derive(Debug)]
pub struct Usage(String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: see `book --help`", self.0)
    }
}

impl std::error::Error for Usage {}

impl From<lexopt::Error> for Usage {
    fn from(error: lexopt::Error) -> Usage {
        Usage(error.to_string())
    }
}

pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, Usage> {
    let mut parser = Parser::from_iter(args);
    let mut command = None;
    let (mut root, mut dest, mut port, mut open) = (None, None, None, true);
    let (mut xtask, mut check_limit, mut plain) = (None, LONGEST_CHECK, false);
    while let Some(arg) = parser.next()? {
        match (&arg, command.as_deref()) {
            (Arg::Short('h') | Arg::Long("help"), _) => return Ok(Invocation::Help),
            (Arg::Long("root"), _) => root = Some(PathBuf::from(parser.value()?)),
            (Arg::Long("dest"), Some("build")) => dest = Some(PathBuf::from(parser.value()?)),
            (Arg::Long("plain"), Some("build")) => plain = true,
            (Arg::Long("port"), Some("serve")) => port = Some(parser.value()?.parse()?),
            (Arg::Long("xtask"), Some("serve")) => xtask = Some(PathBuf::from(parser.value()?)),
            (Arg::Long("check-limit"), Some("serve")) => {
                check_limit = Duration::from_secs(parser.value()?.parse()?);
            }
            (Arg::Long("no-open"), Some("serve")) => open = false,
            (Arg::Value(value), None) if value == "help" => return Ok(Invocation::Help),
            (Arg::Value(value), None) if value == "build" || value == "serve" => {
                command = Some(value.to_string_lossy().into_owned());
            }
            _ => return Err(arg.unexpected().into()),
        }
    }
    match command.as_deref() {
        Some("build") => Ok(Invocation::Build { root, dest, plain }),
        Some(_) => Ok(Invocation::Serve { root, port, open, xtask, check_limit }),
        None => Err(Usage("say what to do: build or serve".to_owned())),
    }
}
