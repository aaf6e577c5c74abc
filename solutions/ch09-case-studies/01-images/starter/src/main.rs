//! Photos come into `uploads/` of a bucket, and a thumbnail of each, with the shop's mark, goes into `thumbs/` of it.

mod mark;

use std::io::Cursor;

use aws_config::BehaviorVersion;
use aws_lambda_events::s3::S3Event;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use image::{ImageFormat, Rgb};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use percent_encoding::percent_decode_str;
use serde::Serialize;

/// The longer side of a thumbnail, in pixels.
const SIDE: u32 = 160;

struct Shop {
    s3: Client,
    // TODO: how many pixels a photo may have, which the environment says.
}

#[derive(Default, Serialize)]
struct Answer {
    made: Vec<Made>,
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Made {
    source: String,
    thumbnail: String,
}

#[derive(Serialize)]
struct Refused {
    source: String,
    reason: Refusal,
}

/// Why there will never be a thumbnail of an upload, however often it is tried.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Refusal {
    // TODO: there are three more.
    Broken,
}

/// What became of an upload.
enum Outcome {
    Made(String),
    Refused(Refusal),
    Gone,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let shop = Shop { s3: Client::new(&config) };
    run(service_fn(|event| make_thumbnails(&shop, event))).await
}

async fn make_thumbnails(shop: &Shop, event: LambdaEvent<S3Event>) -> Result<Answer, Diagnostic> {
    let (mut answer, mut failed) = (Answer::default(), Vec::new());
    for record in event.payload.records {
        let bucket = record.s3.bucket.name.unwrap_or_default();
        let source = decode(&record.s3.object.key.unwrap_or_default());
        // TODO: what this function writes is no work for it.
        match make(shop, &bucket, &source).await {
            Ok(Outcome::Made(thumbnail)) => answer.made.push(Made { source, thumbnail }),
            Ok(Outcome::Refused(reason)) => answer.refused.push(Refused { source, reason }),
            Ok(Outcome::Gone) => {}
            Err(reason) => {
                eprintln!("no thumbnail of {source}: {reason}");
                failed.push(source);
            }
        }
    }
    if failed.is_empty() {
        return Ok(answer);
    }
    // Only an error makes Lambda try again, and only what may go well another time is worth that.
    Err(Diagnostic { error_type: "Unfinished".to_owned(), error_message: failed.join(", ") })
}

async fn make(shop: &Shop, bucket: &str, source: &str) -> Result<Outcome, String> {
    let object = match shop.s3.get_object().bucket(bucket).key(source).send().await {
        Ok(object) => object,
        Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => return Ok(Outcome::Gone),
        Err(error) => return Err(DisplayErrorContext(error).to_string()),
    };
    let photo = object.body.collect().await.map_err(|error| error.to_string())?.into_bytes();
    let jpeg = match thumbnail(&photo) {
        Ok(jpeg) => jpeg,
        Err(reason) => return Ok(Outcome::Refused(reason)),
    };
    // TODO: a key that comes from the photo's bytes.
    let name = source.rsplit('/').next().unwrap_or_default();
    let key = format!("thumbs/{name}");
    let put = shop.s3.put_object().bucket(bucket).key(&key).content_type("image/jpeg").body(jpeg.into());
    put.send().await.map_err(|error| DisplayErrorContext(error).to_string())?;
    Ok(Outcome::Made(key))
}

/// S3 writes keys into events like fields of a web form.
fn decode(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// A small JPEG of a photo: upright, on white, with the mark.
fn thumbnail(photo: &[u8]) -> Result<Vec<u8>, Refusal> {
    // TODO: what is unsupported, mislabelled or too large is refused, before there is memory for its pixels.
    let photo = image::load_from_memory(photo).map_err(|_| Refusal::Broken)?;
    // TODO: upright, whichever way the camera was held.
    // TODO: never larger than the photo.
    // TODO: what can be seen through lies on white.
    let mut small = photo.thumbnail(SIDE, SIDE).into_rgb8();
    // TODO: the mark lies in the lower right corner, half transparent, if there is room for it.
    for (x, y) in mark::pixels() {
        small.put_pixel(mark::MARGIN + x, mark::MARGIN + y, Rgb([255; 3]));
    }
    let mut jpeg = Cursor::new(Vec::new());
    small.write_to(&mut jpeg, ImageFormat::Jpeg).map_err(|_| Refusal::Broken)?;
    Ok(jpeg.into_inner())
}
