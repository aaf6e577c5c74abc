//! The accountant's books, which take prints over the network.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::inbox::Print;

/// Where the books are.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) address: String,
}

impl Books {
    /// Enters prints, all of them or none.
    ///
    /// # Errors
    /// When the books cannot be reached or say no: then none of the prints is in them.
    pub(crate) async fn enter(&self, prints: &[Print]) -> io::Result<()> {
        let mut stream = BufReader::new(TcpStream::connect(&self.address).await?);
        let line = serde_json::to_string(prints)?;
        stream.write_all(format!("{line}\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_line(&mut answer).await?;
        match answer.trim_end() {
            "ok" => Ok(()),
            other => Err(io::Error::other(format!("the books say {other:?}"))),
        }
    }
}
