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
    let outcome = function.story("a photo was removed").invoke(fixture("s3/photo-removed"));
    let key = "uploads/Summer 2026/red flower.ppm";
    let facts = [json!({ "event": "ObjectRemoved:Delete", "bucket": "ferris-prints-uploads", "key": key })];
    outcome.expect_json(json!({ "service": "s3", "facts": facts }));
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
    for method in ["GET", "POST", *seed.pick(&["PUT", "PATCH", "DELETE"])] {
        let client = format!("203.0.113.{}", seed.number(1..=254));
        let path = format!("/orders/{}", seed.number(1000..=9999));
        let facts = [json!({ "method": method, "path": path, "client": client })];

        let changes = [
            ("/path", json!(path)),
            ("/httpMethod", json!(method)),
            ("/requestContext/httpMethod", json!(method)),
            ("/requestContext/path", json!(format!("/prod{path}"))),
            ("/requestContext/identity/sourceIp", json!(client)),
            ("/headers/X-Forwarded-For", json!(client)),
            ("/multiValueHeaders/X-Forwarded-For", json!([client])),
        ];
        let outcome = function.story("a REST API asks").invoke(changed("apigateway/rest-api-order", &changes));
        outcome.expect_json(json!({ "service": "rest-api", "facts": facts }));

        let changes = [
            ("/rawPath", json!(path)),
            ("/requestContext/http/path", json!(path)),
            ("/requestContext/http/method", json!(method)),
            ("/requestContext/http/sourceIp", json!(client)),
            ("/headers/x-forwarded-for", json!(client)),
        ];
        for (story, name) in [
            ("an HTTP API asks", "apigateway/http-api-quote"),
            ("a function URL asks, in the format of an HTTP API", "apigateway/function-url-prices"),
        ] {
            let outcome = function.story(story).invoke(changed(name, &changes));
            outcome.expect_json(json!({ "service": "http-api", "facts": facts }));
        }

        let changes =
            [("/headers/x-forwarded-for", json!(client)), ("/path", json!(path)), ("/httpMethod", json!(method))];
        let outcome = function.story("a load balancer asks").invoke(changed("alb/price-list", &changes));
        outcome.expect_json(json!({ "service": "alb", "facts": facts }));
    }
}

#[test]
fn notes_paths_without_the_stage() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for stage in ["prod".to_owned(), seed.name().to_lowercase()] {
        let order = seed.number(1000..=9999);
        for path in [format!("/orders/{order}"), format!("/{stage}ucts/{order}"), format!("/{stage}/{order}")] {
            let changes = [
                ("/path", json!(path)),
                ("/requestContext/path", json!(format!("/{stage}{path}"))),
                ("/requestContext/stage", json!(stage)),
            ];
            let story = format!("the stage {stage:?} of a REST API is asked for {path}");
            let outcome = function.story(story).invoke(changed("apigateway/rest-api-order", &changes));
            outcome.expect_json_at("/facts/0/path", path.clone());

            let raw = format!("/{stage}{path}");
            let changes = [
                ("/rawPath", json!(raw)),
                ("/requestContext/http/path", json!(raw)),
                ("/requestContext/stage", json!(stage)),
            ];
            let story = format!("the stage {stage:?} of an HTTP API is asked for {path}, and its rawPath says {raw}");
            let outcome = function.story(story).invoke(changed("apigateway/http-api-quote", &changes));
            outcome.expect_json_at("/facts/0/path", path);
        }
    }
}

#[test]
fn believes_the_service_about_the_client_where_it_says_so() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for separator in [", ", ","] {
        let client = format!("203.0.113.{}", seed.number(1..=254));
        let claimed = format!("198.51.100.{}{separator}{client}", seed.number(1..=254));

        let changes = [
            ("/requestContext/identity/sourceIp", json!(client)),
            ("/headers/X-Forwarded-For", json!(claimed)),
            ("/multiValueHeaders/X-Forwarded-For", json!([claimed])),
        ];
        let story = "a client tells a REST API that it comes from elsewhere";
        let outcome = function.story(story).invoke(changed("apigateway/rest-api-order", &changes));
        outcome.expect_json_at("/facts/0/client", client.clone());

        let changes = [("/requestContext/http/sourceIp", json!(client)), ("/headers/x-forwarded-for", json!(claimed))];
        let story = "a client tells an HTTP API that it comes from elsewhere";
        let outcome = function.story(story).invoke(changed("apigateway/http-api-quote", &changes));
        outcome.expect_json_at("/facts/0/client", client.clone());

        let hops = format!("{client}{separator}198.51.100.7{separator}192.0.2.9");
        let changes = [("/headers/x-forwarded-for", json!(hops))];
        let story = format!("a load balancer's request came through two proxies: {hops}");
        let outcome = function.story(story).invoke(changed("alb/price-list", &changes));
        outcome.expect_json_at("/facts/0/client", client);
    }
}

