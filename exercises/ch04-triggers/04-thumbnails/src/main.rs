//! Photos come into one bucket, and a small preview of each goes into another.

mod preview;

use aws_config::BehaviorVersion;
use aws_lambda_events::s3::S3Event;
use aws_sdk_s3::Client;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

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

async fn make_previews(shop: &Shop, event: LambdaEvent<S3Event>) -> Result<(), Error> {
    // TODO: every record counts, whatever became of the one before.
    let Some(record) = event.payload.records.into_iter().next() else { return Ok(()) };
    // TODO: a key arrives in an encoding.
    let (bucket, key) = (record.s3.bucket.name.unwrap_or_default(), record.s3.object.key.unwrap_or_default());
    // TODO: of what is no photo, and of what is a preview, no preview is made.
    // TODO: the preview is that of the photo as it is now; of a photo that is gone there is none.
    let photo = shop.s3.get_object().bucket(bucket).key(&key).send().await?.body.collect().await?.into_bytes();
    let preview = preview::halve(&photo)?;
    shop.s3.put_object().bucket(&shop.previews).key(&key).body(preview.into()).send().await?;
    Ok(())
}
