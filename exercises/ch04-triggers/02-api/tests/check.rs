//! What the shop's pages, in a browser, expect of the web API, whichever door a request comes through.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use course::{Seed, fixture_json};
use local_lambda::{Event, Function, Outcome, binary};
use serde_json::{Map, Value, json};

const OURS: &str = "https://www.ferris-prints.example";
const ALSO_OURS: &str = "https://till.ferris-prints.example:8443";

/// Who passes a request on. A REST API and a function URL leave a path as the browser wrote it; an HTTP API decodes it.
#[derive(Debug, Clone, Copy)]
enum Door {
    HttpApi,
    RestApi,
    FunctionUrl,
}

const DOORS: [Door; 3] = [Door::HttpApi, Door::RestApi, Door::FunctionUrl];

/// A request as a browser writes it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    method: &'a str,
    /// Decoded: the parts of the path, so that a part may have a slash in it.
    path: &'a [&'a str],
    query: &'a [(&'a str, &'a str)],
    origin: Option<&'a str>,
    body: Option<&'a str>,
    base64: bool,
}

fn asked<'a>(method: &'a str, path: &'a [&'a str]) -> Asked<'a> {
    Asked { method, path, query: &[], origin: None, body: None, base64: false }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

impl Asked<'_> {
    fn through(self, door: Door) -> Event {
        let decoded: String = self.path.iter().map(|part| format!("/{part}")).collect();
        // In a path `+` is a plus, and browsers leave it as it is.
        let raw: String = self.path.iter().map(|part| format!("/{}", encoded(part).replace("%2B", "+"))).collect();
        let name = match door {
            Door::HttpApi => "apigateway/http-api-quote",
            Door::RestApi => "apigateway/rest-api-order",
            Door::FunctionUrl => "apigateway/function-url-prices",
        };
        let mut event = fixture_json(name);
        let body = self.body.map(|body| if self.base64 { BASE64.encode(body) } else { body.to_owned() });
        event["body"] = json!(body);
        event["isBase64Encoded"] = json!(self.base64);
        match door {
            Door::RestApi => {
                event["resource"] = json!("/{proxy+}");
                event["httpMethod"] = json!(self.method);
                event["path"] = json!(raw);
                event["pathParameters"] = json!({ "proxy": raw.trim_start_matches('/') });
                event["requestContext"]["path"] = json!(format!("/prod{raw}"));
                event["requestContext"]["httpMethod"] = json!(self.method);
                if !self.query.is_empty() {
                    let (mut last, mut all) = (Map::new(), Map::new());
                    for (name, value) in self.query {
                        last.insert((*name).to_owned(), json!(value));
                        let values = all.entry(*name).or_insert_with(|| json!([])).as_array_mut();
                        values.expect("a list").push(json!(value));
                    }
                    event["queryStringParameters"] = last.into();
                    event["multiValueQueryStringParameters"] = all.into();
                }
                if let Some(origin) = self.origin {
                    event["headers"]["Origin"] = json!(origin);
                    event["multiValueHeaders"]["Origin"] = json!([origin]);
                }
            }
            Door::HttpApi | Door::FunctionUrl => {
                let path = if matches!(door, Door::HttpApi) { decoded.clone() } else { raw.clone() };
                event["routeKey"] = json!("$default");
                event["requestContext"]["routeKey"] = json!("$default");
                event["rawPath"] = json!(path);
                event["requestContext"]["http"]["path"] = json!(path);
                event["requestContext"]["http"]["method"] = json!(self.method);
                let pairs = self.query.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
                event["rawQueryString"] = json!(pairs.collect::<Vec<_>>().join("&"));
                if !self.query.is_empty() {
                    let mut joined: Map<String, Value> = Map::new();
                    for (name, value) in self.query {
                        let before =
                            joined.get(*name).and_then(Value::as_str).map(|before| format!("{before},{value}"));
                        joined.insert((*name).to_owned(), json!(before.unwrap_or_else(|| (*value).to_owned())));
                    }
                    event["queryStringParameters"] = joined.into();
                }
                if let Some(origin) = self.origin {
                    event["headers"]["origin"] = json!(origin);
                }
            }
        }
        Event::named(format!("{door:?}: {} {decoded}", self.method), event)
    }
}

