//! What the web shop, the partners and the operators expect of the order desk.

use course::{Seed, fixture_json};
use local_lambda::{Event, Function, Outcome, binary};
use serde_json::{Value, json};

/// The order desk with this price list, or with none that can be reached; `password` opens its database.
fn order_desk(prices: Option<&Value>, password: &str) -> Function {
    let builder =
        Function::builder(binary!()).env("PRICE_DB", format!("postgres://till:{password}@prices.internal:5432/shop"));
    match prices {
        Some(prices) => builder.env("PRICES", prices.to_string()).start(),
        None => builder.start(),
    }
}

fn price_list() -> Value {
    json!({ "10x15": 25, "13x18": 45 })
}

/// The web shop's request with this body.
fn by_web(body: Option<&str>) -> Event {
    let mut event = fixture_json("apigateway/http-api-quote");
    match body {
        Some(body) => event["body"] = json!(body),
        None => drop(event.as_object_mut().expect("an object").remove("body")),
    }
    Event::named("apigateway/http-api-quote, with another body", event)
}

/// The partners' event with this order.
fn by_bus(order: Value) -> Event {
    let mut event = fixture_json("eventbridge/order-placed");
    event["detail"] = order;
    Event::named("eventbridge/order-placed, with another order", event)
}

/// The web shop gets this status; gives the body, which is text with JSON in it.
#[track_caller]
fn expect_status(outcome: &Outcome, status: u16) -> Value {
    outcome.expect_json_at("/statusCode", status);
    outcome.expect_that("the header content-type says application/json", |answer| {
        let headers = answer["headers"].as_object().into_iter().flatten();
        let mut types = headers.filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        types.any(|(_, value)| value.as_str().is_some_and(|value| value.starts_with("application/json")))
    });
    let is_json =
        |answer: &Value| answer["body"].as_str().is_some_and(|body| serde_json::from_str::<Value>(body).is_ok());
    outcome.expect_that("the body is text with JSON in it", is_json);
    let answer = outcome.expect_response();
    serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default()
}

#[test]
fn quotes_an_order_from_the_web_and_from_the_bus() {
    let mut seed = Seed::at_run_time();
    let prices = json!({ "10x15": seed.number(9..=40), "13x18": seed.number(41..=99) });
    let desk = order_desk(Some(&prices), "none");
    for (size, copies) in
        [("10x15", seed.number(2..=499)), ("13x18", seed.number(2..=499)), ("10x15", 1), ("13x18", 500)]
    {
        let cents = prices[size].as_u64().unwrap_or_default() * copies;
        let order = json!({ "size": size, "copies": copies });
        let outcome = desk.story("the web shop asks for a price").invoke(by_web(Some(&order.to_string())));
        let body = expect_status(&outcome, 200);
        assert_eq!(body, json!({ "cents": cents }), "the body for {order} at {} cents each", prices[size]);
        let outcome = desk.story("a partner asks for a price").invoke(by_bus(order.clone()));
        outcome.expect_json(json!({ "cents": cents }));
        let mut order = order;
        order["gift"] = json!(true);
        let outcome = desk.story("a partner's order says more than the desk knows").invoke(by_bus(order));
        outcome.expect_json(json!({ "cents": cents }));
    }
}

