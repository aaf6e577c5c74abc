//! Makes invoices of a press's log.

mod store;

use std::io;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

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
    mut log: impl AsyncRead + Unpin,
    mut invoices: impl AsyncWrite + Unpin,
    _longest: usize,
) -> io::Result<Summary> {
    let mut summary = Summary::default();
    // TODO: the whole log lies in memory here, and then all its invoices. Go through it line by line.
    let mut text = String::new();
    log.read_to_string(&mut text).await?;
    let mut lines = Vec::new();
    // TODO: lines that cannot be read, and lines that are too long, are counted and passed over.
    for line in text.lines() {
        serde_json::to_writer(&mut lines, &priced(serde_json::from_str(line)?))?;
        lines.push(b'\n');
        summary.invoices += 1;
    }
    invoices.write_all(&lines).await?;
    Ok(summary)
}

fn priced(print: Print) -> Invoice {
    Invoice { order: print.order, cents: u64::from(print.sheets) * CENTS_PER_SHEET, note: print.note }
}
