//! As much of HTTP/1.1 as a browser on the same machine needs: one request on a connection, mostly without a body.

use std::io::{self, Read, Write};

/// No browser sends more to a site without cookies.
const LONGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;

#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// As it was sent, query included.
    pub(super) target: String,
    headers: Vec<(String, String)>,
    /// What came behind the head: the begin of the body.
    begun: Vec<u8>,
}

/// A body that was announced, or why it is not read.
#[derive(Debug)]
pub(super) enum Body {
    Whole(Vec<u8>),
    TooLong,
    Unclear,
}

impl Request {
    /// `None` where no request comes: the connection was closed, or what came is no HTTP.
    pub(super) fn read(stream: &mut impl Read) -> io::Result<Option<Request>> {
        let mut head = Vec::new();
        let mut chunk = [0; 2048];
        while head.len() < LONGEST_HEAD {
            let length = stream.read(&mut chunk)?;
            if length == 0 {
                return Ok(None);
            }
            head.extend_from_slice(&chunk[..length]);
            let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
            let mut request = httparse::Request::new(&mut headers);
            match request.parse(&head) {
                Ok(httparse::Status::Partial) => {}
                Ok(httparse::Status::Complete(length)) => {
                    return Ok(Request::from(&request).map(|read| Request { begun: head[length..].to_vec(), ..read }));
                }
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    fn from(request: &httparse::Request<'_, '_>) -> Option<Request> {
        let header = |header: &httparse::Header<'_>| {
            Some((header.name.to_ascii_lowercase(), std::str::from_utf8(header.value).ok()?.to_owned()))
        };
        Some(Request {
            method: request.method?.to_owned(),
            target: request.path?.to_owned(),
            headers: request.headers.iter().map(header).collect::<Option<_>>()?,
            begun: Vec::new(),
        })
    }

    /// Reads the body, of `limit` bytes at most.
    pub(super) fn body(&self, stream: &mut impl Read, limit: usize) -> io::Result<Body> {
        let mut lengths = self.header("content-length");
        let length = match (lengths.next().map(str::parse), lengths.next()) {
            (Some(Ok(length)), None) if self.header("transfer-encoding").next().is_none() => length,
            _ => return Ok(Body::Unclear),
        };
        if length > limit || self.begun.len() > length {
            return Ok(Body::TooLong);
        }
        let mut body = self.begun.clone();
        stream.take((length - body.len()) as u64).read_to_end(&mut body)?;
        Ok(if body.len() == length { Body::Whole(body) } else { Body::Unclear })
    }

    /// The value of one parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name)).map(|(_, value)| value)
    }

    pub(super) fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// The values of all headers of that lowercase name.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: Status,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    /// Added to the page's policy, as sources of `script-src`.
    pub(super) scripts: String,
    pub(super) extra: Vec<(&'static str, String)>,
    /// Whether a page of ours may frame it; nobody else's may.
    pub(super) framed: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Status {
    Ok,
    Accepted,
    MovedPermanently,
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    ContentTooLarge,
    MisdirectedRequest,
    ToolFailed,
    ServiceUnavailable,
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Status::Ok => "200 OK",
            Status::Accepted => "202 Accepted",
            Status::MovedPermanently => "308 Permanent Redirect",
            Status::BadRequest => "400 Bad Request",
            Status::Unauthorized => "401 Unauthorized",
            Status::Forbidden => "403 Forbidden",
            Status::NotFound => "404 Not Found",
            Status::MethodNotAllowed => "405 Method Not Allowed",
            Status::Conflict => "409 Conflict",
            Status::ContentTooLarge => "413 Content Too Large",
            Status::ToolFailed => "500 Internal Server Error",
            Status::MisdirectedRequest => "421 Misdirected Request",
            Status::ServiceUnavailable => "503 Service Unavailable",
        }
    }
}

impl Response {
    pub(super) fn new(status: Status, content_type: &'static str, body: impl Into<Vec<u8>>) -> Response {
        Response { status, content_type, body: body.into(), scripts: String::new(), extra: Vec::new(), framed: false }
    }

    pub(super) fn json(status: Status, value: &serde_json::Value) -> Response {
        Response::new(status, "application/json", format!("{value}\n"))
    }

    pub(super) fn text(status: Status, words: &str) -> Response {
        Response::new(status, "text/plain; charset=utf-8", format!("{words}\n"))
    }

    /// The status line and headers. `length` is left out where the body ends with the connection.
    pub(super) fn head(&self, length: Option<usize>) -> String {
        let mut head = format!("HTTP/1.1 {}\r\nContent-Type: {}\r\n", self.status.line(), self.content_type);
        if let Some(length) = length {
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        // Nothing may be loaded from elsewhere, and no other site may load or frame anything from here. Pages set
        // styles in attributes; they run no inline script but the ones that were built into them.
        head.push_str(&format!(
            "Content-Security-Policy: default-src 'self'; script-src 'self'{}; style-src 'self' 'unsafe-inline'; \
             img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors '{}'\r\n\
             Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n\
             X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-cache\r\n\
             Connection: close\r\n",
            self.scripts,
            if self.framed { "self" } else { "none" },
        ));
        for (name, value) in &self.extra {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head
    }

    pub(super) fn write(&self, stream: &mut impl Write, with_body: bool) -> io::Result<()> {
        let mut message = self.head(Some(self.body.len())).into_bytes();
        if with_body {
            message.extend_from_slice(&self.body);
        }
        stream.write_all(&message)?;
        stream.flush()
    }
}
