//! A function as it is deployed: publishes each new item of a table, as the table's stream tells it.

use aws_config::BehaviorVersion;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let topic = aws_sdk_sns::Client::new(&config);
    run(service_fn(|event| announce(&topic, event))).await
}

async fn announce(topic: &aws_sdk_sns::Client, event: LambdaEvent<Value>) -> Result<(), Error> {
    for record in event.payload["Records"].as_array().into_iter().flatten() {
        if record["eventName"] == "INSERT" {
            let id = record["dynamodb"]["NewImage"]["id"]["S"].as_str().unwrap_or_default();
            topic.publish().topic_arn(std::env::var("TOPIC_ARN")?).message(id).send().await?;
        }
    }
    Ok(())
}
