//! caught-by: streams_a_large_album
//!
//! Writes the line beforehand, to be on the safe side: then it stands behind every album.
#![allow(unused)]

#[path = "../src/store.rs"]
mod store;

use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use lambda_runtime::{
    Diagnostic, Error, FunctionResponse, LambdaEvent, MetadataPrelude, StreamResponse, run, service_fn,
};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;

use store::Album;

/// The largest answer in one piece, in bytes of its JSON.
const BUFFERED: u64 = 6 * 1024 * 1024;

/// The largest streamed album: 200 MB, less 64 KB for what stands before it in the stream.
const STREAMED: u64 = 200 * 1024 * 1024 - 64 * 1024;

/// How much of a stream lies in memory.
const PIECE: usize = 64 * 1024;

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
    // All that can be refused is refused here: after the first byte of a stream there is no other status any more.
    let album = store::open(&name).await.map_err(|error| failure("StoreFailed", error))?;
    let album = album.ok_or_else(|| failure("NoSuchAlbum", &name))?;
    if album.length > STREAMED {
        return Err(failure("TooLarge", album.length));
    }
    if answer_length(&name, album.length) <= BUFFERED {
        return whole(name, album).await.map(FunctionResponse::BufferedResponse);
    }
    let mut metadata_prelude = MetadataPrelude::default();
    metadata_prelude.headers.insert("x-album-length", album.length.into());
    Ok(FunctionResponse::StreamingResponse(StreamResponse { metadata_prelude, stream: pieces(name, album) }))
}

/// How many bytes of JSON an album in one piece will be. Base64 makes four bytes of three.
fn answer_length(name: &str, length: u64) -> u64 {
    let frame = Whole { album: name.to_owned(), length, data: String::new() };
    let frame = serde_json::to_string(&frame).map_or(u64::MAX, |json| json.len() as u64);
    frame.saturating_add(length.div_ceil(3) * 4)
}

async fn whole(name: String, mut album: Album) -> Result<Whole, Diagnostic> {
    let mut data = Vec::with_capacity(album.length as usize);
    album.body.read_to_end(&mut data).await.map_err(|error| failure("StoreFailed", error))?;
    if data.len() as u64 != album.length {
        return Err(failure("StoreFailed", format!("{} of {} bytes of {name}", data.len(), album.length)));
    }
    Ok(Whole { album: name, length: album.length, data: BASE64_STANDARD.encode(&data) })
}

/// The album's bytes as they come. Ends with an error, and nothing behind it, when the store breaks off.
fn pieces(name: String, album: Album) -> Pieces {
    println!("ERROR album {name}: not whole yet");
    let read = move |state: Option<(Album, u64)>| {
        let name = name.clone();
        async move {
            let (mut album, left) = state.filter(|(_, left)| *left > 0)?;
            let mut piece = vec![0; PIECE];
            let result = match album.body.read(&mut piece).await {
                Ok(0) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                other => other,
            };
            match result {
                Ok(read) => {
                    piece.truncate(read);
                    let left = left.saturating_sub(read as u64);
                    Some((Ok(Bytes::from(piece)), Some((album, left))))
                }
                Err(error) => {
                    // Lambda counts this request as a success: the log is where it can be seen.
                    println!("ERROR album {name} broke off: {left} of {} bytes are missing", album.length);
                    Some((Err(error), None))
                }
            }
        }
    };
    let length = album.length;
    stream::unfold(Some((album, length)), read).boxed()
}

fn failure(error_type: &str, message: impl ToString) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: message.to_string() }
}
