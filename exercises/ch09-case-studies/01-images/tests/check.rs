//! What the shop expects of its thumbnails. The bucket and its notifications are those of the local service; the
//! pictures are made here, pixel by pixel, as cameras and strangers make them.

mod picture;

use std::time::Duration;

use course::Seed;
use image::RgbImage;
use local_aws::{Bucket, LocalAws, OnLocalAws};
use local_lambda::{Function, Outcome, binary};
use local_lambda_sources::{Target, World};
use picture::{Corners, Picture};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A bucket, and a function that makes thumbnails of what is in it.
struct Shop {
    aws: LocalAws,
    world: World,
    bucket: Bucket,
    function: Function,
}

impl Shop {
    fn new() -> Shop {
        Shop::with_max_pixels(1_000_000)
    }

    fn with_max_pixels(max_pixels: u64) -> Shop {
        let world = World::new();
        let aws = LocalAws::start_in(&world);
        let bucket = aws.bucket("ferris-prints-photos");
        // A debug build takes its time with pictures, and this is not about time.
        let function = Function::builder(binary!()).timeout(Duration::from_secs(60)).on(&aws);
        let function = function.env("MAX_PIXELS", max_pixels.to_string()).start();
        Shop { aws, world, bucket, function }
    }

    /// Uploads what is to be seen under a key, with the content type of its name.
    fn upload(&self, key: &str, photo: &[u8]) {
        let content_type = if key.to_lowercase().ends_with("png") { "image/png" } else { "image/jpeg" };
        self.bucket.put_as(key, content_type, photo.to_vec());
    }

    /// Tells the function that these were uploaded.
    fn tell(&self, story: &str, keys: &[&str]) -> Outcome {
        self.function.story(story).invoke(event(self.bucket.name(), keys))
    }

    /// Uploads one photo, and gives the thumbnail that comes of it.
    #[track_caller]
    fn thumbnail(&self, story: &str, key: &str, photo: &[u8]) -> RgbImage {
        self.upload(key, photo);
        let outcome = self.tell(story, &[key]);
        let expected = thumbnail_of(photo);
        outcome.expect_json(json!({ "made": [{ "source": key, "thumbnail": expected }], "refused": [] }));
        self.stored(story, photo)
    }

    /// The thumbnail of a photo as it lies in the bucket.
    #[track_caller]
    fn stored(&self, story: &str, photo: &[u8]) -> RgbImage {
        let key = thumbnail_of(photo);
        let found = self.bucket.get(&key);
        let Some(bytes) = found else {
            panic!("{story}\n  expected an object {key}\n  got {:?}\n{}", self.bucket.keys(), self.aws.calls())
        };
        let content_type = self.bucket.content_type(&key).unwrap_or_default();
        assert!(
            content_type == "image/jpeg" && bytes.starts_with(&[0xff, 0xd8, 0xff]),
            "{story}\n  expected a JPEG whose content type says so\n  got {content_type:?} for bytes that begin with {:02x?}",
            &bytes[..bytes.len().min(8)]
        );
        let step = picture::first_step(&bytes);
        assert!(
            step <= 5,
            "{story}\n  expected a JPEG of the quality 85 or more, whose first step of quantization is 5 or less\n  got {step}"
        );
        let decoded = image::load_from_memory(&bytes);
        decoded.unwrap_or_else(|error| panic!("{story}\n  the thumbnail cannot be decoded: {error}")).into_rgb8()
    }

    /// What was refused is told, and nothing is made of it.
    #[track_caller]
    fn expect_refused(&self, story: &str, key: &str, photo: &[u8], content_type: &str, reason: &str) {
        self.bucket.put_as(key, content_type, photo.to_vec());
        let outcome = self.tell(story, &[key]);
        outcome.expect_json(json!({ "made": [], "refused": [{ "source": key, "reason": reason }] }));
        let made = thumbnail_of(photo);
        assert!(!self.bucket.keys().contains(&made), "{story}\n  expected nothing to be made of it\n  got {made}");
    }
}

