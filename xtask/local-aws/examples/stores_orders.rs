//! A function as it is deployed: nothing in it knows of a test. Stores an order once and tells a queue.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let (table, queue) = (aws_sdk_dynamodb::Client::new(&config), aws_sdk_sqs::Client::new(&config));
    run(service_fn(|event| store(&table, &queue, event))).await
}

async fn store(
    table: &aws_sdk_dynamodb::Client,
    queue: &aws_sdk_sqs::Client,
    event: LambdaEvent<Value>,
) -> Result<Value, Error> {
    let id = event.payload["id"].as_str().unwrap_or_default();
    let put = table.put_item().table_name("orders").item("id", AttributeValue::S(id.to_owned()));
    put.condition_expression("attribute_not_exists(id)").send().await?;
    let url = std::env::var("QUEUE_URL")?;
    queue.send_message().queue_url(url).message_body(id).send().await?;
    Ok(json!({ "stored": id }))
}
