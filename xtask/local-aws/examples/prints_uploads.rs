//! A function as it is deployed: reads from a queue what S3 tells of uploads, and writes each photo down.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let (s3, table) = (aws_sdk_s3::Client::new(&config), aws_sdk_dynamodb::Client::new(&config));
    run(service_fn(|event| print(&s3, &table, event))).await
}

async fn print(
    s3: &aws_sdk_s3::Client,
    table: &aws_sdk_dynamodb::Client,
    event: LambdaEvent<Value>,
) -> Result<(), Error> {
    for message in event.payload["Records"].as_array().into_iter().flatten() {
        let told: Value = serde_json::from_str(message["body"].as_str().unwrap_or_default())?;
        for record in told["Records"].as_array().into_iter().flatten() {
            let bucket = record["s3"]["bucket"]["name"].as_str().unwrap_or_default();
            let key = record["s3"]["object"]["key"].as_str().unwrap_or_default();
            let object = s3.get_object().bucket(bucket).key(key).send().await?;
            let bytes = object.body.collect().await?.to_vec().len();
            let put = table.put_item().table_name("prints").item("id", AttributeValue::S(key.to_owned()));
            put.item("bytes", AttributeValue::N(bytes.to_string())).send().await?;
        }
    }
    Ok(())
}
