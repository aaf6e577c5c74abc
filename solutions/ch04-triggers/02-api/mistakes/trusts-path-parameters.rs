//! caught-by: tells_all_prices_and_the_price_of_one_size
//!
//! Asks for a path parameter. One function for all paths has none, or one with the whole path; a function URL never has any.
#![allow(unused)]

#[path = "../src/shop.rs"]
mod shop;

use std::borrow::Cow;

use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CONTENT_TYPE,
    ORIGIN, VARY,
};
use lambda_http::http::{HeaderValue, Method, StatusCode};
use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn};
use percent_encoding::percent_decode_str;
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

/// What a path means.
enum Path<'a> {
    Prices,
    Price(Cow<'a, str>),
    Quotes,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let shop = Shop::from_environment()?;
    run(service_fn(|request| handle(&shop, request))).await
}

async fn handle(shop: &Shop, request: Request) -> Result<Response<Body>, Error> {
    let mut response = match Path::of(request.raw_http_path()) {
        Some(path) => at(&path, shop, &request)?,
        None => problem(StatusCode::NOT_FOUND, "NoSuchPath")?,
    };
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::Empty;
    }
    share_with_our_pages(shop, &request, &mut response);
    Ok(response)
}

impl Path<'_> {
    /// A size may have a slash in it, which some senders encode and others have decoded: all that follows is the size.
    fn of(path: &str) -> Option<Path<'_>> {
        match path {
            "/prices" => Some(Path::Prices),
            "/quotes" => Some(Path::Quotes),
            _ if path.starts_with("/prices/") => Some(Path::Price(Cow::Borrowed(""))),
            _ => {
                let size = path.strip_prefix("/prices/")?;
                percent_decode_str(size).decode_utf8().ok().map(Path::Price)
            }
        }
    }

    fn methods(&self) -> &'static str {
        match self {
            Path::Prices | Path::Price(_) => "GET, HEAD, OPTIONS",
            Path::Quotes => "POST, OPTIONS",
        }
    }
}

fn at(path: &Path<'_>, shop: &Shop, request: &Request) -> Result<Response<Body>, Error> {
    match (path, request.method()) {
        (_, &Method::OPTIONS) => {
            let response = Response::builder().status(StatusCode::NO_CONTENT).header(ALLOW, path.methods());
            Ok(response.body(Body::Empty)?)
        }
        (Path::Prices, &Method::GET | &Method::HEAD) => {
            let query = request.query_string_parameters();
            let wanted = query.all("size");
            let is_wanted = |size: &str| wanted.as_ref().is_none_or(|wanted| wanted.contains(&size));
            let prices: Value =
                shop.prices().iter().filter(|(size, _)| is_wanted(size)).map(|(s, c)| (s.clone(), json!(c))).collect();
            answer(StatusCode::OK, &json!({ "prices": prices }))
        }
        (Path::Price(_), &Method::GET | &Method::HEAD) => match request
            .path_parameters()
            .first("size")
            .and_then(|size| Some((size.to_owned(), *shop.prices().get(size)?)))
        {
            Some((size, cents)) => answer(StatusCode::OK, &json!({ "size": size, "cents": cents })),
            None => problem(StatusCode::NOT_FOUND, "UnknownSize"),
        },
        (Path::Quotes, &Method::POST) => quote(shop, request.body()),
        _ => {
            let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed")?;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(path.methods()));
            Ok(response)
        }
    }
}

fn quote(shop: &Shop, body: &Body) -> Result<Response<Body>, Error> {
    let order = serde_json::from_slice::<Order>(body).ok().filter(|order| (1..=500).contains(&order.copies));
    let Some(order) = order else { return problem(StatusCode::BAD_REQUEST, "InvalidOrder") };
    match shop.prices().get(&order.size) {
        Some(cents) => answer(StatusCode::OK, &json!({ "cents": cents * order.copies })),
        None => problem(StatusCode::NOT_FOUND, "UnknownSize"),
    }
}

/// CORS: a browser shows an answer to a page of another origin only when the answer allows it, an error too.
fn share_with_our_pages(shop: &Shop, request: &Request, response: &mut Response<Body>) {
    let methods = response.headers().get(ALLOW).cloned();
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("origin"));
    let Some(origin) = request.headers().get(ORIGIN) else { return };
    if !shop.origins().iter().any(|ours| ours.as_bytes() == origin.as_bytes()) {
        return;
    }
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    if let (&Method::OPTIONS, Some(methods)) = (request.method(), methods) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
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
