//! The numbering office: gives badges to tills, keeps a line open to each, and gives them receipt numbers. Each call
//! is a line of text, and so is its answer.

use std::io;
use std::ops::Range;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Where the office is.
#[derive(Debug, Clone)]
pub(crate) struct Office {
    pub(crate) address: String,
}

/// An open line. It can be used as long as its badge is good.
#[derive(Debug)]
pub(crate) struct Line(BufReader<TcpStream>);

impl Office {
    /// A badge, with which one line can be opened. Each process needs its own.
    pub(crate) async fn badge(&self) -> io::Result<String> {
        self.call().await?.say("badge").await
    }

    /// Hands a badge in. The office refuses it while a line of this badge is open.
    pub(crate) async fn hand_in(&self, badge: &str) -> io::Result<()> {
        self.call().await?.say(&format!("hand-in {badge}")).await.map(drop)
    }

    /// Opens a line.
    pub(crate) async fn line(&self, badge: &str) -> io::Result<Line> {
        let mut line = self.call().await?;
        line.say(&format!("line {badge}")).await?;
        Ok(line)
    }

    async fn call(&self) -> io::Result<Line> {
        TcpStream::connect(&self.address).await.map(|stream| Line(BufReader::new(stream)))
    }
}

impl Line {
    /// A few receipt numbers that nobody else has.
    pub(crate) async fn numbers(&mut self) -> io::Result<Range<u64>> {
        let answer = self.say("numbers").await?;
        let range = answer.split_once(' ').and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
        range.ok_or_else(|| io::Error::other(format!("the office gives no numbers: {answer}")))
    }

    /// Gives back numbers that were not used, all that are left at once.
    pub(crate) async fn give_back(&mut self, numbers: Range<u64>) -> io::Result<()> {
        self.say(&format!("give-back {} {}", numbers.start, numbers.end)).await.map(drop)
    }

    /// Enters a receipt.
    pub(crate) async fn enter(&mut self, number: u64, order: &str) -> io::Result<()> {
        self.say(&format!("enter {number} {order}")).await.map(drop)
    }

    /// Says goodbye, and waits until the office has hung up.
    pub(crate) async fn close(mut self) -> io::Result<()> {
        self.say("bye").await.map(drop)
    }

    async fn say(&mut self, words: &str) -> io::Result<String> {
        self.0.write_all(format!("{words}\n").as_bytes()).await?;
        let mut answer = String::new();
        if self.0.read_line(&mut answer).await? == 0 {
            return Err(io::Error::other(format!("the office has hung up at {words:?}")));
        }
        let answer = answer.trim_end();
        match answer.strip_prefix("no: ") {
            Some(reason) => Err(io::Error::other(format!("the office refuses {words:?}: {reason}"))),
            None => Ok(answer.to_owned()),
        }
    }
}

/// The starter does not use these yet, and shall compile without a warning.
const _: () = {
    _ = Office::hand_in;
    _ = Line::give_back;
    _ = Line::close;
};
