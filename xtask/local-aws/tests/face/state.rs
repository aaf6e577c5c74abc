//! Put in and read back, a line each.

use std::time::Instant;

use local_aws::LocalAws;
use serde_json::json;

#[test]
fn objects_are_bytes_by_key() {
    let bucket = LocalAws::start().bucket("photos");
    bucket.put("2026/花 + cat.jpg", "meow");
    bucket.put("a", "x");
    assert_eq!(bucket.get("2026/花 + cat.jpg").as_deref(), Some(b"meow".as_slice()));
    assert_eq!(bucket.get("nothing"), None);
    assert_eq!(bucket.keys(), ["2026/花 + cat.jpg", "a"]);
    bucket.delete("a");
    assert_eq!(bucket.keys(), ["2026/花 + cat.jpg"]);
}

#[test]
fn items_are_plain_json_by_key() {
    let aws = LocalAws::start();
    let orders = aws.table("orders", ("customer", "number:N"));
    let order =
        json!({ "customer": "ferris", "number": 7, "lines": [{ "size": "10x15", "copies": 2 }], "paid": false });
    orders.put(&order);
    assert_eq!(orders.get(&json!({ "customer": "ferris", "number": 7 })), Some(order.clone()));
    assert_eq!(orders.get(&json!({ "customer": "ferris", "number": 8 })), None);
    assert_eq!(orders.items(), [order]);
}

#[test]
fn messages_are_bodies_and_looking_receives_none() {
    let aws = LocalAws::start();
    let jobs = aws.queue("jobs");
    jobs.send("a");
    jobs.send("b");
    assert_eq!(jobs.bodies(), ["a", "b"]);
    assert_eq!(jobs.bodies(), ["a", "b"]);
    assert_eq!(aws.world().find_queue("jobs").unwrap().bodies(), ["a", "b"], "it is the world's own queue");
}

#[test]
fn a_rotated_secret_has_its_new_value() {
    let secret = LocalAws::start().secret("db", "old");
    secret.rotate("new");
    assert_eq!(secret.value(), "new");
    assert!(secret.arn().starts_with("arn:aws:secretsmanager:us-east-1:123456789012:secret:db-"), "{}", secret.arn());
}

#[test]
fn each_start_is_a_world_of_its_own() {
    let all: Vec<LocalAws> = (0..40).map(|_| LocalAws::start()).collect();
    for (index, aws) in all.iter().enumerate() {
        aws.bucket("photos").put(&index.to_string(), "x");
    }
    for (index, aws) in all.iter().enumerate() {
        assert_eq!(aws.bucket("photos").keys(), [index.to_string()]);
    }
}

#[test]
fn nothing_listens_any_more_when_the_last_clone_is_gone() {
    let aws = LocalAws::start();
    let address = aws.endpoint().replace("http://", "");
    assert!(std::net::TcpStream::connect(&address).is_ok());
    drop(aws);
    let begun = Instant::now();
    while std::net::TcpStream::connect(&address).is_ok() {
        assert!(begun.elapsed().as_secs() < 10, "it still listens");
        std::thread::yield_now();
    }
}

#[test]
fn an_object_has_the_content_type_that_it_was_put_with() {
    let aws = LocalAws::start();
    let bucket = aws.bucket("photos");
    bucket.put_as("a b.png", "image/png", "a");
    bucket.put("none", "b");
    assert_eq!(bucket.content_type("a b.png").as_deref(), Some("image/png"));
    assert_eq!(bucket.content_type("none").as_deref(), Some("binary/octet-stream"));
    assert_eq!(bucket.get("a b.png").as_deref(), Some(b"a".as_slice()));
}
