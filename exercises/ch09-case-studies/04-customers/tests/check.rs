//! What callers of the customers' API expect, those who mean well and the others. The table is one of the local
//! service; the function calls DynamoDB as it does when it is deployed.

use std::time::Duration;

use course::{Seed, fixture_json};
use local_aws::{LocalAws, OnLocalAws, Table};
use local_lambda::{Event, Function, Outcome, binary};
use serde_json::{Value, json};

const KEY: &str = "a key of the shop, for pages only";
const WRITES: [&str; 4] = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];

/// A table of customers, and the API in front of it.
struct Shop {
    aws: LocalAws,
    table: Table,
    api: Function,
}

impl Shop {
    fn new() -> Shop {
        let aws = LocalAws::start();
        let table = aws.table("customers", ("branch", "id"));
        let api = api(&aws, &table, KEY);
        Shop { aws, table, api }
    }

    fn ask(&self, story: impl Into<String>, request: &Value) -> Outcome {
        let http = &request["requestContext"]["http"];
        let name = format!("{} {}", plain(&http["method"]), plain(&request["rawPath"]));
        self.api.story(story).invoke(Event::named(name, request.clone()))
    }

    /// A customer of the table, as other programs may have left him: with more than the API shows.
    fn has(&self, who: &Who, version: u64) -> Value {
        let item = json!({
            "branch": who.branch, "id": who.id, "name": format!("{} Zu", who.id),
            "email": format!("{}@mail.example", who.id), "version": version, "points": 1250,
            "notes": ["pays late", version], "role": "customer",
        });
        self.table.put(&item);
        item
    }

    fn item(&self, who: &Who) -> Option<Value> {
        self.table.get(&json!({ "branch": who.branch, "id": who.id }))
    }

    #[track_caller]
    fn expect_item(&self, who: &Who, expected: Option<&Value>, when: &str) {
        let found = self.item(who);
        assert!(
            found.as_ref() == expected,
            "the item of {} {when}\n  expected {}\n  got      {}\n{}",
            who.id,
            expected.map_or("none".to_owned(), Value::to_string),
            found.map_or("none".to_owned(), |item| item.to_string()),
            self.aws.calls()
        );
    }

    /// Before the next write of the function, whichever operation it uses, this is put into the table.
    fn somebody_is_faster(&self, item: &Value) {
        for operation in WRITES {
            let item = item.clone();
            self.aws.fault(operation).do_first(move |aws| aws.table_named("customers").put(&item));
        }
    }
}

fn api(aws: &LocalAws, table: &Table, key: &str) -> Function {
    // A debug build takes its time to begin with the SDK, and this is not about time.
    let api = Function::builder(binary!()).timeout(Duration::from_secs(30)).on(aws);
    api.env("TABLE", table.name()).env("PAGE_KEY", key).start()
}

/// Somebody who is signed in.
#[derive(Clone)]
struct Who {
    id: String,
    branch: String,
    scope: String,
}

impl Who {
    fn customer(seed: &mut Seed, branch: &str) -> Who {
        let id = format!("{}-{}", seed.name(), seed.number(100..=999));
        Who { id, branch: branch.to_owned(), scope: "openid".to_owned() }
    }

    fn staff(seed: &mut Seed, branch: &str) -> Who {
        Who { scope: "openid staff".to_owned(), ..Who::customer(seed, branch) }
    }

    fn asks(&self, method: &str, path: &str) -> Value {
        let mut request = fixture_json("apigateway/http-api-customers");
        let parts = request.as_object_mut().expect("an object");
        parts.remove("queryStringParameters");
        request["routeKey"] = json!("$default");
        request["rawQueryString"] = json!("");
        request["rawPath"] = json!(path);
        request["requestContext"]["routeKey"] = json!("$default");
        request["requestContext"]["http"]["path"] = json!(path);
        request["requestContext"]["http"]["method"] = json!(method);
        let claims = &mut request["requestContext"]["authorizer"]["jwt"]["claims"];
        claims["sub"] = json!(self.id);
        claims["branch"] = json!(self.branch);
        claims["scope"] = json!(self.scope);
        request
    }

    fn path(&self) -> String {
        format!("/customers/{}", self.id)
    }

    /// A change of himself, for the version of this entity tag.
    fn changes(&self, tag: &str, body: &Value) -> Value {
        let mut request = self.asks("PUT", &self.path());
        request["headers"]["if-match"] = json!(tag);
        request["body"] = json!(body.to_string());
        request
    }

    fn signs_up(&self, body: &Value) -> Value {
        let mut request = self.asks("POST", "/customers");
        request["body"] = json!(body.to_string());
        request
    }

    /// A page of the list.
    fn lists(&self, query: &Value, now: u64) -> Value {
        let mut request = self.asks("GET", "/customers");
        if query.as_object().is_some_and(|query| !query.is_empty()) {
            request["queryStringParameters"] = query.clone();
            let pairs = query.as_object().into_iter().flatten().map(|(name, value)| format!("{name}={}", plain(value)));
            request["rawQueryString"] = json!(pairs.collect::<Vec<_>>().join("&"));
        }
        request["requestContext"]["timeEpoch"] = json!(now);
        request
    }
}

