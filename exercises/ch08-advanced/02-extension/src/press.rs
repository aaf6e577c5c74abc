//! A function that prints, and tells the meter beside it what it has printed. It is given.

use std::{env, fs, io};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

#[derive(Deserialize)]
struct Request {
    /// Each is `{"order": "o-1", "sheets": 4}`.
    prints: Vec<Value>,
    /// Then it returns an error, after it has printed.
    #[serde(default)]
    jams: bool,
    /// Then it does not say when it is done; it does so at the next request.
    #[serde(default)]
    silent: bool,
}

/// The line to the meter.
#[derive(Default)]
struct Line {
    stream: Option<TcpStream>,
    unsaid: Option<String>,
}

impl Line {
    async fn say(&mut self, told: Value) -> io::Result<()> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let address = fs::read_to_string(env::temp_dir().join("meter"))?;
                none.insert(TcpStream::connect(address).await?)
            }
        };
        stream.write_all(format!("{told}\n").as_bytes()).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let line = Mutex::new(Line::default());
    let line = &line;
    run(service_fn(move |event: LambdaEvent<Request>| async move {
        let (request, request_id) = (event.payload, event.context.request_id);
        let mut line = line.lock().await;
        if let Some(request_id) = line.unsaid.take() {
            line.say(json!({ "done": { "request_id": request_id } })).await?;
        }
        for print in &request.prints {
            line.say(json!({ "print": print })).await?;
        }
        if request.silent {
            line.unsaid = Some(request_id);
        } else {
            line.say(json!({ "done": { "request_id": request_id } })).await?;
        }
        if request.jams {
            return Err(Diagnostic { error_type: "PaperJam".into(), error_message: "the paper is stuck".into() });
        }
        Ok(json!({ "printed": request.prints.len() }))
    }))
    .await
}
