//! What the pages print comes from runs. Each test here runs an example of this package as Lambda would and compares
//! what came out with the file that the page includes; `COURSE_RENEW=1 cargo test -p course --test runs` writes the
//! files anew. Times and memory differ from run to run: they are kept in the files and not compared.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use course::{data, fixture, root};
use local_lambda::{Fate, Function, Outcome, What};
use serde_json::{Value, json};

/// An example as a function, by the name that it has on the page.
fn function(example: &str, name: &str) -> Function {
    let test = env::current_exe().expect("the path of this test");
    let folder = test.ancestors().nth(2).expect("the folder above").join("examples");
    let program = folder.join(format!("{example}{}", env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} is not built: run `cargo test -p course`", program.display());
    Function::builder(program).name(name).start()
}

/// Compares with `src/runs/<chapter>/<name>`, or writes it.
#[track_caller]
fn same(chapter: &str, name: &str, text: &str) {
    let path = root().join("src/runs").join(chapter).join(name);
    if env::var_os("COURSE_RENEW").is_some() {
        write(&path, text);
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        without_times(&kept) == without_times(text),
        "{} is not what the run prints now; COURSE_RENEW=1 renews it\n--- in the file\n{kept}\n--- now\n{text}",
        path.display()
    );
}

fn write(path: &PathBuf, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
    fs::write(path, text).expect("the file can be written");
}

/// Every number before ` ms` and ` MB` becomes a `#`.
fn without_times(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    for index in 1..words.len() {
        let unit = words[index].trim_start_matches(|c: char| !c.is_alphabetic());
        let is_measure = unit.starts_with("ms") || unit.starts_with("MB");
        if is_measure && words[index - 1].bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            words[index - 1] = "#";
        }
    }
    words.join(" ")
}

/// What was sent, what came back, and the whole log.
fn told(sent: &str, outcome: &Outcome) -> String {
    let answer = String::from_utf8_lossy(&outcome.payload()).into_owned();
    let log: String = outcome.log.iter().map(|line| format!("{}\n", line.text.trim_end())).collect();
    format!("event   {sent}\nanswer  {answer}\n\n{log}")
}

#[test]
fn numbers_before_a_unit_are_not_compared() {
    assert_eq!(without_times("Duration: 1.20 ms\tBilled Duration: 4 ms\n"), "Duration: # ms\tBilled Duration: # ms\n");
    assert_eq!(without_times("3 copies of 10x15"), "3 copies of 10x15");
}

#[test]
fn ch03_a_typed_handler_answers_cold_and_warm() {
    let function = function("ch03_quote", "quote");
    let mut text = String::new();
    for event in [r#"{"size":"10x15","copies":3}"#, r#"{"size":"13x18","copies":2,"gift":true}"#] {
        let outcome = function.invoke(event);
        let _ = writeln!(text, "{}", told(event, &outcome));
    }
    same("ch03", "quote.txt", &text);
}