fn draft(seed: &mut Seed) -> Value {
    json!({ "name": format!("{} {}", seed.name(), seed.name()), "email": format!("{}@mail.example", seed.name()) })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What the API shows of an item.
fn shown(item: &Value) -> Value {
    json!({ "id": item["id"], "name": item["name"], "email": item["email"], "version": item["version"] })
}

/// The same item with another name and address, and one version on.
fn changed(item: &Value, draft: &Value) -> Value {
    let mut item = item.clone();
    item["name"] = draft["name"].clone();
    item["email"] = draft["email"].clone();
    item["version"] = json!(item["version"].as_u64().expect("a version") + 1);
    item
}

fn header(outcome: &Outcome, name: &str) -> Option<String> {
    let answer = outcome.expect_response();
    let headers = answer["headers"].as_object()?;
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| plain(value))
}

#[track_caller]
fn expect_header(outcome: &Outcome, name: &str, expected: &str) {
    let found = header(outcome, name);
    outcome.expect(&format!("the header {name} is {expected:?}; it was {found:?}"), |_| {
        found.as_deref() == Some(expected)
    });
}

/// The body of the answer.
#[track_caller]
fn body(outcome: &Outcome) -> Value {
    let answer = outcome.expect_response();
    let text = answer["body"].as_str().unwrap_or_default();
    let body = serde_json::from_str(text);
    outcome.expect("the body is JSON", |_| body.is_ok());
    body.unwrap_or_default()
}

#[track_caller]
fn expect_customer(outcome: &Outcome, status: u64, expected: &Value) {
    outcome.expect_json_at("/statusCode", status);
    expect_header(outcome, "content-type", "application/json");
    let found = body(outcome);
    outcome.expect(&format!("the body shows {expected}; it was {found}"), |_| found == *expected);
    expect_header(outcome, "etag", &format!("\"{}\"", expected["version"]));
}

#[track_caller]
fn expect_problem(outcome: &Outcome, status: u64, name: &str) {
    outcome.expect_json_at("/statusCode", status);
    expect_header(outcome, "content-type", "application/problem+json");
    let found = body(outcome);
    outcome.expect(&format!("the problem is `{name}`, with its status and a title; it was {found}"), |_| {
        found["type"] == format!("https://ferris-prints.example/problems/{name}")
            && found["status"] == status
            && found["title"].as_str().is_some_and(|title| !title.is_empty())
    });
}

#[test]
fn signs_customers_up() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for branch in ["taipei", "kyoto"] {
        let (who, draft) = (Who::customer(&mut seed, branch), draft(&mut seed));
        let outcome = shop.ask(format!("somebody signs up in {branch}"), &who.signs_up(&draft));
        let expected = json!({ "id": who.id, "name": draft["name"], "email": draft["email"], "version": 1 });
        expect_customer(&outcome, 201, &expected);
        expect_header(&outcome, "location", &who.path());
        let mut item = expected;
        item["branch"] = json!(branch);
        shop.expect_item(&who, Some(&item), "after he signed up");
    }
}

#[test]
fn signs_nobody_up_twice() {
    let mut seed = Seed::at_run_time();
    for is_faster in [false, true] {
        let shop = Shop::new();
        let who = Who::customer(&mut seed, "taipei");
        let item = if is_faster {
            let item = json!({ "branch": who.branch, "id": who.id, "name": "Ada", "email": "a@b", "version": 1 });
            shop.somebody_is_faster(&item);
            item
        } else {
            let version = seed.number(2..=40);
            shop.has(&who, version)
        };
        let story = if is_faster {
            "somebody signs up in two tabs; the other tab is done between a look and a write"
        } else {
            "a customer signs up again"
        };
        expect_problem(&shop.ask(story, &who.signs_up(&draft(&mut seed))), 409, "already-there");
        shop.expect_item(&who, Some(&item), "who was there first");
        // The same id in another branch is somebody else.
        let elsewhere = Who { branch: "kyoto".to_owned(), ..who };
        let outcome = shop.ask("the same id in another branch", &elsewhere.signs_up(&draft(&mut seed)));
        outcome.expect_json_at("/statusCode", 201);
    }
}

