//! A function without a runtime library: it speaks HTTP by hand, and on request badly. The tests of this crate run
//! it; `MODE` says what it does wrong. It also plays an external extension.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;
use std::{env, process, thread};

/// One answer of the Runtime API.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn header(&self, wanted: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
    }
}

fn connect() -> TcpStream {
    let address = env::var("AWS_LAMBDA_RUNTIME_API").expect("AWS_LAMBDA_RUNTIME_API is set");
    TcpStream::connect(address).expect("the Runtime API listens")
}

fn send(stream: &TcpStream, method: &str, path: &str, headers: &str, body: &str) {
    let mut stream = stream;
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: lambda\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).expect("the Runtime API reads");
}

fn receive(stream: &TcpStream) -> Answer {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).expect("an answer comes");
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("headers come");
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let mut answer = Answer { status, headers, body: String::new() };
    let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body comes");
    answer.body = String::from_utf8_lossy(&body).into_owned();
    answer
}

fn call(stream: &TcpStream, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    send(stream, method, path, headers, body);
    let answer = receive(stream);
    if method == "POST" {
        println!("{path} {} {}", answer.status, answer.body);
    }
    answer
}

const NEXT: &str = "/2018-06-01/runtime/invocation/next";

fn next(stream: &TcpStream) -> Answer {
    call(stream, "GET", NEXT, "", "")
}

fn id(event: &Answer) -> String {
    event.header("lambda-runtime-aws-request-id").expect("every event has an id").to_owned()
}

fn respond(stream: &TcpStream, id: &str, headers: &str, body: &str) -> Answer {
    call(stream, "POST", &format!("/2018-06-01/runtime/invocation/{id}/response"), headers, body)
}

fn fail(stream: &TcpStream, id: &str, headers: &str, body: &str) -> Answer {
    call(stream, "POST", &format!("/2018-06-01/runtime/invocation/{id}/error"), headers, body)
}

fn main() {
    if let Ok(name) = env::current_exe().map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        && name.starts_with("extension")
    {
        return extension(&name);
    }
    let mode = env::var("MODE").unwrap_or_default();
    let stream = connect();
    match mode.as_str() {
        "never-next" => thread::sleep(Duration::from_secs(600)),
        "closes-before-next" => {
            let _ = stream.shutdown(Shutdown::Both);
            thread::sleep(Duration::from_secs(600));
        }
        "init-error" => {
            let body = r#"{"errorType":"Config","errorMessage":"TABLE is not set","stackTrace":[]}"#;
            let header = "Lambda-Runtime-Function-Error-Type: Runtime.ConfigInvalid\r\n";
            call(&stream, "POST", "/2018-06-01/runtime/init/error", header, body);
            process::exit(1);
        }
        "not-http" => {
            let mut stream = &stream;
            let _ = stream.write_all(b"\x16\x03\x01\x02\x00 this is no HTTP\r\n\r\n");
            thread::sleep(Duration::from_secs(600));
        }
        _ => {}
    }
    loop {
        let event = next(&stream);
        let request = id(&event);
        serve(&mode, &stream, &event, &request);
    }
}

