//! A request and the status that comes back.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Posts JSON to an endpoint such as `http://127.0.0.1:4318`.
///
/// # Errors
/// When nobody is there, or no status comes back.
pub(crate) async fn post(endpoint: &str, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<u16> {
    let address = endpoint.trim_start_matches("http://");
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::other("no status came back"))
}
