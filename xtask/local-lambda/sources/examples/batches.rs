//! A function of `lambda_runtime` that does what its messages say: the tests of this crate run it.
//!
//! `ANSWER` in the environment chooses what it answers: nothing, the failures that it met (`report`), or a text given
//! there (`raw:…`). A body, or an event without records, says by its field `do` what happens: `fail` (listed with
//! `report`, an error without), `error`, `panic`, `exit`.

use std::env;
use std::process;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(handler)).await
}

async fn handler(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let answer = env::var("ANSWER").unwrap_or_default();
    let (event, context) = event.into_parts();
    if event.get("Records").is_none() {
        act(&event)?;
        return Ok(json!({ "version": context.env_config.version, "arn": context.invoked_function_arn }));
    }
    let event: SqsEvent = serde_json::from_value(event)?;
    let mut response = SqsBatchResponse::default();
    for record in event.records {
        let body: Value = serde_json::from_str(record.body.as_deref().unwrap_or_default()).unwrap_or_default();
        if let Err(error) = act(&body) {
            if answer != "report" {
                return Err(error);
            }
            response.add_failure(record.message_id.unwrap_or_default());
        }
    }
    match answer.strip_prefix("raw:") {
        Some(raw) => Ok(serde_json::from_str(raw)?),
        None if answer == "report" => Ok(serde_json::to_value(response)?),
        None => Ok(Value::Null),
    }
}

fn act(order: &Value) -> Result<(), Error> {
    println!("order {order}");
    match order["do"].as_str() {
        Some("fail" | "error") => Err("the printer is jammed".into()),
        Some("panic") => panic!("the printer is on fire"),
        Some("exit") => process::exit(7),
        _ => Ok(()),
    }
}
