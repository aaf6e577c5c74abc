//! Decodes the whole path first and never cuts it, matches on it, and adds headers where the answer is built.

#[path = "../src/shop.rs"]
mod shop;

use lambda_http::http::response::Builder;
use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use shop::Shop;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let shop = Shop::from_environment()?;
    let shop = &shop;
    run(service_fn(move |request: Request| async move { handle(shop, &request) })).await
}

fn handle(shop: &Shop, request: &Request) -> Result<Response<Body>, Error> {
    let path = percent_decode_str(request.raw_http_path()).decode_utf8_lossy().into_owned();
    let method = request.method().as_str();
    let read = path == "/prices" || path.starts_with("/prices/");
    let allow = match (read, path.as_str()) {
        (true, _) => "GET, HEAD, OPTIONS",
        (false, "/quotes") => "POST, OPTIONS",
        _ => return finish(shop, request, 404, json!({ "error": "NoSuchPath" }), ""),
    };
    let (status, body) = match method {
        _ if allow.split(", ").all(|known| known != method) => (405, json!({ "error": "MethodNotAllowed" })),
        "OPTIONS" => (204, Value::Null),
        "POST" => quote(shop, request),
        _ if path == "/prices" => (200, json!({ "prices": prices(shop, request) })),
        _ => {
            let size = &path["/prices/".len()..];
            match shop.prices().get(size) {
                Some(cents) => (200, json!({ "size": size, "cents": cents })),
                None => (404, json!({ "error": "UnknownSize" })),
            }
        }
    };
    finish(shop, request, status, body, allow)
}

fn prices(shop: &Shop, request: &Request) -> Value {
    match request.query_string_parameters().all("size") {
        None => json!(shop.prices()),
        Some(sizes) => {
            let known = sizes.iter().filter_map(|size| Some(((*size).to_owned(), json!(shop.prices().get(*size)?))));
            known.collect()
        }
    }
}

fn quote(shop: &Shop, request: &Request) -> (u16, Value) {
    let order: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    match (order["size"].as_str(), order["copies"].as_u64()) {
        (Some(size), Some(copies @ 1..=500)) => match shop.prices().get(size) {
            Some(cents) => (200, json!({ "cents": cents * copies })),
            None => (404, json!({ "error": "UnknownSize" })),
        },
        _ => (400, json!({ "error": "InvalidOrder" })),
    }
}

fn finish(shop: &Shop, request: &Request, status: u16, body: Value, allow: &str) -> Result<Response<Body>, Error> {
    let mut response: Builder = Response::builder().status(status).header("vary", "Origin");
    if !allow.is_empty() {
        response = response.header("allow", allow);
    }
    let origin = request.headers().get("origin").and_then(|origin| origin.to_str().ok());
    if let Some(origin) = origin.filter(|origin| shop.origins().iter().any(|ours| ours == origin)) {
        response = response.header("access-control-allow-origin", origin);
        if request.method() == "OPTIONS" {
            response = response.header("access-control-allow-methods", allow);
            response = response.header("access-control-allow-headers", "Content-Type");
        }
    }
    if body.is_null() {
        return Ok(response.body(Body::Empty)?);
    }
    let text = if request.method() == "HEAD" { Body::Empty } else { Body::Text(body.to_string()) };
    Ok(response.header("content-type", "application/json").body(text)?)
}
