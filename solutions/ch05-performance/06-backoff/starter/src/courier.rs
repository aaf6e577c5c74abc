//! The courier, who takes parcels to customers. Given: there is nothing to change here.

use std::time::Duration;
use std::{env, io};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What the courier's service says, in the words of HTTP.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// `Retry-After`: when to ask again. Here in milliseconds, in HTTP in seconds.
    pub(crate) retry_after: Option<Duration>,
}

/// Hands a parcel over, once. An error means that no reply came: there was no connection, or it broke. A parcel that
/// comes twice is delivered once, so it may be handed over again.
pub(crate) async fn hand_over(parcel: &str) -> io::Result<Reply> {
    let address = env::var("COURIER").map_err(io::Error::other)?;
    let mut courier = TcpStream::connect(address).await?;
    courier.write_all(format!("{parcel}\n").as_bytes()).await?;
    let mut reply = String::new();
    courier.read_to_string(&mut reply).await?;
    let mut numbers = reply.split_whitespace();
    let status = numbers.next().and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::UnexpectedEof)?;
    let retry_after = numbers.next().and_then(|wait| wait.parse().ok()).map(Duration::from_millis);
    Ok(Reply { status, retry_after })
}
