//! What the function tells the meter: lines of JSON over a connection on loopback.

use std::path::Path;
use std::{env, fs, io};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Sheets that were printed for an order.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Print {
    pub(crate) order: String,
    pub(crate) sheets: u32,
}

/// What the function says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Told {
    Print(Print),
    /// It has printed all that this request asked for.
    Done {
        request_id: String,
    },
}

/// Where it arrives.
#[derive(Debug)]
pub(crate) struct Inbox(UnboundedReceiver<Told>);

impl Inbox {
    /// Listens on a port that is free, and writes its address to `$TMPDIR/meter`, where the function looks for it: both
    /// see the same folder.
    ///
    /// # Errors
    /// When the system gives no port, or the file cannot be written.
    pub(crate) async fn open() -> io::Result<Inbox> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        fs::write(Path::new(&env::temp_dir()).join("meter"), listener.local_addr()?.to_string())?;
        let (sender, receiver) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, sender.clone()));
            }
        });
        Ok(Inbox(receiver))
    }

    /// Waits for the next thing that the function says.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        self.0.recv().await
    }
}

async fn receive(stream: TcpStream, sender: UnboundedSender<Told>) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(told) => drop(sender.send(told)),
            Err(error) => println!("the meter does not understand {line}: {error}"),
        }
    }
}
