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
    /// Of the printed address; empty where nothing can be checked.
    pub(crate) token: String,
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
        let mut server = Server { child, lines, port: 0, token: String::new() };
        let line = server.says("the book is at http://127.0.0.1:");
        let port = line.split(':').nth(2).and_then(|rest| rest.split('/').next());
        server.port = port.and_then(|port| port.parse().ok()).expect("a port in the address");
        let token = line.split("#token=").nth(1).and_then(|rest| rest.split(' ').next());
        server.token = token.unwrap_or_default().to_owned();
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

    /// A page's own request, with all that a browser sends along.
    pub(crate) fn post(&self, path: &str) -> Answer {
        self.post_with(path, &[("Authorization", &format!("Bearer {}", self.token))], "")
    }

    /// The same with these headers instead of the token, and a body.
    pub(crate) fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let host = format!("127.0.0.1:{}", self.port);
        let length = body.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        ))
    }

    /// The events that an open page gets.
    pub(crate) fn events(&self) -> Events {
        self.listen("/-/events", "")
    }

    /// The events that an open page with the token gets.
    pub(crate) fn all_events(&self) -> Events {
        self.listen("/-/api/events", &format!("Authorization: Bearer {}\r\n", self.token))
    }

    fn listen(&self, path: &str, headers: &str) -> Events {
        let mut stream = self.connect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\n{headers}\r\n", self.port);
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

/// Asked to end first, so that it ends what it started.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let until = Instant::now() + DEADLINE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
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
    /// Waits for an event of that name whose data has these words, and gives the data.
    #[track_caller]
    pub(crate) fn until(&mut self, name: &str, words: &str) -> String {
        loop {
            let (found, data) = self.next();
            if found == name && data.contains(words) {
                return data;
            }
        }
    }

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
