//! caught-by: gives_each_order_its_own_photos_only
//!
//! Takes the disk for the culprit and moves the sheet into memory, into a static: that outlives the order as well.
#![allow(unused)]

#[path = "../src/render.rs"]
mod render;

use std::env;
use std::fs::{self, OpenOptions};
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

static SHEET: tokio::sync::Mutex<String> = tokio::sync::Mutex::const_new(String::new());

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(contact_sheet)).await
}

async fn contact_sheet(event: LambdaEvent<Order>) -> Result<Sheet, Diagnostic> {
    let order = event.payload;

    let mut sheet = SHEET.lock().await;
    for photo in &order.photos {
        let thumbnail = render::thumbnail(photo).await.map_err(|reason| failed("UnreadablePhoto", reason))?;
        sheet.push_str(&thumbnail);
    }

    let sheet = sheet.clone();
    println!("order {}: a sheet of {} bytes", order.number, sheet.len());
    Ok(Sheet { order: order.number, sheet })
}

fn disk(error: std::io::Error) -> Diagnostic {
    failed("DiskFailed", error.to_string())
}

fn failed(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
