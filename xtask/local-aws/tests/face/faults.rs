//! What goes wrong when a test wants it to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use local_aws::{LocalAws, Outcome};
use serde_json::json;

use crate::support::{config, wait};

fn item(id: &str) -> [(String, AttributeValue); 1] {
    [("id".to_owned(), AttributeValue::S(id.to_owned()))]
}

#[test]
fn the_sdk_retries_after_a_throttle() {
    let aws = LocalAws::start();
    let orders = aws.table("orders", "id");
    aws.fault("PutItem").times(2).throttle();
    let client = aws_sdk_dynamodb::Client::new(&config(&aws));
    wait(client.put_item().table_name("orders").set_item(Some(item("1").into())).send()).unwrap();
    let codes: Vec<bool> = aws.calls().of("PutItem").iter().map(|call| call.is_done()).collect();
    assert_eq!(codes, [false, false, true]);
    assert_eq!(orders.items().len(), 1);
}

#[test]
fn a_fault_waits_for_the_call_that_is_meant() {
    let aws = LocalAws::start();
    aws.table("orders", "id");
    aws.fault("PutItem").after(1).error("ValidationException", 400, "no");
    aws.fault("PutItem").only(|params| params["Item"]["id"]["S"] == "9").error("ValidationException", 400, "nine");
    let client = aws_sdk_dynamodb::Client::new(&config(&aws));
    let put = |id: &str| {
        let put = client.put_item().table_name("orders").set_item(Some(item(id).into()));
        wait(put.send()).map(|_| ()).map_err(|error| error.into_service_error().to_string())
    };
    assert!(put("1").is_ok() && put("2").is_err() && put("3").is_ok() && put("9").is_err() && put("9").is_ok());
}

#[test]
fn a_call_that_failed_after_it_was_done_was_done() {
    let aws = LocalAws::start();
    let jobs = aws.queue("jobs");
    aws.fault("SendMessage").fail_after_acting();
    let client = aws_sdk_sqs::Client::new(&config(&aws));
    wait(client.send_message().queue_url(jobs.url()).message_body("a").send()).unwrap();
    assert_eq!(jobs.bodies(), ["a", "a"], "the SDK sent it again");
}

#[test]
fn a_dropped_connection_is_retried_on_another() {
    let aws = LocalAws::start();
    let jobs = aws.queue("jobs");
    aws.fault("SendMessage").hang_up();
    let client = aws_sdk_sqs::Client::new(&config(&aws));
    wait(client.send_message().queue_url(jobs.url()).message_body("a").send()).unwrap();
    assert_eq!(jobs.bodies(), ["a"]);
    assert_eq!(aws.calls().iter().next().unwrap().outcome, Outcome::HungUp);
    assert_eq!(aws.calls().connections(), 2);
}

#[test]
fn a_delay_makes_a_call_late() {
    let aws = LocalAws::start();
    let jobs = aws.queue("jobs");
    aws.fault("SendMessage").delay(Duration::from_millis(60));
    let client = aws_sdk_sqs::Client::new(&config(&aws));
    let begun = Instant::now();
    wait(client.send_message().queue_url(jobs.url()).message_body("a").send()).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(60));
}

#[test]
fn chosen_entries_of_a_batch_fail_and_the_others_are_done() {
    let aws = LocalAws::start();
    let jobs = aws.queue("jobs");
    aws.fault("SendMessageBatch").fail_entries(|entry| entry["MessageBody"] == "b");
    let client = aws_sdk_sqs::Client::new(&config(&aws));
    let entry = |body: &str| SendMessageBatchRequestEntry::builder().id(body).message_body(body).build().unwrap();
    let send = |bodies: &[&str]| {
        let entries = bodies.iter().map(|body| entry(body)).collect();
        wait(client.send_message_batch().queue_url(jobs.url()).set_entries(Some(entries)).send()).unwrap()
    };
    let answer = send(&["a", "b", "c"]);
    assert_eq!((answer.successful().len(), answer.failed()[0].id()), (2, "b"));
    assert!(!answer.failed()[0].sender_fault());
    assert_eq!(jobs.bodies(), ["a", "c"]);
    assert_eq!(send(&["b"]).successful().len(), 1, "it was meant for one call");
}

#[test]
fn a_batch_whose_entries_all_fail_does_nothing() {
    let aws = LocalAws::start();
    let orders = aws.table("orders", "id");
    aws.fault("BatchWriteItem").fail_entries(|_| true);
    let client = aws_sdk_dynamodb::Client::new(&config(&aws));
    let put = PutRequest::builder().set_item(Some(item("1").into())).build().unwrap();
    let request = WriteRequest::builder().put_request(put).build();
    let write = client.batch_write_item().request_items("orders", vec![request]);
    let answer = wait(write.send()).unwrap();
    assert_eq!(answer.unprocessed_items().unwrap()["orders"].len(), 1);
    assert!(orders.items().is_empty());
}

#[test]
fn a_secret_is_rotated_in_the_middle_of_a_run() {
    let aws = LocalAws::start();
    aws.secret("db", "old");
    aws.fault("GetSecretValue").after(1).do_first(|aws| {
        aws.secret("db", "new");
    });
    let client = aws_sdk_secretsmanager::Client::new(&config(&aws));
    let read = || {
        let value = wait(client.get_secret_value().secret_id("db").send()).unwrap();
        value.secret_string().unwrap().to_owned()
    };
    assert_eq!([read(), read(), read()], ["old", "new", "new"]);
}

#[test]
fn calls_at_once_each_meet_their_fault_once() {
    let aws = LocalAws::start();
    aws.table("orders", "id");
    let failed = AtomicUsize::new(0);
    aws.fault("PutItem").times(5).error("ValidationException", 400, "no");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (aws, failed) = (&aws, &failed);
            scope.spawn(move || {
                let client = aws_sdk_dynamodb::Client::new(&config(aws));
                for number in 0..4 {
                    let id = format!("{thread}-{number}");
                    let put = client.put_item().table_name("orders").set_item(Some(item(&id).into()));
                    failed.fetch_add(usize::from(wait(put.send()).is_err()), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(failed.into_inner(), 5);
    assert_eq!(aws.table_named("orders").items().len(), 11);
    assert_eq!(json!(aws.calls().of("PutItem").done().count()), json!(11));
}

#[test]
fn an_empty_page_is_followed_by_others() {
    let aws = LocalAws::start();
    let orders = aws.table("orders", "id");
    (0..4).for_each(|number| orders.put(&json!({ "id": number.to_string() })));
    aws.fault("Scan").always().page_size(2);
    aws.fault("Scan").times(3).empty_page();
    let client = aws_sdk_dynamodb::Client::new(&config(&aws));
    let (mut sizes, mut start) = (Vec::new(), None);
    loop {
        let page = wait(client.scan().table_name("orders").set_exclusive_start_key(start).send()).unwrap();
        sizes.push(page.items().len());
        start = page.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [2, 0, 0, 2, 0]);
}
