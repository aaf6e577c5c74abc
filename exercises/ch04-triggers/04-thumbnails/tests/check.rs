//! What the shop expects of its previews. Buckets, notifications and retries are those of the local service; the
//! function calls S3 as it does when it is deployed.

use std::time::Duration;

use course::{Seed, fixture_json};
use local_aws::{Bucket, LocalAws, OnLocalAws};
use local_lambda::{Function, binary};
use local_lambda_sources::{LambdaFunction, Target, World};
use serde_json::{Value, json};

/// Two buckets, and a function that is told of what happens in the first.
struct Shop {
    aws: LocalAws,
    world: World,
    uploads: Bucket,
    previews: Bucket,
    function: Function,
    in_world: LambdaFunction,
}

impl Shop {
    fn new() -> Shop {
        let shop = Shop::with_previews_in("ferris-prints-previews");
        for event in ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"] {
            shop.uploads.notify(&shop.in_world).event(event).create();
        }
        shop
    }

    /// A shop in which nobody is told of anything yet.
    fn with_previews_in(bucket: &str) -> Shop {
        let world = World::new();
        let aws = LocalAws::start_in(&world);
        let uploads = aws.bucket("ferris-prints-uploads");
        let previews = if bucket == uploads.name() { uploads.clone() } else { aws.bucket(bucket) };
        // A debug build takes its time to begin with the SDK, and this is not about time.
        let function = Function::builder(binary!()).timeout(Duration::from_secs(30)).on(&aws);
        let function = function.env("PREVIEWS_BUCKET", previews.name()).start();
        let in_world = world.function(Target::from(&function)).create();
        Shop { aws, world, uploads, previews, function, in_world }
    }

    /// The previews are these, and no others.
    #[track_caller]
    fn expect_previews(&self, story: &str, expected: &[(&str, &Photo)]) {
        self.world.run_until_idle();
        let mut keys: Vec<String> = expected.iter().map(|(key, _)| (*key).to_owned()).collect();
        keys.sort();
        let found = self.previews.keys();
        assert!(
            found == keys,
            "{story}\n  expected previews {keys:?}\n  got               {found:?}\n{}",
            self.happened()
        );
        for (key, photo) in expected {
            let found = self.previews.get(key).unwrap_or_default();
            assert!(
                found == photo.preview(),
                "{story}\n  expected the preview of {key} to be the photo of that name, halved: {} bytes of the colour {}\n  got {} bytes\n{}",
                photo.preview().len(),
                photo.colour,
                found.len(),
                self.happened()
            );
        }
    }

    fn happened(&self) -> String {
        let answers = self.world.answers();
        let log = answers.iter().filter_map(|answer| answer.outcome.as_ref()).flat_map(|run| run.function_log());
        let log: Vec<&str> = log.collect();
        format!("the function's calls\n{}\nits log\n  {}", self.aws.calls(), log.join("\n  "))
    }
}

/// A picture of one colour, 4 x 2 pixels or a little more.
#[derive(Clone)]
struct Photo {
    width: usize,
    colour: u8,
}

impl Photo {
    fn any(seed: &mut Seed) -> Photo {
        Photo { width: seed.number(2..=9) as usize * 2, colour: seed.number(1..=250) as u8 }
    }

    fn bytes(&self) -> Vec<u8> {
        picture(self.width, 2, self.colour)
    }

    fn preview(&self) -> Vec<u8> {
        picture(self.width / 2, 1, self.colour)
    }
}

fn picture(width: usize, height: usize, colour: u8) -> Vec<u8> {
    let mut bytes = format!("P6\n{width} {height}\n255\n").into_bytes();
    bytes.extend(vec![colour; width * height * 3]);
    bytes
}

/// One event with a record for each of these: what happened, and the key as S3 writes it.
fn event(records: &[(&str, &str)]) -> Value {
    let template = fixture_json("s3/photo-removed")["Records"][0].clone();
    let record = |&(name, key): &(&str, &str)| {
        let mut record = template.clone();
        record["eventName"] = json!(name);
        record["s3"]["object"]["key"] = json!(key);
        record
    };
    json!({ "Records": records.iter().map(record).collect::<Vec<_>>() })
}

