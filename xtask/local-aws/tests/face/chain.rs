//! From an upload to a notice, with a real function: S3, its notification, a queue, the function, a table, a topic, and
//! the queue of a subscriber; then again with a fault at each hop.

use local_aws::{LocalAws, OnLocalAws};
use local_lambda::Function;
use serde_json::json;

use crate::function::example;
use crate::support::{config, wait};

/// Uploads a photo while something goes wrong, and looks at both ends.
#[track_caller]
fn arrives_in_spite_of(what_goes_wrong: impl FnOnce(&LocalAws)) {
    let aws = LocalAws::start();
    let world = aws.world().clone();
    let (photos, prints) = (aws.bucket("photos"), aws.table("prints", "id"));
    let (uploads, notices) = (world.queue("uploads").create(), world.queue("notices").create());
    let topic = world.topic("printed").create();
    topic.subscribe(&notices).raw_message_delivery().create();
    photos.notify(&uploads).event("s3:ObjectCreated:*").suffix(".jpg").create();
    let function = Function::builder(example("prints_uploads")).timeout(std::time::Duration::from_secs(20));
    let function = function.on(&aws).env("TOPIC_ARN", topic.arn()).start();
    let function = world.function(function).create();
    world.map(&uploads, &function).create();
    what_goes_wrong(&aws);

    let client = aws_sdk_s3::Client::new(&config(&aws));
    let put = |key: &str| client.put_object().bucket("photos").key(key).body(b"meow".to_vec().into()).send();
    wait(put("cat.jpg")).unwrap();
    wait(put("notes.txt")).unwrap();
    world.run_until_idle();

    assert_eq!(prints.items(), [json!({ "id": "cat.jpg", "bytes": 4 })], "{}", aws.calls());
    assert!(notices.bodies().contains(&"cat.jpg".to_owned()), "{}", aws.calls());
    assert!(uploads.bodies().is_empty(), "the message is done with");
}

#[test]
fn an_upload_becomes_a_notice() {
    arrives_in_spite_of(|_| {});
}

#[test]
fn an_upload_that_is_throttled_is_tried_again_by_the_sdk() {
    arrives_in_spite_of(|aws| aws.fault("PutObject").throttle());
}

#[test]
fn a_read_that_fails_brings_the_message_back() {
    arrives_in_spite_of(|aws| aws.fault("GetObject").error("AccessDenied", 403, "not yet"));
}

#[test]
fn a_write_that_fails_brings_the_message_back() {
    arrives_in_spite_of(|aws| aws.fault("PutItem").error("ValidationException", 400, "not yet"));
}

#[test]
fn a_notice_that_fails_brings_the_message_back() {
    arrives_in_spite_of(|aws| aws.fault("Publish").error("AuthorizationError", 403, "not yet"));
}
