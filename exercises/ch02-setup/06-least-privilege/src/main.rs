//! The print clerk: makes a job for the print lab of every order. Given; `policy.json` is the policy of its role.
//!
//! It asks for everything anew with each order, so that its calls stand in one place.

use aws_config::BehaviorVersion;
use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Deserialize)]
struct Order {
    photo: String,
}

#[derive(Serialize)]
struct Queued {
    queued: String,
}

struct Clerk {
    secrets: aws_sdk_secretsmanager::Client,
    sqs: aws_sdk_sqs::Client,
    /// The name of the secret with the number by which the lab knows the shop, and bills it.
    secret: String,
    /// The name of the lab's queue.
    queue: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let clerk = Clerk {
        secrets: aws_sdk_secretsmanager::Client::new(&config),
        sqs: aws_sdk_sqs::Client::new(&config),
        secret: std::env::var("SECRET")?,
        queue: std::env::var("QUEUE")?,
    };
    run(service_fn(|event| clerk.order(event))).await
}

impl Clerk {
    // ANCHOR: calls
    async fn order(&self, event: LambdaEvent<Order>) -> Result<Queued, Diagnostic> {
        let photo = event.payload.photo;
        let secret = self.secrets.get_secret_value().secret_id(&self.secret).send().await.map_err(failed)?;
        let customer = secret.secret_string().unwrap_or_default();
        let queue = self.sqs.get_queue_url().queue_name(&self.queue).send().await.map_err(failed)?;
        let job = json!({ "customer": customer, "photo": photo }).to_string();
        let send = self.sqs.send_message().set_queue_url(queue.queue_url).message_body(job);
        send.send().await.map_err(failed)?;
        Ok(Queued { queued: photo })
    }
    // ANCHOR_END: calls
}

/// What the service said, if it said something: a denial is read by people.
fn failed(error: impl std::error::Error + ProvideErrorMetadata) -> Diagnostic {
    let code = error.code().unwrap_or("CallFailed").to_owned();
    let error_message = error.message().map_or_else(|| DisplayErrorContext(&error).to_string(), str::to_owned);
    Diagnostic { error_type: code, error_message }
}
