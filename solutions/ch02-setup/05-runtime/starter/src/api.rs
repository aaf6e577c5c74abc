//! HTTP to the Runtime API, as little of it as will do: one connection for each call, and no encodings.

use std::env;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;

/// The Runtime API of this environment.
#[derive(Debug)]
pub(crate) struct Api {
    address: String,
}

/// What it answers.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Api {
    /// Where the environment says that it is.
    ///
    /// # Errors
    /// Outside Lambda, where nobody says it.
    pub(crate) fn from_env() -> Result<Api> {
        let address = env::var("AWS_LAMBDA_RUNTIME_API")
            .map_err(|_| Error::other("AWS_LAMBDA_RUNTIME_API is not set: this is no Lambda"))?;
        Ok(Api { address })
    }

    /// Gets `/runtime/invocation/next`, for example.
    pub(crate) fn get(&self, path: &str) -> Result<Reply> {
        self.call("GET", path, &[], &[])
    }

    /// Posts a body with some headers.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply> {
        self.call("POST", path, headers, body)
    }

    fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply> {
        let mut head =
            format!("{method} /2018-06-01{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut stream = TcpStream::connect(&self.address)?;
        stream.write_all(&[head.as_bytes(), body].concat())?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply)?;
        Reply::read(&reply).ok_or_else(|| Error::new(ErrorKind::InvalidData, "the Runtime API did not answer in HTTP"))
    }
}

impl Reply {
    fn read(bytes: &[u8]) -> Option<Reply> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Reply { status, head, body: bytes[end + 4..].to_vec() })
    }

    /// A header, whose name may be written in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}
