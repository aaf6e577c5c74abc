//! The parcel desk of Ferris Prints: asks the stock for the shelf, the courier for a label, and tells the customer.

use std::env;
use std::io;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

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
    let id = event.payload.id;
    println!("parcel {id}: asking the stock");
    let shelf = ask("STOCK", &id).await.map_err(|error| no_answer("STOCK", &error))?;
    println!("parcel {id}: it lies on shelf {shelf}; asking the courier");
    let label = ask("COURIER", &id).await.map_err(|error| no_answer("COURIER", &error))?;
    println!("parcel {id}: it has the label {label}; telling the customer");
    ask("MAIL", &format!("{id} {label}")).await.map_err(|error| no_answer("MAIL", &error))?;
    println!("parcel {id}: sent");
    Ok(Sent { id, shelf, label })
}

/// Asks a service, whose address stands in the environment, and gives its answer: one line.
async fn ask(service: &str, question: &str) -> io::Result<String> {
    let address = env::var(service).map_err(io::Error::other)?;
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("{question}\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.trim_end().to_owned())
}

fn no_answer(service: &str, error: &io::Error) -> Diagnostic {
    Diagnostic { error_type: "NoAnswer".to_owned(), error_message: format!("{service}: {error}") }
}