#[test]
fn shows_customers_to_themselves_and_to_the_staff() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for version in [1, seed.number(9..=9_000_000_000_000_000)] {
        let (who, staff) = (Who::customer(&mut seed, "taipei"), Who::staff(&mut seed, "taipei"));
        let item = shop.has(&who, version);
        for (story, asks) in [("a customer looks at himself", &who), ("the staff looks at a customer", &staff)] {
            let outcome = shop.ask(story, &asks.asks("GET", &who.path()));
            expect_customer(&outcome, 200, &shown(&item));
        }
        let (gone, abroad) = (Who::customer(&mut seed, "taipei"), Who::staff(&mut seed, "kyoto"));
        for (story, asks, path) in [
            ("somebody looks at himself, who never signed up", &gone, gone.path()),
            ("the staff looks at a customer who never signed up", &staff, gone.path()),
            ("the staff of Kyoto looks at an id of Taipei", &abroad, who.path()),
        ] {
            expect_problem(&shop.ask(story, &asks.asks("GET", &path)), 404, "no-such-customer");
        }
        let reads = shop.aws.calls().filter(|call| ["GetItem", "Query"].contains(&call.operation.as_str()));
        let old = reads.filter(|call| call.param("/ConsistentRead").as_deref() != Some("true"));
        assert!(old.is_empty(), "who changed his name a moment ago sees it: one customer is read consistently\n{old}");
    }
}

#[test]
fn keeps_customers_from_each_other() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let who = Who::customer(&mut seed, "taipei");
    let version = seed.number(1..=9);
    let item = shop.has(&who, version);
    let scopes = ["openid", "openid staffing", "not-staff openid", "STAFF", ""];
    for scope in scopes {
        let other = Who { scope: scope.to_owned(), ..Who::customer(&mut seed, "taipei") };
        let nobody = Who::customer(&mut seed, "taipei");
        for path in [who.path(), nobody.path()] {
            for method in ["GET", "PUT", "DELETE"] {
                let mut request = other.asks(method, &path);
                request["headers"]["if-match"] = json!(format!("\"{version}\""));
                request["body"] = json!(draft(&mut seed).to_string());
                let story = format!("{method} by another customer, whose scope is {scope:?}");
                expect_problem(&shop.ask(story, &request), 403, "not-yours");
            }
        }
        let story = format!("the list is asked for with the scope {scope:?}");
        expect_problem(&shop.ask(story, &other.asks("GET", "/customers")), 403, "not-yours");
    }
    for id in [who.id.to_lowercase(), format!("{}1", who.id), who.id[..who.id.len() - 1].to_owned()] {
        let other = Who { id, ..who.clone() };
        for method in ["GET", "PUT", "DELETE"] {
            let mut request = other.asks(method, &who.path());
            request["headers"]["if-match"] = json!(format!("\"{version}\""));
            request["body"] = json!(draft(&mut seed).to_string());
            let story = format!("{method} by {}, who is not {}", other.id, who.id);
            expect_problem(&shop.ask(story, &request), 403, "not-yours");
        }
    }
    let staff = Who::staff(&mut seed, "taipei");
    for method in ["PUT", "DELETE"] {
        let mut request = staff.asks(method, &who.path());
        request["headers"]["if-match"] = json!(format!("\"{version}\""));
        request["body"] = json!(draft(&mut seed).to_string());
        expect_problem(&shop.ask(format!("{method} by the staff, who may look only"), &request), 403, "not-yours");
    }
    let calls = shop.aws.calls();
    assert!(calls.is_empty(), "whoever may not ask is told so before the table is asked\n{calls}");
    shop.expect_item(&who, Some(&item), "whom nobody else may touch");
    for scope in ["staff", "staff openid", "openid staff profile"] {
        let staff = Who { scope: scope.to_owned(), ..Who::staff(&mut seed, "taipei") };
        let outcome = shop.ask(format!("the staff, whose scope is {scope:?}"), &staff.asks("GET", &who.path()));
        expect_customer(&outcome, 200, &shown(&item));
    }
}

#[test]
fn lets_nobody_in_who_is_not_signed_in() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let who = Who::staff(&mut seed, "taipei");
    shop.has(&who, 3);
    for (method, path) in [
        ("GET", "/customers".to_owned()),
        ("POST", "/customers".to_owned()),
        ("GET", who.path()),
        ("PUT", who.path()),
        ("DELETE", who.path()),
    ] {
        let request = |change: &dyn Fn(&mut Value)| {
            let mut request = who.asks(method, &path);
            request["headers"]["if-match"] = json!("\"3\"");
            request["body"] = json!(r#"{"name":"Ada","email":"ada@mail.example"}"#);
            change(&mut request["requestContext"]);
            request
        };
        let cases = [
            (
                "the route has no authorizer",
                request(&|context| drop(context.as_object_mut().map(|it| it.remove("authorizer")))),
            ),
            (
                "the route has another authorizer",
                request(&|context| context["authorizer"] = json!({ "iam": { "callerId": "x" } })),
            ),
            ("the authorizer found nothing", request(&|context| context["authorizer"] = Value::Null)),
            (
                "the token has no `branch`",
                request(&|context| {
                    drop(context["authorizer"]["jwt"]["claims"].as_object_mut().map(|it| it.remove("branch")))
                }),
            ),
            (
                "the token has no `sub`",
                request(&|context| {
                    drop(context["authorizer"]["jwt"]["claims"].as_object_mut().map(|it| it.remove("sub")))
                }),
            ),
        ];
        for (story, request) in cases {
            expect_problem(&shop.ask(story, &request), 401, "not-signed-in");
        }
    }
    let calls = shop.aws.calls();
    assert!(calls.is_empty(), "whoever is not signed in is told so before the table is asked\n{calls}");
}

