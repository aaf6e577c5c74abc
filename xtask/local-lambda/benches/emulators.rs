//! How fast the local service is, beside the emulator that Rust users know: the same function binary, in one go, in
//! interleaved rounds. Only the ratios mean anything; machines are noisy.
//!
//! ```console
//! $ cargo bench -p local-lambda --bench emulators            # a table
//! $ cargo bench -p local-lambda --bench emulators -- --json  # the same as JSON
//! ```
//!
//! `cargo-lambda` takes part when it is on the `PATH` or named in `CARGO_LAMBDA` (it is on PyPI). It runs as its own
//! documentation suggests for a function that is already built: `watch --only-lambda-apis`. Its speed depends on the
//! caller: one that sends head and body in two pieces and leaves Nagle's algorithm on waits for delayed
//! acknowledgements, so it is measured with such a caller and with a careful one. Measured with cargo's `bench`
//! profile; `--profile dev` shows what a learner's debug build does.
//!
//! What a debug function spends on itself bounds every ratio: the row `no runtime library` is a function that speaks
//! HTTP by hand (`examples/raw.rs`), and shows what is left of the service when the function costs nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use local_lambda::Function;
use serde_json::{Value, json};

const ROUNDS: usize = 5;
const INVOCATIONS: usize = 400;
const COLD_STARTS: usize = 15;
const EVENT: &str = r#"{"items":[1,2,3],"name":"Ferris"}"#;

fn main() {
    let as_json = env::args().any(|argument| argument == "--json");
    let cargo_lambda = find_cargo_lambda();
    let mut results = Vec::new();
    for profile in ["debug", "release"] {
        let [binary, raw] = ["fates", "raw"].map(|example| build_function(profile, example));
        eprintln!("measuring the {profile} binary, {ROUNDS} rounds …");
        results.push(measure(profile, &binary, &raw, cargo_lambda.as_deref()));
    }
    let bars = bars(&results);
    if as_json {
        println!("{}", json!({ "version": 1, "results": results, "bars": bars }));
    } else {
        show(&results, &bars, cargo_lambda.is_some());
    }
    if bars.iter().any(|bar| bar["met"] == json!(false)) {
        std::process::exit(1);
    }
}

/// A function of `examples/` that gives its event back.
fn build_function(profile: &str, example: &str) -> PathBuf {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["build", "--package", "local-lambda", "--example", example, "--message-format", "json"]);
    if profile == "release" {
        command.arg("--release");
    }
    let output = command.stderr(Stdio::inherit()).output().expect("cargo runs");
    assert!(output.status.success(), "the function does not build");
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
        (message["target"]["name"] == example).then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
    });
    executable.expect("cargo says where the function is")
}

fn find_cargo_lambda() -> Option<PathBuf> {
    let named = env::var_os("CARGO_LAMBDA").map(PathBuf::from);
    let on_path = env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join("cargo-lambda"))
        .find(|path| path.is_file());
    named.or(on_path)
}

/// The warm part of one round: the time of every invocation, and of all together.
struct Round {
    times: Vec<Duration>,
    wall: Duration,
}

/// Runs a binary with so many environments.
type Runner = Box<dyn Fn(&Path, usize) -> Round>;

/// One way to run a function, measured round after round.
struct Subject {
    name: &'static str,
    environments: usize,
    run: Runner,
    invocations_per_second: Vec<f64>,
    times: Vec<Duration>,
}

fn subject(name: &'static str, environments: usize, run: impl Fn(&Path, usize) -> Round + 'static) -> Subject {
    Subject { name, environments, run: Box::new(run), invocations_per_second: Vec::new(), times: Vec::new() }
}

