//! Stands for the AWS SDK: one line for a call, one line for its answer. Who answers decides by `policy.json` as AWS does.

use std::env;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer other than 200.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Such as `NoSuchKey`.
    pub(crate) code: String,
    pub(crate) message: String,
}

/// Calls an operation on a resource.
///
/// # Errors
/// What AWS answers in place of a success.
pub(crate) async fn call(action: &str, resource: &str, text: &str) -> Result<String, Refusal> {
    let answer = exchange(&format!("{action}\t{resource}\t{text}\n"))
        .await
        .map_err(|error| Refusal { code: "DispatchFailure".to_owned(), message: error.to_string() })?;
    match answer.split_once('\t') {
        Some(("200", text)) => Ok(text.to_owned()),
        Some((code, message)) => Err(Refusal { code: code.to_owned(), message: message.to_owned() }),
        None => Err(Refusal { code: "ResponseError".to_owned(), message: answer }),
    }
}

async fn exchange(line: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(env::var("AWS").map_err(std::io::Error::other)?).await?;
    stream.write_all(line.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
