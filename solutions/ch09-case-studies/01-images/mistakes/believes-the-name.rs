//! caught-by: refuses_what_is_not_what_it_says
//! Takes the format from the name and the content type, and never looks whether the bytes begin like that.
#![allow(unused)]

#[path = "../src/mark.rs"]
mod mark;

use std::env;
use std::io::Cursor;
use std::path::Path;

use aws_config::BehaviorVersion;
use aws_lambda_events::s3::S3Event;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbImage, imageops};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The longer side of a thumbnail, in pixels.
const SIDE: u32 = 160;
const QUALITY: u8 = 85;

struct Shop {
    s3: Client,
    /// What a photo may have. While it is turned and flattened, some ten bytes of memory are needed for each.
    max_pixels: u64,
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
    Unsupported,
    Mislabelled,
    TooLarge,
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
    let max_pixels = env::var("MAX_PIXELS")?.parse()?;
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let shop = Shop { s3: Client::new(&config), max_pixels };
    run(service_fn(|event| make_thumbnails(&shop, event))).await
}

async fn make_thumbnails(shop: &Shop, event: LambdaEvent<S3Event>) -> Result<Answer, Diagnostic> {
    let (mut answer, mut failed) = (Answer::default(), Vec::new());
    for record in event.payload.records {
        let bucket = record.s3.bucket.name.unwrap_or_default();
        let source = decode(&record.s3.object.key.unwrap_or_default());
        // Whatever the notification's filter says: what this function writes must never be work for it.
        if !source.starts_with("uploads/") {
            continue;
        }
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
    let content_type = object.content_type().unwrap_or_default().to_owned();
    let photo = object.body.collect().await.map_err(|error| error.to_string())?.into_bytes();
    let jpeg = match thumbnail(source, &content_type, &photo, shop.max_pixels) {
        Ok(jpeg) => jpeg,
        Err(reason) => return Ok(Outcome::Refused(reason)),
    };
    // The same photo has the same key, whatever it is called and however often it comes.
    let key = format!("thumbs/{}.jpg", hash(&photo));
    let put = shop.s3.put_object().bucket(bucket).key(&key).content_type("image/jpeg").body(jpeg.into());
    put.send().await.map_err(|error| DisplayErrorContext(error).to_string())?;
    Ok(Outcome::Made(key))
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// S3 writes keys into events like fields of a web form.
fn decode(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// A small JPEG of a photo: upright, on white, with the mark.
fn thumbnail(source: &str, content_type: &str, photo: &[u8], max_pixels: u64) -> Result<Vec<u8>, Refusal> {
    let format = match ImageFormat::from_path(source) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => format,
        _ => return Err(Refusal::Unsupported),
    };
    if !is_labelled(format, source, content_type) {
        return Err(Refusal::Mislabelled);
    }
    let mut small = shrunk(upright(photo, format, max_pixels)?);
    draw_mark(&mut small);
    let mut jpeg = Vec::new();
    let written = JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&small);
    written.map(|()| jpeg).map_err(|_| Refusal::Broken)
}

/// Do the name and the content type say what the bytes are?
fn is_labelled(format: ImageFormat, source: &str, content_type: &str) -> bool {
    let by_name = Path::new(source).extension().and_then(ImageFormat::from_extension);
    // The third is what S3 says of an object that came without a type: nothing.
    let by_type = [format.to_mime_type(), "binary/octet-stream", "application/octet-stream"].contains(&content_type);
    by_name == Some(format) && by_type
}

/// The photo, decoded, as it was seen through the camera. A header that asks for too much is refused before there is
/// memory for the pixels.
fn upright(photo: &[u8], format: ImageFormat, max_pixels: u64) -> Result<DynamicImage, Refusal> {
    let refusal = |error: ImageError| match error {
        ImageError::Limits(_) => Refusal::TooLarge,
        _ => Refusal::Broken,
    };
    let mut decoder = ImageReader::with_format(Cursor::new(photo), format).into_decoder().map_err(refusal)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > max_pixels {
        return Err(Refusal::TooLarge);
    }
    // A note about the camera that cannot be read is no reason to refuse a photo.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut photo = DynamicImage::from_decoder(decoder).map_err(refusal)?;
    photo.apply_orientation(orientation);
    Ok(photo)
}

fn shrunk(photo: DynamicImage) -> RgbImage {
    let (width, height) = fitted(photo.width(), photo.height());
    let photo = if photo.color().has_alpha() { on_white(photo) } else { photo.into_rgb8() };
    match (width, height) == photo.dimensions() {
        true => photo,
        false => imageops::thumbnail(&photo, width, height),
    }
}

/// The size of a thumbnail: never larger than the photo, in its proportions, and never without pixels.
fn fitted(width: u32, height: u32) -> (u32, u32) {
    let longer = width.max(height);
    if longer <= SIDE {
        return (width, height);
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(SIDE)).div_ceil(u64::from(longer)) as u32;
    (scaled(width), scaled(height))
}

/// JPEG knows no transparency, and what a transparent pixel's colour is, nobody has ever seen.
fn on_white(photo: DynamicImage) -> RgbImage {
    let photo = photo.into_rgba8();
    RgbImage::from_fn(photo.width(), photo.height(), |x, y| {
        let [red, green, blue, alpha] = photo.get_pixel(x, y).0.map(u16::from);
        let mixed = |colour: u16| ((colour * alpha + 255 * (255 - alpha)) / 255) as u8;
        [red, green, blue].map(mixed).into()
    })
}

/// Draws the mark into the lower right corner, if there is room for it.
fn draw_mark(thumbnail: &mut RgbImage) {
    let left = thumbnail.width().checked_sub(mark::WIDTH + mark::MARGIN);
    let top = thumbnail.height().checked_sub(mark::HEIGHT + mark::MARGIN);
    let (Some(left), Some(top)) = (left, top) else { return };
    if left < mark::MARGIN || top < mark::MARGIN {
        return;
    }
    for (x, y) in mark::pixels() {
        let pixel = thumbnail.get_pixel_mut(left + x, top + y);
        pixel.0 = pixel.0.map(|colour| u8::midpoint(colour, 255));
    }
}
