//! Calls are judged by the policies that a test gives.

use aws_sdk_sqs::error::ProvideErrorMetadata;
use local_aws::LocalAws;
use serde_json::json;

use crate::support::{config, wait};

#[test]
fn without_a_policy_everything_is_allowed_and_with_one_only_what_it_says() {
    let aws = LocalAws::start();
    let photos = aws.bucket("photos");
    photos.put("cat.jpg", "meow");
    let client = aws_sdk_s3::Client::new(&config(&aws));
    wait(client.get_object().bucket("photos").key("cat.jpg").send()).unwrap();
    aws.permit(&json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*" } }));
    wait(client.get_object().bucket("photos").key("cat.jpg").send()).unwrap();
    let error = wait(client.delete_object().bucket("photos").key("cat.jpg").send()).unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("AccessDenied"));
    assert_eq!(
        error.message(),
        Some(
            "User: arn:aws:sts::123456789012:assumed-role/function/function is not authorized to perform: \
             s3:DeleteObject on resource: \"arn:aws:s3:::photos/cat.jpg\" because no identity-based policy allows the \
             s3:DeleteObject action"
        )
    );
    assert_eq!(photos.keys(), ["cat.jpg"], "the test itself may read, and nothing was deleted");
}

#[test]
fn a_batch_needs_the_permission_of_the_single_operation() {
    let aws = LocalAws::start();
    let jobs = aws.queue("jobs");
    aws.permit(&json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": jobs.arn() } }));
    let client = aws_sdk_sqs::Client::new(&config(&aws));
    let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder().id("a").message_body("a").build().unwrap();
    wait(client.send_message_batch().queue_url(jobs.url()).entries(entry).send()).unwrap();
    let error = wait(client.receive_message().queue_url(jobs.url()).send()).unwrap_err().into_service_error();
    assert!(error.message().unwrap().contains("sqs:ReceiveMessage"), "{error:?}");
}

#[test]
fn an_explicit_deny_of_the_resource_counts_more() {
    let aws = LocalAws::start();
    let orders = aws.table("orders", "id");
    let all =
        json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "dynamodb:*", "Resource": "*" } });
    aws.permit(&all);
    aws.permit_on(
        &orders.arn(),
        &json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Principal": "*", "Action": "dynamodb:Scan", "Resource": "*" } }),
    );
    let client = aws_sdk_dynamodb::Client::new(&config(&aws));
    wait(client.describe_table().table_name("orders").send()).unwrap();
    let error = wait(client.scan().table_name("orders").send()).unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    assert!(error.message().unwrap().ends_with("with an explicit deny in a resource-based policy"), "{error:?}");
}
