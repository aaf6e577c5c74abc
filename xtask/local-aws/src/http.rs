//! Requests and answers as plain values, and how they come over the wire's edge.

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What a client sent.
#[derive(Debug, Clone)]
pub(crate) struct HttpRequest {
    pub(crate) method: String,
    /// As it was sent, percent-encoded.
    pub(crate) path: String,
    /// As it was sent, without the question mark.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl HttpRequest {
    /// A request that the test itself makes; nobody signs it.
    pub(crate) fn new(method: &str, path: impl Into<String>, body: impl Into<Bytes>) -> HttpRequest {
        let path = path.into();
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path.to_owned(), query.to_owned()),
            None => (path, String::new()),
        };
        HttpRequest { method: method.to_owned(), path, query, headers: HeaderMap::new(), body: body.into() }
    }

    /// The same with a header more.
    ///
    /// # Panics
    /// When the name or value cannot stand in a header.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> HttpRequest {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header's value is visible text");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The query's pairs, decoded.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        form_pairs(&self.query)
    }

    /// One value of the query, decoded; empty where it has no value.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        self.pairs().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Sets a pair of the query.
    pub(crate) fn set_query(&mut self, name: &str, value: &str) {
        let mut pairs = self.pairs();
        pairs.retain(|(key, _)| key != name);
        pairs.push((name.to_owned(), value.to_owned()));
        let pairs: Vec<String> =
            pairs.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        self.query = pairs.join("&");
    }

    /// Path and query.
    pub(crate) fn target(&self) -> String {
        match self.query.is_empty() {
            true => self.path.clone(),
            false => format!("{}?{}", self.path, self.query),
        }
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl HttpResponse {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> HttpResponse {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(hyper::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        HttpResponse { status, headers, body: body.into() }
    }

    /// The same with a header more; one that cannot be sent is left out.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> HttpResponse {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..400).contains(&self.status)
    }
}

/// The pairs of a form or a query: `a=1&b=x%20y`. A plus is a blank.
pub(crate) fn form_pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// What AWS leaves as it is in a path or query (RFC 3986's unreserved characters).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes all but unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The same for a path: slashes stay.
pub(crate) fn encode_path(text: &str) -> String {
    const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');
    utf8_percent_encode(text, RESERVED_IN_PATH).to_string()
}

/// The opposite of both.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