fn api(prices: &Value) -> Function {
    Function::builder(binary!()).env("PRICES", prices.to_string()).env("ORIGINS", format!("{OURS} {ALSO_OURS}")).start()
}

fn price_list() -> Value {
    json!({ "10x15": 25, "13x18": 45, "20x30": 140, "1/4 sheet": 60 })
}

/// A header of the answer, in whichever of the two places it stands; an error in words when it stands there twice.
fn header(outcome: &Outcome, name: &str) -> Option<String> {
    let answer = outcome.expect_response();
    let mut values = Vec::new();
    for place in ["headers", "multiValueHeaders"] {
        for (key, value) in answer[place].as_object().into_iter().flatten() {
            if key.eq_ignore_ascii_case(name) {
                let many = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                values.extend(many.iter().map(|value| value.as_str().unwrap_or_default().to_owned()));
            }
        }
    }
    (!values.is_empty()).then(|| values.join(" and again "))
}

#[track_caller]
fn expect_header(outcome: &Outcome, name: &str, expected: Option<&str>) {
    let got = header(outcome, name);
    let holds = match (expected, &got) {
        (Some(expected), Some(got)) => got.eq_ignore_ascii_case(expected),
        (expected, got) => expected.is_none() && got.is_none(),
    };
    let [expected, got] = [expected, got.as_deref()].map(|value| value.unwrap_or("not there"));
    outcome.expect(&format!("the header {name} is {expected}; here it is {got}"), |_| holds);
}

/// The answer has this status and this JSON.
#[track_caller]
fn expect_answer(outcome: &Outcome, status: u16, expected: &Value) {
    outcome.expect_json_at("/statusCode", status);
    outcome.expect_that(&format!("the body is {expected}"), |answer| {
        let body = answer["body"].as_str().unwrap_or_default();
        serde_json::from_str::<Value>(body).is_ok_and(|body| body == *expected)
    });
}

#[test]
fn tells_all_prices_and_the_price_of_one_size() {
    let mut seed = Seed::at_run_time();
    let prices = json!({ "10x15": seed.number(9..=40), "13x18": seed.number(41..=99) });
    let api = api(&prices);
    for door in DOORS {
        let outcome = api.story("a page shows the price list").invoke(asked("GET", &["prices"]).through(door));
        expect_answer(&outcome, 200, &json!({ "prices": prices }));
        expect_header(&outcome, "content-type", Some("application/json"));
        for size in ["10x15", "13x18"] {
            let one = asked("GET", &["prices", size]).through(door);
            let outcome = api.story("a page shows the price of one size").invoke(one);
            expect_answer(&outcome, 200, &json!({ "size": size, "cents": prices[size] }));
        }
        for (story, size) in [("nobody prints this size", "9x9"), ("a page asks for a size without a name", "")] {
            let outcome = api.story(story).invoke(asked("GET", &["prices", size]).through(door));
            expect_answer(&outcome, 404, &json!({ "error": "UnknownSize" }));
        }
    }
}

#[test]
fn takes_every_size_that_the_query_names() {
    let prices = price_list();
    let api = api(&prices);
    for door in DOORS {
        for (story, sizes) in [
            ("a page asks for two sizes", vec!["10x15", "20x30"]),
            ("a page asks for one size", vec!["1/4 sheet"]),
            ("a page asks for a size that nobody prints", vec!["9x9"]),
            ("a page asks for a size without a name", vec![""]),
            ("a page asks for three sizes, one of which nobody prints", vec!["13x18", "9x9", "1/4 sheet"]),
        ] {
            let query: Vec<(&str, &str)> = sizes.iter().map(|size| ("size", *size)).collect();
            let outcome = api.story(story).invoke(Asked { query: &query, ..asked("GET", &["prices"]) }.through(door));
            let wanted = sizes.iter().filter(|size| prices[**size].is_u64());
            let expected: Value = wanted.map(|size| ((*size).to_owned(), prices[*size].clone())).collect();
            expect_answer(&outcome, 200, &json!({ "prices": expected }));
        }
    }
}

