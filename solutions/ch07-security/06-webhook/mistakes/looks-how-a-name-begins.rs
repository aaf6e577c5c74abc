//! caught-by: believes_nobody_else
//!
//! Takes whatever begins with v1, such as the tenth scheme.
#![allow(unused)]

#[path = "../src/keys.rs"]
mod keys;
#[path = "../src/ledger.rs"]
mod ledger;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use ring::hmac::{self, Key};

use keys::bytes_of_hex;
use ledger::{Ledger, Payment};

/// How far the time of a signature may be from the time of its arrival, before or after.
const WINDOW_MS: u128 = 300_000;

/// Both are said to the caller in one fixed sentence.
enum Refusal {
    Unauthorized,
    Malformed,
}

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
    Ok(match receive(keys, &event.payload) {
        Ok(payment) => {
            if !ledger.has(&payment.id) {
                ledger.book(&payment);
            }
            answer(200, r#"{"received":true}"#)
        }
        Err(Refusal::Unauthorized) => answer(401, r#"{"error":"unauthorized"}"#),
        Err(Refusal::Malformed) => answer(400, r#"{"error":"malformed"}"#),
    })
}

/// The payment that a request tells of. Who tells it is asked before a single byte of it is read.
fn receive(keys: &[Key], request: &ApiGatewayV2httpRequest) -> Result<Payment, Refusal> {
    let body = body(request).ok_or(Refusal::Unauthorized)?;
    let header = request.headers.get("payment-signature").and_then(|value| value.to_str().ok());
    let signature = header.and_then(Signature::parse).ok_or(Refusal::Unauthorized)?;
    if !signature.is_of(keys, &body) || !signature.is_fresh(request.request_context.time_epoch) {
        return Err(Refusal::Unauthorized);
    }
    serde_json::from_slice(&body).map_err(|_| Refusal::Malformed)
}

/// The bytes that were sent.
fn body(request: &ApiGatewayV2httpRequest) -> Option<Vec<u8>> {
    let body = request.body.as_deref().unwrap_or_default();
    if request.is_base64_encoded { STANDARD.decode(body).ok() } else { Some(body.as_bytes().to_owned()) }
}

/// What the header says: a time, and the body's signatures with each key that the payment service has at the moment.
struct Signature<'h> {
    time: &'h str,
    tags: Vec<Vec<u8>>,
}

impl<'h> Signature<'h> {
    /// Nothing where there is not exactly one time: of two, one could be signed and the other one looked at.
    fn parse(header: &'h str) -> Option<Signature<'h>> {
        let mut times = Vec::new();
        let mut tags = Vec::new();
        for part in header.split(',') {
            match part.split_once('=')? {
                ("t", time) => times.push(time),
                (name, tag) if name.starts_with("v1") => tags.extend(bytes_of_hex(tag)),
                // Another scheme, which may be a weaker one.
                _ => {}
            }
        }
        let [time] = times[..] else { return None };
        Some(Signature { time, tags })
    }

    fn is_of(&self, keys: &[Key], body: &[u8]) -> bool {
        let signed = [self.time.as_bytes(), b".", body].concat();
        // `verify` takes as long for a wrong tag as for a right one.
        keys.iter().any(|key| self.tags.iter().any(|tag| hmac::verify(key, &signed, tag).is_ok()))
    }

    /// Whether it was made not long before or after this moment, in milliseconds since 1970.
    fn is_fresh(&self, arrival: i64) -> bool {
        let (Ok(seconds), Ok(arrival)) = (self.time.parse::<u64>(), u128::try_from(arrival)) else { return false };
        arrival.abs_diff(u128::from(seconds) * 1_000) <= WINDOW_MS
    }
}

fn answer(status_code: i64, json: &str) -> ApiGatewayV2httpResponse {
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = status_code;
    answer.body = Some(Body::Text(json.to_owned()));
    answer
}