/// The key of a photo's thumbnail.
fn thumbnail_of(photo: &[u8]) -> String {
    let hash: String = Sha256::digest(photo).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("thumbs/{hash}.jpg")
}

/// The event with which S3 tells of new objects.
fn event(bucket: &str, keys: &[&str]) -> Value {
    let template = course::fixture_json("s3/photos-uploaded")["Records"][0].clone();
    let record = |key: &&str| {
        let mut record = template.clone();
        record["s3"]["bucket"]["name"] = json!(bucket);
        record["s3"]["object"]["key"] = json!(key.replace(' ', "+"));
        record
    };
    json!({ "Records": keys.iter().map(record).collect::<Vec<_>>() })
}

/// The size is as expected, but for one pixel of the shorter side.
#[track_caller]
fn expect_size(story: &str, thumbnail: &RgbImage, expected: (u32, u32)) {
    let (width, height) = thumbnail.dimensions();
    let fits = |found: u32, expected: u32| found == expected || (expected < 160 && found.abs_diff(expected) <= 1);
    assert!(
        width > 0 && height > 0 && fits(width, expected.0) && fits(height, expected.1),
        "{story}\n  expected a thumbnail of {} x {} pixels\n  got {width} x {height}",
        expected.0,
        expected.1
    );
}

/// Each quarter of the thumbnail has its colour.
#[track_caller]
fn expect_corners(story: &str, thumbnail: &RgbImage, corners: &Corners) {
    let (width, height) = thumbnail.dimensions();
    // Away from the edges of a quarter, and from the mark.
    let places = [(2, 2), (5, 2), (2, 5), (5, 5)];
    let found = places.map(|(x, y)| thumbnail.get_pixel(width * x / 8, height * y / 8).0);
    let is_near =
        found.iter().zip(corners).all(|(a, b)| a.iter().zip(b).all(|(a, b)| i32::from(*a).abs_diff((*b).into()) <= 45));
    assert!(
        is_near,
        "{story}\n  expected the colours {corners:?} (upper left, upper right, lower left, lower right)\n  got {found:?}"
    );
}

#[test]
fn makes_a_small_jpeg_of_each_photo() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for (kind, upright) in [("jpg", false), ("png", false), ("JPEG", true), ("PnG", true)] {
        let longer = seed.number(170..=260) as u32;
        let shorter = longer * seed.number(65..=95) as u32 / 100;
        let (width, height) = if upright { (shorter, longer) } else { (longer, shorter) };
        let picture = Picture::any(&mut seed, width, height);
        let bytes = if kind.eq_ignore_ascii_case("png") { picture.png() } else { picture.jpeg() };
        let key = format!("uploads/{}/red flower.{kind}", seed.name());
        let story = format!("a photo of {width} x {height} pixels is uploaded as {key}");
        let thumbnail = shop.thumbnail(&story, &key, &bytes);
        let small = (160 * shorter + longer / 2) / longer;
        expect_size(&story, &thumbnail, if upright { (small, 160) } else { (160, small) });
        expect_corners(&story, &thumbnail, &picture.corners);
    }
}

#[test]
fn never_makes_a_photo_larger_or_loses_a_side() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let other = seed.number(300..=900) as u32;
    let some = (seed.number(41..=150) as u32, seed.number(41..=150) as u32);
    for (size, expected) in [
        (some, some),
        ((160, 160), (160, 160)),
        ((161, 80), (160, 80)),
        ((1, 1), (1, 1)),
        ((other, 1), (160, 1)),
        ((1, other), (1, 160)),
    ] {
        let bytes = Picture::any(&mut seed, size.0, size.1).png();
        let story = format!("a photo of {} x {} pixels is uploaded", size.0, size.1);
        let thumbnail = shop.thumbnail(&story, &format!("uploads/{}.png", seed.name()), &bytes);
        expect_size(&story, &thumbnail, expected);
    }
}