#[test]
fn tells_a_wrong_method_from_a_wrong_address() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let who = Who::staff(&mut seed, "taipei");
    let (all, one) = (["GET", "POST"], ["DELETE", "GET", "PUT"]);
    for (path, allowed) in [("/customers".to_owned(), &all[..]), (who.path(), &one[..])] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "get", "BREW"] {
            if allowed.contains(&method) {
                continue;
            }
            let outcome = shop.ask("the address is right, the method is not", &who.asks(method, &path));
            expect_problem(&outcome, 405, "method-not-allowed");
            let allow = header(&outcome, "allow").unwrap_or_default();
            let mut methods: Vec<&str> = allow.split(',').map(str::trim).collect();
            methods.sort_unstable();
            outcome.expect(&format!("the header allow names {allowed:?}; it was {allow:?}"), |_| methods == allowed);
        }
    }
    let paths =
        ["/", "/customer", "/customers/", "/customersx", "/customers/a/b", "/orders/a", "/v1/customers", "//customers"];
    for path in paths {
        for method in ["GET", "DELETE", "PATCH"] {
            let outcome = shop.ask("there is no such address", &who.asks(method, path));
            expect_problem(&outcome, 404, "no-such-path");
        }
    }
}

#[test]
fn refuses_bodies_that_are_no_customers() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let who = Who::customer(&mut seed, "taipei");
    let item = shop.has(&who, 7);
    let newcomer = Who::customer(&mut seed, "taipei");
    let (name, email) = (seed.name(), format!("{}@mail.example", seed.name()));
    let long_host = "h".repeat(251);
    let bodies = [
        ("there is no body", Value::Null),
        ("the body is empty", json!("")),
        ("the body is no JSON", json!("name=Ada")),
        ("the body is `null`", json!("null")),
        ("the body is a list", json!(json!([name, email, 1]).to_string())),
        ("the body is a list of a name and an address", json!(json!([name, email]).to_string())),
        ("there is no email", json!(json!({ "name": name }).to_string())),
        ("there is no name", json!(json!({ "email": email }).to_string())),
        ("the name is null", json!(json!({ "name": null, "email": email }).to_string())),
        ("the name is a number", json!(json!({ "name": 7, "email": email }).to_string())),
        ("the name is empty", json!(json!({ "name": "", "email": email }).to_string())),
        ("the name is blank", json!(json!({ "name": " \u{3000}\t", "email": email }).to_string())),
        ("the name has 81 characters", json!(json!({ "name": "a".repeat(81), "email": email }).to_string())),
        ("the address has no @", json!(json!({ "name": name, "email": "ada.mail.example" }).to_string())),
        ("the address has two @", json!(json!({ "name": name, "email": "a@b@mail.example" }).to_string())),
        ("nothing stands before the @", json!(json!({ "name": name, "email": "@mail.example" }).to_string())),
        ("nothing stands behind the @", json!(json!({ "name": name, "email": "ada@" }).to_string())),
        ("the address has 255 bytes", json!(json!({ "name": name, "email": format!("abc@{long_host}") }).to_string())),
        (
            "the address has 255 bytes, 134 characters",
            json!(json!({ "name": name, "email": format!("{}@mail.example", "é".repeat(121)) }).to_string()),
        ),
        ("something stands behind the customer", json!(json!({ "name": name, "email": email }).to_string() + " {}")),
    ];
    for (story, body) in bodies {
        for mut request in [newcomer.signs_up(&json!({})), who.changes("\"7\"", &json!({}))] {
            request["body"] = body.clone();
            expect_problem(&shop.ask(story, &request), 400, "invalid-customer");
        }
    }
    let mut request = newcomer.signs_up(&json!({}));
    request.as_object_mut().expect("an object").remove("body");
    expect_problem(&shop.ask("the event has no body at all", &request), 400, "invalid-customer");
    // `not base64!` is what stands there, `W10=` a list, `//8=` no text at all.
    for body in ["not base64!", "W10=", "//8=", ""] {
        let mut request = newcomer.signs_up(&json!({}));
        request["body"] = json!(body);
        request["isBase64Encoded"] = json!(true);
        expect_problem(&shop.ask("what is in base64 is no customer", &request), 400, "invalid-customer");
    }
    shop.expect_item(&newcomer, None, "who sent nothing that is a customer");
    shop.expect_item(&who, Some(&item), "who sent nothing that is a customer");
}