#[test]
fn finds_sizes_with_slashes_blanks_and_umlauts_in_their_names() {
    let mut seed = Seed::at_run_time();
    let sizes = [
        format!("1/{} sheet", seed.number(2..=16)),
        format!("Größe {}", seed.number(1..=9)),
        format!("A3/A4 {}", seed.name()),
        format!("A4+ {}", seed.name()),
    ];
    let prices: Value = sizes.iter().map(|size| (size.clone(), json!(seed.number(1..=999)))).collect();
    let api = api(&prices);
    for door in DOORS {
        for size in &sizes {
            let outcome = api
                .story(format!("a page shows the price of {size:?}"))
                .invoke(asked("GET", &["prices", size]).through(door));
            expect_answer(&outcome, 200, &json!({ "size": size, "cents": prices[size] }));
        }
    }
}

#[test]
fn quotes_orders_also_when_the_body_is_in_base64() {
    let mut seed = Seed::at_run_time();
    let prices = price_list();
    let api = api(&prices);
    for door in DOORS {
        for (base64, copies) in [(false, 1), (true, seed.number(2..=499)), (false, 500)] {
            let size = *seed.pick(&["10x15", "13x18", "20x30", "1/4 sheet"]);
            let body = json!({ "size": size, "copies": copies }).to_string();
            let order = Asked { body: Some(&body), base64, ..asked("POST", &["quotes"]) };
            let outcome =
                api.story(format!("a customer asks for {copies} prints of {size:?}")).invoke(order.through(door));
            let cents = prices[size].as_u64().unwrap_or_default() * copies;
            expect_answer(&outcome, 200, &json!({ "cents": cents }));
        }
    }
}