#[test]
fn ch03_the_runtime_api_call_by_call() {
    let function = function("ch03_quote", "quote");
    let mut text = String::new();
    for (event, what) in
        [(r#"{"size":"10x15","copies":3}"#, "a good event"), (r#"{"size":"10x15"}"#, "an event without `copies`")]
    {
        let outcome = function.invoke(event);
        let _ = writeln!(text, "{what}");
        for step in &outcome.transcript {
            let line = match &step.what {
                What::ProcessStarted { .. } => "process started".to_owned(),
                What::InitDone => "initialization done".to_owned(),
                What::EventSent { bytes } => format!("event handed out, {bytes} bytes"),
                What::Call { method, path, status, .. } => {
                    let path = path.replace(&outcome.request_id, "{request-id}");
                    format!("{status}  {method} {path}")
                }
                _ => continue,
            };
            let _ = writeln!(text, "  {line}");
        }
    }
    same("ch03", "runtime-api.txt", &text);
}

#[test]
fn ch03_what_the_caller_sees_of_each_failure() {
    let function = function("ch03_failures", "failures");
    let mut table = String::from(
        "| The handler | The caller reads `errorType` | and `errorMessage` | The process |\n|---|---|---|---|\n",
    );
    for (what, event) in [
        ("`Err(\"no paper\".into())`", json!({ "copies": 3, "how": "text" })),
        ("a boxed `Error`", json!({ "copies": 3, "how": "boxed" })),
        ("`Diagnostic { … }`", json!({ "copies": 3, "how": "typed" })),
        ("`panic!`", json!({ "copies": 3, "how": "panic" })),
        ("is not called: `copies` is missing", json!({ "how": "" })),
        ("ends the process", json!({ "copies": 3, "how": "exit" })),
    ] {
        let outcome = function.invoke(event);
        let error: Value = serde_json::from_slice(&outcome.payload()).expect("an error is JSON");
        let text = |key: &str| {
            let text = error[key].as_str().unwrap_or_default().replace(&outcome.request_id, "…").replace('|', "\\|");
            text.trim().to_owned()
        };
        let process = match outcome.fate {
            Fate::Exited { .. } => "is gone",
            _ => "stays warm",
        };
        let _ = writeln!(table, "| {what} | `{}` | {} | {process} |", text("errorType"), text("errorMessage"));
    }
    same("ch03", "failures.md", &table);
}

#[test]
fn ch03_what_the_context_knows() {
    let function = function("ch03_context", "look");
    let outcome = function.request().qualifier("live").invoke("{}");
    let text = serde_json::to_string_pretty(&outcome.expect_response()).expect("JSON");
    same("ch03", "context.json", &format!("{text}\n"));
}

#[test]
fn ch03_a_guard_cleans_up_also_after_an_error() {
    let function = function("ch03_receipt", "receipt");
    let mut text = String::new();
    for event in [r#"{"order":1042}"#, r#"{"orders":[]}"#] {
        let outcome = function.invoke(event);
        let _ = writeln!(text, "event   {event}\nanswer  {}", String::from_utf8_lossy(&outcome.payload()));
        for line in outcome.function_log() {
            let _ = writeln!(text, "log     {line}");
        }
    }
    text.push_str("the environment ends\n");
    for line in function.shut_down().iter().flat_map(|end| &end.log) {
        let _ = writeln!(text, "log     {}", line.text);
    }
    same("ch03", "receipt.txt", &text);
}

#[test]
fn ch03_what_is_wrong_with_samples_from_blogs() {
    let mut text = String::new();
    let outcome = function("ch03_quote", "quote").invoke("{ \"size\": \"10x15\", // ten by fifteen\n  \"copies\": 3 }");
    let error: Value = serde_json::from_slice(&outcome.payload()).expect("an error is JSON");
    let message = error["errorMessage"].as_str().unwrap_or_default().trim();
    let _ = writeln!(text, "JSON with a comment in it, as `Order`:\n  {message}");
    let sample = fixture("s3/truncated-sample");
    let error = serde_json::from_slice::<aws_lambda_events::s3::S3Event>(sample.body()).expect_err("it is truncated");
    let _ = writeln!(text, "s3/truncated-sample.json as `S3Event`:\n  {error}");
    let sample = fixture("apigateway/truncated-sample");
    let error = serde_json::from_slice::<aws_lambda_events::apigw::ApiGatewayProxyRequest>(sample.body())
        .expect_err("it is truncated");
    let _ = writeln!(text, "apigateway/truncated-sample.json as `ApiGatewayProxyRequest`:\n  {error}");
    same("ch03", "samples.txt", &text);
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[test]
fn ch03_the_limits_of_an_invocation() {
    let limits = data("invoke-limits");
    let mut table = String::from("| Limit | Value | Unit | Read on |\n|---|---|---|---|\n");
    for (name, what) in [
        ("synchronous_event", "event of a synchronous call"),
        ("asynchronous_event", "event of an asynchronous call"),
        ("asynchronous_retries", "retries of an asynchronous call"),
        ("asynchronous_event_age", "age at which an event in the queue is given up"),
        ("default_timeout", "timeout unless set"),
        ("maximum_timeout", "longest timeout"),
        ("log_result", "end of the log in a result"),
    ] {
        let fact = &limits[name];
        let source = fact["source"].as_str().unwrap_or_default();
        let (unit, date) = (fact["unit"].as_str().unwrap_or_default(), fact["as_of"].as_str().unwrap_or_default());
        let value = grouped(fact["value"].as_u64().unwrap_or_default());
        let _ = writeln!(table, "| {what} | {value} | {unit} | [{date}]({source}) |");
    }
    same("ch03", "limits.md", &table);
}

/// Prices are whole multiples of 1e-10 USD, so the sum is exact.
#[test]
fn ch03_what_a_million_greetings_cost() {
    let prices = data("prices");
    let units = |name: &str| {
        let text = prices[name]["value"].as_str().unwrap_or_default();
        let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
        format!("{decimals:0<10}").parse::<u128>().expect("at most ten decimals")
    };
    let (calls, billed) = (1_000_000, Duration::from_millis(2));
    let requests = calls * units("request");
    // 128 MB are an eighth of a GB.
    let duration = calls * billed.as_millis() * units("arm64_gigabyte_second") / 8 / 1_000;
    let dollars = |units: u128| format!("{}.{:04}", units / 10_000_000_000, units % 10_000_000_000 / 1_000_000);
    let date = prices["request"]["as_of"].as_str().unwrap_or_default();
    let source = prices["request"]["source"].as_str().unwrap_or_default();
    let table = format!(
        "| A million greetings of 2 ms, 128 MB, arm64, us-east-1 | USD |\n|---|---|\n| requests | {} |\n\
         | duration: 250 GB-seconds | {} |\n| together, before the free tier | {} |\n\n\
         Prices of [{date}]({source}).\n",
        dollars(requests),
        dollars(duration),
        dollars(requests + duration)
    );
    same("ch03", "cost.md", &table);
}
