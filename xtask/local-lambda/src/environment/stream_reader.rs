//! A streamed response while it arrives: its pieces with their times, and what it was in the end.

use std::time::Instant;

use bytes::Bytes;

use crate::limits;
use crate::outcome::{Chunk, Response, StreamError, StreamErrorForm, Streamed};
use crate::wire::stream::{HTTP_INTEGRATION, decode_base64, split_prelude, trailer_text_in_body};

/// A streamed body while it arrives.
#[derive(Debug)]
pub(crate) struct StreamReader {
    started: Instant,
    body: Vec<u8>,
    chunks: Vec<Chunk>,
}

impl StreamReader {
    /// `started`: when the event was sent.
    pub(crate) fn new(started: Instant) -> StreamReader {
        StreamReader { started, body: Vec::new(), chunks: Vec::new() }
    }

    /// Takes one piece; says whether the stream is still within its limit.
    pub(crate) fn push(&mut self, bytes: Bytes) -> bool {
        self.body.extend_from_slice(&bytes);
        self.chunks.push(Chunk { at: self.started.elapsed(), bytes });
        self.body.len() <= limits::STREAMED_RESPONSE_BYTES
    }

    pub(crate) fn len(&self) -> usize {
        self.body.len()
    }

    /// The response; `error` is what trailers said, or that the connection broke.
    pub(crate) fn finish(self, content_type: Option<String>, error: Option<StreamError>) -> Response {
        let mut body = Bytes::from(self.body);
        let mut error = error;
        let has_prelude = content_type.as_deref() == Some(HTTP_INTEGRATION);
        let prelude = has_prelude.then(|| split_prelude(&body)).flatten().map(|(prelude, start)| {
            body = body.slice(start..);
            prelude
        });
        if error.is_none() {
            error = trailer_text_in_body(&body).map(|(_, error_type, text)| StreamError {
                error_type,
                body: decode_base64(&text).unwrap_or_else(|| text.clone().into()),
                sent_as: StreamErrorForm::BodyText,
            });
        }
        Response { body, content_type, streamed: Some(Streamed { prelude, chunks: self.chunks, error }) }
    }
}
