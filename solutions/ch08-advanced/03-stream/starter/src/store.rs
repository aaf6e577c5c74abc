//! The store of finished albums, over a connection. With S3 this would be `get_object`, whose answer also has a length
//! and a body to read from.

use std::{env, io};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// An album that was opened: nothing of it has been read yet.
pub(crate) struct Album {
    /// Its bytes, as the store has them in its list.
    pub(crate) length: u64,
    /// Gives the bytes. When it ends before `length`, the store has broken off.
    pub(crate) body: Box<dyn AsyncRead + Send + Unpin>,
}

/// Opens an album; none when the store has no such album.
///
/// # Errors
/// When the store cannot be reached.
pub(crate) async fn open(name: &str) -> io::Result<Option<Album>> {
    let address = env::var("STORE").map_err(io::Error::other)?;
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    stream.write_all(format!("{name}\n").as_bytes()).await?;
    let mut length = String::new();
    stream.read_line(&mut length).await?;
    match length.trim_end().parse() {
        Ok(length) => Ok(Some(Album { length, body: Box::new(stream) })),
        Err(_) => Ok(None),
    }
}
