//! caught-by: makes_no_previews_of_previews
//! Writes where it reads: each preview is an upload, of which a preview is made.
#![allow(unused)]

#[path = "../src/preview.rs"]
mod preview;

use aws_config::BehaviorVersion;
use aws_lambda_events::s3::{S3Event, S3EventRecord};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use percent_encoding::percent_decode_str;

struct Shop {
    s3: Client,
    previews: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let shop = Shop { s3: Client::new(&config), previews: std::env::var("PREVIEWS_BUCKET")? };
    run(service_fn(|event| make_previews(&shop, event))).await
}

async fn make_previews(shop: &Shop, event: LambdaEvent<S3Event>) -> Result<(), Diagnostic> {
    let mut failed = Vec::new();
    for record in event.payload.records {
        let key = decode(record.s3.object.key.as_deref().unwrap_or_default());
        if let Err(reason) = keep_up(shop, &record, &key).await {
            eprintln!("no preview of {key}: {reason}");
            failed.push(key);
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    // S3 reads no answers: only an error makes Lambda try again.
    Err(Diagnostic { error_type: "PreviewFailed".to_owned(), error_message: failed.join(", ") })
}

/// An event says that something happened to a photo, maybe a while ago. What is true now, the bucket says.
async fn keep_up(shop: &Shop, record: &S3EventRecord, key: &str) -> Result<(), String> {
    let bucket = record.s3.bucket.name.as_deref().unwrap_or_default();
    if !key.to_lowercase().ends_with(".ppm") {
        return Ok(());
    }
    match shop.s3.get_object().bucket(bucket).key(key).send().await {
        Ok(object) => {
            let photo = object.body.collect().await.map_err(|error| error.to_string())?.into_bytes();
            let preview = preview::halve(&photo)?;
            let put = shop.s3.put_object().bucket(&shop.previews).key(key).body(preview.into()).send().await;
            put.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
        }
        Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => {
            let delete = shop.s3.delete_object().bucket(&shop.previews).key(key).send().await;
            delete.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
        }
        Err(error) => Err(DisplayErrorContext(error).to_string()),
    }
}

/// S3 writes keys into events like fields of a web form.
fn decode(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}
