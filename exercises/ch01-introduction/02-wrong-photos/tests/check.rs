//! What the shop expects of its contact sheets.

use std::time::Duration;

use course::Seed;
use local_lambda::{Function, binary};
use serde_json::{Value, json};

/// Photos of one customer, so that they can be told from another's.
fn photos(customer: &str, count: u64) -> Vec<String> {
    (1..=count).map(|number| format!("{customer}-{number}.jpg")).collect()
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
    for count in [seed.number(1..=3), seed.number(4..=9)] {
        let (number, photos) = (seed.number(1000..=9999), photos(&seed.name(), count));
        let outcome =
            Function::start(binary!()).story(format!("an order of {count} photos")).invoke(order(number, &photos));
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
    for turn in 1..=seed.number(3..=5) {
        let (customer, number) = (seed.name(), seed.number(1000..=9999));
        let photos = photos(&customer, seed.number(1..=4));
        let outcome =
            function.story(format!("{customer} is customer {turn} of the day")).invoke(order(number, &photos));
        outcome.expect_json(sheet(number, &photos));
    }
}

#[test]
fn serves_orders_with_one_process() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for turn in 1..=seed.number(3..=4) {
        let photos = photos(&seed.name(), seed.number(1..=2));
        let outcome = function.story(format!("order {turn} of a busy hour")).invoke(order(turn, &photos));
        outcome.expect_json_at("/order", turn);
        if turn > 1 {
            outcome.expect_warm();
        }
    }
}

#[test]
fn gives_an_order_after_a_failed_one_its_own_photos_only() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for _ in 0..2 {
        let mut unlucky = photos(&seed.name(), seed.number(1..=4));
        unlucky.push("scan.tif".to_owned());
        let outcome = function.story("the last photo of an order cannot be read").invoke(order(1, &unlucky));
        outcome.expect_error("UnreadablePhoto");
        let photos = photos(&seed.name(), seed.number(1..=4));
        let outcome = function.story("the next customer meets the same process").invoke(order(2, &photos));
        outcome.expect_warm().expect_json(sheet(2, &photos));
    }
}

#[test]
fn gives_an_order_after_a_killed_one_its_own_photos_only() {
    let mut seed = Seed::at_run_time();
    let function = Function::builder(binary!()).timeout(Duration::from_millis(400)).start();
    for _ in 0..2 {
        let mut endless = photos(&seed.name(), seed.number(1..=4));
        endless.push("panorama.raw".to_owned());
        let outcome = function.story("a photo takes longer than the timeout").invoke(order(1, &endless));
        outcome.expect_timeout();
        let photos = photos(&seed.name(), seed.number(1..=4));
        let outcome =
            function.story("the next customer meets a new process and the old /tmp").invoke(order(2, &photos));
        outcome.expect_cold().expect_json(sheet(2, &photos));
    }
}
