//! Questions about the calls that were made.

use aws_sdk_dynamodb::types::AttributeValue;
use local_aws::{LocalAws, Outcome, Service};
use serde_json::json;

use crate::support::{config, wait};

#[test]
fn calls_are_told_in_order_with_parameters_and_outcome() {
    let aws = LocalAws::start();
    let jobs = aws.queue("jobs");
    let client = aws_sdk_sqs::Client::new(&config(&aws));
    wait(async {
        client.send_message().queue_url(jobs.url()).message_body("a").send().await.unwrap();
        client.get_queue_url().queue_name("nothing").send().await.unwrap_err();
    });
    let calls = aws.calls();
    assert_eq!(calls.operations(), ["SendMessage", "GetQueueUrl"], "the test's own calls are not among them");
    let first = calls.iter().next().unwrap();
    assert_eq!((first.service, first.param("/MessageBody").as_deref()), (Service::Sqs, Some("a")));
    assert!(first.answer["MessageId"].is_string());
    let failed = Outcome::Failed { code: "QueueDoesNotExist".to_owned(), status: 400 };
    assert_eq!(calls.of("GetQueueUrl").iter().next().unwrap().outcome, failed);
}

#[test]
fn a_client_for_each_call_is_told_from_one_for_all() {
    let aws = LocalAws::start();
    let jobs = aws.queue("jobs");
    wait(async {
        let client = aws_sdk_sqs::Client::new(&config_of(&aws).await);
        for _ in 0..3 {
            client.send_message().queue_url(jobs.url()).message_body("a").send().await.unwrap();
        }
    });
    aws.calls().expect_one_connection();
    aws.forget();
    wait(async {
        for _ in 0..3 {
            let client = aws_sdk_sqs::Client::new(&config_of(&aws).await);
            client.send_message().queue_url(jobs.url()).message_body("a").send().await.unwrap();
        }
    });
    assert_eq!(aws.calls().connections(), 3);
}

/// As a function's `main` does it.
async fn config_of(aws: &LocalAws) -> aws_config::SdkConfig {
    let defaults = aws_config::defaults(aws_config::BehaviorVersion::latest()).endpoint_url(aws.endpoint());
    let credentials = aws_sdk_sqs::config::Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
    defaults.region("us-east-1").credentials_provider(credentials).load().await
}

#[test]
fn a_page_that_was_not_read_is_found() {
    let aws = LocalAws::start();
    let orders = aws.table("orders", ("customer", "number:N"));
    (0..5).for_each(|number| orders.put(&json!({ "customer": "ferris", "number": number })));
    aws.fault("Query").always().page_size(2);
    let client = aws_sdk_dynamodb::Client::new(&config(&aws));
    let query = || {
        let query = client.query().table_name("orders").key_condition_expression("customer = :c");
        query.expression_attribute_values(":c", AttributeValue::S("ferris".into()))
    };
    let first = wait(query().send()).unwrap();
    assert_eq!((first.count(), aws.calls().unread_pages().count()), (2, 1));
    let all = wait(query().into_paginator().items().send().collect::<Result<Vec<_>, _>>()).unwrap();
    assert_eq!(all.len(), 5);
    aws.calls().expect_all_pages_read();
    assert_eq!(aws.calls().count(), 4);
}

#[test]
fn pages_of_s3_are_told_too() {
    let aws = LocalAws::start();
    let photos = aws.bucket("photos");
    ["a", "b", "c"].iter().for_each(|key| photos.put(key, "x"));
    aws.fault("ListObjectsV2").always().page_size(2);
    let client = aws_sdk_s3::Client::new(&config(&aws));
    wait(client.list_objects_v2().bucket("photos").send()).unwrap();
    assert_eq!(aws.calls().unread_pages().count(), 1);
}