fn measure(profile: &str, binary: &Path, raw: &Path, cargo_lambda: Option<&Path>) -> Value {
    let raw = raw.to_owned();
    // Those that are compared are neighbours in every round.
    let mut subjects = vec![subject("local-lambda", 1, |binary, environments| local(binary, environments, false))];
    if let Some(cargo_lambda) = cargo_lambda.map(Path::to_owned) {
        let other = cargo_lambda.clone();
        subjects.push(subject(CAREFUL, 1, move |binary, _| watched(&cargo_lambda, binary, Caller::Careful)));
        subjects.push(subject(PLAIN, 1, move |binary, _| watched(&other, binary, Caller::Plain)));
    }
    subjects.extend([
        subject("local-lambda, freezing", 1, |binary, environments| local(binary, environments, true)),
        subject("local-lambda", 2, |binary, environments| local(binary, environments, false)),
        subject("local-lambda", 8, |binary, environments| local(binary, environments, false)),
        subject("local-lambda, no runtime library", 1, move |_, environments| local(&raw, environments, false)),
    ]);
    let (mut cold, mut bare, mut watched_cold) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for subject in &mut subjects {
            let round = (subject.run)(binary, subject.environments);
            subject.invocations_per_second.push(round.times.len() as f64 / round.wall.as_secs_f64());
            subject.times.extend(round.times);
        }
        for _ in 0..COLD_STARTS {
            bare.push(bare_start(binary));
            cold.push(cold_start(binary));
        }
        watched_cold.extend(cargo_lambda.map(|cargo_lambda| Watched::start(cargo_lambda, binary).1.as_secs_f64()));
    }
    let rows: Vec<Value> = subjects
        .into_iter()
        .map(|mut subject| {
            subject.times.sort_unstable();
            json!({
                "subject": subject.name,
                "environments": subject.environments,
                "invocations_per_second": median(subject.invocations_per_second.clone()).round(),
                "rounds": subject.invocations_per_second,
                "p50_ms": ms(percentile(&subject.times, 0.50)),
                "p99_ms": ms(percentile(&subject.times, 0.99)),
                "max_ms": ms(percentile(&subject.times, 1.0)),
            })
        })
        .collect();
    let (cold, bare) = (median(cold), median(bare));
    let watched_cold = (!watched_cold.is_empty()).then(|| ms(median(watched_cold)));
    json!({
        "profile": profile,
        "serial": rows,
        "start": { "bare_process_ms": ms(bare), "first_answer_ms": ms(cold), "over_bare_ms": ms(cold - bare),
            "cargo_lambda_watch_ms": watched_cold },
    })
}