#[test]
fn takes_bodies_as_they_come() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let host = "h".repeat(250);
    for draft in [
        json!({ "name": "明".repeat(80), "email": format!("{}@mail.example", seed.name()) }),
        json!({ "name": "  Zoë O'Brien-🦀 ", "email": format!("abc@{host}") }),
        json!({ "name": "7", "email": "a@b" }),
        json!({ "name": "Ümit", "email": format!("{}@mail.example", "é".repeat(120)) }),
    ] {
        for is_base64 in [false, true] {
            let who = Who::customer(&mut seed, "taipei");
            let mut request = who.signs_up(&draft);
            if is_base64 {
                request["body"] = json!(base64(draft.to_string().as_bytes()));
                request["isBase64Encoded"] = json!(true);
            }
            let outcome = shop.ask(format!("a customer signs up; base64: {is_base64}"), &request);
            let expected = json!({ "id": who.id, "name": draft["name"], "email": draft["email"], "version": 1 });
            expect_customer(&outcome, 201, &expected);
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let letter = |index: usize| char::from(LETTERS[(bits >> (18 - 6 * index)) as usize & 63]);
        (0..4).map(|index| if index <= chunk.len() { letter(index) } else { '=' }).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

#[test]
fn lets_nobody_say_more_than_his_name_and_address() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let (who, newcomer) = (Who::customer(&mut seed, "taipei"), Who::customer(&mut seed, "taipei"));
    let item = shop.has(&who, 2);
    let more = [
        ("role", json!("staff")),
        ("version", json!(2)),
        ("id", json!(who.id)),
        ("branch", json!("taipei")),
        ("points", json!(seed.number(1..=9_999))),
        ("Name", json!("Ada")),
        (&seed.name()[..], json!(null)),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    for (name, value) in more {
        let mut body = draft(&mut seed);
        body[&name] = value;
        for request in [newcomer.signs_up(&body), who.changes("\"2\"", &body)] {
            let outcome = shop.ask(format!("the body also has {name:?}"), &request);
            expect_problem(&outcome, 400, "invalid-customer");
        }
    }
    shop.expect_item(&newcomer, None, "who said too much");
    shop.expect_item(&who, Some(&item), "who said too much");
}

#[test]
fn changes_the_version_that_was_seen() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for version in [1, 9, seed.number(10..=4_000_000_000), 9_007_199_254_740_993] {
        let who = Who::customer(&mut seed, "taipei");
        let mut item = shop.has(&who, version);
        for _ in 0..2 {
            let (draft, seen) = (draft(&mut seed), item["version"].as_u64().expect("a version"));
            item = changed(&item, &draft);
            let outcome =
                shop.ask(format!("a customer changes version {seen}"), &who.changes(&format!("\"{seen}\""), &draft));
            expect_customer(&outcome, 200, &shown(&item));
            shop.expect_item(&who, Some(&item), "after a change: what belongs to others stays as it was");
        }
        for seen in [version, version + 1, version + 3] {
            let request = who.changes(&format!("\"{seen}\""), &draft(&mut seed));
            let story = format!("a customer saw version {seen}; it is {}", item["version"]);
            expect_problem(&shop.ask(story, &request), 412, "version-changed");
        }
        let mut request = who.changes("", &draft(&mut seed));
        request["headers"].as_object_mut().expect("headers").remove("if-match");
        expect_problem(&shop.ask("there is no if-match", &request), 428, "version-missing");
        shop.expect_item(&who, Some(&item), "after changes that were refused");
    }
}

#[test]
fn compares_entity_tags_letter_by_letter() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let who = Who::customer(&mut seed, "taipei");
    let version = seed.number(11..=99);
    let item = shop.has(&who, version);
    let tags = [
        format!("{version}"),
        format!("W/\"{version}\""),
        format!("\"0{version}\""),
        format!("\"+{version}\""),
        format!("\"{version}.0\""),
        format!("\" {version}\""),
        format!("\"{version}"),
        format!("\"{version}\", \"{}\"", version + 1),
        "*".to_owned(),
        "\"\"".to_owned(),
        "\"".to_owned(),
        String::new(),
        "\"18446744073709551615\"".to_owned(),
        "\"18446744073709551616\"".to_owned(),
        "\"-1\"".to_owned(),
    ];
    for tag in tags {
        let outcome =
            shop.ask(format!("if-match is {tag:?}, the version {version}"), &who.changes(&tag, &draft(&mut seed)));
        expect_problem(&outcome, 412, "version-changed");
    }
    shop.expect_item(&who, Some(&item), "after changes that were refused");
}

#[test]
fn changes_nobody_who_is_not_there() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for version in [1, seed.number(2..=99)] {
        let who = Who::customer(&mut seed, "taipei");
        let request = who.changes(&format!("\"{version}\""), &draft(&mut seed));
        expect_problem(&shop.ask("somebody changes himself, who never signed up", &request), 404, "no-such-customer");
        shop.expect_item(&who, None, "who never signed up");
    }
}

