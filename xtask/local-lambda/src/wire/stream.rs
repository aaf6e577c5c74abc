//! The body of a streamed response: prelude, eight NUL bytes, payload, and how a stream says that it broke off.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>.

use base64::prelude::*;
use bytes::Bytes;
use serde_json::Value;

use super::header;

/// The content type of a stream that begins with a prelude, as function URLs want it.
pub(crate) const HTTP_INTEGRATION: &str = "application/vnd.awslambda.http-integration-response";

/// What ends the prelude.
const DELIMITER: [u8; 8] = [0; 8];

/// Splits a body into its prelude and where the payload begins; nothing when there is no whole prelude.
pub(crate) fn split_prelude(body: &[u8]) -> Option<(Value, usize)> {
    let end = body.windows(DELIMITER.len()).position(|window| window == DELIMITER)?;
    let prelude: Value = serde_json::from_slice(&body[..end]).ok()?;
    prelude.is_object().then_some((prelude, end + DELIMITER.len()))
}

/// The longest text of that kind that is found, in bytes.
const TRAILER_TEXT_BYTES: usize = 256 * 1024;

/// The error type and the base64 error body that some clients write as text at the end of the *body* where the
/// contract wants HTTP trailers (`lambda_runtime` 1.5.0 does), with the place where that text begins.
pub(crate) fn trailer_text_in_body(body: &[u8]) -> Option<(usize, String, String)> {
    // Of a body of 200 MB only the end is looked through.
    let skipped = body.len().saturating_sub(TRAILER_TEXT_BYTES);
    let start = body[skipped..]
        .windows(header::FUNCTION_ERROR_TYPE.len())
        .rposition(|window| window.eq_ignore_ascii_case(header::FUNCTION_ERROR_TYPE.as_bytes()))?
        + skipped;
    let text = std::str::from_utf8(&body[start..]).ok()?;
    let mut lines = text.lines();
    let error_type = lines.next()?.split_once(':')?.1.trim().to_owned();
    let (name, error_body) = lines.next()?.split_once(':')?;
    name.eq_ignore_ascii_case(header::FUNCTION_ERROR_BODY).then(|| (start, error_type, error_body.trim().to_owned()))
}

/// Decodes standard base64; nothing when it is not.
pub(crate) fn decode_base64(text: &str) -> Option<Bytes> {
    BASE64_STANDARD.decode(text).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prelude_ends_at_eight_nul_bytes() {
        let mut body = br#"{"statusCode":201}"#.to_vec();
        assert_eq!(split_prelude(&body), None);
        body.extend([0; 8]);
        body.extend(b"hello");
        let (prelude, start) = split_prelude(&body).unwrap();
        assert_eq!(prelude["statusCode"], 201);
        assert_eq!(&body[start..], b"hello");
    }

    #[test]
    fn a_body_that_only_looks_like_a_prelude_is_payload() {
        assert_eq!(split_prelude(b"no json\0\0\0\0\0\0\0\0x"), None);
        assert_eq!(split_prelude(b"[1]\0\0\0\0\0\0\0\0x"), None);
    }

    #[test]
    fn trailer_text_is_found_at_the_end_of_a_body() {
        let body = b"partLambda-Runtime-Function-Error-Type: Runtime.StreamError\r\nLambda-Runtime-Function-Error-Body: eyJhIjoxfQ==\r\n";
        let (start, error_type, error_body) = trailer_text_in_body(body).unwrap();
        assert_eq!((start, error_type.as_str()), (4, "Runtime.StreamError"));
        assert_eq!(decode_base64(&error_body).unwrap(), br#"{"a":1}"#.as_slice());
        assert_eq!(trailer_text_in_body(b"nothing of that kind"), None);
    }

    #[test]
    fn base64_with_foreign_characters_is_refused() {
        assert_eq!(decode_base64("Zm9v").unwrap(), b"foo".as_slice());
        assert!(decode_base64("Zm9v!").is_none());
    }
}
