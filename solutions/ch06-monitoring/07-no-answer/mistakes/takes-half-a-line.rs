//! caught-by: names_the_service_that_hangs_up_in_the_middle_of_its_line
//!
//! Asks only whether anything came at all: half a label is taken for a label.
#![allow(unused)]

use std::env;
use std::io;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What must be left of the invocation to say who did not answer.
const MARGIN: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Parcel {
    id: String,
}

#[derive(Serialize)]
struct Sent {
    id: String,
    shelf: String,
    label: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(send)).await
}

async fn send(event: LambdaEvent<Parcel>) -> Result<Sent, Diagnostic> {
    let (Parcel { id }, context) = event.into_parts();
    println!("parcel {id}: asking the stock");
    let shelf = ask_in_time("STOCK", &id, &context).await?;
    println!("parcel {id}: it lies on shelf {shelf}; asking the courier");
    let label = ask_in_time("COURIER", &id, &context).await?;
    println!("parcel {id}: it has the label {label}; telling the customer");
    ask_in_time("MAIL", &format!("{id} {label}"), &context).await?;
    println!("parcel {id}: sent");
    Ok(Sent { id, shelf, label })
}

/// Asks a service for as long as there is time, and says which one it was if there was no answer.
async fn ask_in_time(service: &str, question: &str, context: &Context) -> Result<String, Diagnostic> {
    let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
    let answer = timeout(left.saturating_sub(MARGIN), ask(service, question)).await;
    answer.map_err(io::Error::from).flatten().map_err(|error| {
        println!("{service}: {error}");
        Diagnostic { error_type: "NoAnswer".to_owned(), error_message: format!("{service}: {error}") }
    })
}

/// Asks a service, whose address stands in the environment, and gives its answer: one line.
async fn ask(service: &str, question: &str) -> io::Result<String> {
    let address = env::var(service).map_err(io::Error::other)?;
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    stream.write_all(format!("{question}\n").as_bytes()).await?;
    // Up to the end of the line. Whether the service then hangs up is its own affair.
    let mut answer = String::new();
    match stream.read_line(&mut answer).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(answer.trim_end().to_owned()),
    }
}