#[test]
fn loses_no_change_that_somebody_else_makes_in_between() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let shop = Shop::new();
        let (who, version) = (Who::customer(&mut seed, "taipei"), seed.number(1..=99));
        let item = shop.has(&who, version);
        let meanwhile = changed(&item, &draft(&mut seed));
        shop.somebody_is_faster(&meanwhile);
        let request = who.changes(&format!("\"{version}\""), &draft(&mut seed));
        let story = "a customer changes himself in two tabs; the other tab is done between a look and a write";
        expect_problem(&shop.ask(story, &request), 412, "version-changed");
        shop.expect_item(&who, Some(&meanwhile), "after the change that came first");
    }
}

#[test]
fn deletes_customers_once() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for branch in ["taipei", "kyoto"] {
        let (who, neighbour) = (Who::customer(&mut seed, branch), Who::customer(&mut seed, branch));
        let elsewhere = Who { branch: format!("{branch}-2"), ..who.clone() };
        shop.has(&who, seed.number(1..=9));
        let others = [&neighbour, &elsewhere].map(|other| shop.has(other, 1));
        let outcome = shop.ask("a customer leaves", &who.asks("DELETE", &who.path()));
        outcome.expect_json_at("/statusCode", 204);
        outcome.expect_that("an answer of 204 has no body", |answer| {
            answer["body"].as_str().unwrap_or_default().is_empty()
        });
        shop.expect_item(&who, None, "who left");
        for story in ["a customer leaves again", "and once more"] {
            expect_problem(&shop.ask(story, &who.asks("DELETE", &who.path())), 404, "no-such-customer");
        }
        shop.expect_item(&neighbour, Some(&others[0]), "who stays");
        shop.expect_item(&elsewhere, Some(&others[1]), "who stays, in another branch");
    }
}

const NOW: u64 = 1_796_062_203_113;

/// All pages from the first to the last, as somebody gets them who follows `next`.
#[track_caller]
fn all_pages(shop: &Shop, staff: &Who, limit: u64) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), Value::Null);
    for number in 1.. {
        let query = match &after {
            Value::Null => json!({ "limit": limit.to_string() }),
            token => json!({ "limit": limit.to_string(), "after": token }),
        };
        let outcome = shop.ask(format!("page {number} of the list, of {limit} at the most"), &staff.lists(&query, NOW));
        outcome.expect_json_at("/statusCode", 200);
        let page = body(&outcome);
        let customers = page["customers"].as_array().cloned().unwrap_or_default();
        outcome.expect("`customers` is a list, no longer than the limit", |_| {
            page["customers"].is_array() && customers.len() as u64 <= limit
        });
        found.extend(customers);
        after = page["next"].clone();
        outcome.expect("`next` is there, and null or a text", |_| {
            page.get("next").is_some_and(|next| next.is_null() || next.is_string())
        });
        if after.is_null() {
            break;
        }
        let token = plain(&after);
        outcome.expect("a token needs no encoding in an address: A-Z, a-z, 0-9, `-`, `_`, `.`, `~`", |_| {
            !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
        });
        assert!(number < 60, "page {number} of a list of 30 customers at the most has a `next` as well");
    }
    found
}

/// So many customers of a branch, in the order of their ids, as the API shows them.
fn customers(shop: &Shop, seed: &mut Seed, branch: &str, count: u64) -> Vec<Value> {
    let mut items: Vec<Value> = Vec::new();
    while (items.len() as u64) < count {
        let who = Who::customer(seed, branch);
        if shop.item(&who).is_none() {
            items.push(shown(&shop.has(&who, count)));
        }
    }
    items.sort_by_key(|item| plain(&item["id"]));
    items
}

#[track_caller]
fn expect_list(found: &[Value], expected: &[Value], when: &str) {
    let ids = |list: &[Value]| list.iter().map(|item| plain(&item["id"])).collect::<Vec<_>>().join(" ");
    assert!(
        found == expected,
        "all customers of the branch, each once, in the order of their ids, {when}\n  expected {}\n  got      {}\n  the first of them: {} and {}",
        ids(expected),
        ids(found),
        expected.first().unwrap_or(&Value::Null),
        found.first().unwrap_or(&Value::Null),
    );
}

#[test]
fn lists_the_customers_of_a_branch_page_by_page() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let staff = Who::staff(&mut seed, "taipei");
    expect_list(&all_pages(&shop, &staff, 5), &[], "of whom there are none yet");
    let count = seed.number(7..=12);
    let (here, there) = (customers(&shop, &mut seed, "taipei", count), customers(&shop, &mut seed, "kyoto", 3));
    for limit in [1, 3, count - 1, count, count + 1, 100] {
        expect_list(&all_pages(&shop, &staff, limit), &here, &format!("in pages of {limit}"));
    }
    let abroad = Who::staff(&mut seed, "kyoto");
    expect_list(&all_pages(&shop, &abroad, 2), &there, "for the staff of another branch");
    let scans = shop.aws.calls().of("Scan");
    assert!(scans.is_empty(), "who wants a branch does not read the table of all of them: Query, not Scan\n{scans}");
}

