//! Hands out finished albums.

mod store;

use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures::stream::BoxStream;
use lambda_runtime::{Diagnostic, Error, FunctionResponse, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;

#[derive(Deserialize)]
struct Request {
    album: String,
}

/// A small album in one piece.
#[derive(Serialize)]
struct Whole {
    album: String,
    length: u64,
    /// In Base64.
    data: String,
}

/// Pieces of a large one.
type Pieces = BoxStream<'static, Result<Bytes, io::Error>>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Request>) -> Result<FunctionResponse<Whole, Pieces>, Diagnostic> {
    let name = event.payload.album;
    // TODO: what when the store has no such album, or an album that is too large for any answer?
    let mut album = store::open(&name).await.map_err(failed)?.ok_or_else(|| failed("no album"))?;
    // TODO: answer in one piece only what fits into an answer in one piece, and stream the rest.
    // TODO: the store may break off. Then half an album must not pass for a whole one.
    let mut data = Vec::new();
    album.body.read_to_end(&mut data).await.map_err(failed)?;
    let data = BASE64_STANDARD.encode(&data);
    Ok(FunctionResponse::BufferedResponse(Whole { album: name, length: album.length, data }))
}

fn failed(error: impl ToString) -> Diagnostic {
    Diagnostic { error_type: "StoreFailed".to_owned(), error_message: error.to_string() }
}
