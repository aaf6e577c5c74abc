//! What the print clerk would be if somebody took it over: tries whatever the event says, in the clerk's role, and
//! tells how each try ended. Given.

use aws_config::BehaviorVersion;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Tries {
    tries: Vec<Try>,
}

#[derive(Deserialize)]
struct Try {
    call: String,
    /// The name or ARN of a secret, the name of a queue, or its URL.
    on: String,
}

struct Twin {
    secrets: aws_sdk_secretsmanager::Client,
    sqs: aws_sdk_sqs::Client,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let twin = Twin { secrets: aws_sdk_secretsmanager::Client::new(&config), sqs: aws_sdk_sqs::Client::new(&config) };
    run(service_fn(|event| twin.go(event))).await
}

impl Twin {
    async fn go(&self, event: LambdaEvent<Tries>) -> Result<Vec<String>, Error> {
        let mut ends = Vec::new();
        for Try { call, on } in event.payload.tries {
            ends.push(self.attempt(&call, on).await?);
        }
        Ok(ends)
    }

    async fn attempt(&self, call: &str, on: String) -> Result<String, Error> {
        let Twin { secrets, sqs } = self;
        Ok(match call {
            "ListSecrets" => end(secrets.list_secrets().send().await),
            "GetSecretValue" => end(secrets.get_secret_value().secret_id(on).send().await),
            "DescribeSecret" => end(secrets.describe_secret().secret_id(on).send().await),
            "PutSecretValue" => end(secrets.put_secret_value().secret_id(on).secret_string("mine").send().await),
            "DeleteSecret" => end(secrets.delete_secret().secret_id(on).send().await),
            "ListQueues" => end(sqs.list_queues().send().await),
            "GetQueueUrl" => end(sqs.get_queue_url().queue_name(on).send().await),
            "SendMessage" => end(sqs.send_message().queue_url(on).message_body("mine").send().await),
            "ReceiveMessage" => end(sqs.receive_message().queue_url(on).send().await),
            "PurgeQueue" => end(sqs.purge_queue().queue_url(on).send().await),
            "DeleteQueue" => end(sqs.delete_queue().queue_url(on).send().await),
            _ => return Err(format!("the twin does not know how to {call}").into()),
        })
    }
}

fn end<T, E: ProvideErrorMetadata>(result: Result<T, SdkError<E>>) -> String {
    match result {
        Ok(_) => "done".to_owned(),
        Err(error) => error.code().unwrap_or("no answer").to_owned(),
    }
}