#[test]
fn turns_photos_as_the_camera_was_held() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for orientation in 1..=8 {
        let picture = Picture::any(&mut seed, 200, 150);
        let stored = picture.as_stored(orientation);
        for (kind, bytes) in [("jpg", stored.jpeg_held(orientation)), ("png", stored.png_held(orientation))] {
            let story = format!("a camera says orientation {orientation} in the Exif of a {kind}");
            let thumbnail = shop.thumbnail(&story, &format!("uploads/{}.{kind}", seed.name()), &bytes);
            expect_size(&story, &thumbnail, (160, 120));
            expect_corners(&story, &thumbnail, &picture.corners);
        }
    }
    for orientation in [0, 9] {
        let picture = Picture::any(&mut seed, 200, 150);
        let story = format!("a camera says orientation {orientation}, which does not exist");
        let key = format!("uploads/{}.jpg", seed.name());
        let thumbnail = shop.thumbnail(&story, &key, &picture.jpeg_held(orientation));
        expect_corners(&story, &thumbnail, &picture.corners);
    }
}

#[test]
fn lays_what_can_be_seen_through_on_white() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for alpha in [0, seed.number(60..=200) as u8] {
        let picture = Picture::any(&mut seed, 200, 160);
        let on_white =
            |colour: u8| ((u32::from(colour) * u32::from(alpha) + 255 * (255 - u32::from(alpha))) / 255) as u8;
        let mut seen = picture.corners;
        seen[0] = seen[0].map(on_white);
        seen[3] = seen[3].map(on_white);
        for (kind, bytes) in [("8", picture.png_with_alpha(alpha)), ("16", picture.png_with_deep_alpha(alpha))] {
            let story = format!("two quarters of a PNG with {kind} bits a colour have an alpha of {alpha} of 255");
            let thumbnail = shop.thumbnail(&story, &format!("uploads/{}.png", seed.name()), &bytes);
            expect_corners(&story, &thumbnail, &seen);
        }
    }
    for grey in [0, seed.number(1..=200) as u8] {
        let story = format!("a grey PNG of which each pixel has the alpha {grey} of 255 is black below");
        let bytes = picture::grey_with_alpha(200, 160, grey);
        let thumbnail = shop.thumbnail(&story, &format!("uploads/{}.png", seed.name()), &bytes);
        expect_corners(&story, &thumbnail, &[[255 - grey; 3]; 4]);
    }
}

/// Where the mark is to be seen in a thumbnail of one colour, which is dark: each pixel that is lighter than the middle
/// between that colour and the mark's.
#[track_caller]
fn expect_mark(story: &str, thumbnail: &RgbImage, grey: u8) {
    let (left, top) = (thumbnail.width() - 36, thumbnail.height() - 20);
    let is_drawn = |x: u32, y: u32| x >= left && y >= top && picture::is_marked(x - left, y - top);
    let lighter = u8::midpoint(grey, u8::midpoint(grey, 255));
    let mut wrong = 0;
    for (x, y, pixel) in thumbnail.enumerate_pixels() {
        wrong += u32::from((pixel.0[1] > lighter) != is_drawn(x, y));
    }
    assert!(
        wrong <= 20,
        "{story}\n  expected the mark with its left upper corner at {left}, {top}, half transparent, and nothing else\n  got {wrong} pixels that are lighter or darker than they should be; what is lighter:\n{}",
        picture::drawn(thumbnail, lighter)
    );
    let drawn =
        thumbnail.enumerate_pixels().filter(|(x, y, _)| is_drawn(*x, *y)).map(|(.., pixel)| u64::from(pixel.0[1]));
    let mean = drawn.clone().sum::<u64>() / drawn.count() as u64;
    let half = u64::from(u8::midpoint(grey, 255));
    assert!(
        mean.abs_diff(half) <= 25,
        "{story}\n  expected the mark to be the mean of white and the colour below it, about {half}\n  got about {mean}"
    );
}

