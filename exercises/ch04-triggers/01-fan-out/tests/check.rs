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
    let text = |photo: &Value, name: &str| photo[name].as_str().unwrap_or_default().to_owned();
    let key = |photo: &Value| text(photo, "key");
    let bodies = jobs.bodies();
    let mut found: Vec<Value> =
        bodies.iter().map(|body| serde_json::from_str(body).unwrap_or_else(|_| json!(body))).collect();
    let mut expected = album["photos"].as_array().cloned().unwrap_or_default();
    found.sort_by_key(|photo| (key(photo), text(photo, "recipe")));
    expected.sort_by_key(|photo| (key(photo), text(photo, "recipe")));
    let keys = |photos: &[Value]| photos.iter().map(key).collect::<Vec<_>>();
    assert!(
        keys(&found) == keys(&expected),
        "each photo must be in the queue as often as in the album:\n  expected {:?}\n  got      {:?}",
        keys(&expected),
        keys(&found)
    );
    assert!(found == expected, "the body of a message must be the photo as it stands in the album");
}

/// The photos that were not sent are named, and no others.
fn expect_only_these_keys(message: &str, album: &Value, unsent: &[&str]) {
    let keys = album["photos"].as_array().into_iter().flatten().filter_map(|photo| photo["key"].as_str());
    let (unsent, sent): (Vec<&str>, Vec<&str>) = keys.partition(|key| unsent.iter().any(|it| key.ends_with(it)));
    let missing: Vec<&str> = unsent.into_iter().filter(|key| !message.contains(key)).collect();
    assert!(missing.is_empty(), "the message does not name photos that were not sent: {missing:?}\n  got {message:?}");
    let named: Vec<&str> = sent.into_iter().filter(|key| message.contains(key)).collect();
    assert!(named.is_empty(), "the message names photos that were sent: {named:?}");
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

    let (_aws, jobs, function) = shop();
    let mut album = album(&mut seed, 6);
    album["photos"][4] = album["photos"][1].clone();
    album["photos"][5]["key"] = album["photos"][2]["key"].clone();
    let story = "an album comes in with one photo twice, and another with two recipes";
    function.story(story).invoke(&album).expect_json(json!({ "sent": 6 }));
    expect_each_photo_once(&jobs, &album);
}

#[test]
fn sends_ten_at_once() {
    let mut seed = Seed::at_run_time();
    for photos in [10, 11, seed.number(2..=9), seed.number(31..=39)] {
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

/// The fewest calls for jobs of these sizes in their order: whatever fits goes along.
fn fewest_calls(sizes: &[usize]) -> usize {
    let (mut calls, mut entries, mut bytes) = (0, 10, 0);
    for size in sizes {
        if entries == 10 || bytes + size > 1_048_576 {
            (calls, entries, bytes) = (calls + 1, 0, 0);
        }
        (entries, bytes) = (entries + 1, bytes + size);
    }
    calls
}

#[test]
fn makes_as_few_calls_as_the_limits_allow() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let (aws, jobs, function) = shop();
        // Four are large, wherever they stand: now the entries end a batch, now the bytes.
        let mut sizes: Vec<usize> = (0..24).map(|_| seed.number(200..=2_000) as usize).collect();
        for _ in 0..4 {
            sizes[seed.number(0..=23) as usize] = seed.number(300_000..=600_000) as usize;
        }
        let photo = |(number, size): (usize, &usize)| photo_of(&format!("uploads/{number:03}.jpg"), *size, "x");
        let album = json!({ "photos": sizes.iter().enumerate().map(photo).collect::<Vec<_>>() });
        let outcome = function.story("24 photos come in, some of them large").invoke(&album);
        outcome.expect_json(json!({ "sent": 24 }));
        expect_each_photo_once(&jobs, &album);
        let (calls, fewest) = (aws.calls().count(), fewest_calls(&sizes));
        assert!(calls == fewest, "jobs of these sizes, in this order, take {fewest} calls, not {calls}: {sizes:?}");
    }
}

#[test]
fn sends_the_others_when_a_photo_fits_no_message() {
    let mut seed = Seed::at_run_time();
    let (aws, jobs, function) = shop();
    let mut album = album(&mut seed, 12);
    let place = seed.number(0..=11) as usize;
    album["photos"][place] = photo_of("uploads/panorama.jpg", 1_048_577, "x");
    let story = format!("number {} of twelve photos has a job of 1,048,577 bytes", place + 1);
    let outcome = function.story(story).invoke(&album);
    let error = outcome.expect_error_saying("NotAllSent", "uploads/panorama.jpg");
    expect_only_these_keys(&error.message, &album, &["uploads/panorama.jpg"]);
    album["photos"].as_array_mut().unwrap().remove(place);
    expect_each_photo_once(&jobs, &album);
    let calls = aws.calls();
    assert!(calls.done().count() == calls.count(), "the queue refused a call, with all that was in it:\n{calls}");

    let (aws, jobs, function) = shop();
    let album = json!({ "photos": [photo_of("uploads/wide.jpg", 1_048_576, "x")] });
    let story = "a photo with a job of 1,048,576 bytes comes in, as much as a message holds";
    function.story(story).invoke(&album).expect_json(json!({ "sent": 1 }));
    expect_each_photo_once(&jobs, &album);
    aws.calls().expect_count(1);
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
    // Fewer when what failed goes along with a batch that is still to come.
    let calls = aws.calls();
    assert!(calls.count() <= 4, "two batches, and two more attempts for one photo, take at most 4 calls:\n{calls}");
}

#[test]
fn fails_when_a_photo_cannot_be_sent() {
    let mut seed = Seed::at_run_time();
    let (aws, jobs, function) = shop();
    let mut album = album(&mut seed, 25);
    album["photos"][20] = photo_of("uploads/panorama.jpg", 1_048_577, "x");
    let fails = |entry: &Value| is_about(entry, "/003.jpg") || is_about(entry, "/017.jpg");
    aws.fault("SendMessageBatch").always().fail_entries(fails);
    let story = "the queue never takes two of 25 photos, and one more fits no message";
    let outcome = function.story(story).invoke(&album);
    let error = outcome.expect_error_saying("NotAllSent", "/003.jpg");
    expect_only_these_keys(&error.message, &album, &["/003.jpg", "/017.jpg", "/panorama.jpg"]);
    for unsent in [20, 17, 3] {
        album["photos"].as_array_mut().unwrap().remove(unsent);
    }
    expect_each_photo_once(&jobs, &album);
    for unsent in ["/003.jpg", "/017.jpg"] {
        aws.calls().filter(|call| call.params.to_string().contains(unsent)).expect_count(3);
    }

    let (_aws, jobs, function) = shop();
    let mut album = self::album(&mut seed, 9);
    let place = seed.number(0..=8) as usize;
    // SQS takes no U+FFFF in a body, and says in the answer that it is the sender's fault.
    album["photos"][place] = json!({ "key": "uploads/damaged.jpg", "recipe": "crop \u{ffff}" });
    let outcome = function.story("one of nine recipes has a character that SQS does not take").invoke(&album);
    let error = outcome.expect_error_saying("NotAllSent", "uploads/damaged.jpg");
    expect_only_these_keys(&error.message, &album, &["uploads/damaged.jpg"]);
    album["photos"].as_array_mut().unwrap().remove(place);
    expect_each_photo_once(&jobs, &album);
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
