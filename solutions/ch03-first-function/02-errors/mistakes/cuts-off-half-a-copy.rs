//! caught-by: tells_the_web_shop_what_is_wrong_with_an_order
//!
//! Reads the copies as a float, because JSON has but one kind of number, and cuts off what is behind the point.
#![allow(unused)]

#[path = "../src/prices.rs"]
mod prices;

use std::fmt;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::eventbridge::EventBridgeEvent;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn, tracing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use prices::{PriceError, PriceList};

/// Who asks: the partners' bus (EventBridge, asynchronous), or the web shop (an HTTP API, which waits).
#[derive(Deserialize)]
#[serde(untagged)]
enum Request {
    Bus(Box<EventBridgeEvent<Value>>),
    Web(Box<ApiGatewayV2httpRequest>),
}

#[derive(Deserialize)]
struct Order {
    size: String,
    copies: f64,
}

#[derive(Serialize)]
struct Quote {
    cents: u64,
}

/// What a caller may learn of a failure. The variants' names are a contract: callers branch on them.
#[derive(Debug)]
enum QuoteError {
    InvalidOrder(String),
    UnknownSize(String),
    PriceListUnavailable,
}

impl QuoteError {
    fn name(&self) -> &'static str {
        match self {
            QuoteError::InvalidOrder(_) => "InvalidOrder",
            QuoteError::UnknownSize(_) => "UnknownSize",
            QuoteError::PriceListUnavailable => "PriceListUnavailable",
        }
    }

    fn status(&self) -> i64 {
        match self {
            QuoteError::InvalidOrder(_) => 400,
            QuoteError::UnknownSize(_) => 404,
            QuoteError::PriceListUnavailable => 503,
        }
    }
}

impl fmt::Display for QuoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QuoteError::InvalidOrder(reason) => write!(f, "{reason}"),
            QuoteError::UnknownSize(size) => write!(f, "there is no size {size}"),
            QuoteError::PriceListUnavailable => write!(f, "prices cannot be read at the moment, try again later"),
        }
    }
}

impl From<QuoteError> for Diagnostic {
    fn from(error: QuoteError) -> Diagnostic {
        Diagnostic { error_type: error.name().to_owned(), error_message: error.to_string() }
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let prices = PriceList::connect();
    run(service_fn(|event| handle(event, &prices))).await
}

async fn handle(event: LambdaEvent<Request>, prices: &PriceList) -> Result<Value, Diagnostic> {
    match event.payload {
        Request::Web(request) => match quote(request.body.as_deref().unwrap_or_default(), prices).await {
            Ok(quote) => Ok(respond(200, &quote)?),
            Err(error) => {
                let body = json!({ "error": error.name(), "message": error.to_string() });
                Ok(respond(error.status(), &body)?)
            }
        },
        Request::Bus(event) => Ok(json!(quote(&event.detail.to_string(), prices).await?)),
    }
}

async fn quote(order: &str, prices: &PriceList) -> Result<Quote, QuoteError> {
    let order: Order = serde_json::from_str(order).map_err(|error| QuoteError::InvalidOrder(error.to_string()))?;
    let copies = order.copies as u64;
    if !(1..=500).contains(&copies) {
        return Err(QuoteError::InvalidOrder("copies must be from 1 to 500".to_owned()));
    }
    match prices.cents(&order.size).await {
        Ok(cents) => Ok(Quote { cents: cents * copies }),
        Err(PriceError::NoSuchSize) => Err(QuoteError::UnknownSize(order.size)),
        // The address holds the password: it goes neither to the caller nor into the log.
        Err(PriceError::Unreachable { reason, .. }) => {
            tracing::error!(reason, "the price list cannot be read");
            Err(QuoteError::PriceListUnavailable)
        }
    }
}

/// The answer to an HTTP API.
fn respond(status: i64, body: &impl Serialize) -> Result<Value, Error> {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    response.headers.insert("content-type", "application/json".parse()?);
    response.body = Some(serde_json::to_string(body)?.into());
    Ok(serde_json::to_value(response)?)
}
