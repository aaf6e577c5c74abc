//! caught-by: serves_orders_with_one_process
//!
//! Logs once, when the process is young. The line is about an order, and each order has its own.
#![allow(unused)]

#[path = "../src/render.rs"]
mod render;

use std::env;
use std::fs::{self, File};
use std::io::Write as _;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Order {
    number: u64,
    photos: Vec<String>,
}

#[derive(Serialize)]
struct Sheet {
    order: u64,
    sheet: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(contact_sheet)).await
}

async fn contact_sheet(event: LambdaEvent<Order>) -> Result<Sheet, Diagnostic> {
    let order = event.payload;

    // The sheet grows on disk, thumbnail by thumbnail. What a former order left there, even one that was killed, is cut
    // off first: `/tmp` outlives the order and the process.
    let path = env::temp_dir().join("contact-sheet");
    let mut file = File::create(&path).map_err(disk)?;
    for photo in &order.photos {
        let thumbnail = render::thumbnail(photo).await.map_err(|reason| failed("UnreadablePhoto", reason))?;
        file.write_all(thumbnail.as_bytes()).map_err(disk)?;
    }

    let sheet = fs::read_to_string(&path).map_err(disk)?;
    static FIRST: std::sync::Once = std::sync::Once::new();
    FIRST.call_once(|| println!("order {}: a sheet of {} bytes", order.number, sheet.len()));
    Ok(Sheet { order: order.number, sheet })
}

fn disk(error: std::io::Error) -> Diagnostic {
    failed("DiskFailed", error.to_string())
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
