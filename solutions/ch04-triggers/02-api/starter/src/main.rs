//! The web API of Ferris Prints: prices and quotes, behind an HTTP API, a REST API or a function URL.

mod shop;

use lambda_http::http::StatusCode;
use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

use shop::Shop;

/// The body of `POST /quotes`.
#[derive(Deserialize)]
struct Order {
    size: String,
    /// 1 to 500.
    copies: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let shop = Shop::from_environment()?;
    run(service_fn(|request| handle(&shop, request))).await
}

async fn handle(shop: &Shop, request: Request) -> Result<Response<Body>, Error> {
    // TODO: answer the page's three paths, and tell other methods and other paths apart.
    let response = match request.raw_http_path() {
        "/quotes" => quote(shop, request.body())?,
        _ => problem(StatusCode::NOT_FOUND, "NoSuchPath")?,
    };
    // TODO: HEAD and OPTIONS.
    // TODO: let the shop's own pages read the answer, whatever it is, and no other page.
    let _ours = shop.origins();
    Ok(response)
}

fn quote(shop: &Shop, body: &Body) -> Result<Response<Body>, Error> {
    // TODO: a body that is no order is the caller's mistake.
    let order: Order = serde_json::from_slice(body)?;
    match shop.prices().get(&order.size) {
        Some(cents) => answer(StatusCode::OK, &json!({ "cents": cents * order.copies })),
        None => problem(StatusCode::NOT_FOUND, "UnknownSize"),
    }
}

/// An answer with this JSON.
fn answer(status: StatusCode, body: &Value) -> Result<Response<Body>, Error> {
    let response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
    Ok(response.body(body.to_string().into())?)
}

/// An answer that says in one word what is wrong.
fn problem(status: StatusCode, error: &str) -> Result<Response<Body>, Error> {
    answer(status, &json!({ "error": error }))
}
