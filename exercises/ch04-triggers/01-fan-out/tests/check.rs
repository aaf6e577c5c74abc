//! What the shop expects of its fan-out: every photo of an album reaches the print queue once, in as few calls as it
//! takes.

use std::time::Duration;

use course::Seed;
use local_aws::{LocalAws, OnLocalAws, QueueFace};
use local_lambda::{Function, binary};
use serde_json::{Value, json};

/// The print queue and a function that knows its address.
fn shop() -> (LocalAws, QueueFace, Function) {
    let aws = LocalAws::start();
    let jobs = aws.queue("print-jobs");
    // A debug build takes its time to sign megabytes, and this is not about time.
    let function = Function::builder(binary!()).timeout(Duration::from_secs(30)).on(&aws).env("QUEUE_URL", jobs.url());
    let function = function.start();
    (aws, jobs, function)
}

/// An album of so many photos with short recipes.
fn album(seed: &mut Seed, photos: u64) -> Value {
    let roll = seed.name();
    let photo =
        |number| json!({ "key": format!("uploads/{roll}/{number:03}.jpg"), "recipe": format!("crop {number}") });
    json!({ "photos": (0..photos).map(photo).collect::<Vec<_>>() })
}

/// A photo whose job, as JSON, has exactly so many bytes.
fn photo_of(key: &str, bytes: usize, filling: &str) -> Value {
    let empty = json!({ "key": key, "recipe": "" }).to_string().len();
    let (times, rest) = ((bytes - empty) / filling.len(), (bytes - empty) % filling.len());
    json!({ "key": key, "recipe": format!("{}{}", filling.repeat(times), ".".repeat(rest)) })
}

/// The photos in the queue, and those of the album, in the same order.
fn expect_each_photo_once(jobs: &QueueFace, album: &Value) {
    let key = |photo: &Value| photo["key"].as_str().unwrap_or_default().to_owned();
    let bodies = jobs.bodies();
    let mut found: Vec<Value> =
        bodies.iter().map(|body| serde_json::from_str(body).unwrap_or_else(|_| json!(body))).collect();
    let mut expected = album["photos"].as_array().cloned().unwrap_or_default();
    found.sort_by_key(key);
    expected.sort_by_key(key);
    let keys = |photos: &[Value]| photos.iter().map(key).collect::<Vec<_>>();
    assert!(
        keys(&found) == keys(&expected),
        "each photo must be in the queue once:\n  expected {:?}\n  got      {:?}",
        keys(&expected),
        keys(&found)
    );
    assert!(found == expected, "the body of a message must be the photo as it stands in the album");
}

#[test]
fn sends_every_photo_of_an_album() {
    let mut seed = Seed::at_run_time();
    for photos in [seed.number(1..=9), seed.number(21..=49)] {
        let (_aws, jobs, function) = shop();
        let album = album(&mut seed, photos);
        let outcome = function.story(format!("an album of {photos} photos comes in")).invoke(&album);
        outcome.expect_json(json!({ "sent": photos }));
        expect_each_photo_once(&jobs, &album);
    }
}

#[test]
fn sends_ten_at_once() {
    let mut seed = Seed::at_run_time();
    for photos in [10, seed.number(2..=9), seed.number(31..=39)] {
        let (aws, _jobs, function) = shop();
        let outcome = function.story(format!("{photos} small photos come in")).invoke(album(&mut seed, photos));
        outcome.expect_response();
        aws.calls().expect_count(photos.div_ceil(10) as usize);
    }
}

#[test]
fn sends_nothing_for_an_empty_album() {
    let (aws, _jobs, function) = shop();
    for album in [json!({ "photos": [] }), json!({ "album": Seed::at_run_time().name(), "photos": [] })] {
        let outcome = function.story("an album without photos comes in").invoke(album);
        outcome.expect_json(json!({ "sent": 0 }));
    }
    aws.calls().expect_count(0);
}

