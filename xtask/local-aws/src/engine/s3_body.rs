//! Bodies of uploads as they come over the wire: in signed or checked chunks, with a checksum before or behind them.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html> and
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::error::AwsError;
use crate::http::HttpRequest;

/// The request with the body that is meant, after its checksum was compared.
pub(crate) fn unpacked(mut request: HttpRequest) -> Result<HttpRequest, AwsError> {
    let in_chunks = request.header("x-amz-content-sha256").is_some_and(|hash| hash.starts_with("STREAMING-"));
    let mut expected = request.header("x-amz-checksum-crc32").map(str::to_owned);
    if in_chunks {
        let (body, trailers) = join_chunks(&request.body)
            .ok_or_else(|| AwsError::client("IncompleteBody", "The request body terminated unexpectedly"))?;
        let length = request.header("x-amz-decoded-content-length").and_then(|length| length.parse::<usize>().ok());
        if length.is_some_and(|length| length != body.len()) {
            let message = "You did not provide the number of bytes specified by the Content-Length HTTP header";
            return Err(AwsError::client("IncompleteBody", message));
        }
        for (name, value) in trailers {
            if name == "x-amz-checksum-crc32" {
                expected = Some(value.clone());
            }
            if let (Ok(name), Ok(value)) =
                (hyper::header::HeaderName::from_bytes(name.as_bytes()), hyper::header::HeaderValue::from_str(&value))
            {
                request.headers.insert(name, value);
            }
        }
        request.body = body.into();
        for name in ["content-encoding", "x-amz-decoded-content-length", "x-amz-trailer", "content-length"] {
            drop_chunked(&mut request, name);
        }
    }
    if let Some(expected) = expected
        && expected != crc32_base64(&request.body)
    {
        let message = "The CRC32 you specified did not match the calculated checksum.";
        return Err(AwsError::client("BadDigest", message));
    }
    Ok(request)
}

/// `aws-chunked` is how it travelled and not how it is stored; another encoding beside it stays.
fn drop_chunked(request: &mut HttpRequest, name: &'static str) {
    let left = match (name, request.header(name)) {
        ("content-encoding", Some(encodings)) => {
            let others: Vec<&str> = encodings.split(',').map(str::trim).filter(|it| *it != "aws-chunked").collect();
            others.join(", ")
        }
        _ => String::new(),
    };
    request.headers.remove(name);
    if !left.is_empty() {
        *request = request.clone().with(name, &left);
    }
}

/// Names in small letters, and values.
type Trailers = Vec<(String, String)>;

/// Joins chunks of the form `SIZE[;chunk-signature=…]\r\nDATA\r\n`; behind the last, of size 0, stand trailers.
fn join_chunks(mut rest: &[u8]) -> Option<(Vec<u8>, Trailers)> {
    let mut body = Vec::with_capacity(rest.len());
    loop {
        let line = take_line(&mut rest)?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            break;
        }
        let data = rest.get(..size)?;
        body.extend_from_slice(data);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
    let mut trailers = Vec::new();
    while let Some(line) = take_line(&mut rest).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    Some((body, trailers))
}

fn take_line(rest: &mut &[u8]) -> Option<String> {
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    let line = String::from_utf8(rest[..end].to_vec()).ok()?;
    *rest = &rest[end + 2..];
    Some(line)
}

fn crc32_base64(body: &Bytes) -> String {
    STANDARD.encode(crc32(body).to_be_bytes())
}

/// CRC-32 of ISO-HDLC, the one of zip.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut value = index as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, byte| crc >> 8 ^ TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard_check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn chunks_are_joined_and_trailers_read() {
        let text = b"5;chunk-signature=00\r\nhello\r\n1\r\n!\r\n0\r\nx-amz-checksum-crc32:abc=\r\n\r\n";
        let (body, trailers) = join_chunks(text).unwrap();
        assert_eq!(body, b"hello!");
        assert_eq!(trailers, [("x-amz-checksum-crc32".to_owned(), "abc=".to_owned())]);
        assert_eq!(join_chunks(b"ff\r\nshort\r\n0\r\n\r\n"), None);
        assert_eq!(join_chunks(b""), None);
    }

    #[test]
    fn a_body_that_does_not_fit_its_checksum_is_refused() {
        let request = |checksum: &str| HttpRequest::new("PUT", "/b/k", "hello").with("x-amz-checksum-crc32", checksum);
        assert_eq!(unpacked(request("AAAAAA==")).unwrap_err().code, "BadDigest");
        assert_eq!(unpacked(request("NhCmhg==")).unwrap().body, "hello");
    }
}
