//! Lambda's own API, as the SDK's client reaches it: functions, their states, versions, invocations, permissions.

use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::client::Waiters;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{AsyncSleep, SharedAsyncSleep, Sleep, StalledStreamProtectionConfig};
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, InvocationType, LastUpdateStatus, LogType, Runtime, State};
use local_aws::{LocalAws, OnLocalAws};
use local_lambda::Function;
use local_lambda_sources::{HandlerError, Settling, Target};
use serde_json::{Value, json};

use crate::function::example;
use crate::support::{config, wait};

/// Waiters wait for nothing here. Neither would timeouts, so clients have none.
#[derive(Debug)]
struct NoSleep;

impl AsyncSleep for NoSleep {
    fn sleep(&self, _duration: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}

pub(crate) fn client(aws: &LocalAws) -> Client {
    let config = aws_sdk_lambda::config::Builder::from(&config(aws))
        .sleep_impl(SharedAsyncSleep::new(NoSleep))
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    Client::from_conf(config.build())
}

/// The services, and code by the names "one" and "two" of a function that answers so.
pub(crate) fn with_code() -> (LocalAws, Client) {
    let aws = LocalAws::start();
    for answer in ["one", "two"] {
        aws.code(answer, Target::closure("shop", move |_| Ok(json!(answer))));
    }
    let client = client(&aws);
    (aws, client)
}

pub(crate) fn create(client: &Client) {
    let code = FunctionCode::builder().zip_file(Blob::new("one")).build();
    let create = client.create_function().function_name("shop").runtime(Runtime::Providedal2023).handler("bootstrap");
    let create = create.role("arn:aws:iam::123456789012:role/shop").code(code).send();
    assert_eq!(wait(create).unwrap().state(), Some(&State::Pending));
}

pub(crate) fn is_active(client: &Client) {
    let waiter = client.wait_until_function_active_v2().function_name("shop");
    wait(waiter.wait(Duration::from_secs(60))).unwrap();
}

pub(crate) fn update(client: &Client, code: &str) {
    let update = client.update_function_code().function_name("shop").zip_file(Blob::new(code)).send();
    assert_eq!(wait(update).unwrap().last_update_status(), Some(&LastUpdateStatus::InProgress));
    let waiter = client.wait_until_function_updated_v2().function_name("shop");
    wait(waiter.wait(Duration::from_secs(60))).unwrap();
}

fn payload(answer: &aws_sdk_lambda::operation::invoke::InvokeOutput) -> Value {
    serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap()
}

fn invoked(client: &Client) -> Value {
    payload(&wait(client.invoke().function_name("shop").payload(Blob::new("{}")).send()).unwrap())
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>
#[test]
fn a_new_function_is_pending_until_a_waiter_has_waited() {
    let (_aws, client) = with_code();
    create(&client);
    let error = wait(client.invoke().function_name("shop").send()).unwrap_err().into_service_error();
    assert!(error.is_resource_conflict_exception(), "{error:?}");
    is_active(&client);
    assert_eq!(invoked(&client), "one");
}

/// The same page: the old code runs until the update is done, and no other update begins.
#[test]
fn an_update_is_in_progress_for_as_long_as_the_test_says() {
    let (aws, client) = with_code();
    create(&client);
    is_active(&client);
    aws.functions_settle(Settling::After(Duration::from_secs(30)));
    let update = || {
        wait(client.update_function_code().function_name("shop").zip_file(Blob::new("two")).send()).map_err(Box::new)
    };
    assert_eq!(update().unwrap().last_update_status(), Some(&LastUpdateStatus::InProgress));
    assert_eq!(invoked(&client), "one");
    assert!(update().unwrap_err().into_service_error().is_resource_conflict_exception());
    let configure = wait(client.update_function_configuration().function_name("shop").timeout(5).send());
    assert!(configure.unwrap_err().into_service_error().is_resource_conflict_exception());
    assert!(
        wait(client.publish_version().function_name("shop").send())
            .unwrap_err()
            .into_service_error()
            .is_resource_conflict_exception()
    );
    aws.world().advance(Duration::from_secs(30));
    assert_eq!(invoked(&client), "two");
    let told = wait(client.get_function_configuration().function_name("shop").send()).unwrap();
    assert_eq!((told.last_update_status(), told.timeout()), (Some(&LastUpdateStatus::Successful), Some(3)));
}

/// API_CreateFunction: ResourceConflictException, InvalidParameterValueException; API_GetFunction:
/// ResourceNotFoundException
#[test]
fn what_cannot_be_is_a_typed_error() {
    let (_aws, client) = with_code();
    let get = wait(client.get_function().function_name("shop").send()).unwrap_err().into_service_error();
    assert_eq!(get.message(), Some("Function not found: arn:aws:lambda:us-east-1:123456789012:function:shop"));
    create(&client);
    let again = |code: &str, timeout: i32| {
        let code = FunctionCode::builder().zip_file(Blob::new(code)).build();
        let create = client.create_function().function_name("shop").runtime(Runtime::Providedal2023).handler("x");
        let create = create.role("arn:aws:iam::123456789012:role/shop").code(code).timeout(timeout).send();
        wait(create).unwrap_err().into_service_error()
    };
    assert!(again("one", 3).is_resource_conflict_exception());
    assert!(again("nobody said what this is", 3).is_invalid_parameter_value_exception());
    assert_eq!(again("one", 901).code(), Some("ValidationException"));
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

/// API_PublishVersion: unchanged code publishes nothing new; CodeSha256 and RevisionId must be those of now
#[test]
fn only_what_changed_is_published() {
    let (aws, client) = with_code();
    create(&client);
    is_active(&client);
    let publish = || wait(client.publish_version().function_name("shop").send()).unwrap();
    let first = publish();
    assert_eq!((first.version(), publish().version()), (Some("1"), Some("1")));
    update(&client, "two");
    let stale = client.publish_version().function_name("shop").code_sha256(first.code_sha256().unwrap()).send();
    assert!(wait(stale).unwrap_err().into_service_error().is_invalid_parameter_value_exception());
    let stale = client.publish_version().function_name("shop").revision_id("seen long ago").send();
    assert!(wait(stale).unwrap_err().into_service_error().is_precondition_failed_exception());
    assert_eq!(publish().version(), Some("2"));
    aws.world().find_function("shop").unwrap().update_code(Target::closure("shop", |_| Ok(json!("three"))));
    assert_eq!(publish().version(), Some("3"), "code that the test itself replaced is new too");
    let list = wait(client.list_versions_by_function().function_name("shop").send()).unwrap();
    let versions: Vec<_> = list.versions().iter().map(|version| version.version().unwrap()).collect();
    assert_eq!(versions, ["$LATEST", "1", "2", "3"]);
    let one = wait(client.invoke().function_name("shop").qualifier("1").send()).unwrap();
    assert_eq!((payload(&one), one.executed_version()), (json!("one"), Some("1")));
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

/// API_PutFunctionConcurrency, and configuration-concurrency: 100 stay unreserved
#[test]
fn reserved_concurrency_throttles_and_leaves_100_to_the_others() {
    let aws = LocalAws::start();
    aws.world().function(Target::closure("shop", |_| Ok(json!("open")))).create();
    let client = client(&aws);
    let reserve = |count| {
        wait(client.put_function_concurrency().function_name("shop").reserved_concurrent_executions(count).send())
            .map_err(Box::new)
    };
    assert!(reserve(901).unwrap_err().into_service_error().is_invalid_parameter_value_exception());
    assert_eq!(reserve(900).unwrap().reserved_concurrent_executions(), Some(900));
    reserve(0).unwrap();
    let error = wait(client.invoke().function_name("shop").send()).unwrap_err().into_service_error();
    assert!(error.is_too_many_requests_exception(), "{error:?}");
    wait(client.delete_function_concurrency().function_name("shop").send()).unwrap();
    let get = wait(client.get_function_concurrency().function_name("shop").send()).unwrap();
    assert_eq!((get.reserved_concurrent_executions(), invoked(&client)), (None, json!("open")));
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