#[test]
fn keeps_each_batch_within_a_mebibyte() {
    let mut seed = Seed::at_run_time();
    let (aws, jobs, function) = shop();
    let photo = |number: u64| photo_of(&format!("uploads/{number}.jpg"), seed.number(300_000..=500_000) as usize, "x");
    let album = json!({ "photos": (1..=6).map(photo).collect::<Vec<_>>() });
    let outcome = function.story("six photos with recipes of 300 to 500 KB come in").invoke(&album);
    outcome.expect_json(json!({ "sent": 6 }));
    expect_each_photo_once(&jobs, &album);
    let calls = aws.calls();
    assert!(calls.done().count() == calls.count(), "the queue refused a call:\n{calls}");
}

#[test]
fn fills_a_batch_to_the_last_byte() {
    for (last, calls) in [(524_288, 1), (524_289, 2)] {
        let (aws, jobs, function) = shop();
        let photos = [photo_of("uploads/1.jpg", 524_288, "x"), photo_of("uploads/2.jpg", last, "x")];
        let album = json!({ "photos": photos });
        let story = format!("two jobs of {} bytes together come in", 524_288 + last);
        function.story(story).invoke(&album).expect_json(json!({ "sent": 2 }));
        expect_each_photo_once(&jobs, &album);
        aws.calls().expect_count(calls);
    }
}

#[test]
fn counts_bytes_and_not_characters() {
    let (aws, jobs, function) = shop();
    let bytes = Seed::at_run_time().number(360_000..=420_000) as usize;
    let photo = |number: u32| photo_of(&format!("uploads/{number}.jpg"), bytes, "色");
    let album = json!({ "photos": (1..=5).map(photo).collect::<Vec<_>>() });
    let outcome = function.story(format!("five recipes in Chinese come in, of {bytes} bytes each")).invoke(&album);
    outcome.expect_json(json!({ "sent": 5 }));
    expect_each_photo_once(&jobs, &album);
    aws.calls().expect_count(3);
}

#[test]
fn sends_again_what_the_queue_did_not_take() {
    let mut seed = Seed::at_run_time();
    let (aws, jobs, function) = shop();
    let album = album(&mut seed, 7);
    let unlucky = format!("/{:03}.jpg", seed.number(0..=6));
    aws.fault("SendMessageBatch").fail_entries(move |entry| is_about(entry, &unlucky));
    let outcome = function.story("the queue does not take one of seven photos at first").invoke(&album);
    outcome.expect_json(json!({ "sent": 7 }));
    expect_each_photo_once(&jobs, &album);
}

#[test]
fn sends_again_only_what_failed() {
    let mut seed = Seed::at_run_time();
    let (aws, jobs, function) = shop();
    let album = album(&mut seed, 15);
    aws.fault("SendMessageBatch").times(2).fail_entries(|entry| is_about(entry, "/004.jpg"));
    let outcome = function.story("the queue takes one of fifteen photos at the third attempt").invoke(&album);
    outcome.expect_json(json!({ "sent": 15 }));
    expect_each_photo_once(&jobs, &album);
    aws.calls().expect_count(4);
}

#[test]
fn fails_when_a_photo_cannot_be_sent() {
    let mut seed = Seed::at_run_time();
    let (aws, jobs, function) = shop();
    let mut album = album(&mut seed, 25);
    aws.fault("SendMessageBatch").always().fail_entries(|entry| is_about(entry, "/003.jpg"));
    let outcome = function.story("the queue never takes one of 25 photos").invoke(&album);
    outcome.expect_error_saying("NotAllSent", "/003.jpg");
    album["photos"].as_array_mut().unwrap().remove(3);
    expect_each_photo_once(&jobs, &album);
    let attempts = aws.calls().filter(|call| call.params.to_string().contains("/003.jpg"));
    attempts.expect_count(3);
}

#[test]
fn builds_its_client_once() {
    let mut seed = Seed::at_run_time();
    let (aws, _jobs, function) = shop();
    for number in 1..=3 {
        let outcome = function.story(format!("album number {number} comes in")).invoke(album(&mut seed, 2));
        outcome.expect_json(json!({ "sent": 2 }));
    }
    aws.calls().expect_count(3).expect_one_connection();
}

fn is_about(entry: &Value, key: &str) -> bool {
    entry["MessageBody"].as_str().is_some_and(|body| body.contains(key))
}
