//! Answers that no check may accept, whatever it asks: nothing, an empty object, null, the event itself, and one answer
//! for everything.
//!
//! This very binary plays them when it is called by a name like `wrong-answer-echo`, so that no other crate needs to
//! be built. As a Lambda function it speaks the Runtime API; else it answers standard input on standard output.
//!
//! Where the learner mends a file, the answers are an empty file and a valid one about something else.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::store;

const PREFIX: &str = "wrong-answer-";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Nothing,
    EmptyObject,
    Null,
    Echo,
    /// What stands in the file beside the binary.
    Constant,
}

pub const ALL: [Kind; 5] = [Kind::Nothing, Kind::EmptyObject, Kind::Null, Kind::Echo, Kind::Constant];

impl Kind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Nothing => "nothing",
            Kind::EmptyObject => "empty-object",
            Kind::Null => "null",
            Kind::Echo => "echo",
            Kind::Constant => "constant",
        }
    }
}

/// The kind that our own name asks for.
#[must_use]
pub fn asked_for() -> Option<Kind> {
    let name = std::env::args_os().next()?;
    let name = Path::new(&name).file_name()?.to_str()?.strip_prefix(PREFIX)?.to_owned();
    ALL.into_iter().find(|kind| kind.name() == name)
}

/// Keeps this binary at `path`, which others are laid out from: cargo may build it anew before they are.
pub fn keep_player(path: &Path) -> Result<()> {
    let own = std::env::current_exe().context("cannot tell where this program lies")?;
    store::link(&own, path)
}

/// Lays a binary of every kind into `dir`; the constant answers with `constant`. Gives their names and paths.
pub fn binaries(player: &Path, dir: &Path, constant: &str) -> Result<Vec<(&'static str, PathBuf)>> {
    ALL.into_iter().map(|kind| Ok((kind.name(), binary(player, dir, kind, constant)?))).collect()
}

/// Lays files into `dir` that answer nothing, in the format of `file`. Gives their names and paths.
pub fn files(dir: &Path, file: &Path) -> Result<Vec<(&'static str, PathBuf)>> {
    let name = file.file_name().unwrap_or_default();
    let other = match file.extension().and_then(|extension| extension.to_str()) {
        Some("json" | "yaml" | "yml") => "{ \"another\": [\"valid\", \"file\"] }\n",
        Some("toml") => "another = [\"valid\", \"file\"]\n",
        _ => "# another valid file\n",
    };
    [("an empty file", "", "empty"), ("another valid file", other, "another")]
        .into_iter()
        .map(|(words, text, folder)| {
            let path = dir.join(folder).join(name);
            store::write_cache(&path, text.as_bytes())?;
            Ok((words, path))
        })
        .collect()
}

/// Lays the binary of a kind into `dir`; a constant answers with `constant`.
fn binary(player: &Path, dir: &Path, kind: Kind, constant: &str) -> Result<PathBuf> {
    let path = dir.join(format!("{PREFIX}{}", kind.name()));
    store::link(player, &path)?;
    if kind == Kind::Constant {
        let file = answer_file(&path);
        std::fs::write(&file, constant).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(path)
}

/// Plays the function until the Runtime API goes away.
#[must_use]
pub fn answer(kind: Kind) -> ExitCode {
    let played = match std::env::var("AWS_LAMBDA_RUNTIME_API") {
        Ok(address) => serve(kind, &address),
        Err(_) => answer_once(kind),
    };
    if played.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn answer_once(kind: Kind) -> Result<()> {
    let mut event = Vec::new();
    std::io::stdin().read_to_end(&mut event)?;
    std::io::stdout().write_all(&answer_to(kind, event)?)?;
    Ok(())
}

fn answer_to(kind: Kind, event: Vec<u8>) -> Result<Vec<u8>> {
    Ok(match kind {
        Kind::Nothing => Vec::new(),
        Kind::EmptyObject => b"{}".to_vec(),
        Kind::Null => b"null".to_vec(),
        Kind::Echo => event,
        Kind::Constant => std::fs::read(answer_file(&std::env::current_exe()?))?,
    })
}

fn answer_file(binary: &Path) -> PathBuf {
    binary.with_extension("answer")
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>, as far as an answer needs it.
fn serve(kind: Kind, address: &str) -> Result<()> {
    loop {
        let (head, event) = request(address, "GET", "next", &[])?;
        let id = head.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("lambda-runtime-aws-request-id").then(|| value.trim().to_owned())
        });
        let id = id.context("the next invocation has no request id")?;
        request(address, "POST", &format!("{id}/response"), &answer_to(kind, event)?)?;
    }
}

/// One request on a connection of its own; the head's lines and the body.
fn request(address: &str, method: &str, path: &str, body: &[u8]) -> Result<(Vec<String>, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    let head = format!(
        "{method} /2018-06-01/runtime/invocation/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let is_chunked = lines.iter().any(|line| line.to_ascii_lowercase().starts_with("transfer-encoding: chunked"));
    let length = lines.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<u64>().ok())?
    });
    let mut body = Vec::new();
    if is_chunked {
        read_chunks(&mut reader, &mut body)?;
    } else {
        reader.take(length.unwrap_or(u64::MAX)).read_to_end(&mut body)?;
    }
    Ok((lines, body))
}

fn read_chunks(reader: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> Result<()> {
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = u64::from_str_radix(size.trim(), 16).context("a chunk without a size")?;
        reader.by_ref().take(size).read_to_end(body)?;
        reader.read_line(&mut String::new())?;
        if size == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_echo_answers_an_invocation_with_its_event() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let function = std::thread::spawn(move || serve(Kind::Echo, &address));
        let mut heard = Vec::new();
        for answer in [
            "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-1\r\ncontent-length: 7\r\n\r\n{\"a\":1}",
            "HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ] {
            let (mut stream, _) = listener.accept().expect("a request");
            let mut buffer = [0; 1024];
            let read = stream.read(&mut buffer).expect("a request");
            heard.push(String::from_utf8_lossy(&buffer[..read]).into_owned());
            stream.write_all(answer.as_bytes()).expect("an answer");
        }
        drop(listener);
        assert!(heard[0].starts_with("GET /2018-06-01/runtime/invocation/next "), "{}", heard[0]);
        assert!(heard[1].starts_with("POST /2018-06-01/runtime/invocation/r-1/response "), "{}", heard[1]);
        assert!(heard[1].ends_with("\r\n\r\n{\"a\":1}"), "{}", heard[1]);
        assert!(function.join().expect("no panic").is_err(), "it ends when the service is gone");
    }
}