#[test]
fn goes_on_after_a_short_page() {
    let mut seed = Seed::at_run_time();
    for short in [1, 2] {
        let shop = Shop::new();
        let staff = Who::staff(&mut seed, "taipei");
        let here = customers(&shop, &mut seed, "taipei", 7);
        shop.aws.fault("Query").always().page_size(short);
        let found = all_pages(&shop, &staff, 5);
        expect_list(&found, &here, &format!("from a table whose pages end after {short}"));
    }
}

#[test]
fn has_pages_of_25_and_no_longer_ones_than_100() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let staff = Who::staff(&mut seed, "taipei");
    let here = customers(&shop, &mut seed, "taipei", 27);
    let ask = |story: String, query: Value| shop.ask(story, &staff.lists(&query, NOW));
    for (query, count) in [(json!({}), 25), (json!({ "limit": "26" }), 26), (json!({ "limit": "100" }), 27)] {
        let page = body(&ask(format!("27 customers, and the query is {query}"), query));
        expect_list(page["customers"].as_array().map_or(&[], Vec::as_slice), &here[..count], "on one page");
    }
    let too_much = seed.number(102..=9_999).to_string();
    for limit in ["0", "101", "-1", "", "ten", "2.5", "4294967297", "99999999999999999999", &too_much] {
        let outcome = ask(format!("the limit is {limit:?}"), json!({ "limit": limit }));
        expect_problem(&outcome, 400, "invalid-page");
    }
}

/// The token of the second page.
#[track_caller]
fn token(shop: &Shop, staff: &Who, now: u64) -> String {
    let outcome = shop.ask("the first page, of one customer", &staff.lists(&json!({ "limit": "1" }), now));
    outcome.expect_json_at("/statusCode", 200);
    let page = body(&outcome);
    outcome.expect("there is a second page", |_| page["next"].is_string());
    plain(&page["next"])
}

fn second(token: &str) -> Value {
    json!({ "limit": "1", "after": token })
}

#[test]
fn takes_no_token_that_somebody_made_himself() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let staff = Who::staff(&mut seed, "taipei");
    let here = customers(&shop, &mut seed, "taipei", 3);
    let token = token(&shop, &staff, NOW);
    let outcome = shop.ask("the second page", &staff.lists(&second(&token), NOW));
    expect_list(body(&outcome)["customers"].as_array().map_or(&[], Vec::as_slice), &here[1..2], "on the second page");
    let mut forged: Vec<(String, String)> = (0..token.len())
        .map(|at| {
            let mut letters = token.clone().into_bytes();
            letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
            (format!("letter {} of the token is another one", at + 1), String::from_utf8_lossy(&letters).into_owned())
        })
        .collect();
    let half = token.len() / 2;
    forged.extend([
        ("the token ends early".to_owned(), token[..token.len() - 1].to_owned()),
        ("half of the token is gone".to_owned(), token[half..].to_owned()),
        ("the other half of the token is gone".to_owned(), token[..half].to_owned()),
        ("the token goes on".to_owned(), format!("{token}AAAA")),
        ("the token comes twice".to_owned(), format!("{token}{token}")),
        ("the token is empty".to_owned(), String::new()),
        ("the token is an id".to_owned(), plain(&here[0]["id"])),
        ("the token is no base64".to_owned(), "§%&/(".to_owned()),
        ("the token is as long and all A".to_owned(), "A".repeat(token.len())),
    ]);
    for (story, forged) in forged {
        let outcome = shop.ask(story, &staff.lists(&second(&forged), NOW));
        expect_problem(&outcome, 400, "invalid-page");
    }
    let stranger = api(&shop.aws, &shop.table, "a key that somebody has guessed, 1");
    let story = "the first page of an API that has another key";
    let theirs = body(&stranger.story(story).invoke(staff.lists(&json!({ "limit": "1" }), NOW)));
    let outcome =
        shop.ask("a token of an API that has another key", &staff.lists(&second(&plain(&theirs["next"])), NOW));
    expect_problem(&outcome, 400, "invalid-page");
}

#[test]
fn takes_tokens_of_the_same_branch_only() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let (staff, colleague) = (Who::staff(&mut seed, "taipei"), Who::staff(&mut seed, "taipei"));
    let here = customers(&shop, &mut seed, "taipei", 3);
    customers(&shop, &mut seed, "kyoto", 3);
    let token = token(&shop, &staff, NOW);
    for branch in ["kyoto", "Taipei", "taipei2", "taipe"] {
        let abroad = Who::staff(&mut seed, branch);
        let story = format!("the staff of {branch} brings a token of taipei");
        expect_problem(&shop.ask(story, &abroad.lists(&second(&token), NOW)), 400, "invalid-page");
    }
    let outcome = shop.ask("a colleague in the same branch goes on", &colleague.lists(&second(&token), NOW));
    expect_list(body(&outcome)["customers"].as_array().map_or(&[], Vec::as_slice), &here[1..2], "on the second page");
}

