//! The command: runs any executable as a Lambda function, once or several times, from a shell.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::ValueExt;
use lexopt::prelude::*;
use local_lambda::{Event, Fate, Function, InitError, LogFormat, Outcome};

const HELP: &str = "\
Runs a program as AWS Lambda would run it: starts it with Lambda's environment, hands it an event over the Runtime API,
and prints what comes back.

Usage: local-lambda invoke [OPTIONS] -- COMMAND [ARGS]...

Arguments:
  COMMAND  The function: an executable in any language that speaks the Runtime API

Options:
  --event JSON           The event [default: {}]
  --event-file FILE      Read the event from a file; `-` is standard input
  --times N              Invoke N times in a row; all but the first meet a warm start [default: 1]
  --name NAME            The function's name [default: the command's file name]
  --timeout SECONDS      Stop the function after so long; fractions are allowed [default: 3]
  --memory MB            Kill it when it uses more than this [default: 128]
  --env NAME=VALUE       An environment variable for the function; may be repeated
  --freeze               Stop the process between invocations, as Lambda does
  --json-logs            Lambda's own log lines as JSON, and AWS_LAMBDA_LOG_FORMAT=JSON for the function
  --transcript           Tell every call and life-cycle step on standard error
  --format text|json     How to print what came back [default: text]
  -h, --help             Print this help
  -V, --version          Print the version

The answer goes to standard output; the log, with START, END and REPORT, to standard error. With `--format json` one
JSON object per invocation, with all of that in it, goes to standard output. Nothing of your own environment reaches
the function: declare what it needs with `--env`.

Exit status:
  0  the function answered
  1  the function failed: an error, a time-out, an exit, too large a payload
  2  wrong usage
  4  it could not be tried: no such program, an unreadable file

Examples:
  local-lambda invoke --event '{\"name\":\"Ferris\"}' -- target/debug/greeter
  local-lambda invoke --event-file order.json --env TABLE=orders --timeout 1.5 -- target/debug/orders
  echo '[]' | local-lambda invoke --event-file - --times 3 --format json -- python3 bootstrap.py
";

/// What the command line asks for.
#[derive(Debug)]
struct Invoke {
    event: Source,
    times: usize,
    name: Option<String>,
    timeout: Duration,
    memory_mb: u32,
    env: Vec<(String, String)>,
    freeze: bool,
    log_format: LogFormat,
    transcript: bool,
    json: bool,
    command: OsString,
    args: Vec<String>,
}

#[derive(Debug)]
enum Source {
    Text(String),
    File(PathBuf),
    StandardInput,
}

#[derive(Debug)]
enum Request {
    Invoke(Box<Invoke>),
    Print(String),
}

/// An end without an outcome: what to say, and the exit status.
#[derive(Debug)]
struct Stop {
    message: String,
    status: u8,
}

impl Stop {
    fn usage(message: impl Into<String>) -> Stop {
        Stop { message: format!("{}\ntry `local-lambda --help`", message.into()), status: 2 }
    }

    fn could_not(message: impl Into<String>) -> Stop {
        Stop { message: message.into(), status: 4 }
    }
}

impl From<lexopt::Error> for Stop {
    fn from(error: lexopt::Error) -> Stop {
        Stop::usage(error.to_string())
    }
}

fn main() -> ExitCode {
    let result = parse(lexopt::Parser::from_env()).and_then(|request| match request {
        Request::Print(text) => print(&text).map(|()| ExitCode::SUCCESS),
        Request::Invoke(invoke) => run(*invoke),
    });
    result.unwrap_or_else(|stop| {
        eprintln!("local-lambda: {}", stop.message);
        ExitCode::from(stop.status)
    })
}