#[test]
fn knows_an_event_by_its_own_fields_and_not_by_what_it_carries() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let inner = fixture_json("s3/photos-uploaded").to_string();
    let changes = [("/Records/0/body", json!(inner))];
    let outcome = function.story("a message with an event of S3 in it").invoke(changed("sqs/print-jobs", &changes));
    outcome.expect_json_at("/service", "sqs").expect_json_at("/facts/0/body", inner);

    let mut order = fixture_json("eventbridge/order-placed");
    order["detail"]["copies"] = json!(seed.number(1..=500));
    let changes = [("/Records/0/Sns/Message", json!(order.to_string()))];
    let outcome =
        function.story("a notice with an event of the bus in it").invoke(changed("sns/paper-is-low", &changes));
    outcome.expect_json_at("/service", "sns").expect_json_at("/facts/0/message", order.to_string());

    let changes = [("/detail", fixture_json("sqs/print-jobs"))];
    let story = "the bus passes on what a queue's consumer could not handle";
    let outcome = function.story(story).invoke(changed("eventbridge/order-placed", &changes));
    outcome.expect_json_at("/service", "eventbridge").expect_json_at("/facts/0/from", "ferris-prints.partners");

    for posted in ["dynamodb/order-changed", "eventbridge/order-placed"] {
        let changes = [("/body", json!(fixture_json(posted).to_string()))];
        let story = format!("somebody posts an event, {posted}");
        let outcome = function.story(story).invoke(changed("apigateway/http-api-quote", &changes));
        outcome.expect_json_at("/service", "http-api").expect_json_at("/facts/0/method", "POST");
    }
}

#[test]
fn says_null_for_what_is_absent() {
    let function = Function::start(binary!());
    for (name, parent, field, fact) in [
        ("sqs/print-jobs", "/Records/0", "body", "body"),
        ("sqs/print-jobs", "/Records/0/attributes", "ApproximateReceiveCount", "receives"),
        ("s3/photos-uploaded", "/Records/0", "eventName", "event"),
        ("s3/photos-uploaded", "/Records/0/s3/object", "key", "key"),
        ("sns/paper-is-low", "/Records/0/Sns", "Subject", "subject"),
        ("dynamodb/order-changed", "/Records/0/dynamodb", "SequenceNumber", "sequence"),
        ("eventbridge/order-placed", "", "id", "id"),
        ("apigateway/rest-api-order", "/requestContext/identity", "sourceIp", "client"),
        ("apigateway/http-api-quote", "/requestContext/http", "sourceIp", "client"),
        ("alb/price-list", "/headers", "x-forwarded-for", "client"),
    ] {
        let mut event = fixture_json(name);
        let object = event.pointer_mut(parent).and_then(Value::as_object_mut).expect("the fixture has this object");
        object.remove(field).unwrap_or_else(|| panic!("{name} has no {parent}/{field}"));
        let event = Event::named(format!("{name}, without {parent}/{field}"), event);
        let outcome = function.story(format!("{parent}/{field} is absent")).invoke(event);
        outcome.expect_json_at(&format!("/facts/0/{fact}"), Value::Null);
    }
}

#[test]
fn refuses_samples_that_no_service_sends() {
    let function = Function::start(binary!());
    for (story, event) in [
        ("a sample from a blog, with half of an S3 record", fixture("s3/truncated-sample")),
        ("a sample from a blog, with half of a REST API's request", fixture("apigateway/truncated-sample")),
        ("a notice that says nothing", json!({ "Records": [{ "EventSource": "aws:sns" }] }).into()),
        ("a batch of nothing", json!({ "Records": [] }).into()),
        (
            "a record of a stream that the log book does not know",
            json!({ "Records": [{ "eventSource": "aws:kinesis", "eventName": "aws:kinesis:record" }] }).into(),
        ),
        (
            "S3 tries whether a queue may be written to",
            json!({ "Service": "Amazon S3", "Event": "s3:TestEvent" }).into(),
        ),
        ("an API asks who somebody is", fixture("apigateway/token-authorizer")),
        ("half of an event of the bus", json!({ "detail-type": "OrderPlaced", "source": "ferris-prints.shop" }).into()),
        ("something else", json!({ "hello": "world" }).into()),
    ] {
        function.story(story).invoke(event).expect_error("UnknownEvent");
    }
}
