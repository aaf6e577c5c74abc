//! The command: `local-aws serve [--port P]`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use local_aws::{LocalAws, OnLocalAws};
use local_lambda::Function;
use local_lambda_sources::World;

const HELP: &str = "\
AWS services on this machine, for the AWS CLI and SDKs. Everything is in memory and gone at the end.

usage: local-aws serve [--port PORT] [--function NAME=PROGRAM]… [--env NAME=VALUE]…

  --port PORT              the port on 127.0.0.1; 4566 if not given, 0 lets the system choose
  --function NAME=PROGRAM  a Lambda function that is there from the start; `Invoke` runs the program
  --env NAME=VALUE         an environment variable of these functions

  LOCAL_AWS=http://HOST:PORT puts the services of another endpoint behind ours
";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("local-aws: {error}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, lexopt::Error> {
    let mut arguments = lexopt::Parser::from_env();
    let (mut port, mut serves) = (4566, false);
    let (mut functions, mut environment) = (Vec::new(), Vec::new());
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => port = arguments.value()?.parse()?,
            Long("function") => functions.push(pair(&mut arguments)?),
            Long("env") => environment.push(pair(&mut arguments)?),
            Long("help") | Short('h') => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            Value(word) if word == "serve" && !serves => serves = true,
            _ => return Err(argument.unexpected()),
        }
    }
    if !serves {
        return Err("say what to do: serve".into());
    }
    let taken = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port));
    if let Err(error) = taken {
        eprintln!("local-aws: cannot listen on 127.0.0.1:{port}: {error}; --port names another");
        return Ok(ExitCode::from(4));
    }
    drop(taken);
    let world = World::builder().at(now()).build();
    let _clock = world.follow_real_time(1.0);
    let aws = LocalAws::start_at(&world, port);
    for (name, program) in functions {
        if !Path::new(&program).is_file() {
            eprintln!("local-aws: there is no program {program} for the function {name}; build it first");
            return Ok(ExitCode::from(4));
        }
        let function = Function::builder(program).name(name).on(&aws);
        let function = environment.iter().fold(function, |function, (name, value)| function.env(name, value));
        world.function(function.start()).create();
    }
    println!("AWS services on {}", aws.endpoint());
    for (name, value) in aws.environment() {
        println!("export {name}={value}");
    }
    loop {
        std::thread::sleep(Duration::from_millis(200));
        // Whoever serves for days must not keep every call of them.
        for call in aws.take_finished().iter() {
            println!("{call}");
        }
    }
}

/// `NAME=VALUE`.
fn pair(arguments: &mut lexopt::Parser) -> Result<(String, String), lexopt::Error> {
    let text = arguments.value()?.string()?;
    match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(format!("{text} is not NAME=VALUE").into()),
    }
}

/// The time of now as RFC 3339 has it.
fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    local_lambda_sources::Timestamp::from_second(since.as_secs() as i64)
        .map(|time| time.to_string())
        .unwrap_or_default()
}
