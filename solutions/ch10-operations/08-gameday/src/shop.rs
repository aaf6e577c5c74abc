//! Whom the functions call, and the clock of the game day. Given: there is nothing to change here.
//!
//! A night passes in seconds, so the time of an invocation is counted here and not by the machine: a booking takes as
//! long as the carrier says, and a wait takes no time at all. An invocation that runs longer than its 30 seconds is
//! ended, with its process, as Lambda would end it.

use std::time::Duration;
use std::{env, fmt, io, process};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::events::Line;

/// A line to everybody outside.
#[derive(Debug)]
pub(crate) struct Shop {
    line: Mutex<BufStream<TcpStream>>,
}

/// Why something was not done, in a few words, which have nothing of the order in them.
#[derive(Debug)]
pub(crate) struct Failed(String);

/// The last release, and what is live now.
#[derive(Debug, Deserialize)]
pub(crate) struct Release {
    /// The version that was live before, as whoever released wrote it down.
    pub(crate) from: u64,
    /// The version that was released.
    pub(crate) to: u64,
    /// The version that the alias `live` points to now.
    pub(crate) live: u64,
    /// The alias's `RevisionId`: another one after each change.
    pub(crate) revision: String,
    /// Whether the alarm of the release is on.
    pub(crate) alarm: bool,
}

impl Shop {
    pub(crate) async fn open() -> io::Result<Shop> {
        let address = env::var("SHOP").map_err(io::Error::other)?;
        Ok(Shop { line: Mutex::new(BufStream::new(TcpStream::connect(address).await?)) })
    }

    /// Sends a message to the queue `jobs` or `parcels`.
    pub(crate) async fn send(&self, queue: &str, message: &impl Serialize) -> Result<(), Failed> {
        let body = serde_json::to_string(message).map_err(|error| Failed(error.to_string()))?;
        self.ask("send", json!({ "queue": queue, "body": body })).await.map(drop)
    }

    /// Charges a card. The card company does what has the same key once, and says yes again.
    pub(crate) async fn charge(&self, key: &str, card: &str, cents: u64) -> Result<(), Failed> {
        self.ask("charge", json!({ "key": key, "card": card, "cents": cents })).await.map(drop)
    }

    /// Prints all lines, or none. The printers do what has the same key once, and say yes again.
    pub(crate) async fn print(&self, key: &str, lines: &[Line]) -> Result<(), Failed> {
        self.ask("print", json!({ "key": key, "lines": lines })).await.map(drop)
    }

    /// Has the carrier fetch a parcel, which takes a second; or four, and then the carrier says no. The carrier does
    /// what has the same key once, and says yes again.
    pub(crate) async fn book(&self, key: &str, to: &str) -> Result<(), Failed> {
        let takes = self.ask("takes", json!({ "to": to })).await?;
        self.wait(Duration::from_millis(takes.as_u64().unwrap_or_default())).await?;
        self.ask("book", json!({ "key": key, "to": to })).await.map(drop)
    }

    /// Waits.
    pub(crate) async fn wait(&self, time: Duration) -> Result<(), Failed> {
        self.ask("wait", json!({ "ms": time.as_millis() as u64 })).await?;
        self.remaining().await.map(drop)
    }

    /// How much of its 30 seconds this invocation has left. One that has used more is ended.
    pub(crate) async fn remaining(&self) -> Result<Duration, Failed> {
        let left = self.ask("remaining", json!({})).await?;
        let Some(left) = left.as_u64() else {
            println!("Task timed out after 30.00 seconds");
            process::exit(1);
        };
        Ok(Duration::from_millis(left))
    }

    pub(crate) async fn release(&self) -> Result<Release, Failed> {
        let release = self.ask("release", json!({})).await?;
        serde_json::from_value(release).map_err(|error| Failed(error.to_string()))
    }

    /// Lets the alias `live` point to this version, unless it was changed since `revision`.
    pub(crate) async fn point_live_to(&self, version: u64, revision: &str) -> Result<(), Failed> {
        self.ask("point", json!({ "version": version, "revision": revision })).await.map(drop)
    }

    async fn ask(&self, what: &str, with: Value) -> Result<Value, Failed> {
        let mut line = self.line.lock().await;
        let mut answer = String::new();
        let asked = async {
            line.write_all(format!("{}\n", json!([what, with])).as_bytes()).await?;
            line.flush().await?;
            line.read_line(&mut answer).await
        };
        asked.await.map_err(|error| Failed(error.to_string()))?;
        let answer: Result<Value, String> = serde_json::from_str(&answer).map_err(|error| Failed(error.to_string()))?;
        answer.map_err(Failed)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}
