//! What a partner may say of an album, and what the shop keeps of it.

use serde::{Deserialize, Serialize};
use serde_json::{Error, json};

// ANCHOR: draft
/// What a partner says of an album.
#[derive(Deserialize)]
struct NewAlbum {
    title: String,
    pages: u32,
}

/// What the table keeps of it.
#[derive(Serialize)]
struct Album {
    title: String,
    pages: u32,
    partner: String,
    approved: bool,
}
// ANCHOR_END: draft

fn main() -> Result<(), Error> {
    let body = json!({ "title": "Two weeks in May", "pages": 48, "partner": "somebody-else", "approved": true });
    let NewAlbum { title, pages } = serde_json::from_value(body)?;
    let album = Album { title, pages, partner: "harbour".to_owned(), approved: false };
    println!("{}", json!(album));
    Ok(())
}