#[test]
fn draws_the_mark_into_the_lower_right_corner() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    for (width, height, orientation) in
        [(seed.number(161..=320) as u32, 140, 1), (40, 24, 1), (64, seed.number(30..=90) as u32, 1), (180, 120, 6)]
    {
        let grey = seed.number(20..=90) as u8;
        let picture = Picture { width, height, corners: [[grey; 3]; 4] };
        let bytes = picture.as_stored(orientation).jpeg_held(orientation);
        let story =
            format!("a photo of {width} x {height} pixels in one dark grey, with the orientation {orientation}");
        let thumbnail = shop.thumbnail(&story, &format!("uploads/{}.jpg", seed.name()), &bytes);
        expect_mark(&story, &thumbnail, grey);
    }
}

#[test]
fn leaves_out_a_mark_that_does_not_fit() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let some = (seed.number(1..=39) as u32, seed.number(1..=23) as u32);
    for (width, height) in [some, (39, 160), (160, 23), (33, 17), (39, 23), (640, 80)] {
        let grey = seed.number(20..=90) as u8;
        let picture = Picture { width, height, corners: [[grey; 3]; 4] };
        let story = format!("a mark with its margins needs 40 x 24 pixels, and a photo has {width} x {height}");
        let thumbnail = shop.thumbnail(&story, &format!("uploads/{}.png", seed.name()), &picture.png());
        let lightest = thumbnail.pixels().map(|pixel| pixel.0[1]).max().unwrap_or_default();
        assert!(
            lightest < grey + 30,
            "{story}\n  expected no pixel to be much lighter than {grey}\n  got {lightest}:\n{}",
            picture::drawn(&thumbnail, grey + 30)
        );
    }
}

#[test]
fn names_a_thumbnail_by_what_is_in_the_photo() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let (one, two) = (Picture::any(&mut seed, 170, 120), Picture::any(&mut seed, 120, 170));
    let owner = seed.name();
    let keys = ["a/x.jpg", "b/x.jpg", "b/x.png", "c/x.jpg"].map(|key| format!("uploads/{owner}/{key}"));
    let photos = [one.jpeg(), two.jpeg(), two.png(), one.jpeg()];
    for (key, photo) in keys.iter().zip(&photos) {
        shop.upload(key, photo);
    }
    let told = keys.each_ref().map(String::as_str);
    let made = |key: &String, photo: &Vec<u8>| json!({ "source": key, "thumbnail": thumbnail_of(photo) });
    let made: Vec<Value> = keys.iter().zip(&photos).map(|(key, photo)| made(key, photo)).collect();
    for time in ["for the first time", "once more"] {
        let story =
            format!("four photos are called x, the first and the last are the same, and their event comes {time}");
        shop.tell(&story, &told).expect_json(json!({ "made": made, "refused": [] }));
        let thumbnails: Vec<String> = shop.bucket.keys().into_iter().filter(|key| key.starts_with("thumbs/")).collect();
        assert!(
            thumbnails.len() == 3,
            "{story}\n  expected one thumbnail for each different photo\n  got {thumbnails:?}"
        );
        expect_corners(&story, &shop.stored(&story, &photos[1]), &two.corners);
        expect_corners(&story, &shop.stored(&story, &photos[0]), &one.corners);
    }
}

