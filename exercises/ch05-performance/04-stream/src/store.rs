//! The store that has the presses' logs and takes their invoices. Given: there is nothing to change here.

use lambda_runtime::Error;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Opens a log. What is read comes from the log, what is written goes into the file of its invoices; nobody knows how
/// long either will be. The file is complete when the writer is dropped.
pub(crate) async fn open(log: &str) -> Result<(impl AsyncRead + Unpin, impl AsyncWrite + Unpin), Error> {
    let address = std::env::var("STORE")?;
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("{log}\n").as_bytes()).await?;
    Ok(stream.into_split())
}
