//! Right as well: all three envelopes as bare JSON, told apart by names that only SNS writes.

#[path = "../src/desk.rs"]
mod desk;

use desk::{Kind, Notice};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(take_notices)).await
}

async fn take_notices(event: LambdaEvent<Value>) -> Result<Value, Error> {
    for record in event.payload["Records"].as_array().into_iter().flatten() {
        if record["EventSource"] == "aws:sns" {
            deliver(&record["Sns"]["Message"], &record["Sns"]["MessageAttributes"], "Value");
            continue;
        }
        let envelope: Value = serde_json::from_str(record["body"].as_str().unwrap_or_default()).unwrap_or_default();
        if envelope["Type"] == "Notification" && envelope["TopicArn"].is_string() {
            deliver(&envelope["Message"], &envelope["MessageAttributes"], "Value");
        } else {
            deliver(&record["body"], &record["messageAttributes"], "stringValue");
        }
    }
    Ok(serde_json::json!({ "batchItemFailures": [] }))
}

fn deliver(text: &Value, attributes: &Value, value: &str) {
    let text = text.as_str().unwrap_or_default().to_owned();
    let attribute = |name: &str| attributes[name][value].as_str();
    match (attribute("kind").and_then(Kind::named), attribute("printer")) {
        (Some(kind), Some(printer)) => desk::post(&Notice { kind, printer: printer.to_owned(), text }),
        (_, None) => desk::set_aside(&text, "no printer"),
        (None, _) => desk::set_aside(&text, "no kind that the shop knows"),
    }
}