#[test]
fn refuses_what_is_too_large_by_its_header() {
    let mut seed = Seed::at_run_time();
    let (width, height) = (seed.number(50..=90) as u32, seed.number(50..=90) as u32);
    let limit = u64::from(width) * u64::from(height);
    let shop = Shop::with_max_pixels(limit);
    let fits = Picture::any(&mut seed, width, height);
    for (kind, bytes) in [("jpg", fits.jpeg()), ("png", fits.png())] {
        let story = format!("{limit} pixels are allowed, and a photo has just as many");
        let thumbnail = shop.thumbnail(&story, &format!("uploads/{}.{kind}", seed.name()), &bytes);
        expect_size(&story, &thumbnail, (width, height));
    }
    let tiny = Picture::any(&mut seed, 16, 16);
    let many = limit as u32 + 1;
    for (width, height) in
        [(width, height + 1), (many, 1), (1, many), (65_536, 65_536), (i32::MAX as u32, i32::MAX as u32)]
    {
        let story = format!(
            "{limit} pixels are allowed; the header of a PNG says {width} x {height}, and nothing like that follows"
        );
        let bytes = picture::png_that_claims(&tiny.png(), width, height);
        shop.expect_refused(&story, &format!("uploads/{}.png", seed.name()), &bytes, "image/png", "too-large");
    }
    for (width, height) in [(width + 1, height), (65_500, 65_500), (30_000, 1_000)] {
        let story = format!(
            "{limit} pixels are allowed; the header of a JPEG says {width} x {height}, and nothing like that follows"
        );
        let bytes = picture::jpeg_that_claims(&tiny.jpeg(), width as u16, height as u16);
        shop.expect_refused(&story, &format!("uploads/{}.jpg", seed.name()), &bytes, "image/jpeg", "too-large");
    }
}

#[test]
fn refuses_what_is_not_what_it_says() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let photo = Picture::any(&mut seed, 60, 50);
    let (jpeg, png, gif) = (photo.jpeg(), photo.png(), b"GIF89a\x01\0\x01\0\0\0\0;".to_vec());
    let text = format!("dear {}", seed.name()).into_bytes();
    for (name, bytes, content_type, reason) in [
        ("x.png", &jpeg, "image/png", "mislabelled"),
        ("x.jpg", &png, "image/jpeg", "mislabelled"),
        ("x.jpg", &jpeg, "image/png", "mislabelled"),
        ("x.png", &jpeg, "image/jpeg", "mislabelled"),
        ("x.jpg", &png, "image/png", "mislabelled"),
        ("x.jpg", &jpeg, "text/html", "mislabelled"),
        ("x.gif", &png, "image/png", "mislabelled"),
        ("png", &png, "image/png", "mislabelled"),
        ("x.jpg.exe", &jpeg, "image/jpeg", "mislabelled"),
        ("x.jpg", &picture::png_that_claims(&png, 65_536, 65_536), "image/jpeg", "mislabelled"),
        ("x.gif", &gif, "image/gif", "unsupported"),
        ("x.png", &gif, "image/png", "unsupported"),
        ("x.jpg", &text, "image/jpeg", "unsupported"),
        ("x.jpg", &Vec::new(), "image/jpeg", "unsupported"),
        ("x.png", &png[..png.len() / 2].to_vec(), "image/png", "broken"),
        ("x.png", &png[..8].to_vec(), "image/png", "broken"),
        ("x.jpg", &[&jpeg[..4], &text].concat(), "image/jpeg", "broken"),
    ] {
        let key = format!("uploads/{}/{name}", seed.name());
        let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(4)]).into_owned();
        let story =
            format!("{name} is uploaded as {content_type}; it has {} bytes, which begin with {begin:?}", bytes.len());
        shop.expect_refused(&story, &key, bytes, content_type, reason);
    }
    for (name, untyped, bytes) in [
        ("x.jpg", "binary/octet-stream", &jpeg),
        ("x.jpg", "application/octet-stream", &jpeg),
        ("x.Png", "binary/octet-stream", &png),
        ("x.Png", "application/octet-stream", &png),
    ] {
        let key = format!("uploads/{}/{name}", seed.name());
        shop.bucket.put_as(&key, untyped, bytes.clone());
        let outcome = shop.tell(&format!("whoever uploaded a photo said no type: {untyped}"), &[&key]);
        outcome.expect_json(json!({ "made": [{ "source": key, "thumbnail": thumbnail_of(bytes) }], "refused": [] }));
    }
}

