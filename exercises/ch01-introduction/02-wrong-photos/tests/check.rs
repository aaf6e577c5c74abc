//! What the shop expects of its contact sheets.

use std::time::Duration;

use course::Seed;
use local_lambda::{Function, binary};
use serde_json::{Value, json};

/// Photos of one customer, so that they can be told from another's. They are in the order in which she chose them, the
/// latest first.
fn photos(customer: &str, count: u64) -> Vec<String> {
    (1..=count).rev().map(|number| format!("{customer}-{number}.jpg")).collect()
}

fn order(number: u64, photos: &[String]) -> Value {
    json!({ "number": number, "photos": photos })
}

/// The sheet of these photos and no others.
fn sheet(number: u64, photos: &[String]) -> Value {
    let lines: String = photos.iter().map(|photo| format!("[{photo}]\n")).collect();
    json!({ "order": number, "sheet": lines })
}

#[test]
fn makes_a_sheet_with_every_photo_in_order() {
    let mut seed = Seed::at_run_time();
    let name = seed.name();
    let few = photos(&name, seed.number(2..=9));
    let again = [few.clone(), few[..1].to_vec()].concat();
    for (story, photos) in [("some photos", few), ("the first photo twice", again), ("no photos", Vec::new())] {
        let number = seed.number(1000..=9999);
        let outcome = Function::start(binary!()).story(format!("an order with {story}")).invoke(order(number, &photos));
        outcome.expect_json(sheet(number, &photos)).expect_logged(&format!("order {number}: "));
    }
}

#[test]
fn refuses_a_photo_that_cannot_be_read() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for place in ["first", "last"] {
        let mut photos = photos(&seed.name(), seed.number(1..=4));
        let scan = format!("{}.tif", seed.name());
        photos.insert(if place == "first" { 0 } else { photos.len() }, scan.clone());
        let outcome = function.story(format!("the {place} photo is a scan")).invoke(order(1, &photos));
        outcome.expect_error_saying("UnreadablePhoto", &scan);
    }
}

#[test]
fn gives_each_order_its_own_photos_only() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let mut earlier: Vec<String> = Vec::new();
    for number in 1001..=1000 + seed.number(3..=5) {
        let customer = seed.name();
        let photos = photos(&customer, seed.number(1..=4));
        let story = match earlier.join(" and ") {
            nobody if nobody.is_empty() => format!("{customer} is the first customer of the day"),
            others => format!("{customer} comes after {others}"),
        };
        function.story(story).invoke(order(number, &photos)).expect_json(sheet(number, &photos));
        earlier.push(customer);
    }
}

#[test]
fn makes_the_same_sheet_when_an_order_comes_again() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for number in [seed.number(1000..=4999), seed.number(5000..=9999)] {
        let photos = photos(&seed.name(), seed.number(1..=4));
        let id = format!("8f5d1e2a-6c37-4b0e-9a41-{number:012}");
        for story in ["an order comes", "Lambda sends the same order again, with the same number and request id"] {
            let outcome = function.story(story).request_id(&id).invoke(order(number, &photos));
            outcome.expect_json(sheet(number, &photos));
        }
        let others = self::photos(&seed.name(), seed.number(1..=4));
        let story = "the customer sends another choice under the same number, as a new request";
        function.story(story).invoke(order(number, &others)).expect_json(sheet(number, &others));
    }
}

#[test]
fn serves_orders_with_one_process() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for turn in 1..=seed.number(3..=4) {
        let photos = photos(&seed.name(), seed.number(1..=2));
        let outcome = function.story(format!("order {turn} of a busy hour")).invoke(order(turn, &photos));
        outcome.expect_json_at("/order", turn).expect_logged(&format!("order {turn}: "));
        if turn > 1 {
            outcome.expect_warm();
        }
    }
}

#[test]
fn gives_an_order_after_a_failed_one_its_own_photos_only() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for number in [1001, 1003] {
        let (unlucky, next) = (seed.name(), seed.name());
        let mut scanned = photos(&unlucky, seed.number(1..=4));
        scanned.push("scan.tif".to_owned());
        let id = format!("8f5d1e2a-6c37-4b0e-9a41-{number:012}");
        for time in ["first", "second"] {
            let story =
                format!("the last photo of {unlucky}'s order cannot be read, and Lambda sends it the {time} time");
            let outcome = function.story(story).request_id(&id).invoke(order(number, &scanned));
            outcome.expect_error("UnreadablePhoto");
        }
        let photos = photos(&next, seed.number(1..=4));
        let story = format!("{next} comes after {unlucky} and meets the same process");
        let outcome = function.story(story).invoke(order(number + 1, &photos));
        outcome.expect_warm().expect_json(sheet(number + 1, &photos));
    }
}

#[test]
fn gives_an_order_after_a_killed_one_its_own_photos_only() {
    let mut seed = Seed::at_run_time();
    let function = Function::builder(binary!()).timeout(Duration::from_millis(400)).start();
    for number in [1001, 1003] {
        let (unlucky, next) = (seed.name(), seed.name());
        let mut endless = photos(&unlucky, seed.number(1..=4));
        endless.push("panorama.raw".to_owned());
        let story = format!("a photo of {unlucky}'s order takes longer than the timeout");
        function.story(story).invoke(order(number, &endless)).expect_timeout();
        let photos = photos(&next, seed.number(1..=4));
        let story = format!("{next} comes after {unlucky} and meets a new process and the old /tmp");
        let outcome = function.story(story).invoke(order(number + 1, &photos));
        outcome.expect_cold().expect_json(sheet(number + 1, &photos));
    }
}
