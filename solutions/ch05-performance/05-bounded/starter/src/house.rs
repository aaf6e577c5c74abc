//! The print house. It is slow, it refuses some jobs, and it is right: the bug is elsewhere.

use std::{env, io};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;

/// Has one job printed and gives the number of its sheets, or what went wrong. The connection, and with it the job's
/// place at the print house, is let go when this future has ended or is dropped.
pub(crate) async fn print(job: &str) -> Result<u64, String> {
    let answer = ask(job).await.map_err(|error| format!("no answer from the print house: {error}"))?;
    match answer.split_once(' ') {
        Some(("sheets", number)) => number.parse().map_err(|_| format!("{number} is no number of sheets")),
        _ => Err(answer),
    }
}

async fn ask(job: &str) -> io::Result<String> {
    let address = env::var("PRINT_HOUSE").map_err(io::Error::other)?;
    let mut house = BufStream::new(TcpStream::connect(address).await?);
    house.write_all(format!("{job}\n").as_bytes()).await?;
    house.flush().await?;
    let mut answer = String::new();
    house.read_line(&mut answer).await?;
    Ok(answer.trim_end().to_owned())
}
