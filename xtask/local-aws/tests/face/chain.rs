//! From an upload to a notice, with real functions: S3, its notification, a queue, a function, a table, its stream,
//! another function, a topic, and the queue of a subscriber; then again with a fault at each hop.

use std::time::Duration;

use local_aws::{LocalAws, OnLocalAws};
use local_lambda::Function;
use local_lambda_sources::s3::Notification;
use local_lambda_sources::{LambdaFunction, Subscription};
use serde_json::json;

use crate::function::example;
use crate::support::{config, wait};

/// What a test can let go wrong.
struct Hops<'a> {
    aws: &'a LocalAws,
    notification: Notification,
    subscription: Subscription,
}

/// Uploads a photo while something goes wrong at a hop, and looks at both ends.
#[track_caller]
fn arrives_in_spite_of(hop: &str, what_goes_wrong: impl FnOnce(&Hops<'_>)) {
    let aws = LocalAws::start();
    let world = aws.world().clone();
    let (photos, prints) = (aws.bucket("photos"), aws.table("prints", "id"));
    let (uploads, notices) = (world.queue("uploads").create(), world.queue("notices").create());
    let topic = world.topic("printed").create();
    let subscription = topic.subscribe(&notices).raw_message_delivery().create();
    let notification = photos.notify(&uploads).event("s3:ObjectCreated:*").suffix(".jpg").create();
    let function = |name: &str| -> LambdaFunction {
        let function = Function::builder(example(name)).name(name).timeout(Duration::from_secs(20));
        world.function(function.on(&aws).env("TOPIC_ARN", topic.arn()).start()).create()
    };
    world.map(&uploads, &function("prints_uploads")).create();
    world.map(&prints.stream(), &function("announces_prints")).create();
    what_goes_wrong(&Hops { aws: &aws, notification, subscription });

    let client = aws_sdk_s3::Client::new(&config(&aws));
    let put = |key: &str| client.put_object().bucket("photos").key(key).body(b"meow".to_vec().into()).send();
    wait(put("cat.jpg")).unwrap();
    wait(put("notes.txt")).unwrap();
    world.run_until_idle();

    let (calls, trace) = (aws.calls(), world.trace());
    assert_eq!(prints.items(), [json!({ "id": "cat.jpg", "bytes": 4 })], "{hop}: the table\n{calls}");
    assert_eq!(notices.bodies(), ["cat.jpg"], "{hop}: the subscriber's queue\n{calls}\n{trace}");
    assert!(uploads.bodies().is_empty(), "{hop}: the message of the upload is done with");
}

#[test]
fn an_upload_becomes_a_notice() {
    arrives_in_spite_of("no fault", |_| {});
}

#[test]
fn an_upload_that_is_throttled_is_tried_again_by_the_sdk() {
    arrives_in_spite_of("client to S3", |hops| hops.aws.fault("PutObject").throttle());
}

#[test]
fn a_read_that_fails_brings_the_message_back() {
    arrives_in_spite_of("first function to S3", |hops| {
        hops.aws.fault("GetObject").error("AccessDenied", 403, "not yet")
    });
}

#[test]
fn a_write_that_fails_brings_the_message_back() {
    arrives_in_spite_of("first function to DynamoDB", |hops| {
        hops.aws.fault("PutItem").error("ValidationException", 400, "not yet")
    });
}

#[test]
fn a_notification_that_is_late_and_comes_twice_is_one_print_and_one_notice() {
    arrives_in_spite_of("S3 to queue", |hops| {
        hops.notification.fail_next(1);
        hops.notification.duplicate_next(1);
    });
}

#[test]
fn a_notice_that_fails_brings_the_record_of_the_stream_back() {
    arrives_in_spite_of("stream's function to SNS", |hops| {
        hops.aws.fault("Publish").error("AuthorizationError", 403, "not yet")
    });
}

#[test]
fn a_notice_that_cannot_be_delivered_is_delivered_again() {
    arrives_in_spite_of("SNS to subscriber", |hops| hops.subscription.fail_next(3));
}

#[test]
fn a_message_whose_function_never_answers_is_received_again() {
    // The SDK tries a broken connection three times; then the invocation has failed, and the queue gives the message out
    // again.
    arrives_in_spite_of("queue to first function", |hops| hops.aws.fault("GetObject").times(3).hang_up());
}

#[test]
fn a_record_whose_function_never_answers_is_read_again() {
    arrives_in_spite_of("stream to second function", |hops| hops.aws.fault("Publish").times(3).hang_up());
}
