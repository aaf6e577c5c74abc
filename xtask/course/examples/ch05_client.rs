//! What a client costs that is made for every call. `CLIENT` says which: `once` or `each`.

use std::env;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

/// A connection to the price service. Like one with TLS, it needs a round trip before the first question.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    async fn connect() -> Result<Client, Error> {
        let stream = TcpStream::connect(env::var("PRICES")?).await?;
        let mut client = Client { stream: BufReader::new(stream) };
        client.ask("hello").await?;
        Ok(client)
    }

    async fn ask(&mut self, question: &str) -> Result<String, Error> {
        self.stream.write_all(format!("{question}\n").as_bytes()).await?;
        let mut answer = String::new();
        self.stream.read_line(&mut answer).await?;
        Ok(answer.trim_end().to_owned())
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    if env::var("CLIENT")? == "each" {
        // ANCHOR: each
        return run(service_fn(async |event: LambdaEvent<Value>| {
            let mut client = Client::connect().await?;
            client.ask(&event.payload.to_string()).await
        }))
        .await;
        // ANCHOR_END: each
    }
    // ANCHOR: once
    let client = Mutex::new(Client::connect().await?);
    run(service_fn(async |event: LambdaEvent<Value>| client.lock().await.ask(&event.payload.to_string()).await)).await
    // ANCHOR_END: once
}
