//! A running `book serve`, and as much of a browser as the tests need.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::fixture::Fixture;

/// Nothing here takes a tenth of it; a test that waits longer has failed.
const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    pub(crate) port: u16,
}

impl Server {
    pub(crate) fn start(book: &Fixture) -> Server {
        Server::start_with(book, &["--port", "0", "--no-open"], &[])
    }

    pub(crate) fn start_with(book: &Fixture, args: &[&str], env: &[(&str, &str)]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_book"))
            .arg("serve")
            .args(args)
            .current_dir(book.path(""))
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the book command runs");
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut server = Server { child, lines, port: 0 };
        let line = server.says("the book is at http://127.0.0.1:");
        let port = line.split(':').nth(2).and_then(|rest| rest.split('/').next());
        server.port = port.and_then(|port| port.parse().ok()).expect("a port in the address");
        server
    }

    /// Waits for a line that begins so.
    #[track_caller]
    pub(crate) fn says(&self, start: &str) -> String {
        let until = Instant::now() + DEADLINE;
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if line.starts_with(start) {
                return line;
            }
            seen.push(line);
        }
        panic!("the server never said {start:?}, only {seen:#?}");
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, &[("Host", &format!("127.0.0.1:{}", self.port))])
    }

    pub(crate) fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        self.send(&format!("{method} {target} HTTP/1.1\r\n{headers}\r\n"))
    }

    pub(crate) fn send(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("a sent request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer with headers");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The events that an open page gets.
    pub(crate) fn events(&self) -> Events {
        let mut stream = self.connect();
        let request = format!("GET /-/events HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port);
        stream.write_all(request.as_bytes()).expect("a sent request");
        Events { lines: BufReader::new(stream) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.set_read_timeout(Some(DEADLINE)).expect("a time limit");
        stream
    }

    /// Ctrl-C, and what came of it.
    #[cfg(unix)]
    #[track_caller]
    pub(crate) fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
        self.says("stopped");
        self.child.wait().expect("an exit code").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let of_that_name = |line: &&str| line.to_lowercase().starts_with(&format!("{}:", name.to_lowercase()));
        self.head.lines().find(of_that_name).and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }
}

pub(crate) struct Events {
    lines: BufReader<TcpStream>,
}

impl Events {
    /// The next event's name and data.
    #[track_caller]
    pub(crate) fn next(&mut self) -> (String, String) {
        let (mut name, mut data) = (String::new(), Vec::new());
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).expect("an event in time"), 0, "the stream ended");
            let line = line.trim_end();
            if let Some(value) = line.strip_prefix("event: ") {
                name = value.to_owned();
            } else if let Some(value) = line.strip_prefix("data: ") {
                data.push(value.to_owned());
            } else if line.is_empty() && !name.is_empty() {
                return (name, data.join("\n"));
            }
        }
    }
}
