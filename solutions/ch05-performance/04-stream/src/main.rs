//! Makes invoices of a press's log, line by line, in memory that does not grow with the log.

mod store;

use std::io;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::io::{BufReader, BufWriter};

const CENTS_PER_SHEET: u64 = 19;

#[derive(Deserialize)]
struct Request {
    log: String,
    /// The most bytes that a line of the log may have, its end not counted.
    longest_line: usize,
}

/// A line of the log.
#[derive(Deserialize)]
struct Print {
    order: u64,
    sheets: u32,
    note: String,
}

/// A line of the file of invoices.
#[derive(Serialize)]
struct Invoice {
    order: u64,
    cents: u64,
    note: String,
}

#[derive(Default, Serialize)]
struct Summary {
    invoices: u64,
    unreadable: u64,
    too_long: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Request>) -> Result<Summary, Error> {
    let request = event.payload;
    let (log, invoices) = store::open(&request.log).await?;
    Ok(invoice(log, invoices, request.longest_line).await?)
}

async fn invoice(
    log: impl AsyncRead + Unpin,
    invoices: impl AsyncWrite + Unpin,
    longest: usize,
) -> io::Result<Summary> {
    let mut log = BufReader::new(log);
    let mut invoices = BufWriter::new(invoices);
    let mut summary = Summary::default();
    let mut line = Vec::new();
    loop {
        match next_line(&mut log, &mut line, longest).await? {
            Line::End => break,
            Line::TooLong => summary.too_long += 1,
            Line::Whole if line.is_empty() => {}
            Line::Whole => match serde_json::from_slice(&line) {
                Ok(print) => {
                    line.clear();
                    serde_json::to_writer(&mut line, &priced(print))?;
                    line.push(b'\n');
                    invoices.write_all(&line).await?;
                    summary.invoices += 1;
                }
                Err(_) => summary.unreadable += 1,
            },
        }
    }
    // A `BufWriter` that is dropped drops what it holds.
    invoices.flush().await?;
    Ok(summary)
}

fn priced(print: Print) -> Invoice {
    Invoice { order: print.order, cents: u64::from(print.sheets) * CENTS_PER_SHEET, note: print.note }
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads the next line, without its end, into `line`. Of a line that is too long no more than `longest + 1` bytes are
/// kept; the rest is read past.
async fn next_line(log: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>, longest: usize) -> io::Result<Line> {
    line.clear();
    let read = log.take(longest as u64 + 1).read_until(b'\n', line).await?;
    if read == 0 {
        return Ok(Line::End);
    }
    if line.pop_if(|last| *last == b'\n').is_some() || line.len() <= longest {
        return Ok(Line::Whole);
    }
    loop {
        let buffer = log.fill_buf().await?;
        let (used, done) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        log.consume(used);
        if done {
            return Ok(Line::TooLong);
        }
    }
}
