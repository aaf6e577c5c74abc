//! The shop's ear for its payment service: each request tells of a payment, or says that it does.

mod keys;
mod ledger;

use std::fmt::Write as _;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use ring::hmac::{self, Key};
use serde_json::Value;

use ledger::{Ledger, Payment};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let keys = keys::from_environment()?;
    let ledger = Ledger::default();
    run(service_fn(|event| listen(&keys, &ledger, event))).await
}

async fn listen(
    keys: &[Key],
    ledger: &Ledger,
    event: LambdaEvent<ApiGatewayV2httpRequest>,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let request = event.payload;
    let header = request.headers.get("payment-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    // TODO: the bytes that were signed are those that were sent, also when they come in base64.
    let Ok(json) = serde_json::from_str::<Value>(&request.body.unwrap_or_default()) else {
        return Ok(answer(400, r#"{"error":"malformed"}"#));
    };
    let body = json.to_string();

    // TODO: read the header as it may be written, and not only as it was on the first day.
    let Some((time, signature)) = header.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")) else {
        return Ok(answer(401, r#"{"error":"unauthorized"}"#));
    };
    // TODO: more than one key, and a comparison that tells a liar nothing about how near he was.
    let expected = hex(hmac::sign(&keys[0], format!("{time}.{body}").as_bytes()).as_ref());
    if keys::bytes_of_hex(signature).is_none() || signature != expected {
        println!("expected {expected}, got {signature}");
        return Ok(answer(401, r#"{"error":"unauthorized"}"#));
    }
    // TODO: how old may it be, by the clock of API Gateway?

    let Ok(payment) = serde_json::from_value::<Payment>(json) else {
        return Ok(answer(400, r#"{"error":"malformed"}"#));
    };
    // TODO: a payment that was booked before.
    if ledger.has(&payment.id) {
        println!("{} again", payment.id);
    }
    ledger.book(&payment);
    Ok(answer(200, r#"{"received":true}"#))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn answer(status_code: i64, json: &str) -> ApiGatewayV2httpResponse {
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = status_code;
    answer.body = Some(Body::Text(json.to_owned()));
    answer
}