#[test]
fn tells_the_web_shop_what_is_wrong_with_an_order() {
    let desk = order_desk(Some(&price_list()), "none");
    for (story, body, field) in [
        ("the order is for no copies", Some(r#"{"size":"10x15","copies":0}"#), "copies"),
        ("the order is for one copy too many", Some(r#"{"size":"10x15","copies":501}"#), "copies"),
        ("the order has no size", Some(r#"{"copies":3}"#), "size"),
        ("the order does not say how many copies", Some(r#"{"size":"10x15"}"#), "copies"),
        ("the size is a number", Some(r#"{"size":10,"copies":3}"#), ""),
        ("the copies are text", Some(r#"{"size":"10x15","copies":"3"}"#), ""),
        ("the order is for two and a half copies", Some(r#"{"size":"10x15","copies":2.5}"#), ""),
        (
            "the order is for more copies than fit into 32 bits",
            Some(r#"{"size":"10x15","copies":4294967299}"#),
            "copies",
        ),
        ("the body is not JSON", Some("three prints, please"), ""),
        ("the request has no body", None, ""),
    ] {
        let outcome = desk.story(story).invoke(by_web(body));
        let body = expect_status(&outcome, 400);
        assert_eq!(body["error"], "InvalidOrder", "{story}: the body is {body}");
        let message = body["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty() && message.contains(field), "{story}: the message must say {field:?}: {body}");
    }
}

#[test]
fn tells_the_web_shop_that_a_size_is_unknown() {
    let desk = order_desk(Some(&price_list()), "none");
    let mut seed = Seed::at_run_time();
    let size = format!("{}x{}", seed.number(20..=99), seed.number(20..=99));
    for (story, size) in [
        ("the order is for a size that nobody prints", size.as_str()),
        ("the list writes sizes with a small x", "10X15"),
    ] {
        let order = json!({ "size": size, "copies": 1 }).to_string();
        let outcome = desk.story(story).invoke(by_web(Some(&order)));
        let body = expect_status(&outcome, 404);
        assert_eq!(body["error"], "UnknownSize", "{story}: the body is {body}");
        let message = body["message"].as_str().unwrap_or_default();
        assert!(message.contains(size), "{story}: the message must name {size}: {body}");
    }
}

#[test]
fn tells_the_web_shop_to_come_back_when_the_price_list_is_away() {
    let desk = order_desk(None, "none");
    let copies = Seed::at_run_time().number(1..=500);
    for size in ["10x15", "13x18"] {
        let order = json!({ "size": size, "copies": copies }).to_string();
        let outcome = desk.story("the database with the prices is away").invoke(by_web(Some(&order)));
        let body = expect_status(&outcome, 503);
        assert_eq!(body["error"], "PriceListUnavailable", "the body is {body}");
    }
}

#[test]
fn fails_on_the_bus_with_an_error_type_that_stays() {
    let desk = order_desk(Some(&price_list()), "none");
    let outcome = desk.story("a partner orders no copies").invoke(by_bus(json!({ "size": "10x15", "copies": 0 })));
    outcome.expect_error("InvalidOrder");
    let outcome = desk.story("a partner sends no size").invoke(by_bus(json!({ "copies": 7 })));
    outcome.expect_error("InvalidOrder");
    let outcome = desk.story("a partner orders an unknown size").invoke(by_bus(json!({ "size": "8x8", "copies": 1 })));
    outcome.expect_error("UnknownSize");
    let desk = order_desk(None, "none");
    let outcome = desk.story("the prices are away").invoke(by_bus(json!({ "size": "10x15", "copies": 1 })));
    outcome.expect_error("PriceListUnavailable");
}

#[test]
fn shows_nothing_of_the_inside_to_callers() {
    let password = format!("hunter{}", Seed::at_run_time().number(100..=999));
    let desk = order_desk(None, &password);
    let order = json!({ "size": "10x15", "copies": 2 });
    for (story, event) in [
        ("the web shop asks while the prices are away", by_web(Some(&order.to_string()))),
        ("a partner asks while the prices are away", by_bus(order)),
    ] {
        let outcome = desk.story(story).invoke(event);
        outcome.expect("the caller learns the kind of failure, PriceListUnavailable", |outcome| {
            String::from_utf8_lossy(&outcome.payload()).contains("PriceListUnavailable")
        });
        for inside in [password.as_str(), "postgres", "prices.internal", "os error"] {
            outcome.expect_payload_without(inside);
        }
    }
}

#[test]
fn logs_the_reason_and_not_the_password() {
    let password = format!("hunter{}", Seed::at_run_time().number(100..=999));
    let desk = order_desk(None, &password);
    let order = json!({ "size": "10x15", "copies": 2 });
    let outcome = desk.story("the operators look for the reason").invoke(by_web(Some(&order.to_string())));
    outcome.expect_logged("connection refused").expect_not_logged(&password);
    let outcome = desk.story("the operators look for the reason").invoke(by_bus(order));
    outcome.expect_logged("connection refused").expect_not_logged(&password);
    let desk = order_desk(Some(&price_list()), &password);
    for (story, order) in [
        ("the database is there, and the order is wrong", json!({ "size": "10x15", "copies": 0 })),
        ("the database is there, and has no such size", json!({ "size": "8x8", "copies": 1 })),
    ] {
        let outcome = desk.story(story).invoke(by_bus(order));
        outcome.expect_not_logged("connection refused").expect_not_logged(&password);
    }
}
