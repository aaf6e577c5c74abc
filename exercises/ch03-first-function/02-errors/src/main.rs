//! The order desk says what an order of prints costs.

mod prices;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::eventbridge::EventBridgeEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use prices::PriceList;

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
    copies: u64,
}

#[derive(Serialize)]
struct Quote {
    cents: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let prices = PriceList::connect();
    run(service_fn(|event| handle(event, &prices))).await
}

async fn handle(event: LambdaEvent<Request>, prices: &PriceList) -> Result<Value, Error> {
    match event.payload {
        // TODO: the web shop is answered with the status and the body of the page's table.
        Request::Web(request) => match quote(request.body.as_deref().unwrap_or_default(), prices).await {
            Ok(quote) => respond(200, &quote),
            Err(error) => respond(500, &json!({ "error": "Error", "message": error.to_string() })),
        },
        // TODO: on the bus nobody reads an answer: a failure must be one for Lambda too, with the table's error type.
        Request::Bus(event) => match quote(&event.detail.to_string(), prices).await {
            Ok(quote) => Ok(serde_json::to_value(quote)?),
            Err(error) => Ok(json!({ "error": "Error", "message": error.to_string() })),
        },
    }
}

// TODO: callers tell the three failures apart, learn nothing of the inside, and the log has the reason.
async fn quote(order: &str, prices: &PriceList) -> Result<Quote, Error> {
    let order: Order = serde_json::from_str(order)?;
    if !(1..=500).contains(&order.copies) {
        return Err("copies must be from 1 to 500".into());
    }
    let cents = prices.cents(&order.size).await?;
    Ok(Quote { cents: cents * order.copies })
}

/// The answer to an HTTP API.
fn respond(status: i64, body: &impl Serialize) -> Result<Value, Error> {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    response.headers.insert("content-type", "application/json".parse()?);
    response.body = Some(serde_json::to_string(body)?.into());
    Ok(serde_json::to_value(response)?)
}