#[test]
fn makes_no_thumbnails_of_thumbnails() {
    let mut seed = Seed::at_run_time();
    let shop = Shop::new();
    let in_world = shop.world.function(Target::from(&shop.function)).create();
    shop.bucket.notify(&in_world).event("s3:ObjectCreated:*").create();
    let story = "the function is told of everything that comes into the bucket";
    for _ in 0..2 {
        let picture = Picture::any(&mut seed, 170, 130);
        let photo = picture.jpeg();
        shop.upload(&format!("uploads/{}.jpg", seed.name()), &photo);
        shop.world.run_until_idle();
        expect_corners(story, &shop.stored(story, &photo), &picture.corners);
    }
    for folder in ["thumbs/uploads/", "prints/", "my-uploads/", "uploads-", ""] {
        let key = format!("{folder}{}.jpg", seed.name());
        shop.upload(&key, &Picture::any(&mut seed, 170, 130).jpeg());
        shop.world.run_until_idle();
        let outcome = shop.tell("a photo is put into the bucket, and not into uploads", &[&key]);
        outcome.expect_json(json!({ "made": [], "refused": [] }));
    }
    for operation in ["GetObject", "PutObject"] {
        let calls = shop.aws.calls().of(operation).count();
        assert!(
            calls == 2,
            "{story}\n  expected {operation} once for each of two photos in uploads, and never for anything else\n  got {calls} calls\n{}",
            shop.aws.calls()
        );
    }
}

#[test]
fn fails_only_for_what_may_go_well_another_time() {
    let mut seed = Seed::at_run_time();
    for operation in ["GetObject", "PutObject"] {
        let shop = Shop::new();
        let owner = seed.name();
        let keys =
            ["one.jpg", "two.jpg", "three.jpg", "gone.jpg", "broken.jpg"].map(|key| format!("uploads/{owner}/{key}"));
        let photos: Vec<Vec<u8>> = (0..3).map(|more| Picture::any(&mut seed, 50 + more, 40).jpeg()).collect();
        for (key, photo) in keys.iter().zip(&photos) {
            shop.upload(key, photo);
        }
        shop.upload(&keys[4], b"no photo");
        let unlucky = seed.number(0..=2) as usize;
        let refused = if operation == "GetObject" { keys[unlucky].clone() } else { thumbnail_of(&photos[unlucky]) };
        shop.aws.fault(operation).only(move |params| params["Key"] == *refused).error("AccessDenied", 403, "not today");
        let told = keys.each_ref().map(String::as_str);
        let story = format!("of five uploads one is gone, one is no photo, and for one S3 refuses {operation}");
        let outcome = shop.tell(&story, &told);
        let error = outcome.expect_error_saying("Unfinished", &keys[unlucky]);
        let named: Vec<&String> = keys.iter().filter(|key| error.message.contains(*key)).collect();
        assert!(named.len() == 1, "{story}\n  expected only {} to be named\n  got {named:?}", keys[unlucky]);
        for (number, photo) in photos.iter().enumerate() {
            let is_there = shop.bucket.keys().contains(&thumbnail_of(photo));
            assert!(
                is_there == (number != unlucky),
                "{story}\n  expected the thumbnail of {}: {}",
                keys[number],
                if is_there { "it must not be there" } else { "it is missing" }
            );
        }
        let outcome = shop.tell("the event comes again, and S3 refuses nothing", &told);
        let made = |number: usize| json!({ "source": keys[number], "thumbnail": thumbnail_of(&photos[number]) });
        outcome.expect_json(json!({
            "made": [made(0), made(1), made(2)],
            "refused": [{ "source": keys[4], "reason": "unsupported" }],
        }));
    }
}