#[test]
fn makes_a_preview_of_a_photo() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let (photo, other) = (Photo::any(&mut seed), Photo::any(&mut seed));
    shop.uploads.put("uploads/1.ppm", photo.bytes());
    shop.expect_previews("a photo is uploaded", &[("uploads/1.ppm", &photo)]);
    shop.uploads.put("uploads/1.ppm", other.bytes());
    shop.expect_previews("another photo is uploaded under its name", &[("uploads/1.ppm", &other)]);
}

#[test]
fn finds_photos_whatever_they_are_called() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let owner = seed.name();
    let keys = ["red flower.ppm", "小明/花.ppm", "a+b (2).ppm", "50% off.ppm", "%2B.ppm", "IMG_0001.PPM", "x.Ppm"];
    let keys: Vec<String> = keys.iter().map(|key| format!("{owner}/{key}")).collect();
    let photos: Vec<Photo> = keys.iter().map(|_| Photo::any(&mut seed)).collect();
    for (key, photo) in keys.iter().zip(&photos) {
        shop.uploads.put(key, photo.bytes());
    }
    let expected: Vec<(&str, &Photo)> = keys.iter().map(String::as_str).zip(&photos).collect();
    shop.expect_previews("photos are uploaded with all kinds of names", &expected);
}

#[test]
fn leaves_alone_what_is_no_photo() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for key in ["notes.txt", "ppm", "photo.ppm.bak", "no-dot-ppm"] {
        shop.uploads.put(&format!("{}/{key}", seed.name()), Photo::any(&mut seed).bytes());
    }
    shop.expect_previews("files are uploaded whose names do not end in .ppm", &[]);
    let calls = shop.aws.calls();
    assert!(calls.is_empty(), "files are uploaded whose names do not end in .ppm\n  expected no call\n  got\n{calls}");
}

#[test]
fn looks_at_every_record() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::with_previews_in("ferris-prints-previews");
    let photos: Vec<Photo> = (0..3).map(|_| Photo::any(&mut seed)).collect();
    let owner = seed.name();
    let keys = [1, 2, 3].map(|number| format!("{owner}/{number}.ppm"));
    let keys = keys.each_ref().map(String::as_str);
    for (key, photo) in keys.iter().zip(&photos) {
        shop.uploads.put(key, photo.bytes());
    }
    let outcome = shop
        .function
        .story("one event tells of three photos")
        .invoke(event(&keys.map(|key| ("ObjectCreated:Put", key))));
    outcome.expect("the function answers", |outcome| outcome.function_error().is_none());
    let expected: Vec<(&str, &Photo)> = keys.into_iter().zip(&photos).collect();
    shop.expect_previews("one event tells of three photos", &expected);
}

#[test]
fn removes_the_preview_with_the_photo() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let (stays, goes) = (format!("{} 1.ppm", seed.name()), format!("{} 2.ppm", seed.name()));
    let photo = Photo::any(&mut seed);
    shop.uploads.put(&stays, photo.bytes());
    shop.uploads.put(&goes, photo.bytes());
    shop.world.run_until_idle();
    shop.uploads.delete(&goes);
    shop.expect_previews("of two photos one is deleted", &[(&stays, &photo)]);
}

#[test]
fn goes_by_what_is_in_the_bucket_now() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::with_previews_in("ferris-prints-previews");
    let photo = Photo::any(&mut seed);
    let here = format!("{}.ppm", seed.name());
    shop.uploads.put(&here, photo.bytes());
    shop.previews.put("gone.ppm", photo.preview());
    let late = event(&[("ObjectRemoved:Delete", &here), ("ObjectCreated:Put", "gone.ppm")]);
    for time in ["late", "once more"] {
        let story = format!(
            "it comes {time} that a photo was deleted, which was uploaded again since, and that one was uploaded, which is deleted by now"
        );
        let outcome = shop.function.story(&story).invoke(&late);
        outcome.expect("the function answers", |outcome| outcome.function_error().is_none());
        shop.expect_previews(&story, &[(&here, &photo)]);
    }
}

#[test]
fn makes_no_previews_of_previews() {
    let mut seed = Seed::at_run_time();
    let photo = Photo::any(&mut seed);
    let shop = Shop::new();
    shop.previews.notify(&shop.in_world).event("s3:ObjectCreated:*").create();
    shop.uploads.put("1.ppm", photo.bytes());
    let story = "by mistake the function is told of the bucket of previews too";
    shop.expect_previews(story, &[("1.ppm", &photo)]);
    let written = shop.aws.calls().of("PutObject").count();
    assert!(written == 1, "{story}\n  expected one preview to be written\n  got {written}\n{}", shop.happened());

    let shop = Shop::with_previews_in("ferris-prints-uploads");
    shop.uploads.notify(&shop.in_world).event("s3:ObjectCreated:*").create();
    shop.uploads.put("1.ppm", photo.bytes());
    shop.world.run_until_idle();
    let written = shop.aws.calls().of("PutObject").count();
    assert!(
        written == 0,
        "by mistake previews are to go into the bucket that photos come from\n  expected nothing to be written there\n  got {written} times, in {} invocations",
        shop.world.answers().len()
    );
}