#[test]
fn takes_tokens_for_ten_minutes() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let staff = Who::staff(&mut seed, "taipei");
    let here = customers(&shop, &mut seed, "taipei", 4);
    // The customer at whom the page ended may be gone when the next one is asked for.
    let then = NOW + seed.number(0..=86_400_000);
    let token = token(&shop, &staff, then);
    let first = here[0]["id"].as_str().expect("an id").to_owned();
    let gone = Who { id: first, ..staff.clone() };
    shop.ask("the customer at whom the page ended leaves", &gone.asks("DELETE", &gone.path()))
        .expect_json_at("/statusCode", 204);
    shop.api.force_cold();
    for later in [0, 1, 599_999, 600_000] {
        let story = format!("the second page, {later} ms after the first, in another process");
        let outcome = shop.ask(story, &staff.lists(&second(&token), then + later));
        outcome.expect_json_at("/statusCode", 200);
        let found = body(&outcome);
        expect_list(found["customers"].as_array().map_or(&[], Vec::as_slice), &here[1..2], "on the second page");
    }
    for later in [600_001, 700_000, 86_400_000] {
        let story = format!("the second page, {later} ms after the first: too late");
        expect_problem(&shop.ask(story, &staff.lists(&second(&token), then + later)), 400, "invalid-page");
    }
}

#[test]
fn says_nothing_about_what_failed_but_in_the_log() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let (who, staff) = (Who::customer(&mut seed, "taipei"), Who::staff(&mut seed, "taipei"));
    shop.has(&who, 4);
    for operation in ["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"] {
        let secret = format!("User: arn:aws:sts::123456789012:assumed-role/{} may not", seed.name());
        shop.aws.fault(operation).always().error("AccessDeniedException", 400, &secret);
    }
    let newcomer = Who::customer(&mut seed, "taipei");
    for (story, request) in [
        ("somebody signs up", newcomer.signs_up(&draft(&mut seed))),
        ("a customer looks at himself", who.asks("GET", &who.path())),
        ("a customer changes himself", who.changes("\"4\"", &draft(&mut seed))),
        ("a customer leaves", who.asks("DELETE", &who.path())),
        ("the staff asks for the list", staff.asks("GET", "/customers")),
    ] {
        let outcome = shop.ask(format!("{story}; the function may not use the table"), &request);
        expect_problem(&outcome, 503, "unavailable");
        outcome.expect_payload_without("arn:aws").expect_payload_without("AccessDenied");
        outcome.expect_logged("AccessDenied");
    }
}

#[test]
fn says_of_several_problems_the_first() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let (who, other) = (Who::customer(&mut seed, "taipei"), Who::customer(&mut seed, "taipei"));
    shop.has(&who, 5);
    let signed_out = |method: &str, path: &str| {
        let mut request = who.asks(method, path);
        request["requestContext"]["authorizer"] = Value::Null;
        request
    };
    for (story, request, status, name) in [
        ("nobody is signed in, and there is no such address", signed_out("GET", "/orders"), 404, "no-such-path"),
        ("a method that no address has, at no address", who.asks("PATCH", "/orders"), 404, "no-such-path"),
        (
            "nobody is signed in, and there is no such method",
            signed_out("PUT", "/customers"),
            405,
            "method-not-allowed",
        ),
        ("nobody is signed in, and there is no body", signed_out("POST", "/customers"), 401, "not-signed-in"),
        ("nobody is signed in, and there is no if-match", signed_out("PUT", &who.path()), 401, "not-signed-in"),
        ("another customer, without if-match and without a body", other.asks("PUT", &who.path()), 403, "not-yours"),
        ("another customer asks for a page that is none", other.lists(&json!({ "limit": "0" }), NOW), 403, "not-yours"),
        ("the customer, without if-match and without a body", who.asks("PUT", &who.path()), 428, "version-missing"),
    ] {
        expect_problem(&shop.ask(story, &request), status, name);
    }
    let calls = shop.aws.calls();
    assert!(calls.is_empty(), "none of these problems needs the table\n{calls}");
}

#[test]
fn shows_no_customer_who_is_broken() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for field in ["name", "email", "version"] {
        let who = Who::customer(&mut seed, "taipei");
        let mut item = shop.has(&who, 3);
        item.as_object_mut().expect("an object").remove(field);
        shop.table.put(&item);
        let outcome = shop.ask(format!("the item has no {field}"), &who.asks("GET", &who.path()));
        expect_problem(&outcome, 503, "unavailable");
        outcome.expect_logged(field);
    }
}

#[test]
fn starts_with_no_key_that_can_be_guessed() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let staff = Who::staff(&mut seed, "taipei");
    for (bytes, starts) in [(0, false), (31, false), (32, true), (100, true)] {
        let api = api(&shop.aws, &shop.table, &"k".repeat(bytes));
        let outcome = api.story(format!("PAGE_KEY has {bytes} bytes")).invoke(staff.lists(&json!({}), NOW));
        if starts {
            outcome.expect_json_at("/statusCode", 200);
        } else {
            outcome.expect_init_error();
        }
    }
}
