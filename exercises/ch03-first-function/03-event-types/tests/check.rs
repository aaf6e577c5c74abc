//! What the log book notes of every service's events.

use course::{Seed, fixture, fixture_json};
use local_lambda::{Event, Function, binary};
use serde_json::{Value, json};

/// As S3 writes a key into an event: like a form field, `/` excepted.
fn form_encoded(key: &str) -> String {
    let mut text = String::new();
    for byte in key.bytes() {
        match byte {
            b' ' => text.push('+'),
            b'/' | b'.' | b'-' | b'_' | b'*' => text.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => text.push(byte.into()),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// A fixture with some values replaced.
fn changed(name: &str, changes: &[(&str, Value)]) -> Event {
    let mut event = fixture_json(name);
    for (pointer, value) in changes {
        *event.pointer_mut(pointer).unwrap_or_else(|| panic!("{name} has no {pointer}")) = value.clone();
    }
    Event::named(format!("{name}, changed"), event)
}

#[test]
fn notes_messages_of_a_queue() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let (id, receives) = (format!("m-{}", seed.number(1000..=9999)), seed.number(2..=9));
    let changes = [
        ("/Records/0/messageId", json!(id)),
        ("/Records/0/attributes/ApproximateReceiveCount", json!(receives.to_string())),
    ];
    let outcome =
        function.story("two print jobs, one of them tried before").invoke(changed("sqs/print-jobs", &changes));
    outcome.expect_json_at("/service", "sqs");
    let body = r#"{"job":"p-1042-1","size":"10x15","copies":12}"#;
    outcome.expect_json_at("/facts/0", json!({ "id": id, "receives": receives, "body": body }));
    outcome.expect_json_at("/facts/1/receives", 3);
}

#[test]
fn notes_every_photo_that_was_uploaded() {
    let function = Function::start(binary!());
    let outcome = function.story("two photos were uploaded").invoke(fixture("s3/photos-uploaded"));
    outcome.expect_json(json!({
        "service": "s3",
        "facts": [
            { "event": "ObjectCreated:Put", "bucket": "ferris-prints-uploads", "key": "uploads/Summer 2026/photo (2).jpg" },
            {
                "event": "ObjectCreated:CompleteMultipartUpload",
                "bucket": "ferris-prints-uploads",
                "key": "uploads/小明/a+b.jpg",
            },
        ],
    }));
    let bucket = format!("{}-uploads", Seed::at_run_time().name().to_lowercase());
    let changes = [("/Records/1/s3/bucket/name", json!(bucket))];
    let outcome = function.story("a photo came to another bucket").invoke(changed("s3/photos-uploaded", &changes));
    outcome.expect_json_at("/facts/1/bucket", bucket).expect_json_at("/facts/0/bucket", "ferris-prints-uploads");
}

#[test]
fn reads_keys_as_s3_writes_them() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let name = seed.name();
    for key in [
        format!("uploads/{name} and {} more.jpg", seed.number(2..=99)),
        format!("uploads/{name}+{name}.jpg"),
        format!("uploads/100% {name}/🦀 ünter wasser.png"),
        format!("uploads/{name}%20.jpg"),
    ] {
        let changes = [("/Records/0/s3/object/key", json!(form_encoded(&key)))];
        let story = format!("the photo is called {key:?}");
        let outcome = function.story(story).invoke(changed("s3/photos-uploaded", &changes));
        outcome.expect_json_at("/facts/0/key", key);
    }
}

#[test]
fn notes_a_notice() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let topic = "arn:aws:sns:eu-central-1:123456789012:shop-notices";
    let message = format!("printer {} has {} sheets left", seed.number(1..=9), seed.number(1..=50));
    let changes = [("/Records/0/Sns/Message", json!(message)), ("/Records/0/Sns/Subject", Value::Null)];
    let outcome = function.story("a notice without a subject").invoke(changed("sns/paper-is-low", &changes));
    let facts = [json!({ "topic": topic, "subject": null, "message": message })];
    outcome.expect_json(json!({ "service": "sns", "facts": facts }));
    let outcome = function.story("a notice with a subject").invoke(fixture("sns/paper-is-low"));
    outcome.expect_json_at("/facts/0/subject", "Paper is low");
}

#[test]
fn notes_changes_of_a_table() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let sequence = format!("44215845{:020}", seed.number(1..=u64::from(u32::MAX)));
    let changes = [("/Records/1/dynamodb/SequenceNumber", json!(sequence))];
    let outcome =
        function.story("an order was placed, then printed").invoke(changed("dynamodb/order-changed", &changes));
    outcome.expect_json(json!({
        "service": "dynamodb",
        "facts": [
            { "event": "INSERT", "sequence": "4421584500000000017450439091", "bytes": 42 },
            { "event": "MODIFY", "sequence": sequence, "bytes": 76 },
        ],
    }));
}

#[test]
fn notes_an_event_of_a_bus() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let id = format!("6f0f3c52-1d5e-4f6b-9b57-{:012}", seed.number(0..=999_999));
    let changes = [("/id", json!(id))];
    let outcome = function.story("a partner placed an order").invoke(changed("eventbridge/order-placed", &changes));
    let facts = [json!({ "from": "ferris-prints.partners", "type": "OrderPlaced", "id": id })];
    outcome.expect_json(json!({ "service": "eventbridge", "facts": facts }));
}

#[test]
fn tells_the_three_kinds_of_http_request_apart() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let client = format!("203.0.113.{}", seed.number(1..=254));
    let path = format!("/orders/{}", seed.number(1000..=9999));

    let changes = [
        ("/path", json!(path)),
        ("/requestContext/path", json!(format!("/prod{path}"))),
        ("/requestContext/identity/sourceIp", json!(client)),
        ("/headers/X-Forwarded-For", json!(client)),
        ("/multiValueHeaders/X-Forwarded-For", json!([client])),
    ];
    let outcome = function.story("a REST API asks").invoke(changed("apigateway/rest-api-order", &changes));
    let facts = [json!({ "method": "GET", "path": path, "client": client })];
    outcome.expect_json(json!({ "service": "rest-api", "facts": facts }));

    let changes = [
        ("/rawPath", json!(path)),
        ("/requestContext/http/path", json!(path)),
        ("/requestContext/http/sourceIp", json!(client)),
        ("/headers/x-forwarded-for", json!(client)),
    ];
    let outcome = function.story("an HTTP API asks").invoke(changed("apigateway/http-api-quote", &changes));
    let facts = [json!({ "method": "POST", "path": path, "client": client })];
    outcome.expect_json(json!({ "service": "http-api", "facts": facts }));

    let changes = [("/headers/x-forwarded-for", json!(client)), ("/path", json!(path))];
    let outcome = function.story("a load balancer asks").invoke(changed("alb/price-list", &changes));
    let facts = [json!({ "method": "GET", "path": path, "client": client })];
    outcome.expect_json(json!({ "service": "alb", "facts": facts }));
}

#[test]
fn refuses_samples_that_no_service_sends() {
    let function = Function::start(binary!());
    for (story, event) in [
        ("a sample from a blog, with half of an S3 record", fixture("s3/truncated-sample")),
        ("a sample from a blog, with half of a REST API's request", fixture("apigateway/truncated-sample")),
        ("a notice that says nothing", json!({ "Records": [{ "EventSource": "aws:sns" }] }).into()),
        ("a batch of nothing", json!({ "Records": [] }).into()),
        ("something else", json!({ "hello": "world" }).into()),
    ] {
        function.story(story).invoke(event).expect_error("UnknownEvent");
    }
}