/// `environments` callers at once, each with a warm environment.
fn local(binary: &Path, environments: usize, freeze: bool) -> Round {
    let function = Function::builder(binary).freeze(freeze).start();
    let warm: Vec<_> = (0..environments).map(|_| function.request().send(r#"{"fate":"sleep","ms":30}"#)).collect();
    warm.into_iter().for_each(|pending| drop(pending.wait()));
    let started = Instant::now();
    let times = thread::scope(|scope| {
        let callers: Vec<_> = (0..environments)
            .map(|_| {
                scope.spawn(|| {
                    timed(INVOCATIONS / environments, || {
                        let outcome = function.invoke(EVENT);
                        assert_eq!(outcome.payload(), EVENT, "{outcome}");
                    })
                })
            })
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().expect("a caller ends")).collect()
    });
    Round { times, wall: started.elapsed() }
}

fn timed(count: usize, mut invoke: impl FnMut()) -> Vec<Duration> {
    (0..count)
        .map(|_| {
            let started = Instant::now();
            invoke();
            started.elapsed()
        })
        .collect()
}

fn cold_start(binary: &Path) -> f64 {
    let function = Function::start(binary);
    let started = Instant::now();
    let outcome = function.invoke(EVENT);
    let took = started.elapsed();
    assert_eq!(outcome.payload(), EVENT, "{outcome}");
    took.as_secs_f64()
}

/// The process alone: started, and ended by itself before it makes a call.
fn bare_start(binary: &Path) -> f64 {
    let started = Instant::now();
    let status = Command::new(binary).env("INIT", "exit").stdout(Stdio::null()).status().expect("the function starts");
    assert_eq!(status.code(), Some(9));
    started.elapsed().as_secs_f64()
}

/// A process that is killed when this value goes.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A package with one binary: cargo-lambda asks cargo which functions there are, also when it is to start none.
struct Package(PathBuf);

impl Package {
    fn named(name: &str) -> Package {
        let folder = env::temp_dir().join(format!("emulators-{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).expect("the temporary folder can be written to");
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        fs::write(folder.join("Cargo.toml"), manifest).expect("the temporary folder can be written to");
        fs::write(folder.join("src/main.rs"), "fn main() {}\n").expect("the temporary folder can be written to");
        Package(folder)
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// How a caller sends a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Caller {
    /// In one piece, without Nagle's algorithm.
    Careful,
    /// Head and body apart, with the system's defaults.
    Plain,
}

const CAREFUL: &str = "cargo lambda watch, careful caller";
const PLAIN: &str = "cargo lambda watch, plain caller";

/// The same function behind `cargo lambda watch --only-lambda-apis`, and a caller.
struct Watched {
    client: Client,
    _function: Running,
    _emulator: Running,
    _package: Package,
}

impl Watched {
    /// Starts all of it; with the time until the first answer.
    fn start(cargo_lambda: &Path, binary: &Path) -> (Watched, Duration) {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free.expect("a port is free").port()));
        let package = Package::named("fates");
        let mut emulator = Command::new(cargo_lambda);
        emulator.args(["lambda", "watch", "--only-lambda-apis", "--invoke-address", "127.0.0.1"]);
        emulator.args(["--invoke-port", &address.port().to_string()]).current_dir(&package.0);
        emulator.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let emulator = Running(emulator.spawn().expect("cargo-lambda starts"));
        let mut client = Client::connect(address);
        let mut function = Command::new(binary);
        function.env("AWS_LAMBDA_RUNTIME_API", format!("http://{address}/.rt/fates"));
        function.env("AWS_LAMBDA_FUNCTION_NAME", "fates").env("AWS_LAMBDA_FUNCTION_VERSION", "1");
        function.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128");
        function.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let function = Running(function.spawn().expect("the function starts"));
        client.invoke(Caller::Careful);
        let watched = Watched { client, _function: function, _emulator: emulator, _package: package };
        (watched, started.elapsed())
    }
}

fn watched(cargo_lambda: &Path, binary: &Path, caller: Caller) -> Round {
    let (mut watched, _) = Watched::start(cargo_lambda, binary);
    if caller == Caller::Plain {
        watched.client.0.get_ref().set_nodelay(false).expect("the connection takes an option");
    }
    // A plain caller may need 40 ms for each.
    let count = if caller == Caller::Plain { INVOCATIONS / 10 } else { INVOCATIONS };
    let started = Instant::now();
    let times = timed(count, || watched.client.invoke(caller));
    Round { times, wall: started.elapsed() }
}

/// A caller with one connection that stays open.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: SocketAddr) -> Client {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            match TcpStream::connect(address) {
                Ok(stream) => {
                    stream.set_nodelay(true).expect("the connection takes an option");
                    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("the connection takes an option");
                    return Client(BufReader::new(stream));
                }
                Err(error) if Instant::now() > deadline => panic!("the emulator does not listen: {error}"),
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    fn invoke(&mut self, caller: Caller) {
        let head = format!(
            "POST /2015-03-31/functions/fates/invocations HTTP/1.1\r\nHost: l\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            EVENT.len()
        );
        let pieces = match caller {
            Caller::Careful => vec![format!("{head}{EVENT}")],
            Caller::Plain => vec![head, EVENT.to_owned()],
        };
        for piece in pieces {
            self.0.get_mut().write_all(piece.as_bytes()).expect("the emulator reads");
        }
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            self.0.read_line(&mut line).expect("the emulator answers");
            match line.trim_end().to_ascii_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().expect("a length is a number"),
                Some(_) => {}
                None if line.trim_end().is_empty() => break,
                None => assert!(line.contains(" 200 "), "the emulator answers {line}"),
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("the emulator answers");
        assert_eq!(body, EVENT.as_bytes());
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

fn percentile(sorted: &[Duration], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize].as_secs_f64()
}

fn ms(seconds: f64) -> f64 {
    (seconds * 1e5).round() / 1e2
}

fn row<'a>(result: &'a Value, subject: &str, environments: u64) -> Option<&'a Value> {
    let rows = result["serial"].as_array()?;
    rows.iter().find(|row| row["subject"] == subject && row["environments"] == environments)
}