#[test]
fn refuses_what_is_no_order() {
    let api = api(&price_list());
    for door in DOORS {
        for (story, body) in [
            ("the request has no body", None),
            ("the body is not JSON", Some("three prints, please")),
            ("the order has no size", Some(r#"{"copies":3}"#)),
            ("the order is for no copies", Some(r#"{"size":"10x15","copies":0}"#)),
            ("the order is for one copy too many", Some(r#"{"size":"10x15","copies":501}"#)),
            ("the order is for a copy less than none", Some(r#"{"size":"10x15","copies":-1}"#)),
            ("the order is for no copies, of a size that nobody prints", Some(r#"{"size":"9x9","copies":0}"#)),
            ("the order has its copies as text", Some(r#"{"size":"10x15","copies":"3"}"#)),
        ] {
            let outcome = api.story(story).invoke(Asked { body, ..asked("POST", &["quotes"]) }.through(door));
            expect_answer(&outcome, 400, &json!({ "error": "InvalidOrder" }));
            expect_header(&outcome, "content-type", Some("application/json"));
        }
        let body = Some(r#"{"size":"9x9","copies":3}"#);
        let outcome = api
            .story("the order is for a size that nobody prints")
            .invoke(Asked { body, ..asked("POST", &["quotes"]) }.through(door));
        expect_answer(&outcome, 404, &json!({ "error": "UnknownSize" }));
    }
}

#[test]
fn tells_a_wrong_method_from_a_wrong_path() {
    let api = api(&price_list());
    let read = "GET, HEAD, OPTIONS";
    for door in DOORS {
        for (method, path, allow) in [
            ("DELETE", &["prices"][..], read),
            ("POST", &["prices", "10x15"], read),
            ("POST", &["prices"], read),
            ("GET", &["quotes"], "POST, OPTIONS"),
            ("HEAD", &["quotes"], "POST, OPTIONS"),
            ("PUT", &["quotes"], "POST, OPTIONS"),
        ] {
            let outcome = api.story("the path is right, the method is not").invoke(asked(method, path).through(door));
            if method == "HEAD" {
                outcome.expect_json_at("/statusCode", 405);
            } else {
                expect_answer(&outcome, 405, &json!({ "error": "MethodNotAllowed" }));
            }
            expect_header(&outcome, "allow", Some(allow));
        }
        for path in [&["orders"][..], &["prod", "prices"], &["quotes", "7"], &["pricesandmore"]] {
            let outcome = api.story("there is no such path").invoke(asked("GET", path).through(door));
            expect_answer(&outcome, 404, &json!({ "error": "NoSuchPath" }));
            let outcome = api.story("there is no such path to ask for").invoke(asked("OPTIONS", path).through(door));
            outcome.expect_json_at("/statusCode", 404);
        }
    }
}

#[test]
fn answers_head_as_get_without_the_body() {
    let api = api(&price_list());
    for door in DOORS {
        for (path, status) in [(&["prices"][..], 200), (&["prices", "13x18"], 200), (&["prices", "9x9"], 404)] {
            let outcome = api.story("a page looks whether it is there").invoke(asked("HEAD", path).through(door));
            outcome.expect_json_at("/statusCode", status);
            expect_header(&outcome, "content-type", Some("application/json"));
            outcome.expect_that("an answer to HEAD has no body", |answer| {
                answer["body"].as_str().unwrap_or_default().is_empty()
            });
        }
    }
}

#[test]
fn lets_the_browser_ask_before_it_sends_an_order() {
    let api = api(&price_list());
    for door in DOORS {
        for (path, methods) in [(&["quotes"][..], "POST, OPTIONS"), (&["prices", "10x15"], "GET, HEAD, OPTIONS")] {
            for origin in [OURS, ALSO_OURS] {
                let preflight = Asked { origin: Some(origin), ..asked("OPTIONS", path) };
                let outcome = api.story("a page asks whether it may").invoke(preflight.through(door));
                outcome.expect_json_at("/statusCode", 204);
                outcome.expect_that("an answer to OPTIONS has no body", |answer| {
                    answer["body"].as_str().unwrap_or_default().is_empty()
                });
                expect_header(&outcome, "allow", Some(methods));
                expect_header(&outcome, "access-control-allow-origin", Some(origin));
                expect_header(&outcome, "access-control-allow-methods", Some(methods));
                expect_header(&outcome, "access-control-allow-headers", Some("content-type"));
            }
        }
    }
}

#[test]
fn lets_our_own_pages_read_every_answer_also_an_error() {
    let mut seed = Seed::at_run_time();
    let api = api(&price_list());
    for door in DOORS {
        for (story, request, status) in [
            ("a page shows the prices", asked("GET", &["prices"]), 200),
            ("a page shows a size that is not there", asked("GET", &["prices", "9x9"]), 404),
            ("a page has a link that is wrong", asked("GET", &["price"]), 404),
            ("a page uses the wrong method", asked("PATCH", &["quotes"]), 405),
            ("a page sends half an order", Asked { body: Some("{"), ..asked("POST", &["quotes"]) }, 400),
        ] {
            let origin = *seed.pick(&[OURS, ALSO_OURS]);
            let outcome = api.story(story).invoke(Asked { origin: Some(origin), ..request }.through(door));
            outcome.expect_json_at("/statusCode", status);
            expect_header(&outcome, "access-control-allow-origin", Some(origin));
            expect_header(&outcome, "vary", Some("origin"));
        }
    }
}

#[test]
fn gives_nothing_to_pages_of_others() {
    let api = api(&price_list());
    let foreign = format!("https://{}.example", Seed::at_run_time().name().to_lowercase());
    let origins = [
        foreign.as_str(),
        "https://www.ferris-prints.example.evil.example",
        "https://evil.example/www.ferris-prints.example",
        "http://www.ferris-prints.example",
        "https://till.ferris-prints.example",
        "https://ferris-prints.example",
        "https://WWW.ferris-prints.example",
        "null",
    ];
    for door in DOORS {
        for method in ["GET", "OPTIONS"] {
            for origin in origins.map(Some).into_iter().chain([None]) {
                let story = match origin {
                    Some(origin) => format!("a page of {origin} asks"),
                    None => "a program asks that is no browser".to_owned(),
                };
                let request = Asked { origin, ..asked(method, &["prices"]) };
                let outcome = api.story(story).invoke(request.through(door));
                outcome.expect_json_at("/statusCode", if method == "GET" { 200 } else { 204 });
                for name in ["origin", "methods", "headers"] {
                    expect_header(&outcome, &format!("access-control-allow-{name}"), None);
                }
                expect_header(&outcome, "vary", Some("origin"));
            }
        }
    }
}
