//! Lambda's own API before the world: what runs and when, who may, and what a test says about it.

use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, LastUpdateStatus, LogType};
use local_aws::{LocalAws, OnLocalAws};
use local_lambda::Function;
use local_lambda_sources::{HandlerError, Settling, Target};
use serde_json::{Value, json};

use crate::function::example;
use crate::support::{config, wait};

fn client(aws: &LocalAws) -> Client {
    Client::new(&config(aws))
}

/// A function of the world that answers so.
fn answering(answer: &'static str) -> Target {
    Target::closure("shop", move |_| Ok(json!(answer)))
}

fn payload(answer: &aws_sdk_lambda::operation::invoke::InvokeOutput) -> Value {
    serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap()
}

fn invoked(client: &Client) -> Value {
    payload(&wait(client.invoke().function_name("shop").payload(Blob::new("{}")).send()).unwrap())
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>: the old code runs until the update is done
#[test]
fn an_update_is_in_progress_for_as_long_as_the_test_says() {
    let aws = LocalAws::start();
    aws.code("two", answering("two"));
    aws.world().function(answering("one")).create();
    let client = client(&aws);
    aws.functions_settle(Settling::After(Duration::from_secs(30)));
    let update = || {
        wait(client.update_function_code().function_name("shop").zip_file(Blob::new("two")).send()).map_err(Box::new)
    };
    assert_eq!(update().unwrap().last_update_status(), Some(&LastUpdateStatus::InProgress));
    assert_eq!(invoked(&client), "one");
    assert!(update().unwrap_err().into_service_error().is_resource_conflict_exception());
    aws.world().advance(Duration::from_secs(30));
    assert_eq!(invoked(&client), "two");
    let told = wait(client.get_function_configuration().function_name("shop").send()).unwrap();
    assert_eq!((told.last_update_status(), told.timeout()), (Some(&LastUpdateStatus::Successful), Some(3)));
}

#[test]
fn code_that_the_test_itself_replaced_is_published_as_another_version() {
    let aws = LocalAws::start();
    let function = aws.world().function(answering("one")).create();
    let client = client(&aws);
    let publish = || wait(client.publish_version().function_name("shop").send()).unwrap().version.unwrap();
    assert_eq!((publish().as_str(), publish().as_str()), ("1", "1"));
    function.update_code(answering("two"));
    assert_eq!(publish(), "2");
    let one = wait(client.invoke().function_name("shop").qualifier("1").send()).unwrap();
    assert_eq!((payload(&one), one.executed_version()), (json!("one"), Some("1")));
}

#[test]
fn an_update_is_published_after_versions_that_the_test_itself_published() {
    let aws = LocalAws::start();
    aws.code("two", answering("two"));
    let function = aws.world().function(answering("one")).create();
    assert_eq!(function.publish_version(), 1);
    let client = client(&aws);
    aws.functions_settle(Settling::Polls(0));
    wait(client.update_function_code().function_name("shop").zip_file(Blob::new("two")).send()).unwrap();
    let published = wait(client.publish_version().function_name("shop").send()).unwrap();
    assert_eq!(published.version(), Some("2"));
    let two = wait(client.invoke().function_name("shop").qualifier("2").send()).unwrap();
    assert_eq!(payload(&two), json!("two"));
}

#[test]
fn settings_that_the_test_itself_changed_are_published() {
    let aws = LocalAws::start();
    aws.world().function(answering("one")).create();
    let client = client(&aws);
    let publish = || wait(client.publish_version().function_name("shop").send()).unwrap();
    assert_eq!(publish().memory_size(), Some(128));
    aws.reconfigure("shop", &json!({ "MemorySize": 512 }));
    let published = publish();
    assert_eq!((published.version(), published.memory_size()), (Some("2"), Some(512)));
}

#[test]
fn an_alias_that_the_test_itself_moved_has_another_revision_id() {
    let aws = LocalAws::start();
    let function = aws.world().function(answering("one")).create();
    let alias = function.alias("live", function.publish_version());
    function.update_code(answering("two"));
    let second = function.publish_version();
    let client = client(&aws);
    let seen = || {
        let told = wait(client.get_alias().function_name("shop").name("live").send()).unwrap();
        (told.function_version.unwrap(), told.revision_id.unwrap())
    };
    let before = seen();
    assert_eq!(before, seen(), "nothing happened");
    alias.point_to(second);
    let update = client.update_alias().function_name("shop").name("live").function_version("1").revision_id(&before.1);
    let error = wait(update.send()).unwrap_err().into_service_error();
    assert!(error.is_precondition_failed_exception(), "{error:?}");
    assert_eq!(seen().0, "2");
}

/// API_ListFunctions: `MaxItems`, `Marker`
#[test]
fn functions_are_listed_in_pages() {
    let aws = LocalAws::start();
    for number in 0..120 {
        aws.world().function(Target::closure(format!("f{number:03}"), |_| Ok(json!(null)))).create();
    }
    let client = client(&aws);
    let names: Vec<String> = wait(async {
        let mut pages = client.list_functions().into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(function) = pages.next().await {
            names.push(function.unwrap().function_name.unwrap());
        }
        names
    });
    assert_eq!((names.len(), names[0].as_str(), names[119].as_str()), (120, "f000", "f119"));
    aws.calls().of("ListFunctions").expect_count(3).expect_all_pages_read();
    wait(client.delete_function().function_name("f000").send()).unwrap();
    assert!(wait(client.get_function().function_name("f000").send()).is_err());
}

/// API_Invoke, with a real binary: `LogResult`, `ExecutedVersion`, `FunctionError`
#[test]
fn invoke_runs_the_real_binary() {
    let aws = LocalAws::start();
    let (orders, jobs) = (aws.table("orders", "id"), aws.queue("jobs"));
    let function = Function::builder(example("stores_orders")).name("orders").on(&aws).env("QUEUE_URL", jobs.url());
    aws.world().function(function.start()).create();
    let client = client(&aws);
    let invoke = || client.invoke().function_name("orders").payload(Blob::new(r#"{"id":"o-1"}"#));
    let answer = wait(invoke().log_type(LogType::Tail).send()).unwrap();
    assert_eq!((payload(&answer), answer.executed_version()), (json!({ "stored": "o-1" }), Some("$LATEST")));
    assert!(answer.log_result().is_some_and(|log| !log.is_empty()) && answer.function_error().is_none());
    let answer = wait(invoke().send()).unwrap();
    assert_eq!(answer.function_error(), Some("Unhandled"), "the order is there already");
    assert!(payload(&answer)["errorMessage"].is_string(), "{answer:?}");
    assert_eq!((orders.items().len(), jobs.bodies().len()), (1, 1));
}

/// API_Invoke: `InvocationType`
#[test]
fn an_event_is_taken_and_a_dry_run_runs_nothing() {
    let aws = LocalAws::start();
    let failing = Target::closure("shop", |_| Err(HandlerError::new("OutOfPaper", "no paper")));
    aws.world().function(failing).create();
    let client = client(&aws);
    let invoke = |kind: InvocationType| {
        wait(client.invoke().function_name("shop").invocation_type(kind).send()).unwrap().status_code()
    };
    assert_eq!((invoke(InvocationType::DryRun), invoke(InvocationType::Event)), (204, 202));
    assert_eq!(aws.world().answers().len(), 0);
    aws.world().run_until_idle();
    assert_eq!(aws.world().answers().len(), 3, "two retries");
}

/// API_AddPermission, and access-control-resource-based
#[test]
fn a_service_invokes_only_what_the_policy_lets_it() {
    let aws = LocalAws::start();
    aws.world().function(Target::closure("shop", |_| Ok(json!("open")))).create();
    let client = client(&aws);
    let invoke = |source: &str| aws.invoke_as("s3.amazonaws.com", source, "shop", &json!({}));
    assert_eq!(invoke("arn:aws:s3:::photos").unwrap_err().code, "AccessDeniedException");
    let add = client.add_permission().function_name("shop").statement_id("photos").action("lambda:InvokeFunction");
    let add = add.principal("s3.amazonaws.com").source_arn("arn:aws:s3:::photos").source_account("123456789012");
    let statement = wait(add.clone().send()).unwrap().statement.unwrap();
    assert!(wait(add.send()).unwrap_err().into_service_error().is_resource_conflict_exception());
    let expected = json!({
        "Sid": "photos",
        "Effect": "Allow",
        "Principal": { "Service": "s3.amazonaws.com" },
        "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:shop",
        "Condition": {
            "StringEquals": { "AWS:SourceAccount": "123456789012" },
            "ArnLike": { "AWS:SourceArn": "arn:aws:s3:::photos" },
        },
    });
    assert_eq!(serde_json::from_str::<Value>(&statement).unwrap(), expected);
    assert_eq!(invoke("arn:aws:s3:::photos").unwrap(), "open");
    assert_eq!(invoke("arn:aws:s3:::others").unwrap_err().code, "AccessDeniedException");
    let policy = wait(client.get_policy().function_name("shop").send()).unwrap();
    assert!(policy.policy().unwrap().contains("photos") && policy.revision_id().is_some());
    wait(client.remove_permission().function_name("shop").statement_id("photos").send()).unwrap();
    assert!(wait(client.get_policy().function_name("shop").send()).is_err());
    assert!(invoke("arn:aws:s3:::photos").is_err());
}

/// lambda-api-permissions-ref: `Invoke` needs `lambda:InvokeFunction`
#[test]
fn a_caller_needs_permission_for_the_qualified_function() {
    let aws = LocalAws::start();
    aws.world().function(Target::closure("shop", |_| Ok(json!("open")))).create().publish_version();
    aws.permit(&json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
        "Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:shop:1" } }));
    let client = client(&aws);
    wait(client.invoke().function_name("shop").qualifier("1").send()).unwrap();
    let error = wait(client.invoke().function_name("shop").send()).unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    assert!(error.message().unwrap().contains("lambda:InvokeFunction on resource"), "{error:?}");
    assert_eq!(aws.world().answers().len(), 1);
}