/// What has to hold. A bar that needs `cargo-lambda` is not there without it.
fn bars(results: &[Value]) -> Vec<Value> {
    let mut bars = Vec::new();
    let mut bar = |name: String, measured: f64, limit: f64, met: bool| {
        bars.push(json!({ "bar": name, "measured": (measured * 100.0).round() / 100.0, "limit": limit, "met": met }));
    };
    for result in results {
        let profile = result["profile"].as_str().unwrap_or_default();
        let Some(ours) = row(result, "local-lambda", 1) else { continue };
        // Round by round, since what disturbs one of a pair of neighbours disturbs the other.
        let rounds = |row: &Value| -> Vec<f64> {
            row["rounds"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
        };
        // Both spend most of their time on the same debug function, so 0.9 stands for "no slower".
        for (theirs, limit) in [(PLAIN, 3.5), (CAREFUL, 0.9)] {
            if let Some(row) = row(result, theirs, 1) {
                let ratio = median(rounds(ours).iter().zip(rounds(row)).map(|(ours, theirs)| ours / theirs).collect());
                bar(format!("{profile}: times the throughput of {theirs}, at least"), ratio, limit, ratio >= limit);
            }
        }
        let p99 = ours["p99_ms"].as_f64().unwrap_or(f64::MAX);
        bar(format!("{profile}: p99 in ms, at most"), p99, 7.0, p99 <= 7.0);
        let over = result["start"]["over_bare_ms"].as_f64().unwrap_or(f64::MAX);
        bar(format!("{profile}: first answer over the bare process in ms, at most"), over, 2.0, over <= 2.0);
    }
    bars
}

fn show(results: &[Value], bars: &[Value], with_cargo_lambda: bool) {
    for result in results {
        println!("\n{} binary\n", result["profile"].as_str().unwrap_or_default());
        println!(
            "{:<36} {:>12} {:>13} {:>9} {:>9} {:>9}",
            "", "environments", "invocations/s", "p50 ms", "p99 ms", "max ms"
        );
        for row in result["serial"].as_array().into_iter().flatten() {
            println!(
                "{:<36} {:>12} {:>13} {:>9} {:>9} {:>9}",
                row["subject"].as_str().unwrap_or_default(),
                row["environments"],
                row["invocations_per_second"],
                row["p50_ms"],
                row["p99_ms"],
                row["max_ms"]
            );
        }
        let start = &result["start"];
        println!(
            "\nbare process {} ms, first answer {} ms: {} ms over it; cargo lambda watch {} ms",
            start["bare_process_ms"], start["first_answer_ms"], start["over_bare_ms"], start["cargo_lambda_watch_ms"]
        );
    }
    println!("\nbars");
    for bar in bars {
        let met = if bar["met"] == json!(true) { "met   " } else { "MISSED" };
        println!("{met} {} {}: {}", bar["bar"].as_str().unwrap_or_default(), bar["limit"], bar["measured"]);
    }
    if !with_cargo_lambda {
        println!("\ncargo-lambda is not installed (`pip install cargo-lambda`, or set CARGO_LAMBDA): not compared");
    }
}