fn serve(mode: &str, stream: &TcpStream, event: &Answer, request: &str) {
    match mode {
        "headers" => {
            let lines: Vec<String> = event.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let quoted: Vec<String> = lines.iter().map(|line| format!("{line:?}")).collect();
            respond(stream, request, "", &format!("[{}]", quoted.join(",")));
        }
        "answers-twice" => {
            respond(stream, request, "", "1");
            respond(stream, request, "", "2");
        }
        "answers-later-again" => {
            respond(stream, request, "", "1");
            let other = connect();
            let previous = request.to_owned();
            thread::spawn(move || {
                // The main thread polls again in the meantime, and this request is no longer the current one.
                thread::sleep(Duration::from_millis(30));
                respond(&other, &previous, "", "2");
            });
        }
        "wrong-id" => {
            respond(stream, "00000000-0000-4000-8000-000000000000", "", "1");
            respond(stream, request, "", "2");
        }
        "stale-invocation-id" => {
            respond(stream, request, "Lambda-Runtime-Invocation-Id: an-older-one\r\n", "1");
            let invocation = event.header("lambda-runtime-invocation-id").expect("it is sent");
            respond(stream, request, &format!("Lambda-Runtime-Invocation-Id: {invocation}\r\n"), "2");
        }
        "next-twice" => {
            let other = connect();
            let again = next(&other);
            respond(stream, request, "", &format!("{}", id(&again) == request));
        }
        "late-init-error" => {
            call(stream, "POST", "/2018-06-01/runtime/init/error", "", "{}");
            respond(stream, request, "", "1");
        }
        "unknown-calls" => {
            call(stream, "POST", "/2018-06-01/runtime/invocation/next", "", "");
            call(stream, "POST", "/2015-03-31/functions", "", "");
            let ping = call(stream, "GET", "/2018-06-01/ping", "", "");
            respond(stream, request, "", &format!("{:?}", ping.body));
        }
        "bad-mode" => {
            respond(stream, request, "Lambda-Runtime-Function-Response-Mode: poured\r\n", "1");
        }
        "error-with-cause" => {
            let headers = "Content-Type: application/vnd.aws.lambda.error.cause+json\r\nLambda-Runtime-Function-Error-Type: Function.Refused\r\n";
            let body = r#"{"errorMessage":"m","errorType":"t","stackTrace":["s"],"errorCause":{"exceptions":[]}}"#;
            fail(stream, request, headers, body);
        }
        "too-large" => {
            let body = format!("\"{}\"", "x".repeat(6 * 1024 * 1024 + 100));
            respond(stream, request, "", &body);
        }
        "just-fits" => {
            let body = format!("\"{}\"", "x".repeat(6 * 1024 * 1024 + 98));
            respond(stream, request, "", &body);
        }
        "answers-and-exits" => {
            respond(stream, request, "", "1");
            process::exit(7);
        }
        "answers-without-reading-and-exits" => {
            send(stream, "POST", &format!("/2018-06-01/runtime/invocation/{request}/response"), "", "1");
            process::exit(7);
        }
        "answers-and-hangs" => {
            respond(stream, request, "", "1");
            thread::sleep(Duration::from_secs(600));
        }
        "closes-its-socket" => {
            let _ = stream.shutdown(Shutdown::Both);
            thread::sleep(Duration::from_secs(600));
        }
        "breaks-off-its-body" => {
            let mut half = stream;
            let path = format!("/2018-06-01/runtime/invocation/{request}/response");
            let _ = write!(half, "POST {path} HTTP/1.1\r\nHost: l\r\nContent-Length: 100\r\n\r\nhalf");
            let _ = stream.shutdown(Shutdown::Both);
            thread::sleep(Duration::from_secs(600));
        }
        "stream-with-trailers" => {
            let mut stream = stream;
            let path = format!("/2018-06-01/runtime/invocation/{request}/response");
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: l\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
            );
            let body = "4\r\npart\r\n0\r\nLambda-Runtime-Function-Error-Type: Function.RanDry\r\nLambda-Runtime-Function-Error-Body: eyJhIjoxfQ==\r\n\r\n";
            stream.write_all(head.as_bytes()).expect("the Runtime API reads");
            stream.write_all(body.as_bytes()).expect("the Runtime API reads");
            receive(stream);
        }
        "credentials" => {
            let uri = env::var("AWS_CONTAINER_CREDENTIALS_FULL_URI").expect("SnapStart sets it");
            let path = uri.splitn(4, '/').nth(3).expect("it has a path").to_owned();
            let token = env::var("AWS_CONTAINER_AUTHORIZATION_TOKEN").expect("SnapStart sets it");
            let refused = call(stream, "GET", &format!("/{path}"), "", "");
            let given = call(stream, "GET", &format!("/{path}"), &format!("Authorization: {token}\r\n"), "");
            respond(stream, request, "", &format!("[{},{}]", refused.status, given.body));
        }
        _ => {
            respond(stream, request, "", &event.body);
        }
    }
}

/// An external extension that tells what it hears. With `EXTENSION` it fails instead.
fn extension(name: &str) {
    let stream = connect();
    let fate = env::var("EXTENSION").unwrap_or_default();
    if fate == "exit" {
        process::exit(3);
    }
    if fate == "late" {
        thread::sleep(Duration::from_millis(100));
    }
    let header = format!("Lambda-Extension-Name: {name}\r\n");
    let events = r#"{"events":["INVOKE","SHUTDOWN"]}"#;
    let registered = call(&stream, "POST", "/2020-01-01/extension/register", &header, events);
    let id = registered.header("lambda-extension-identifier").expect("an identifier comes").to_owned();
    let header = format!("Lambda-Extension-Identifier: {id}\r\n");
    if fate == "init-error" {
        let header = format!("{header}Lambda-Extension-Function-Error-Type: Extension.NoLicence\r\n");
        call(&stream, "POST", "/2020-01-01/extension/init/error", &header, "{}");
        process::exit(3);
    }
    loop {
        let event = call(&stream, "GET", "/2020-01-01/extension/event/next", &header, "");
        println!("extension heard {}", event.body);
        match fate.as_str() {
            "busy" => thread::sleep(Duration::from_millis(300)),
            "crash" => process::exit(3),
            "exit-error" => {
                let header = format!("{header}Lambda-Extension-Function-Error-Type: Extension.NoPaper\r\n");
                call(&stream, "POST", "/2020-01-01/extension/exit/error", &header, "{}");
                thread::sleep(Duration::from_secs(600));
            }
            "stays" if event.body.contains("SHUTDOWN") => thread::sleep(Duration::from_secs(600)),
            _ => {}
        }
        if event.body.contains("SHUTDOWN") {
            process::exit(0);
        }
    }
}
