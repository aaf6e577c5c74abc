//! What the shop expects of whoever shows proofs. A page takes 10 ms.

use std::time::Duration;

use course::Seed;
use local_lambda::{Fate, Function, Outcome, binary};
use serde_json::{Value, json};

/// More pages than any customer waits for.
const ENDLESS: u64 = 1_000_000;

fn function(timeout_ms: u64, margin_ms: u64) -> Function {
    Function::builder(binary!())
        .timeout(Duration::from_millis(timeout_ms))
        .env("MARGIN_MS", margin_ms.to_string())
        .start()
}

fn album(order: u64, pages: u64) -> Value {
    json!({ "order": order, "pages": pages })
}

/// The function answered with this status and this JSON as its body.
#[track_caller]
fn expect_answer(outcome: &Outcome, status: u16, body: &Value) {
    outcome.expect("an answer before the deadline", |outcome| !matches!(outcome.fate, Fate::TimedOut { .. }));
    let answer = outcome.expect_response();
    outcome.expect_json_at("/statusCode", status);
    outcome.expect_json_at("/headers/content-type", "application/json");
    let text = answer["body"].as_str().unwrap_or_default();
    outcome.expect(&format!("the body is the JSON {body}"), |_| {
        serde_json::from_str::<Value>(text).is_ok_and(|got| got == *body)
    });
}

fn proof(order: u64, pages: u64) -> Value {
    json!({ "order": order, "proof": format!("proof of {pages} pages") })
}

fn out_of_time(order: u64) -> Value {
    json!({ "order": order, "error": "OutOfTime" })
}

#[test]
fn shows_the_proof_when_there_is_time() {
    let mut seed = Seed::at_run_time();
    let function = function(3_000, 500);
    for pages in [1, seed.number(2..=5)] {
        let order = seed.number(1000..=9999);
        let outcome = function.story(format!("an album of {pages} pages")).invoke(album(order, pages));
        expect_answer(&outcome, 200, &proof(order, pages));
    }
}

#[test]
fn tells_a_failure_of_the_work_from_a_lack_of_time() {
    let mut seed = Seed::at_run_time();
    let function = function(3_000, 500);
    for order in [seed.number(1000..=4999), seed.number(5000..=9999)] {
        let outcome = function.story("an album without pages").invoke(album(order, 0));
        expect_answer(&outcome, 422, &json!({ "order": order, "error": "an album has at least one page" }));
    }
}

#[test]
fn answers_504_before_the_deadline() {
    let mut seed = Seed::at_run_time();
    for (timeout, margin) in [(1_500, 1_350), (2_300, 2_200)] {
        let order = seed.number(1000..=9999);
        let outcome = function(timeout, margin)
            .story(format!("an endless album; of {timeout} ms the last {margin} are the margin"))
            .invoke(album(order, ENDLESS));
        expect_answer(&outcome, 504, &out_of_time(order));
        let (budget, took) = (timeout - margin, outcome.report.duration);
        let what =
            format!("the work may run for {budget} ms, until the margin begins; it was given up after {took:.0?}");
        // Up to a tenth less, for what comes before the work, and for clocks.
        outcome.expect(&what, |_| took >= Duration::from_millis(budget - budget / 10));
    }
}

#[test]
fn lets_the_work_use_the_time_that_there_is() {
    let mut seed = Seed::at_run_time();
    for (timeout, margin, pages) in [(2_500, 60, seed.number(12..=16)), (2_400, 1_900, 3)] {
        let order = seed.number(1000..=9999);
        let outcome = function(timeout, margin)
            .story(format!("an album of {}0 ms; {timeout} ms, of which {margin} are the margin", pages))
            .invoke(album(order, pages));
        expect_answer(&outcome, 200, &proof(order, pages));
    }
}

#[test]
fn stops_the_work_and_clears_the_desk_before_it_answers() {
    let mut seed = Seed::at_run_time();
    let function = function(2_000, 1_900);
    let order = seed.number(1000..=4999);
    let outcome = function.story("an album that takes 250 ms, and 100 ms for it").invoke(album(order, 25));
    expect_answer(&outcome, 504, &out_of_time(order));
    outcome.expect_logged(&format!("order {order}: the work begins"));
    outcome.expect_logged(&format!("order {order}: the desk is cleared"));
    outcome.expect_not_logged("the work is done");
    let next = seed.number(5000..=9999);
    let outcome = function.story("the next album meets the same process").invoke(album(next, 2));
    outcome.expect_warm();
    outcome.expect_not_logged(&format!("order {order}"));
}

#[test]
fn gives_the_next_album_its_own_time() {
    let mut seed = Seed::at_run_time();
    let function = function(2_000, 1_850);
    for turn in 1..=2 {
        let (endless, small) = (seed.number(1000..=4999), seed.number(5000..=9999));
        let outcome =
            function.story(format!("an endless album, for the time number {turn}")).invoke(album(endless, ENDLESS));
        expect_answer(&outcome, 504, &out_of_time(endless));
        let outcome = function.story("a small album comes after the endless one").invoke(album(small, 2));
        expect_answer(&outcome, 200, &proof(small, 2));
    }
}

#[test]
fn begins_nothing_when_the_margin_is_all_there_is() {
    let mut seed = Seed::at_run_time();
    for (timeout, margin) in [(1_000, 1_000), (1_500, 2_700), (1_000, u64::MAX)] {
        let order = seed.number(1000..=9999);
        let outcome = function(timeout, margin)
            .story(format!("the margin is {margin} ms, and there are {timeout}"))
            .invoke(album(order, 2));
        expect_answer(&outcome, 504, &out_of_time(order));
        outcome.expect_not_logged("the work begins");
    }
}