#[test]
fn fails_when_a_preview_is_missing() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::with_previews_in("ferris-prints-previews");
    let photos: Vec<Photo> = (0..3).map(|_| Photo::any(&mut seed)).collect();
    let owner = seed.name();
    let (keys, encoded) = (
        [1, 2, 3].map(|number| format!("{owner} {number}.ppm")),
        [1, 2, 3].map(|number| format!("{owner}+{number}.ppm")),
    );
    let (keys, encoded) = (keys.each_ref().map(String::as_str), encoded.each_ref().map(String::as_str));
    for (key, photo) in keys.iter().zip(&photos) {
        shop.uploads.put(key, photo.bytes());
    }
    let unlucky = seed.number(0..=1) as usize;
    let key = keys[unlucky].to_owned();
    shop.aws.fault("GetObject").only(move |params| params["Key"] == *key).error("AccessDenied", 403, "not today");
    let records = encoded.map(|key| ("ObjectCreated:Put", key));
    let outcome = shop.function.story("of three photos one may not be read").invoke(event(&records));
    outcome.expect_error_saying("PreviewFailed", keys[unlucky]);
    let mut expected: Vec<(&str, &Photo)> = keys.into_iter().zip(&photos).collect();
    let missing = expected.remove(unlucky);
    shop.expect_previews("of three photos one may not be read, and the others may", &expected);

    let outcome = shop.function.story("the same event comes again, and it may").invoke(event(&records));
    outcome.expect("the function answers", |outcome| outcome.function_error().is_none());
    expected.push(missing);
    shop.expect_previews("the same event comes again, and all photos may be read", &expected);
}

#[test]
fn is_tried_again_until_the_preview_is_there() {
    let mut seed = Seed::at_run_time();
    for operation in ["GetObject", "PutObject"] {
        let shop = Shop::new();
        let photo = Photo::any(&mut seed);
        shop.aws.fault(operation).times(2).error("AccessDenied", 403, "not today");
        shop.uploads.put("1.ppm", photo.bytes());
        let story = format!("{operation} is refused twice; Lambda tries an event three times");
        shop.expect_previews(&story, &[("1.ppm", &photo)]);
        let attempts = shop.world.answers().len();
        assert!(attempts == 3, "{story}\n  expected 3 invocations\n  got {attempts}\n{}", shop.happened());
    }
    let shop = Shop::new();
    shop.aws.fault("DeleteObject").only(|params| params["Bucket"] == "ferris-prints-previews").times(2).error(
        "AccessDenied",
        403,
        "not today",
    );
    shop.uploads.put("1.ppm", Photo::any(&mut seed).bytes());
    shop.world.run_until_idle();
    shop.uploads.delete("1.ppm");
    shop.expect_previews("a photo is deleted, and to delete its preview is refused twice", &[]);
}

#[test]
fn fails_for_what_is_no_picture() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::with_previews_in("ferris-prints-previews");
    let photo = Photo::any(&mut seed);
    shop.uploads.put("good.ppm", photo.bytes());
    for broken in [format!("dear {}", seed.name()).into_bytes(), photo.bytes()[1..].to_vec()] {
        let key = format!("{}.ppm", seed.name());
        shop.uploads.put(&key, broken);
        let records = [("ObjectCreated:Put", &*key), ("ObjectCreated:Put", "good.ppm")];
        let outcome = shop.function.story("something that is no picture is called so").invoke(event(&records));
        outcome.expect_error_saying("PreviewFailed", &key);
        shop.expect_previews("one of two is no picture", &[("good.ppm", &photo)]);
    }
}

#[test]
fn builds_its_client_once() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for number in 1..=3 {
        shop.uploads.put(&format!("{number}.ppm"), Photo::any(&mut seed).bytes());
        shop.world.run_until_idle();
    }
    shop.aws.calls().expect_one_connection();
}