fn parse(mut parser: lexopt::Parser) -> Result<Request, Stop> {
    match parser.next()? {
        Some(Long("help") | Short('h')) => return Ok(Request::Print(HELP.to_owned())),
        Some(Long("version") | Short('V')) => {
            return Ok(Request::Print(concat!("local-lambda ", env!("CARGO_PKG_VERSION"), "\n").to_owned()));
        }
        Some(Value(verb)) if verb == "invoke" => {}
        Some(Value(verb)) if verb == "help" => return Ok(Request::Print(HELP.to_owned())),
        Some(Value(verb)) => {
            return Err(Stop::usage(format!("there is no command {verb:?}: the one there is is `invoke`")));
        }
        Some(other) => return Err(other.unexpected().into()),
        None => return Err(Stop::usage("what to do? the one command there is is `invoke`")),
    }
    let mut invoke = Invoke {
        event: Source::Text("{}".to_owned()),
        times: 1,
        name: None,
        timeout: local_lambda::limits::DEFAULT_TIMEOUT,
        memory_mb: local_lambda::limits::DEFAULT_MEMORY_MB,
        env: Vec::new(),
        freeze: false,
        log_format: LogFormat::Text,
        transcript: false,
        json: false,
        command: OsString::new(),
        args: Vec::new(),
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(Request::Print(HELP.to_owned())),
            Long("event") => invoke.event = Source::Text(parser.value()?.string()?),
            Long("event-file") => {
                let path = parser.value()?;
                invoke.event = if path == "-" { Source::StandardInput } else { Source::File(path.into()) };
            }
            Long("times") => invoke.times = at_least_one("--times", parser.value()?.parse()?)?,
            Long("name") => invoke.name = Some(parser.value()?.string()?),
            Long("timeout") => invoke.timeout = seconds(&parser.value()?.string()?)?,
            Long("memory") => invoke.memory_mb = at_least_one("--memory", parser.value()?.parse()?)? as u32,
            Long("env") => invoke.env.push(variable(&parser.value()?.string()?)?),
            Long("freeze") => invoke.freeze = true,
            Long("json-logs") => invoke.log_format = LogFormat::Json,
            Long("transcript") => invoke.transcript = true,
            Long("format") => {
                invoke.json = match parser.value()?.string()?.as_str() {
                    "json" => true,
                    "text" => false,
                    other => return Err(Stop::usage(format!("--format is `text` or `json`, not {other:?}"))),
                }
            }
            Value(dash) if dash == "-" => invoke.event = Source::StandardInput,
            // The function's command begins here; what follows is its own.
            Value(command) => {
                invoke.command = command;
                for argument in parser.raw_args()? {
                    invoke.args.push(argument.string()?);
                }
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if invoke.command.is_empty() {
        return Err(Stop::usage("which program is the function? put it behind `--`"));
    }
    Ok(Request::Invoke(Box::new(invoke)))
}

fn at_least_one(option: &str, number: usize) -> Result<usize, Stop> {
    match number {
        0 => Err(Stop::usage(format!("{option} is at least 1"))),
        number => Ok(number),
    }
}

fn seconds(text: &str) -> Result<Duration, Stop> {
    let parsed = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    parsed
        .filter(|timeout| !timeout.is_zero())
        .ok_or_else(|| Stop::usage(format!("--timeout is a number of seconds such as 3 or 0.5, not {text:?}")))
}

fn variable(text: &str) -> Result<(String, String), Stop> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Stop::usage(format!("--env is NAME=VALUE, not {text:?}"))),
    }
}

fn read_event(source: Source) -> Result<Event, Stop> {
    let (name, text) = match source {
        Source::Text(text) => ("--event".to_owned(), text),
        Source::File(path) => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(&path).map_err(|error| Stop::could_not(format!("{name}: {error}")))?;
            (name, text)
        }
        Source::StandardInput => {
            let mut text = String::new();
            let read = io::stdin().read_to_string(&mut text);
            read.map_err(|error| Stop::could_not(format!("standard input: {error}")))?;
            ("standard input".to_owned(), text)
        }
    };
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(_) => Ok(Event::named(name, text)),
        Err(error) => {
            let message = format!("{name} is not JSON, and Lambda would refuse it: {error}");
            Err(Stop { message, status: 2 })
        }
    }
}

fn run(invoke: Invoke) -> Result<ExitCode, Stop> {
    let event = read_event(invoke.event)?;
    let mut builder = Function::builder(invoke.command)
        .args(invoke.args)
        .timeout(invoke.timeout)
        .memory_mb(invoke.memory_mb)
        .freeze(invoke.freeze)
        .log_format(invoke.log_format);
    if let Some(name) = invoke.name {
        builder = builder.name(name);
    }
    for (name, value) in invoke.env {
        builder = builder.env(name, value);
    }
    let function = builder.start();
    let mut all_answered = true;
    for _ in 0..invoke.times {
        let outcome = function.invoke(event.clone());
        if let Fate::InitError(InitError::NotStarted { reason }) = &outcome.fate {
            return Err(Stop::could_not(format!("the function cannot be started: {reason}")));
        }
        all_answered &= matches!(outcome.fate, Fate::Response(_));
        if invoke.json {
            print(&format!("{}\n", outcome.to_json()))?;
        } else {
            show(&outcome, invoke.transcript)?;
        }
    }
    Ok(if all_answered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(outcome: &Outcome, transcript: bool) -> Result<(), Stop> {
    let mut told = String::new();
    for line in &outcome.log {
        told.push_str(&line.text);
        told.push('\n');
    }
    if outcome.log_bytes_dropped > 0 {
        told.push_str(&format!("local-lambda: {} more bytes of log were not kept\n", outcome.log_bytes_dropped));
    }
    for violation in outcome.violations() {
        told.push_str(&format!("local-lambda: contract violation: {}\n", violation.detail));
    }
    if transcript {
        for step in &outcome.transcript {
            told.push_str(&format!("{step}\n"));
        }
    }
    let _ = io::stderr().write_all(told.as_bytes());
    let mut answer = outcome.payload().to_vec();
    answer.push(b'\n');
    write(&answer)
}

fn print(text: &str) -> Result<(), Stop> {
    write(text.as_bytes())
}

/// Writes to standard output; that nobody reads it any more is no error.
fn write(bytes: &[u8]) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Stop::could_not(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}
